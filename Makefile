# pinpipe. Targets: make help. Variables: V=1 (say all), DEBUG=1, SANITIZE=1, PREFIX, DESTDIR.

PREFIX   ?= /usr/local
DESTDIR  ?=
CXX      ?= g++
CLANG    ?= clang
BPFTOOL  ?= bpftool
BTF      ?= /sys/kernel/btf/vmlinux

B    := build$(if $(SANITIZE),/sanitize)$(if $(DEBUG),/debug)
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')
Q    := $(if $(V),,@)
say   = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

CXXFLAGS += -std=c++20 -g $(if $(DEBUG),-O0,-O2) -Wall -Wextra -Werror -Wshadow -Wconversion \
            -I. -isystem $(B) -MMD -MP $(if $(SANITIZE),-fsanitize=address$(,)undefined -fno-omit-frame-pointer)
BPFFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter \
            -D__TARGET_ARCH_$(ARCH) -Ibpf -I$(B)
LDFLAGS  += $(if $(SANITIZE),-fsanitize=address$(,)undefined) -Wl,--as-needed
LDLIBS   += -lbpf -lmd -lmnl
,        := ,

TOOLS   := ebpf-load ebpf-read ebpf-ctl
DIR_ebpf-load := loader
DIR_ebpf-read := reader
DIR_ebpf-ctl  := ctl
BIN     := $(TOOLS:%=$(B)/bin/%)
LIB     := $(B)/libpinpipe.a
SKELS   := $(patsubst bpf/%.bpf.c,$(B)/%.skel.h,$(wildcard bpf/*.bpf.c))
objects  = $(patsubst %.cpp,$(B)/%.o,$(wildcard $(1)/*.cpp))
UNIT    := $(B)/bin/unit-tests
TOOL_OBJECTS := $(foreach t,$(TOOLS),$(call objects,tools/$(DIR_$(t))))
# What the unit tests link of the tools: everything but their main functions.
TESTED  := $(filter-out %/main.o,$(TOOL_OBJECTS))
BENCHES := $(patsubst tests/bench/%.cpp,$(B)/bin/%,$(wildcard tests/bench/bench-*.cpp))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help all deps demo test test-unit test-cli test-vm bench fuzz lint format install uninstall clean

all: $(BIN) ## build the tools into build/bin/

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

deps: ## install what build, demo and tests need (Debian, Ubuntu)
	$(Q)tests/deps

demo: ## build, then the whole way once, on interfaces of its own
	$(Q)tests/deps && $(MAKE) --no-print-directory all && tests/demo

test: ## every test (as root, or through sudo)
	$(Q)tests/deps && $(MAKE) --no-print-directory all $(UNIT) && tests/run

test-unit: $(UNIT) ## the GoogleTest part
	$(Q)$(UNIT)

test-cli: all ## the bats part
	$(Q)bats tests/cli

bench: all $(BENCHES) ## speed, as ratios
	$(Q)tests/bench/run

# --- kernel programs ---

$(B)/vmlinux.h:
	$(call say,BTF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)test -r $(BTF) || { echo "make: no type information (BTF) at $(BTF): this kernel was built" \
	  "without CONFIG_DEBUG_INFO_BTF. Give that of another one: make BTF=FILE" >&2; exit 1; }
	$(Q)$(BPFTOOL) btf dump file $(BTF) format c >$@

$(B)/%.bpf.o: bpf/%.bpf.c $(B)/vmlinux.h
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $* >$@

# --- user space ---

$(B)/%.o: %.cpp | $(SKELS)
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(CXXFLAGS) -c $< -o $@

$(LIB): $(call objects,lib)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

define tool
$(B)/bin/$(1): $(call objects,tools/$(DIR_$(1))) $(LIB)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))

$(B)/bin/%:
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(UNIT): LDLIBS += -lgtest -lgtest_main -lpthread
$(UNIT): $(call objects,tests/unit) $(TESTED) $(LIB)

$(B)/bin/bench-%: $(B)/tests/bench/bench-%.o $(TESTED) $(LIB)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
