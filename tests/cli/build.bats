#!/usr/bin/env bats
# How the programs are built: the same everywhere, without the type information of the machine's kernel.
load helper

source_tree=$(realpath "$BATS_TEST_DIRNAME/../..")
objects=${PINPIPE_BUILD:-$source_tree/build}

# The skeleton of a kernel program, built from a copy of the sources in DIRECTORY. No BTF is there to be read.
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
	"${needs[@]}" "$objects/bpf/readers/session.bpf.o"
	[ -n "$(bpftool btf dump file "$BATS_TEST_TMPDIR/needed")" ]
	"${needs[@]}" "$objects/bpf/xdp/xdp.bpf.o"
	[ -z "$(bpftool btf dump file "$BATS_TEST_TMPDIR/needed")" ]
}
