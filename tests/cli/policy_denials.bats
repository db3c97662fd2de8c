#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is told of denials: ebpf-read deny, audit, ebpf-ctl suggest. The tests load only cgroups that they have made.
# shellcheck disable=SC2154 # set by helper.bash
load helper
load policy

@test "deny events: who, where to, which hook, which rule" {
	given --cgroup "$cgroup"
	serve peer 8081
	ctl allow 8080 pp-ruled
	listen deny deny --comm pp-ruled
	act pp-ruled <<-'END'
		print(attempt(connect, 8081), attempt(bind, 9000), attempt(socket.socket, socket.AF_INET, socket.SOCK_RAW, 253))
		print(attempt(send_to, 5301))
		print(attempt(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto, b'x', ('::1', 5301)))
	END
	finish deny INT
	[ "$(heard deny '[.action, .rule, .reason, .direction, .proto, .remote_ip // "-", .port // "-", .attribution] | join(" ")')" = \
		'deny pp-ruled connect out tcp 10.77.0.2 8081 exact
deny pp-ruled bind in tcp - 9000 exact
deny pp-ruled create out raw - - exact
deny pp-ruled sendmsg out udp 10.77.0.2 5301 exact
deny pp-ruled sendmsg out udp ::1 5301 exact' ]
	[ "$(ctl rules --json | jq .[0].denied)" = 5 ]
}

@test "a socket that goes on trying is told of once a second, with how often it tried" {
	given --cgroup "$cgroup"
	ctl allow 53/udp pp-ruled
	listen deny deny --comm pp-ruled
	act pp-ruled <<-'END'
		sock = datagram()
		for turn in range(100): attempt(sock.sendto, b'x', (PEER, 5301))
		time.sleep(1.1)
		attempt(sock.sendto, b'x', (PEER, 5301))
	END
	finish deny INT
	[ "$(heard deny '.suppressed // 0' | tr '\n' ' ')" = '0 99 ' ]
	[ "$(ctl rules --json | jq .[0].denied)" = 101 ]
}

@test "audit: told and counted, nothing denied; of a process or of all" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --audit
	ctl allow 8080 pp-strict
	listen deny deny
	[ "$(tries pp-ruled 8081)" = '8081 ok' ]
	[ "$(tries pp-strict 8081)" = '8081 EPERM' ]
	ctl audit on
	[ "$(tries pp-strict 8081)" = '8081 ok' ]
	ctl audit off
	ctl audit off pp-ruled
	[ "$(tries pp-ruled 8081)" = '8081 EPERM' ]
	finish deny INT
	[ "$(heard deny '[.comm, .action] | join(" ")')" = 'pp-ruled audit
pp-strict deny
pp-strict audit
pp-ruled deny' ]
}

@test "what was audited becomes rules: suggest" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 1 pp-ruled --audit
	listen deny deny --comm pp-ruled
	tries pp-ruled 8080 8081
	act pp-ruled <<<'bind(9000)'
	finish deny INT
	ctl suggest pp-ruled --from "$(out deny)" >script
	[ "$(cut -d '#' -f 1 script | tr -s ' ')" = 'ebpf-ctl allow 8080-8081/tcp --connect --to lan pp-ruled 
ebpf-ctl allow 9000/tcp --serve pp-ruled ' ]
	ctl audit off pp-ruled
	PATH=$bin:$PATH EBPF_PIN_ROOT=$root bash -e script
	[ "$(tries pp-ruled 8080 8081 8082)" = $'8080 ok\n8081 ok\n8082 EPERM' ]
}
