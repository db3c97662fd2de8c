# SPDX-License-Identifier: MIT
# ebpf-load with obstacles: other XDP programs, pins of another layout, interfaces that were made again.
load helper

# Attaches another XDP program to an interface, by netlink as ip(8) does. MODE: xdpdrv or xdpgeneric
attach_foreign() { # INTERFACE [MODE]
	ip -n "$here" link set dev "$1" "${2:-xdpdrv}" object "$PINPIPE_PREFIX/foreign.bpf.o" section xdp
}

setup() {
	other_root=$root-other
}

teardown() {
	end_started
	remove_root "$root"
	remove_root "$other_root"
	for mode in xdpdrv xdpgeneric; do
		ip -n "$here" link set dev lan0 $mode off 2>/dev/null || :
	done
}

@test "foreign: another program is refused by name and id, and stays" {
	local mode id
	for mode in xdpdrv xdpgeneric; do
		attach_foreign lan0 $mode
		id=$(program_on lan0)
		run -1 --separate-stderr loader --xdp lan0
		assert_one_error ebpf-load
		[[ $stderr == *"lan0 has another XDP program: 'foreign_pass', id $id"* ]]
		[[ $stderr == *'hint: '*'--replace --xdp lan0'* ]]
		[ "$(program_on lan0)" = "$id" ]
		[ ! -e "$root" ]
		ip -n "$here" link set dev lan0 $mode off
	done
}

@test "foreign: --replace detaches a program that came by netlink" {
	local mode
	for mode in xdpdrv xdpgeneric; do
		attach_foreign lan0 $mode
		run -0 --separate-stderr loader --replace --xdp lan0 --readers 1
		[[ $stderr == *"lan0: detaching XDP program 'foreign_pass'"* ]]
		[ "$(program_on lan0)" = "$(link_program links/0)" ]
		ip -n "$here" -j link show dev lan0 | jq -e '.[0].xdp.mode == 1'
		unload
		[ -z "$(program_on lan0)" ]
	done
}

@test "foreign: a program that is held by a link is refused, and --replace detaches that" {
	local id
	"$bin/ebpf-load" --pin-root "$other_root" --netns "$here" --xdp lan0 --readers 1
	id=$(program_on lan0)
	run -1 --separate-stderr loader --xdp lan0
	assert_one_error ebpf-load
	[[ $stderr == *"lan0 has another XDP program: 'see_"*"id $id"* ]]
	[ "$(program_on lan0)" = "$id" ]
	run -0 loader --replace --xdp lan0 --readers 1
	[ "$(program_on lan0)" = "$(link_program links/0)" ]
	[ "$(program_on lan0)" != "$id" ]
}

@test "foreign: --replace with nothing in the way, and on our own hook, changes nothing" {
	local link program
	given --replace --xdp lan0
	link=$(link_id 0) program=$(program_on lan0)
	run -0 --separate-stderr loader --replace --xdp lan0
	[[ $stderr == *unchanged* && $stderr != *detaching* ]]
	[ "$(link_id 0) $(program_on lan0)" = "$link $program" ]
}

@test "foreign: --replace that fails later puts the other program back" {
	local id
	attach_foreign lan0
	id=$(program_on lan0)
	run -1 loader --replace --xdp lan0 --xdp nosuch0
	[ "$(program_on lan0)" = "$id" ]
	attach_foreign lan1
	given --xdp lan1 --replace
	run -1 loader --replace --xdp lan0:native --xdp lan1:generic
	[ "$(program_on lan0)" = "$id" ]
}

@test "foreign: when another program took the place of ours by force, a load says so" {
	given --xdp lan0
	ip -n "$here" link set dev lan0 xdpdrv off 2>/dev/null || : # refused while a link holds it
	[ -n "$(program_on lan0)" ]
	run -0 loader --xdp lan0
}

@test "gone: an interface made again is attached afresh, and the old pin is swept" {
	local link
	given --xdp lan1 --xdp lan0
	link=$(link_id 0)
	ip -n "$here" link del lan1
	add_pair lan1 10.78.0
	[ -z "$(program_on lan1)" ]
	run -0 --separate-stderr loader --xdp lan1
	[[ $stderr == *"lan1: the interface no longer exists, or its program was detached: $root/links/0 removed"* ]]
	[[ $stderr == *'lan1: XDP, native mode, attached'* ]]
	[ -n "$(program_on lan1)" ]
	[ "$(names_in "$root/links" | wc -w)" = 2 ]
	is_freed link "$link"
	start_reader new icmp --if lan1
	"${from_there[@]}" ping -q -c 1 10.78.0.1
	wait_until has_lines "$(out new)" 1
}

@test "gone: any load sweeps the pin of an interface that is gone" {
	given --xdp lan1 --xdp lan0
	ip -n "$here" link del lan1
	loader --xdp lan0
	[ "$(names_in "$root/links")" = 1 ]
	add_pair lan1 10.78.0
}

@test "gone: a running reader sees an interface that was made and loaded again, also with --if" {
	given --xdp lan1 --xdp lan0
	start_reader all icmp --proto icmp
	start_reader one icmp --if lan1
	ip -n "$here" link del lan1
	add_pair lan1 10.78.0
	loader --xdp lan1
	ping_until_seen() { "${from_there[@]}" ping -q -c 1 -W 1 10.78.0.1 && [ -s "$(out one)" ] && [ -s "$(out all)" ]; }
	wait_until ping_until_seen
	jq -e -s 'all(.ifname == "lan1")' "$(out one)" "$(out all)"
}

@test "layout: pins of another version are refused by loader and reader, and --unload heals it" {
	given --xdp lan0
	abi abi 0 version 99
	run -1 --separate-stderr loader --xdp lan1
	assert_one_error ebpf-load
	[[ $stderr == *"$root/abi has layout 99"*'hint: '*'ebpf-load --unload'* ]]
	run -1 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
	assert_one_error ebpf-read
	[[ $stderr == *'has layout 99'*'hint: '*'ebpf-load --unload'* ]]
	[ -z "$(program_on lan1)" ]
	unload
	[ -z "$(program_on lan0)" ]
	loader --xdp lan0
}

@test "layout: maps of another shape are refused by name, and --unload heals it" {
	local pin shape
	for pin in abi maps/losses maps/wanted maps/hooks; do
		given --xdp lan0
		rm "$root/$pin"
		bpftool map create "$root/$pin" type array key 4 value 24 entries 1 name old
		run -1 --separate-stderr loader --xdp lan1
		assert_one_error ebpf-load
		[[ $stderr == *"$root/$pin is no map of layout 11"*'hint: '*'ebpf-load --unload'* ]]
		unload
		[ -z "$(program_on lan0)" ]
	done
	for shape in 'hash key 4 value 88 entries 1' 'array key 4 value 88 entries 2' 'array key 4 value 88 entries 1 flags 1024'; do
		given --xdp lan0
		rm "$root/abi"
		# shellcheck disable=SC2086 # words
		bpftool map create "$root/abi" type $shape name old
		run -1 --separate-stderr loader --xdp lan1
		[[ $stderr == *"$root/abi is no map of layout 11"* ]]
		unload
	done
	loader --xdp lan0
}

@test "layout: the command in the hint is the one that heals it" {
	local command
	given --xdp lan0
	abi abi 0 version 99
	run -1 --separate-stderr loader --xdp lan0
	command=${stderr#*hint: sudo }
	command=${command%%   (*}
	PATH=$bin:$PATH run -0 sh -c "$command"
	run -0 loader --xdp lan0
}
