# SPDX-License-Identifier: MIT
# ebpf-ctl status: pinned and really attached programs, readers, and events produced, delivered and lost.
load helper

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab # of one test

teardown() {
	end_started
	remove_root "$root"
	[ ! -d "$cgroup" ] || rmdir "$cgroup"
}

status_json() { # FILTER: prints what jq makes of the status
	"${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" status --json >"$BATS_TEST_TMPDIR/status"
	jq -r "$1" "$BATS_TEST_TMPDIR/status"
}

root_json() { # FILTER: the same, as root sees it
	"$bin/ebpf-ctl" --pin-root "$root" status --json | jq -r "$1"
}

status_text() {
	"$bin/ebpf-ctl" --pin-root "$root" status
}

status_is() { # FILTER VALUE
	[ "$(status_json "$1")" = "$2" ]
}

@test "status: what was loaded, as JSON and as text" {
	loader --xdp lan0 --xdp lan1:generic --group "$group" --readers 3 --ring-size 32768
	[ "$(status_json .pin_root)" = "$root" ]
	[ "$(status_json .layout)" = 11 ]
	[ "$(status_json '.options | [.readers, .ring_size, .gid] | map(tostring) | join(" ")')" = "3 32768 $group" ]
	[ "$(status_json '(now * 1000 - .loaded) | . >= 0 and . < 60000')" = true ]
	[ "$(status_json '.hooks | map([.number, .kind, .ifname, .mode, .netns] | map(tostring) | join(" ")) | join("\n")')" = \
		"0 xdp lan0 native $(stat -Lc %i "/run/netns/$here")
1 xdp lan1 generic $(stat -Lc %i "/run/netns/$here")" ]
	[ "$(status_json '.readers | map(.state) | unique | join(" ")')" = free ]
	[ "$(root_json '.hooks | map(.state) | join(" ")')" = 'attached attached' ]
	[ "$(root_json '.hooks | map(.program) | join(" ")' | tr ' ' '\n' | sort)" = \
		"$(printf '%s\n' "$(program_on lan0)" "$(program_on lan1)" | sort)" ]
	run -0 status_text
	[[ $output == *"$root: layout 11, loaded "* ]]
	[[ $output == *"3 readers, 32768 bytes of ring each, read group $group"* ]]
	[[ $output =~ '   0  xdp   lan0 '.*native.*attached ]]
	[[ $output == *'3 of 3 slots are free'* ]]
}

@test "status: JSON is one line, and every map that is pinned is in it" {
	given --xdp lan0
	run -0 --separate-stderr "$bin/ebpf-ctl" --pin-root "$root" status --json
	[ "${#lines[@]}" = 1 ]
	[ -z "$stderr" ]
	[ "$(jq -r '.maps[].path' <<<"$output" | sort)" = \
		"$(find "$root" -type f ! -path '*/links/*' ! -path '*/admin/*' ! -path '*/sent/*' ! -name '*.debug' | sort)" ]
	[ "$(jq -r --arg path "$root/readers/1/ring" '.maps[] | select(.path == $path) | .id' <<<"$output")" = \
		"$(map_id readers/1/ring)" ]
}

@test "status: who holds which slot" {
	given --xdp lan0
	start_reader one icmp
	start_reader two icmp
	[ "$(status_json '.readers | map([.slot, .state, .pid, .comm] | map(tostring) | join(" ")) | join(", ")')" = \
		"0 claimed ${pid_of[one]} ebpf-read, 1 claimed ${pid_of[two]} ebpf-read" ]
	run -0 status_text
	[[ $output == *"   0  claimed    ebpf-read ${pid_of[one]} "* ]]
	[[ $output == *'0 of 2 slots are free'* ]]
	finish one TERM
	[ "$(status_json '.readers | map(.state) | join(" ")')" = 'free claimed' ]
}

@test "status: a killed reader's slot is abandoned until the next reader comes" {
	given --xdp lan0
	start_reader one icmp
	finish one KILL
	[ "$(status_json '.readers[0].state')" = abandoned ]
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
	[ "$(status_json '.readers[0].state')" = free ]
}

@test "status: produced = delivered + lost, for each reader since its claim and for all since the load" {
	loader --xdp lan1 --group "$group" --readers 2 --ring-size 16384
	start_reader one icmp
	"${from_there[@]}" ping -q -c 10 -i 0.001 10.78.0.1
	wait_until status_is '.readers[0].streams[0] | [.produced, .delivered, .lost] | join(" ")' '10 10 0'
	start_reader two icmp
	kill -STOP "${pid_of[two]}"
	"${from_there[@]}" ping -q -f -c 1000 10.78.0.1
	# The first reader may have been too slow as well: the events that it did not get must be the lost ones.
	wait_until status_is '.readers[0].streams[0] | .produced == 1010 and .delivered + .lost == 1010' true
	[ "$(status_json '.readers[1].streams[0] | [.produced, .delivered] | join(" ")')" = '1000 0' ]
	[ "$(status_json '.readers[1] | .streams[0].lost + .unread_bytes / 72')" = 1000 ]
	kill -CONT "${pid_of[two]}"
	wait_until status_is '.readers[1].streams[0] | .lost > 0 and .delivered + .lost == 1000' true
	[ "$(status_json '.streams[0] | .stream + " " + (.produced | tostring)')" = 'icmp 2010' ]
	[ "$(status_json '.streams[0] | .produced == .delivered + .lost')" = true ]
	finish one TERM
	finish two TERM
	[ "$(status_json '.streams[0] | .produced == 2010 and .produced == .delivered + .lost')" = true ]
	start_reader three icmp # its counts begin at zero
	[ "$(status_json '.readers[0].streams[0] | [.produced, .delivered, .lost] | join(" ")')" = '0 0 0' ]
}

@test "status: a hook whose interface is gone, one with another program, one without a pin" {
	given --xdp lan1 --xdp lan0
	bpftool prog load "$PINPIPE_PREFIX/foreign.bpf.o" "$root/foreign" type xdp
	"$bin/tamper" link "$root/links/1" "$root/foreign"
	rm "$root/foreign"
	ip -n "$here" link del lan1
	[ "$(root_json '.hooks | map(.ifname + " " + .state) | join(", ")')" = 'lan1 gone, lan0 exchanged' ]
	run -0 status_text
	[[ $output =~ lan1\ .*\ gone\ && $output =~ lan0\ .*\ exchanged\  ]]
	rm "$root/links/1"
	[ "$(root_json '.hooks | map(.ifname + " " + .state) | join(", ")')" = 'lan1 gone, lan0 unpinned' ]
	add_pair lan1 10.78.0
}

@test "status: a member sees the state of hooks in its own network namespace, else that it is unknown" {
	given --xdp lan0
	[ "$(status_json '.hooks[0].state')" = unknown ]
	[ "$("${from_here[@]}" "${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" status --json | jq -r '.hooks[0].state')" = attached ]
}

@test "status: frozen slots, and a position that is nonsense" {
	given --xdp lan0
	"${as_member[@]}" bpftool map freeze pinned "$root/readers/0/control"
	"${as_member[@]}" "$bin/tamper" position "$root/readers/1/ring" 0xdeadbeef000
	[ "$(status_json '.readers | map(.state) | join(" ")')" = 'frozen displaced' ]
	"${as_member[@]}" bpftool map freeze pinned "$root/readers/1/ring"
	[ "$(status_json '.readers | map(.state) | join(" ")')" = 'frozen frozen' ]
	loader --xdp lan0
	[ "$(status_json '.readers | map(.state) | join(" ")')" = 'free free' ]
}

@test "status: packets that could not be parsed are counted by kind, while somebody reads" {
	local source='020000000009 0800' later='45000020 00012005 4001 0000 0a4e0009 0a4e0001 0800000012340007 61626364'
	given --xdp lan1
	frame() { "${from_there[@]}" "$bin/frame" lan1 ffffffffffff "$source" "$1"; }
	frame "$later"
	[ "$(status_json '.hooks[0].later_fragments')" = 0 ]
	start_reader one icmp
	frame "$later"                                                        # at offset 40
	frame '45000054 00010000 40010000 0a4e0009 0a4e0001 08000000'         # says 84 bytes, has 24
	frame '4f000014 00010000 40010000 0a4e0009 0a4e0001 0800000012340007' # a header longer than the packet
	wait_until status_is '.hooks[0] | [.later_fragments, .truncated, .malformed] | join(" ")' '1 1 1'
	finish one TERM
	[ ! -s "$(out one)" ]
}

@test "status: a full disk is 74" {
	given --xdp lan0
	run -74 --separate-stderr bash -c "'$bin/ebpf-ctl' --pin-root '$root' status >/dev/full"
	assert_one_error ebpf-ctl
}

@test "status: an interface's name cannot act upon the terminal" {
	ip -n "$here" link set lan1 down
	ip -n "$here" link set lan1 name $'\e[31m"x'
	loader --xdp $'\e[31m"x' --group "$group" --readers 1
	run -0 status_text
	[[ $output != *$'\e'* && $output == *'\x1b[31m"x'* ]]
	[ "$(status_json '.hooks[0].ifname' | cat -v)" = '^[[31m"x' ]
	ip -n "$here" link set $'\e[31m"x' name lan1
	ip -n "$here" link set lan1 up
}

@test "status: cgroups, as JSON and as text" {
	mkdir "$cgroup"
	given --cgroup "$cgroup"
	[ "$(root_json '.cgroups | map([.number, .id, .path, .state] | map(tostring) | join(" ")) | join(", ")')" = \
		"0 $(stat -c %i "$cgroup") $cgroup attached" ]
	[[ $(root_json .relabels) = @(before|after|no) ]]
	[[ $(root_json .packet_sockets) = @(denied|open) ]]
	[ "$(root_json '.streams | map(.stream) | join(" ")')" = deny ]
	[ "$(status_json '.cgroups | map(.state) | join(" ")')" = unknown ] # only root can open links
	run -0 status_text
	[[ $output == *$'\n'"     0  attached   $cgroup"$'\n'* ]]
	[[ $output == *'not covered: packet sockets (AF_PACKET); '*'came from another process'* ]]
	rm "$root/links/c0-connect4"
	[ "$(root_json '.cgroups[0].state')" = unpinned ]
	rmdir "$cgroup"
	[ "$(root_json '.cgroups[0].state')" = gone ]
	[ "$(status_json '.cgroups[0].state')" = gone ]
	unload --cgroup "$(root_json '.cgroups[0].id')"
	[ ! -e "$root/abi" ]
}
