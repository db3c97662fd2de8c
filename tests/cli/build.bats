#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The build gives the same kernel programs on every machine, without the type information of the machine's kernel.
load helper

source_tree=$(realpath "$BATS_TEST_DIRNAME/../..")
objects=${PINPIPE_BUILD:-$source_tree/build}

# Builds the skeleton of a kernel program from a copy of the sources in DIRECTORY, where no BTF can be read.
build_in() { # DIRECTORY SKELETON
	mkdir -p "$1"
	cp -r "$source_tree/Makefile" "$source_tree/bpf" "$1"
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount sh -c 'mount -t tmpfs none /sys/kernel && exec make --no-print-directory -C "$0" "build/$1"' "$1" "$2"
}

@test "kernel programs: built without BTF, and the same bytes in each directory" {
	cd "$BATS_TEST_TMPDIR"
	build_in "$PWD/here" bpf/sockets/connections.skel.h
	build_in "$PWD/some/where/else" bpf/sockets/connections.skel.h
	cmp here/build/bpf/sockets/connections.skel.h some/where/else/build/bpf/sockets/connections.skel.h
}

@test "kernel programs: what is read of the kernel is declared in bpf/abi/kernel.h" {
	run grep -rnE '#include.*vmlinux\.h' "$source_tree/bpf" "$source_tree/tests/bench"
	[ "$status" = 1 ]
}

@test "kernel programs: the XDP programs read packets alone, nothing of the kernel" {
	[ -r /sys/kernel/btf/vmlinux ] || skip 'this kernel has no BTF to relocate against'
	local needs=(bpftool gen min_core_btf /sys/kernel/btf/vmlinux "$BATS_TEST_TMPDIR/needed")
	"${needs[@]}" "$objects/bpf/readers/pgid.bpf.o"
	[ -n "$(bpftool btf dump file "$BATS_TEST_TMPDIR/needed")" ]
	"${needs[@]}" "$objects/bpf/xdp/xdp.bpf.o"
	[ -z "$(bpftool btf dump file "$BATS_TEST_TMPDIR/needed")" ]
}

@test "clang++ compiles lib/ and tools/ without a warning" {
	make -C "$source_tree" --no-print-directory "B=$objects" check-clang
}

@test "install: the programs are stripped, those in the build are not; STRIP= leaves them" {
	local tree=$BATS_TEST_TMPDIR/tree
	make -C "$source_tree" --no-print-directory -o all "B=$objects" "DESTDIR=$tree" PREFIX=/usr install
	! readelf -SW "$tree/usr/bin/ebpf-read" | grep -q -e '\.debug_line' -e '\.symtab' || false
	readelf -SW "$objects/bin/ebpf-read" | grep -q '\.debug_line'
	"$tree/usr/bin/ebpf-read" --version
	[ -x "$tree/usr/bin/ebpf-load" ] && [ ! -x "$tree/usr/share/man/man8/ebpf-load.8" ]
	make -C "$source_tree" --no-print-directory -o all "B=$objects" "DESTDIR=$tree" PREFIX=/usr STRIP= install
	readelf -SW "$tree/usr/bin/ebpf-read" | grep -q '\.debug_line'
	make -C "$source_tree" --no-print-directory "B=$objects" "DESTDIR=$tree" PREFIX=/usr uninstall
	[ -z "$(find "$tree" -type f)" ]
}

# Prints what make uninstall says of loaded programs at $root, where nothing is installed.
uninstall() { # ASSIGNMENT...
	make -C "$source_tree" --no-print-directory "B=$objects" "EBPF_PIN_ROOT=$root" "PREFIX=$BATS_TEST_TMPDIR/none" \
		"$@" uninstall 2>&1
}

@test "uninstall: what is loaded is said before the files go, and how to unload it" {
	[ -z "$(uninstall)" ]
	given --xdp lan0 --sockets
	run uninstall
	[ "$status" = 0 ]
	[ "${lines[0]}" = "make: what is loaded stays at work without the files: $root: sockets,xdp lan0" ]
	[ "${lines[1]}" = "hint: sudo $objects/bin/ebpf-load --unload --pin-root $root" ]
	[ -z "$(uninstall "DESTDIR=$BATS_TEST_TMPDIR/staged")" ] # another machine's files
	unload
	[ -z "$(uninstall)" ]
}
