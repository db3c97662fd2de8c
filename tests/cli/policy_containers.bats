#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules for a cgroup that comes and goes: a container that restarts under load.
# shellcheck disable=SC2154 # set by helper.bash
load helper
load policy

teardown() { end_services; }

# Prints what container.py says after that many attempts of each kind.
all_denied() { # TIMES
	printf "%s: EPERM $1\n" {'bind ',}{'tcp 8081','udp 8080'} 'raw '{icmp,udp} 'tcp 8081 '{'at once','from 8080',mapped} \
		'udp 8081'{,' connected'}
}

restart() { # FIRST LAST
	start containers python3 "$BATS_TEST_DIRNAME/container.py" restart "$cgroup/app" "$there" "$@"
}

@test "a container that restarts 100 times under load: nothing but its port leaves it, from the first instruction on" {
	given --cgroup "$cgroup"
	ctl allow 8080 any --cgroup "$cgroup/app"
	count_strays 'app*' 'tcp sport 8080 tcp dport >= 32768' 'tcp sport >= 32768 tcp dport 8080'
	serve peer 8080 8081
	echo 1 | tee round unbound >/dev/null
	start load "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/container.py" load
	touch pause-50
	restart 1 100
	wait_until [ -e paused ]
	ctl rules --json >told
	[ "$(jq -c '.[0] | [.kind, .cgroup, .cgroup_present]' told)" = "[\"any\",\"$cgroup/app\",true]" ]
	[ "$(jq -r '.[0].cgroup_id' told)" = "$(stat -c %i "$cgroup/app")" ]
	touch go-on
	finish containers
	touch over
	finish load
	grep -v '^served ' "$(out containers)" | sort >said
	{ all_denied 150 && echo 'connect 8080: ok 100'; } | sort | diff - said
	no_strays
	[ "$(<"$(out load)")" = 'answered at 8080' ]

	ctl rules --json >told
	[ "$(jq -c '.[0] | [.cgroup_present, has("cgroup_id"), .mode]' told)" = '[false,false,"deny"]' ]
	[ "$(jq -c '[.[0].rules[] | [.proto, .first, .last, .side]]' told)" = '[["tcp",8080,8080,"both"]]' ]
	# Each container binds 8080, connects to it once, and has three clients or more.
	jq -e '.[0].denied >= 11 * 150 and .[0].rules[0].hits >= 5 * 100' told

	# The peer would have seen all that, had there been no rule.
	ctl revoke --all any
	rm over
	start load "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/container.py" load
	restart 101 101
	finish containers
	run ! grep EPERM "$(out containers)"
	[ "$(strays)" -ge 8 ]
}

@test "a cgroup made more often than there is room for cgroups: its rule holds each time, whatever other rules do" {
	given --cgroup "$cgroup"
	ctl allow 8080 any --cgroup "$cgroup/app"
	count_strays lan0
	ctl export >rules
	cat rules - <<<'allow 9000 pp-other' >with_other
	change() {
		while [ ! -e over ]; do
			{ ctl allow 9001 pp-another && ctl revoke 9001 pp-another && ctl apply with_other && ctl apply rules; } 2>&1
			echo "changed: $?"
		done
	}
	start changes change
	wait_until has_lines "$(out changes)" 1
	"${from_here[@]}" python3 "$BATS_TEST_DIRNAME/container.py" churn "$cgroup/app" 1500 >said
	touch over
	finish changes
	[ "$(<said)" = $'tcp 8081 at once: EPERM 1500\nudp 8081: EPERM 1500' ]
	no_strays
}

@test "apply takes a rule of a cgroup that comes and goes meanwhile, every time" {
	given --cgroup "$cgroup"
	echo "allow 8080 any cgroup=$cgroup/app" >rules
	start comes_and_goes python3 -c 'import os, sys
while True: os.mkdir(sys.argv[1]); os.rmdir(sys.argv[1])' "$cgroup/app"
	for _ in {1..100}; do
		ctl apply rules >>applied 2>&1
		[ "$(ctl export)" = "allow 8080/tcp any cgroup=$cgroup/app" ]
	done
}
