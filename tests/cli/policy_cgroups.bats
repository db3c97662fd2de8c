#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What rules can be about besides ports of a process: paths of cgroups, any, none, icmp, sides of a port.
load helper
load policy

teardown() {
	end_started
	remove_root "$root"
	find "$cgroup" -mindepth 1 -depth -type d -exec rmdir {} \;
}

# Prints the result of a connect to 8080 and to 8081 by a process of this name in a cgroup below the tests' one.
tries_in() { # CGROUP NAME
	"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$1" \
		python3 "$BATS_TEST_DIRNAME/act.py" "$2" <<<'print(both())'
}

@test "any: every process of a cgroup has these ports and nothing else, whatever it is called" {
	mkdir "$cgroup/one" "$cgroup/one/below" "$cgroup/two"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 any --cgroup "$cgroup/one"
	[ "$(tries_in one pp-this)" = 'ok EPERM' ]
	[ "$(tries_in one/below pp-that)" = 'ok EPERM' ]
	[ "$(tries_in two pp-this)" = 'ok ok' ]
	ctl allow 8081 pp-this
	[ "$(tries_in one pp-this)" = 'ok ok' ] # it has both rules
	ctl revoke --all any
	[ "$(tries_in one pp-that)" = 'ok ok' ]
}

@test "a rule waits for its cgroup, and holds each time it is made" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	run -0 --separate-stderr ctl allow 8080 any --cgroup "$cgroup/later"
	[ "${stderr_lines[0]}" = "ebpf-ctl: $cgroup/later is not there yet: the rule holds once it is made" ]
	[[ $(ctl rules) == *"$cgroup/later (not there)"* ]]
	[ "$(ctl rules --json | jq -c '.[0] | [.kind, .cgroup, .cgroup_present, has("cgroup_id")]')" = \
		"[\"any\",\"$cgroup/later\",false,false]" ]
	for _ in 1 2 3; do
		mkdir "$cgroup/later"
		[ "$(tries_in later pp-this)" = 'ok EPERM' ]
		[ "$(ctl rules --json | jq -r '.[0].cgroup_id')" = "$(stat -c %i "$cgroup/later")" ]
		rmdir "$cgroup/later"
	done
	ctl export >rules
	[ "$(<rules)" = "allow 8080/tcp any cgroup=$cgroup/later" ]
	ctl apply rules
	mkdir "$cgroup/later"
	[ "$(tries_in later pp-this)" = 'ok EPERM' ]
}

@test "none and icmp" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow none pp-ruled
	[ "$(act pp-ruled <<<'print(both())')" = 'EPERM EPERM' ]
	ctl allow 8080 pp-ruled
	[ "$(act pp-ruled <<<'print(both())')" = 'ok EPERM' ]
	ctl revoke 8080 pp-ruled
	[ "$(act pp-ruled <<<'print(both())')" = 'EPERM EPERM' ]
	ctl revoke none pp-ruled
	[ "$(act pp-ruled <<<'print(both())')" = 'ok ok' ]
	ctl allow none ping
	run ! inside ping -c 1 -W 2 10.77.0.2
	ctl allow icmp ping
	run ! inside ping -c 1 -W 2 10.77.0.2 # which connects a UDP socket, to find its own address
	ctl allow 1025/udp ping --connect
	inside ping -c 1 -W 5 10.77.0.2
	[ "$(ctl rules --json | jq -c '.[0] | [.icmp, .none]')" = '[true,true]' ]
	ctl revoke icmp ping
	run ! inside ping -c 1 -W 2 10.77.0.2
}

@test "a port on one side" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --connect
	ctl allow 8081 pp-ruled --serve
	[ "$(act pp-ruled <<<'print(both(), attempt(bind, 8080), attempt(bind, 8081))')" = 'ok EPERM EPERM ok' ]
	[ "$(ctl rules --json | jq -c '[.[0].rules[] | [.first, .side, .hits]]')" = '[[8080,"connect",1],[8081,"serve",1]]' ]
	ctl allow 8080 pp-ruled
	[ "$(act pp-ruled <<<'print(both(), attempt(bind, 8080), attempt(bind, 8081))')" = 'ok EPERM ok ok' ]
	ctl revoke 8080 pp-ruled --connect
	[ "$(act pp-ruled <<<'print(both(), attempt(bind, 8080), attempt(bind, 8081))')" = 'EPERM EPERM ok ok' ]
}

@test "a change that is killed after it holds in part is finished by whoever looks" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	# The word changing stands behind now, next_set and old: as ebpf-ctl leaves it that is killed.
	bpftool map dump pinned "$root/maps/policy" >/dev/null || skip 'bpftool cannot read maps here'
	now=$(bpftool -j map dump pinned "$root/maps/policy" | jq -r '.[0].value | map(ltrimstr("0x")) | .[0:16] | join(" ")')
	# shellcheck disable=SC2086 # bytes
	bpftool map update pinned "$root/admin/policy" key hex 00 00 00 00 value hex $now 01 00 00 00 00 00 00 00
	ctl status >/dev/null
	[ "$(bpftool -j map dump pinned "$root/maps/policy" | jq -r '.[0].value[16]')" = 0x00 ]
	[ "$(act pp-ruled <<<'print(both())')" = 'ok EPERM' ]
}
