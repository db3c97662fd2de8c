# SPDX-License-Identifier: MIT
# pinpipe. Targets: make help. Variables: V=1 (show commands), DEBUG=1, SANITIZE=1 (addresses, undefined behaviour) or
# SANITIZE=thread, WERROR=1 (warnings are errors, as in CI), BULK= (each C++ file compiled by itself), PREFIX,
# DESTDIR, STRIP= (install with debugging information).

PREFIX   ?= /usr/local
DESTDIR  ?=
CXX      ?= g++
CLANG    ?= clang
BPFTOOL  ?= $(eval BPFTOOL := $(shell bpf/find-bpftool))$(BPFTOOL)
STRIP    ?= $(if $(DEBUG),,strip)
WERROR   ?= $(CI)

B    := build$(if $(SANITIZE),/sanitize$(filter-out -1,-$(SANITIZE)))$(if $(DEBUG),/debug)
ARCH_x86_64  := x86
ARCH_aarch64 := arm64
ARCH_ppc64le := powerpc
ARCH_riscv64 := riscv
MACHINE := $(shell uname -m)
ARCH := $(or $(ARCH_$(MACHINE)),$(MACHINE))
,    := ,
SANITIZER := $(if $(SANITIZE),-fsanitize=$(if $(filter thread,$(SANITIZE)),thread -Wno-tsan,address$(,)undefined) \
               -fno-omit-frame-pointer)
Q    := $(if $(V),,@)
say   = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror)
# clang++ 19 and later warn of the structures that libbpf's LIBBPF_OPTS fills.
CLANG_WARNINGS := -Wno-missing-field-initializers
CXXFLAGS += -std=c++20 $(if $(DEBUG),-O0 -g,-O2 -g1) $(WARNINGS) -Wshadow -Wconversion \
            $(if $(filter clang++%,$(notdir $(CXX))),$(CLANG_WARNINGS)) -I. -isystem $(B) -MD -MP -ffunction-sections -fdata-sections $(SANITIZER)
# -fdebug-compilation-dir keeps paths of this machine out of the objects. Debian has the UAPI's asm/ in a directory for
# each architecture.
BPFFLAGS := -g -O2 -target bpf -mcpu=v3 $(WARNINGS) -Wno-unused-parameter -fdebug-compilation-dir=. \
            -D__TARGET_ARCH_$(ARCH) $(if $(filter ppc64le,$(MACHINE)),-D__LITTLE_ENDIAN__) -I. \
            -idirafter /usr/include/$(MACHINE)-linux-gnu
LDFLAGS  += $(SANITIZER) -Wl,--as-needed -Wl,--gc-sections
LDLIBS   += -lbpf -lmd -lmnl

TOOLS   := ebpf-load ebpf-read ebpf-ctl ebpf-top ebpf-store ebpf-web
DIR_ebpf-load := loader
DIR_ebpf-read := reader
DIR_ebpf-ctl  := ctl
DIR_ebpf-top  := top
DIR_ebpf-store := store
DIR_ebpf-web  := web
BIN     := $(TOOLS:%=$(B)/bin/%)
LIB     := $(B)/libpinpipe.a
SKELS   := $(patsubst %.bpf.c,$(B)/%.skel.h,$(wildcard bpf/*/*.bpf.c tests/unit/*/*.bpf.c))
# With BULK the C++ files of a folder of lib/ or tools/, all but its main.cpp, are compiled as one, folder.cpp, with a
# precompiled header: less than half of the work. BULK= is quicker where one file has changed. Each file is compiled by
# itself too with WERROR=1, where it must have all its includes, and with a compiler that is not plain g++ or clang++
# (ccache does not cache objects that were compiled with a precompiled header).
BULK    ?= $(if $(WERROR),,$(filter g++% clang++%,$(notdir $(firstword $(CXX)))))
FOLDERS := $(patsubst %/,%,$(sort $(dir $(wildcard $(addsuffix /*.cpp,lib/* tools/* tools/*/*)))))
sources  = $(wildcard $(addprefix $(1)/,*.cpp */*.cpp))
each     = $(patsubst %.cpp,$(B)/%.o,$(call sources,$(1)))
bulk     = $(patsubst %,$(B)/%/folder.o,$(filter $(1) $(1)/%,$(FOLDERS))) $(filter %/main.o,$(each))
objects  = $(if $(BULK),$(bulk),$(each))
UNIT    := $(B)/bin/unit-tests
TOOL_OBJECTS := $(foreach t,$(TOOLS),$(call objects,tools/$(DIR_$(t))))
# The objects of the tools that the unit tests link: all but their main functions.
TESTED  := $(filter-out %/main.o,$(TOOL_OBJECTS))
# The code of ebpf-read, which tests/vm and the benchmarks link.
READING := $(B)/reading.a
SITE    := $(B)/tools/web/site_files.o
VM      := $(patsubst tests/vm/%.cpp,$(B)/bin/vm-%,$(wildcard tests/vm/*.cpp))
# Files that list the packages that tests need.
TEST_PACKAGES := packages tests/demo-packages tests/packages
# Makes traffic with known byte counts.
TRAFFIC := $(B)/bin/traffic
# Prints the tables of fields: the schemas and the list in pinpipe-events(5) are made with it. It is not installed.
FIELDS  := $(B)/bin/fields
BENCHES := $(patsubst tests/bench/%.cpp,$(B)/bin/%,$(wildcard tests/bench/bench-*.cpp))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: help all check-clang generate deps demo cli-programs test test-unit test-cli test-long storm test-vm test-distros bench fuzz lint format install uninstall clean

all: $(BIN) ## build the tools into build/bin/

help: ## this text
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

deps: ## install what building needs (Debian, Ubuntu); demo and tests install theirs
	$(Q)tests/deps packages

demo: ## build, then the whole way once, on interfaces of its own; WEB=1: and in a browser until Ctrl-C
	$(Q)tests/deps packages tests/demo-packages
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory all
	$(Q)tests/demo

test: ## every test (as root, or through sudo)
	$(Q)tests/deps $(TEST_PACKAGES) tests/vm/packages tests/web/packages
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory cli-programs $(UNIT) $(VM) && tests/run

test-unit: $(UNIT) ## the GoogleTest part
	$(Q)$(UNIT)

# What tests/cli runs.
cli-programs: all $(TRAFFIC) $(FIELDS)

test-cli: cli-programs ## the bats part
	$(Q)bats tests/cli

test-long: all $(TRAFFIC) ## for longer: ebpf-store (200 SIGKILLs, ten million lines, ten minutes of usage), 100,000 verdicts of rules
	$(Q)PINPIPE_LONG=1 bats tests/cli/store_*.bats
	$(Q)PINPIPE_LONG=1 bats -f ebpf-store tests/cli/sockets.bats
	$(Q)PINPIPE_LONG=1 bats tests/cli/policy_model.bats

storm: ## ebpf-web under load and attack, with sanitizers: SECONDS (default 20) each over HTTP and HTTPS
	$(Q)tests/deps $(TEST_PACKAGES) tests/web/packages
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory SANITIZE=1 $(addprefix build/sanitize/bin/,ebpf-web ebpf-store)
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory SANITIZE=thread $(addprefix build/sanitize-thread/bin/,ebpf-web ebpf-store)
	$(Q)EBPF_BIN=build/sanitize/bin node tests/web/storm.js $(SECONDS)
	$(Q)EBPF_BIN=build/sanitize-thread/bin setarch -R node tests/web/storm.js $(SECONDS)

test-vm: ## the same on stock kernels: KERNEL=6.1 for one, UPDATE=1 to take what is seen as expected
	$(Q)tests/deps $(TEST_PACKAGES) tests/vm/packages
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory all $(UNIT) $(VM) $(TRAFFIC) $(FIELDS)
	$(Q)tests/vm/matrix $(addprefix -k ,$(KERNEL)) $(if $(UPDATE),--update)

test-distros: ## build and test in fresh installations of distributions: DISTROS="debian-13 ..." for some of them
	$(Q)tests/deps tests/distros/packages || : # without these packages, tests are skipped
	$(Q)tests/distros/run $(DISTROS)

bench: ## speed, as ratios
	$(Q)tests/deps $(TEST_PACKAGES) tests/bench/packages
	$(Q)$(MAKE) -j "$$(nproc)" --no-print-directory all $(BENCHES)
	$(Q)tests/bench/run

# --- kernel programs ---

$(B)/%.bpf.o: %.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c $< -o $@

$(B)/%.skel.h: $(B)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen object $(B)/$*.linked.o $<  # leaves debugging information out
	$(Q)$(BPFTOOL) gen skeleton $(B)/$*.linked.o name $(notdir $*) >$@

# --- user space ---

# The compiler uses precompiled.h.gch when it is asked to include the precompiled.h beside it. With it g++ 12 warns of
# arrays inside std::string; clang++ does not know one of these warnings.
PCH := $(if $(BULK),$(B)/precompiled.h)
compile = $(CXX) $(CXXFLAGS) $(PCH:%=-include %) $(if $(PCH),$(if $(filter clang++%,$(notdir $(firstword $(CXX)))),, \
            -Wno-array-bounds -Wno-stringop-overflow)) -c $< -o $@

$(B)/precompiled.h.gch: lib/base/precompiled.h
	$(call say,PCH,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $(B)/precompiled.h
	$(Q)$(CXX) $(CXXFLAGS) -x c++-header -c $< -o $@

$(B)/%.o: %.cpp $(PCH:=.gch) | $(SKELS)
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(compile)

$(B)/%/folder.o: $(B)/%/folder.cpp $(PCH:=.gch) | $(SKELS)
	$(call say,CXX,$@)
	$(Q)$(compile)

# Written anew when other files are in the folder than it includes.
define folder
$(B)/$(1)/folder.cpp: SOURCES := $(filter-out %/main.cpp,$(wildcard $(1)/*.cpp))
$(B)/$(1)/folder.cpp: $(if $(call differ,$(filter-out %/main.cpp,$(wildcard $(1)/*.cpp)),$(call included,$(1))),again)
endef
included = $(patsubst "%",%,$(filter "%",$(file <$(B)/$(1)/folder.cpp)))
differ   = $(filter-out $(1),$(2))$(filter-out $(2),$(1))
$(foreach f,$(FOLDERS),$(eval $(call folder,$(f))))
.PHONY: again
$(B)/%/folder.cpp:
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $(SOURCES) >$@

$(LIB): $(call objects,lib)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(READING): $(filter-out %/main.o,$(call objects,tools/reader))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

define tool
$(B)/bin/$(1): $(call objects,tools/$(DIR_$(1))) $(LIB)
endef
$(foreach t,$(TOOLS),$(eval $(call tool,$(t))))
$(B)/bin/ebpf-web $(UNIT): $(SITE)

# The site of ebpf-web is part of the program.
$(B)/tools/web/site_files.cpp: tools/web/embed $(wildcard tools/web/site/*)
	$(call say,SITE,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/web/embed tools/web/site $(@D)/site >$@

$(SITE): $(B)/tools/web/site_files.cpp
	$(call say,CXX,$@)
	$(Q)$(CXX) $(CXXFLAGS) -c $< -o $@

$(B)/bin/%:
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(B)/bin/ebpf-top $(UNIT): LDLIBS += -lncursesw
$(B)/bin/ebpf-store $(UNIT): LDLIBS += -lsqlite3
$(B)/bin/ebpf-web $(UNIT): LDLIBS += -lmicrohttpd -lcrypt
$(UNIT): LDLIBS += -lgtest -lgtest_main -lpthread
$(UNIT): $(call each,tests/unit) $(TESTED) $(LIB)

$(B)/bin/vm-probes: $(B)/tools/loader/probes.o
$(FIELDS): LDLIBS :=
$(FIELDS): $(call objects,tools/fields)

$(VM): $(B)/bin/vm-%: $(B)/tests/vm/%.o $(READING) $(LIB)

$(TRAFFIC): LDLIBS := -lpthread
$(TRAFFIC): $(call each,tests/traffic)

$(B)/tests/bench/bench-xdp.o $(B)/tests/bench/bench-sockets.o: $(B)/tests/bench/bare.skel.h
$(BENCHES): $(B)/bin/%: $(B)/tests/bench/%.o $(READING) $(LIB)

# --- upkeep ---

SOURCES := $(wildcard bpf/*/*.[ch] lib/*/*.h lib/*/*.cpp $(addprefix tools/*/,*.h *.cpp */*.h */*.cpp) \
             tests/unit/*/*.h tests/unit/*/*.cpp tests/unit/*/*.c tests/bench/*.h tests/bench/*.cpp \
             tests/fuzz/*.cpp tests/fuzz/*.h tests/vm/*.cpp tests/vm/*.h tests/traffic/*.cpp tests/traffic/*.h tests/cli/*.c)
SCRIPTS := $(shell grep -lE '^.!/(usr/bin/env bash|bin/(ba)?sh|bin/busybox sh)' .ci/* tests/* tests/*/* tools/*/embed 2>/dev/null)
PAGES   := $(wildcard man/*.[1-8])

lint: $(SKELS) ## formatting, clang-tidy, shellcheck, mandoc
	$(Q)tests/deps tests/lint-packages
	$(Q)clang-format --dry-run --Werror $(SOURCES)
	$(Q)shellcheck -x $(SCRIPTS) $(wildcard share/completions/*.bash)
	$(Q)mandoc -Tlint -W warning $(PAGES)
	$(Q)printf '%s\n' $(filter lib/%.cpp tools/%.cpp,$(SOURCES)) | xargs -P 2 -n 1 sh -c \
	  'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -std=c++20 -I. -isystem $(B) 2>/dev/null' sh

# Each folder as one file.
check-clang: $(SKELS) ## clang++ takes lib/ and tools/ without a warning
	$(Q)printf '%s\n' $(FOLDERS) | xargs -P 2 -I '{}' sh -c 'printf "#include \"%s\"\n" {}/*.cpp | \
	  clang++ $(filter-out -MD -MP,$(CXXFLAGS)) $(CLANG_WARNINGS) -Werror -fsyntax-only -x c++ -'

format: ## clang-format in place
	$(Q)clang-format -i $(SOURCES)

# The list in the man page is between two comments.
generate: $(FIELDS) ## what is generated and kept: share/schema, the list of fields in man/pinpipe-events.5
	$(Q)set -e; fields=$(FIELDS); for type in $$("$$fields" types); do \
	  "$$fields" schema $$type >share/schema/$$type.schema.json; done; "$$fields" page >$(B)/page
	$(Q)sed -i -e '/^\.\\" fields:/,/^\.\\" end/{//!d}' -e '/^\.\\" fields:/r $(B)/page' man/pinpipe-events.5

fuzz: $(SKELS) ## the fuzzers, for SECONDS each (default 60)
	$(Q)tests/fuzz/run $(or $(SECONDS),60)

D := $(DESTDIR)$(PREFIX)
# The files of an installation, as from:to.
INSTALLED := $(foreach f,$(TOOLS),$(B)/bin/$(f):bin/$(f):755) \
  $(foreach f,$(PAGES),$(f):share/man/man$(patsubst .%,%,$(suffix $(f)))/$(notdir $(f)):644) \
  $(foreach f,$(wildcard share/schema/*),$(f):share/pinpipe/schema/$(notdir $(f)):644) \
  $(foreach f,$(wildcard share/jq/*),$(f):share/pinpipe/jq/$(notdir $(f)):644) \
  $(foreach f,$(wildcard share/sysusers/*),$(f):lib/sysusers.d/$(notdir $(f)):644) \
  $(foreach f,$(wildcard share/completions/_*),$(f):share/zsh/site-functions/$(notdir $(f)):644) \
  $(foreach f,$(TOOLS),share/completions/pinpipe.bash:share/bash-completion/completions/$(f):644)
place = $(word 2,$(subst :, ,$(1)))
stripped = $(if $(filter %:755,$(1)),$(if $(STRIP),-s --strip-program='$(STRIP)'))
# An awk program for the output of ebpf-ctl status: prints interfaces and cgroups by name, all socket probes as one.
LOADED := $$1 ~ /^[0-9]+$$/ && $$2 ~ /^(xdp|cgroup|sock)/ { print $$2 == "sock" ? "sockets" : $$2 " " $$3 }

install: all ## into $(DESTDIR)$(PREFIX)
	$(Q)set -e; $(foreach i,$(INSTALLED),install -D $(call stripped,$(i)) -m $(lastword $(subst :, ,$(i))) \
	  '$(firstword $(subst :, ,$(i)))' '$(D)/$(call place,$(i))';)

# Programs that are loaded on this machine stay attached without the files.
ROOT := $(or $(EBPF_PIN_ROOT),/run/ebpf)

uninstall: ## what install put there
	$(Q)test -n '$(DESTDIR)' || ! test -e '$(ROOT)/abi' || \
	  printf 'make: what is loaded stays at work without the files: %s: %s\nhint: %s\n' '$(ROOT)' \
	    "$$($(B)/bin/ebpf-ctl --pin-root '$(ROOT)' status 2>/dev/null | awk '$(LOADED)' | sort -u | paste -sd ,)" \
	    "sudo $(B)/bin/ebpf-load --unload$(if $(EBPF_PIN_ROOT), --pin-root $(ROOT))" >&2
	$(Q)rm -f $(foreach i,$(INSTALLED),'$(D)/$(call place,$(i))')
	$(Q)rmdir '$(D)/share/pinpipe/schema' '$(D)/share/pinpipe/jq' '$(D)/share/pinpipe' 2>/dev/null || :

clean: ## remove build/
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
