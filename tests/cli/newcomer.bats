#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Mistakes of a new user: each is answered by a clear line.
load helper

on_terminal() { # COMMAND: prints its output on a terminal
	local command=$1
	"${from_here[@]}" script -qefc "$command" /dev/null </dev/null | tr -d '\r'
}

@test "on a terminal each stream says how to cause some of it" {
	local stream expected
	given --xdp lan0 --sockets
	while read -r stream expected; do
		run on_terminal "'$bin/ebpf-read' --pin-root '$root' $stream -t 0.01"
		[ "$status" = 0 ]
		[[ $output == *"ebpf-read: waiting for "*"$stream"*"Ctrl-C ends."* ]]
		[[ $output == *"ebpf-read: To see some, $expected"* ]]
	done <<-'END'
		icmp ping this machine from another one, or another one from here.
		tcp fetch a page, as curl does.
		conn fetch a page, as curl does.
		udp look up a name, as dig does.
		bind start a server.
		usage let any program use the network.
		ports connect to a port that is watched.
	END
}

@test "on a terminal streams of processes say what they leave out" {
	local out='events of this pipeline itself are left out; --include-self shows them too'
	given --xdp lan0 --sockets
	run on_terminal "'$bin/ebpf-read' --pin-root '$root' conn -t 0.01"
	[[ $output == *"$out"* ]]
	run on_terminal "'$bin/ebpf-read' --pin-root '$root' conn --include-self -t 0.01"
	[[ $output != *'left out'* ]]
	run on_terminal "'$bin/ebpf-read' --pin-root '$root' icmp -t 0.01"
	[[ $output != *'left out'* ]]
}

@test "ports without a watched port say so, and how to watch one" {
	given --xdp lan0
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" ports --since-load
	[ "$status" = 0 ]
	[ "${stderr_lines[0]}" = 'ebpf-read: no port is watched' ]
	[ "${stderr_lines[1]}" = "hint: ebpf-ctl watch PORT --pin-root $root" ]
	"$bin/ebpf-ctl" --pin-root "$root" watch 5050
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" ports --since-load
	[ "${stderr_lines[0]}" = 'ebpf-read: 0 events, 0 lost' ]
}

@test "a reader is told what root is told when no rules are loaded" {
	local who
	given --xdp lan0
	for who in '' member; do
		local -a as=()
		[ -z "$who" ] || as=("${as_member[@]}")
		run --separate-stderr "${as[@]}" "$bin/ebpf-ctl" --pin-root "$root" rules
		[ "$status" = 69 ]
		[ "$stderr" = "ebpf-ctl: not loaded: run: sudo ebpf-load --cgroup DIR --pin-root $root" ]
	done
}

@test "commands in hints name the pins that were asked for" {
	run --separate-stderr "$bin/ebpf-ctl" --pin-root "$root" watch 5050
	[ "$status" = 69 ]
	[[ $stderr == *" --pin-root $root"* ]]
	given --xdp lan0 --readers 2
	start_reader one icmp
	start_reader two icmp
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" icmp
	[ "$status" = 1 ]
	[[ ${stderr_lines[1]} == "hint: "*"ebpf-load --unload --pin-root $root"* ]]
	loader --xdp lan0 --ring-size 65536 2>"$BATS_TEST_TMPDIR/said" && return 1
	grep -q "^hint: sudo ebpf-load --unload --pin-root $root   (" "$BATS_TEST_TMPDIR/said"
}

@test "the interfaces that a hint lists are those of the namespace that was asked for" {
	run --separate-stderr "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp nothing0
	[ "$status" = 1 ]
	[ "${stderr_lines[1]}" = "hint: ip -n $here -brief link" ]
	run bash -c "${stderr_lines[1]#hint: }"
	[[ $output == *lan0* ]]
	run --separate-stderr "$bin/ebpf-load" --pin-root "$root" --netns "/run/netns/./$here" --xdp nothing0
	[ "${stderr_lines[1]}" = "hint: sudo nsenter --net=/run/netns/./$here ip -brief link" ]
	run --separate-stderr "$bin/ebpf-load" --pin-root "$root" --xdp nothing0
	[ "${stderr_lines[1]}" = 'hint: ip -brief link' ]
}

@test "-h and -V are --help and --version" {
	local tool
	for tool in load read ctl store top web; do
		[ "$("$bin/ebpf-$tool" -h)" = "$("$bin/ebpf-$tool" --help)" ]
		[ "$("$bin/ebpf-$tool" -V)" = "$("$bin/ebpf-$tool" --version)" ]
		[[ $("$bin/ebpf-$tool" -V) == "ebpf-$tool (pinpipe) "* ]]
	done
}

# A shell with job control, as a newcomer has it: each command has a process group of its own.
@test "in one terminal a reader shows what the next command does, and not what its own pipeline does" {
	cd "$BATS_TEST_TMPDIR" || return
	given --sockets
	ip -n "$here" link set lo up
	cat >session <<-END
		set -m
		"$bin/ebpf-read" --pin-root "$root" udp --port 40009 -v -t 600 2>sum | while read -r line; do
			echo "\$line" >>lines
			echo >/dev/udp/127.0.0.1/40009
		done &
		until [ -s sum ]; do sleep 0.01; done
		bash -c 'echo >/dev/udp/127.0.0.1/40009; echo \$\$ >shown'
		until [ -s lines ]; do sleep 0.01; done
		bash -c 'echo >/dev/udp/127.0.0.1/40009; echo \$\$ >>shown'
		until [ "\$(wc -l <lines)" -ge 2 ]; do sleep 0.01; done
		kill -INT %1
		wait
	END
	timeout 60 nsenter --net=/run/netns/"$here" -- setsid -w bash session
	cat lines
	[ "$(jq -r .pid lines)" = "$(cat shown)" ]
}

# The reader feeds a program outside its process group through a pipe, which sends a datagram for each line.
@test "what takes the reader's output sends unseen, and a terminal says how often" {
	cd "$BATS_TEST_TMPDIR" || return
	given --sockets
	ip -n "$here" link set lo up
	mkfifo feed
	cat >session <<-END
		set -m
		( set +m; exec </dev/null; while read -r _; do echo x >/dev/udp/127.0.0.1/40009; echo >>sent; done <feed ) &
		script -qefc '"$bin/ebpf-read" --pin-root "$root" udp --port 40009 -v -n 2 >feed' said </dev/null >/dev/null &
		until grep -qs slot said; do sleep 0.01; done
		bash -c 'echo >/dev/udp/127.0.0.1/40009'
		until [ -s sent ]; do sleep 0.01; done
		bash -c 'echo >/dev/udp/127.0.0.1/40009'
		wait
	END
	timeout 60 nsenter --net=/run/netns/"$here" -- setsid -w bash session
	cat said
	cat sent
	[ "$(wc -l <sent)" = 2 ]
	grep -q 'ebpf-read: [12] events\? of this pipeline left out; --include-self shows them' said
}

@test "a process that gets the number of one that was in the pipeline is shown" {
	[ -w /proc/sys/kernel/ns_last_pid ] || skip 'this kernel has no ns_last_pid'
	cd "$BATS_TEST_TMPDIR" || return
	given --sockets
	ip -n "$here" link set lo up
	mkfifo held
	cat >session <<-END
		set -m
		sleep 600 >held &
		number=\$!
		"$bin/ebpf-read" --pin-root "$root" udp --port 40009 -v -n 1 <held >lines 2>sum &
		until [ -s sum ]; do sleep 0.01; done
		kill "\$number"
		echo "\$number" >number
		until [ -s lines ]; do
			echo "\$((number - 1))" >/proc/sys/kernel/ns_last_pid
			bash -c "[ \\\$\\\$ != \$number ] || echo >/dev/udp/127.0.0.1/40009"
		done
	END
	timeout 60 nsenter --net=/run/netns/"$here" -- setsid -w bash session
	[ "$(jq -r .pid lines)" = "$(cat number)" ]
}
