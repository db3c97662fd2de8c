# SPDX-License-Identifier: MIT
# ebpf-load and the pin root: its mount, its mount namespace, and directories that are refused.
load helper

@test "root: a pin root in a mount namespace of its own is refused, with what to do" {
	run -1 --separate-stderr env -u EBPF_OWN_MOUNTS unshare -m "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0
	[[ $stderr == *'mount namespace'*'hint: '*'--netns NAME'* ]]
	[ ! -e "$root" ]
	[ -z "$(program_on lan0)" ]
}

@test "root: with EBPF_OWN_MOUNTS a mount namespace of its own will do, and the pins end with it" {
	# shellcheck disable=SC2016 # for the inner shell
	EBPF_OWN_MOUNTS=1 run -0 unshare -m bash -c '"$@" && [ -e "$0/links/0" ]' "$root" \
		"$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0
	[ "$(names_in "$root")" = '' ]
	wait_until has_no_program lan0 # the kernel detaches it a moment later
	rmdir "$root"
}

has_no_program() { [ -z "$(program_on "$1")" ]; } # INTERFACE

@test "root: from another mount namespace that shares the pin root, loading works" {
	given --xdp lan0
	run -0 --separate-stderr unshare -m --propagation unchanged "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan1
	[ "$(names_in "$root/links")" = '0 1' ]
	[ -n "$(program_on lan1)" ]
}

@test "root: a bpffs that is there is used; no second one is mounted over it, and unload keeps it" {
	mkdir "$root"
	mount -t bpf -o mode=0755 bpf "$root"
	given --xdp lan0
	loader --xdp lan1
	[ "$(grep -cF " $root " /proc/self/mountinfo)" = 1 ]
	unload
	is_mounted "$root"
	[ "$(names_in "$root")" = 'maps.debug progs.debug' ]
}

@test "root: a directory inside a bpffs can be the pin root" {
	mkdir "$root"
	mount -t bpf -o mode=0755 bpf "$root"
	"$bin/ebpf-load" --pin-root "$root/sub" --netns "$here" --xdp lan0 --readers 1
	[ -e "$root/sub/links/0" ]
	[ "$(stat -c '%A' "$root/sub")" = drwxr-xr-x ]
	"$bin/ebpf-load" --pin-root "$root/sub" --unload
	[ ! -e "$root/sub" ]
	is_mounted "$root"
}

@test "root: a directory with something else in it is refused as a pin root" {
	mkdir "$root"
	touch "$root/letter"
	run -1 --separate-stderr loader --xdp lan0
	assert_one_error ebpf-load
	[[ $stderr == *"$root is neither a BPF file system (bpffs) nor empty"* ]]
	[ "$(names_in "$root")" = letter ]
	rm "$root/letter"
}

@test "root: one that others could change is refused, with what to do" {
	mkdir "$root"
	mount -t bpf -o mode=01777 bpf "$root"
	run -1 --separate-stderr loader --xdp lan0
	assert_one_error ebpf-load
	[[ $stderr == *"$root can be changed by users other than root"*'hint: '*chmod* ]]
	[ "$(names_in "$root")" = 'maps.debug progs.debug' ]
	[ -z "$(program_on lan0)" ]
}
