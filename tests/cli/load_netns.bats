# SPDX-License-Identifier: MIT
# ebpf-load: network namespaces, by name, pid and path.
load helper

# Prints the network namespace in a hook's record.
netns_of_hook() { # HOOK
	abi maps/hooks "$1" netns
}

@test "netns: by name" {
	"$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0
	[ "$(netns_of_hook 0)" = "$(stat -Lc %i "/run/netns/$here")" ]
	[ -n "$(program_on lan0)" ]
}

@test "netns: by path" {
	"$bin/ebpf-load" --pin-root "$root" --netns "/run/netns/$here" --xdp lan0
	[ -n "$(program_on lan0)" ]
}

@test "netns: by the pid of a process that lives there" {
	start resident "${from_here[@]}" sleep 60
	wait_until lives_here "${pid_of[resident]}"
	"$bin/ebpf-load" --pin-root "$root" --netns "${pid_of[resident]}" --xdp lan0
	[ -n "$(program_on lan0)" ]
}

lives_here() { # PID
	[ "$(stat -Lc %i "/proc/$1/ns/net")" = "$(stat -Lc %i "/run/netns/$here")" ]
}

@test "netns: without the option, the loader's own" {
	"${from_here[@]}" "$bin/ebpf-load" --pin-root "$root" --xdp lan0
	[ -n "$(program_on lan0)" ]
	run -0 --separate-stderr loader --xdp lan0
	[[ $stderr == *'lan0: XDP, native mode, unchanged'* ]]
}

@test "netns: one that is not there is refused, and nothing is loaded" {
	run -1 --separate-stderr loader --netns "$lab-nowhere" --xdp lan0
	assert_one_error ebpf-load
	[[ $stderr == *"/run/netns/$lab-nowhere: no such file"* ]]
	run -1 --separate-stderr loader --netns /dev/null --xdp lan0
	assert_one_error ebpf-load
	[ ! -e "$root" ]
}

@test "netns: the same name in two namespaces is two hooks, and events say which" {
	given --xdp lan1
	loader --netns "$there" --xdp lan1 # the other end of the same pair
	[ "$(names_in "$root/links")" = '0 1' ]
	[ "$(program_on lan1)" != "$(program_on lan1 "$there")" ]
	[ "$(netns_of_hook 0)" != "$(netns_of_hook 1)" ]

	start_reader all icmp --if lan1
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	wait_until has_lines "$(out all)" 4
	finish all TERM
	jq -e -s 'map(select(.ifname == "lan1")) | length == 4' "$(out all)" # requests here, replies there
	[ "$(jq -r '.icmp_name + " " + (.netns | tostring)' "$(out all)" | sort -u)" = "$(
		stat -Lc 'echo-reply %i' "/run/netns/$there"
		stat -Lc 'echo-request %i' "/run/netns/$here"
	)" ]
	jq -e -s '[.[].icmp_name] | sort == ["echo-reply", "echo-reply", "echo-request", "echo-request"]' "$(out all)"
}

@test "netns: one of two of the same name can be unloaded, the other stays" {
	local link
	given --xdp lan1
	loader --netns "$there" --xdp lan1
	link=$(link_id 1)
	unload --netns "$here" --xdp lan1
	[ "$(names_in "$root/links")" = 1 ]
	[ "$(link_id 1)" = "$link" ]
	[ -z "$(program_on lan1)" ]
	[ -n "$(program_on lan1 "$there")" ]
}

@test "netns: events carry the name of the interface that saw them" {
	given --xdp lan0 --xdp lan1
	start_reader both icmp --proto icmp
	"${from_there[@]}" ping -q -c 1 10.77.0.1
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	wait_until has_lines "$(out both)" 3
	finish both TERM
	[ "$(jq -r '.ifname + " " + .dst_ip' "$(out both)" | sort | uniq -c | tr -s ' ' | paste -sd,)" = \
		' 1 lan0 10.77.0.1, 2 lan1 10.78.0.1' ]
}
