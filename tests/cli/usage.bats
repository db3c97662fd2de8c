# SPDX-License-Identifier: MIT
# Wrong usage: status 2, one line and one hint; --help and --version: status 0; without permission, or with nothing
# loaded, the error says what helps.
load helper

# Each line of stdin is a command line of TOOL that must be refused as wrong usage.
assert_all_wrong() { # TOOL
	local line arguments count=0
	while read -r line; do
		eval "arguments=($line)"
		echo "$1 $line"
		run -2 --separate-stderr "$bin/$1" "${arguments[@]}" </dev/null
		[ -z "$output" ]
		assert_one_error "$1"
		[[ $stderr == *"$1 --help"* || $stderr == *"--"* ]]
		count=$((count + 1))
	done
	[ "$count" -ge 10 ]
	[ ! -e "$root" ]
}

@test "usage: ebpf-load refuses wrong command lines" {
	assert_all_wrong ebpf-load <<'END'
		''
		--no-such-option
		-x
		--xdp
		--xdp ''
		--xdp :native
		--xdp lan0:fast
		--xdp lan0:
		--xdp a-name-of-16-chars
		--xdp lan0:native --xdp lan0:generic
		--xdp lan0 more
		--xdp lan0 --readers 0
		--xdp lan0 --readers 33
		--xdp lan0 --readers -1
		--xdp lan0 --readers 1x
		--xdp lan0 --readers ''
		--xdp lan0 --readers 99999999999999999999
		--xdp lan0 --ring-size 4096
		--xdp lan0 --ring-size 20000
		--xdp lan0 --ring-size 1073741824
		--xdp lan0 --ring-size 1M
		--xdp lan0 --netns ''
		--xdp lan0 --pin-root relative
		--xdp lan0 --json
		--cgroup
		--cgroup ''
		--cgroup / more
		--cgroup / --admin-group
		--cgroup / --probe fentry
		--unload --check
		--unload --group nogroup
		--unload --admin-group nogroup
		--unload --cgroup
		--unload --readers 3
		--unload --replace
		--unload --netns x
		--check --xdp lan0
		--check --cgroup /
		--admin-group nogroup
		--check more
		--unload more
		--readers 3
		--help=1
END
}

@test "usage: ebpf-read refuses wrong command lines" {
	assert_all_wrong ebpf-read <<'END'
		''
		tcpp
		icmp tcpp
		ICMP
		--no-such-option icmp
		-x icmp
		icmp -n
		icmp -n 0
		icmp -n -1
		icmp -n 1.5
		icmp -n x
		icmp -n ''
		icmp -t
		icmp -t 0
		icmp -t -1
		icmp -t x
		icmp -t 1s
		icmp -t inf
		icmp -t nan
		icmp -t 1e99
		icmp --host
		icmp --host ''
		icmp --host 10.0.0
		icmp --host 10.0.0.1/33
		icmp --host 10.0.0.1/
		icmp --host 10.0.0.1/-1
		icmp --host fd00::/129
		icmp --host example
		icmp --host 10.0.0.1 --host 10.0.0.2
		icmp --proto
		icmp --proto tcp
		icmp --proto icmp,
		icmp --proto ''
		icmp --if
		icmp --if ''
		icmp --if lan0,
		icmp --if a-name-of-16-chars
		icmp --direction out
		icmp --direction sideways
		icmp --pid 1
		icmp --comm ping
		icmp --port 80
		icmp --pin-root relative
		denied
		deny --if lan0
		deny --hex
		deny --no-payload
		deny --by port
		deny -i 1
		deny --proto raw
		deny --proto icmp
		deny --port 0
		deny bind --direction in
END
}

@test "usage: ebpf-ctl refuses wrong command lines" {
	assert_all_wrong ebpf-ctl <<'END'
		''
		no-such-command
		Status
		status more
		status --no-such-option
		--json
		-x status
		status --json=1
		status --pin-root
		status --pin-root relative
END
}

@test "usage: --help goes to stdout with 0, names every option, and needs nothing" {
	local tool
	for tool in ebpf-load ebpf-read ebpf-ctl; do
		run -0 --separate-stderr "${as_stranger[@]}" "$bin/$tool" --help
		[[ $output == "usage: $tool "* ]]
		[ -z "$stderr" ]
		for option in --help --version --pin-root --verbose; do
			[[ $output == *" $option"* ]]
		done
		[ "$(awk 'length > 100' <<<"$output")" = '' ]
	done
}

@test "usage: --version is one line with the tool's name" {
	local tool
	for tool in ebpf-load ebpf-read ebpf-ctl; do
		run -0 --separate-stderr "${as_stranger[@]}" "$bin/$tool" --version
		[[ $output =~ ^$tool\ \(pinpipe\)\ [0-9]+\.[0-9]+ ]]
		[ "${#lines[@]}" = 1 ]
		[ -z "$stderr" ]
	done
}

@test "usage: control bytes in an argument do not reach the terminal" {
	run -2 --separate-stderr "$bin/ebpf-read" $'\e[31mred\n'
	[[ $stderr != *$'\e'* ]]
	assert_one_error ebpf-read
	[[ $stderr == *'\x1b[31mred\x0a'* ]]
}

@test "usage: nothing loaded is 69, and says what to run" {
	local tool
	run -69 --separate-stderr "$bin/ebpf-read" --pin-root "$root" icmp
	[ "$stderr" = "ebpf-read: not loaded: run: sudo ebpf-load --xdp IFACE --pin-root $root" ]
	run -69 --separate-stderr "$bin/ebpf-ctl" --pin-root "$root" status
	[ "$stderr" = "ebpf-ctl: not loaded: run: sudo ebpf-load --xdp IFACE --pin-root $root" ]
	run -69 --separate-stderr "${as_stranger[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
	[[ $stderr == 'ebpf-read: not loaded'* ]]
}

@test "usage: a stranger to the group is told with 77 how to join it, by reader and status" {
	given --xdp lan0
	run -77 --separate-stderr "${as_stranger[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
	assert_one_error ebpf-read
	[[ $stderr == *'permission denied'*"hint: sudo usermod -aG $group "* ]]
	run -77 --separate-stderr "${as_stranger[@]}" "$bin/ebpf-ctl" --pin-root "$root" status
	assert_one_error ebpf-ctl
	[[ $stderr == *'permission denied'*"hint: sudo usermod -aG $group "* ]]
}

@test "usage: --check runs as anybody, as text and JSON" {
	run -0 --separate-stderr "$bin/ebpf-load" --pin-root "$root" --check
	[[ $output == *kernel* && $output == *bpffs* ]]
	[ -z "$stderr" ]
	run -0 --separate-stderr "$bin/ebpf-load" --pin-root "$root" --check --json
	jq -e 'type == "array" and all(.name and .state and .value)' <<<"$output"
	run --separate-stderr "${as_stranger[@]}" "$bin/ebpf-load" --pin-root "$root" --check --json
	[ "$status" = 0 ]
	jq -e 'map(select(.name == "capabilities"))[0].state == "unknown"' <<<"$output"
	[ ! -e "$root" ]
}
