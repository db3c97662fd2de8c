# SPDX-License-Identifier: MIT
# ebpf-load: which pins it makes, with which modes, and that the same command again changes nothing.
load helper

@test "load: pins everything with exactly these owners and modes" {
	run -0 --separate-stderr loader --xdp lan0 --group "$group" --readers 2
	[ -z "$output" ]
	[ "$(stat -fc %T "$root")" = bpf_fs ]
	[ "$(stat -c '%A %u:%g' "$root")" = 'drwxr-xr-t 0:0' ]
	diff - <(layout) <<-END
		abi -rw-r----- 0:$group
		admin drwxr-x--- 0:0
		admin/lock drwxr-x--- 0:0
		admin/watched -rw-rw---- 0:0
		admin/watches -rw-rw---- 0:0
		admin/watching -rw-rw---- 0:0
		links drwxr-x--- 0:$group
		links/0 -rw------- 0:0
		lock drwx------ 0:0
		maps drwxr-x--- 0:$group
		maps/controls -rw------- 0:$group
		maps/counters -rw-r----- 0:$group
		maps/hooks -rw-r----- 0:$group
		maps/losses -rw-r----- 0:$group
		maps/port_counts -rw-r----- 0:$group
		maps/rings -rw------- 0:$group
		maps/wanted -rw-rw---- 0:$group
		maps/watched -rw-r----- 0:$group
		maps/watches -rw-r----- 0:$group
		maps/watching -rw-r----- 0:$group
		readers drwxr-x--- 0:$group
		readers/0 drwxr-x--- 0:$group
		readers/0/control -rw-rw---- 0:$group
		readers/0/ring -rw-rw---- 0:$group
		readers/1 drwxr-x--- 0:$group
		readers/1/control -rw-rw---- 0:$group
		readers/1/ring -rw-rw---- 0:$group
		sent drwxr-x--- 0:$group
		sent/0 -rw------- 0:0
	END
}

@test "load: says in a line each what it pinned" {
	run -0 --separate-stderr loader --xdp lan0 --xdp lan1:generic --group "$group" --readers 2 --ring-size 65536
	[[ $stderr == *"ebpf-load: lan0: XDP, native mode, attached: $root/links/0"* ]]
	[[ $stderr == *"ebpf-load: lan1: XDP, generic mode, attached: $root/links/1"* ]]
	[[ $stderr == *"ebpf-load: 2 readers with 65536 bytes each: $root/readers"* ]]
}

@test "load: without --group, and without the group ebpf, only root may read" {
	! getent group ebpf >/dev/null || skip 'this machine has a group ebpf, which is the default'
	run -0 --separate-stderr loader --xdp lan0
	[[ $stderr == *'only root may read'* ]]
	[ "$(stat -c '%A %u:%g' "$root/readers")" = 'drwxr-x--- 0:0' ]
	run -77 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 1 icmp
	run -0 "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

@test "load: as many readers, with rings as large, as --help says" {
	local help
	help=$("$bin/ebpf-load" --help)
	[[ $help =~ --readers.*\(default\ ([0-9]+)\).*--ring-size.*\(default\ ([0-9]+)\) ]]
	loader --xdp lan0
	[ "$(find "$root/readers" -name ring | wc -l)" = "${BASH_REMATCH[1]}" ]
	[[ $(bpftool -j map show pinned "$root/readers/0/ring") == *"\"max_entries\":${BASH_REMATCH[2]},"* ]]
}

@test "load: the pin root may come from EBPF_PIN_ROOT" {
	EBPF_PIN_ROOT=$root run -0 "$bin/ebpf-load" --netns "$here" --xdp lan0
	[ -e "$root/links/0" ]
}

@test "load: the same command again leaves link, program and maps as they are" {
	local link program ring before
	given --xdp lan0
	link=$(link_id 0) program=$(program_on lan0) ring=$(map_id readers/0/ring)
	before=$(layout)
	run -0 --separate-stderr loader --xdp lan0 --group "$group" --readers 2
	[[ $stderr == "ebpf-load: lan0: XDP, native mode, unchanged: $root/links/0" ]]
	[ "$(link_id 0) $(program_on lan0) $(map_id readers/0/ring)" = "$link $program $ring" ]
	[ "$(layout)" = "$before" ]
}

@test "load: an interface named twice is one" {
	given --xdp lan0 --xdp lan0
	[ "$(names_in "$root/links")" = 0 ]
}

@test "load: a second interface is added, the first stays untouched" {
	local link program
	given --xdp lan0
	link=$(link_id 0) program=$(program_on lan0)
	loader --xdp lan1
	[ "$(link_id 0) $(program_on lan0)" = "$link $program" ]
	[ "$(names_in "$root/links")" = '0 1' ]
	[ "$(program_on lan1)" != "$program" ]
	[ -n "$(program_on lan1)" ]
	[ "$(stat -c '%A %u:%g' "$root/links/1")" = '-rw------- 0:0' ]
}

@test "load: the pins outlive the loader, and no process of ours stays" {
	given --xdp lan0
	run -1 pgrep -fx ".*ebpf-load .*--pin-root $root .*" # of others on the machine there may be some
	[ "$(program_on lan0)" = "$(link_program links/0)" ]
}

@test "load: native and generic mode are as asked" {
	given --xdp lan0:native --xdp lan1:generic
	ip -n "$here" -j link show dev lan0 | jq -e '.[0].xdp.mode == 1'
	ip -n "$here" -j link show dev lan1 | jq -e '.[0].xdp.mode == 2'
}

@test "load: an interface without native XDP gets the generic mode unless native was asked for" {
	run -1 --separate-stderr loader --xdp lo:native
	assert_one_error ebpf-load
	[[ $stderr == *'native mode'* && $stderr == *'--xdp lo:generic'* ]]
	[ ! -e "$root" ]
	run -0 --separate-stderr loader --xdp lo
	[[ $stderr == *'lo: XDP, generic mode, attached'* ]]
}

@test "load: a change of mode is refused, with what to do" {
	local link
	given --xdp lan0:native
	link=$(link_id 0)
	run -1 --separate-stderr loader --xdp lan0:generic
	assert_one_error ebpf-load
	[[ $stderr == *'lan0 is loaded in native mode'*'--unload --xdp lan0'* ]]
	[ "$(link_id 0)" = "$link" ]
	run -0 --separate-stderr loader --xdp lan0
	[[ $stderr == *'native mode, unchanged'* ]]
}

