#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Watched ports: ebpf-ctl watch, unwatch, watches; ebpf-load --watch. The server is in $here, its clients in $there.
load helper

admins=60691 # gid of the admin group
act=$BATS_TEST_DIRNAME/act.py

setup() { cd "$BATS_TEST_TMPDIR" || return; }

ctl() { "$bin/ebpf-ctl" --pin-root "$root" "$@"; }

# Starts a server called PROCESS and waits until it has its ports.
serve() { # NAME PROCESS PORT...
	start "$1" "${from_here[@]}" python3 "$act" "${@:2}"
	wait_until has_text "$(out "$1")" ready
}

speak() { # PORT...: connects to each, and exchanges a few bytes
	"${from_there[@]}" python3 "$act" pp-client <<<"PEER = '10.77.0.1'
for port in ${*/%/,}: send_and_hear(connect(port))"
}

# Prints the state of the watches of a port; "" if there is none.
state_of() { # PORT
	ctl watches --json | jq -r ".watches[] | select(.first_port <= $1 and .last_port >= $1).state" | sort -u
}
is_state() { [ "$(state_of "$1")" = "$2" ]; } # PORT STATE

# Prints the packets counted of a port, of TCP by default, both ways, on all interfaces.
packets() { # PORT [PROTOCOL]
	"$bin/ebpf-read" --pin-root "$root" ports --since-load --port "$1" --proto "${2:-tcp}" 2>/dev/null |
		jq -s 'map(.packets_received + (.packets_sent // 0)) | add // 0'
}

# Prints the kernel programs' word of a TCP port: 0 if it is neither counted nor waited for.
word() { # PORT
	bpftool -j map lookup pinned "$root/maps/watched" key $(($1 & 255)) $(($1 >> 8)) 0 0 |
		jq '.value | map(select(. != "0x00")) | length'
}

counting() { abi maps/watching 0 ports; } # whether the programs look for watched ports

@test "packets of a watched port are counted, those of others are not" {
	given --xdp lan0
	serve server pp-server 5050 5051
	ctl watch 5050
	speak 5050 5051
	[ "$(packets 5050)" -ge 10 ]
	[ "$(packets 5051)" = 0 ]
	local before
	before=$(packets 5050)
	ctl unwatch 5050
	speak 5050
	[ "$(packets 5050)" = "$before" ]
	[ "$(counting)" = 0 ]
}

@test "watches: ranges, a table and JSON" {
	given --xdp lan0
	[ "$(ctl watches)" = 'nothing is watched' ]
	ctl watch 1-65535/both
	[ "$(ctl watches --json)" = '{"watches":[{"first_port":1,"last_port":65535,"proto":"tcp","state":"counting"},{"first_port":1,"last_port":65535,"proto":"udp","state":"counting"}]}' ]
	serve server pp-server 5050
	speak 5050
	[ "$(packets 5050)" -ge 10 ]
	ctl unwatch 100-65535/udp
	ctl unwatch 2-65534
	[ "$(ctl watches)" = 'port       process  state
1/tcp      any      counting
1-99/udp   any      counting
65535/tcp  any      counting' ]
	ctl unwatch --all
	[ "$(counting)" = 0 ]
}

@test "a process's port is counted from when it binds until it ends, again and again" {
	given --xdp lan0 --sockets
	ctl watch 5050 pp-server
	[ "$(state_of 5050)" = waiting ]
	serve other pp-other 5050
	[ "$(state_of 5050)" = waiting ]
	speak 5050
	[ "$(packets 5050)" = 0 ]
	finish other TERM
	for turn in 1 2; do
		serve "server$turn" pp-server 5050 5051
		[ "$(state_of 5050)" = counting ]
		speak 5050 5051
		finish "server$turn" TERM
		wait_until is_state 5050 waiting
	done
	[ "$(packets 5050)" -ge 20 ]
	[ "$(packets 5051)" = 0 ]
}

@test "a server that runs already counts once ebpf-ctl has ended" {
	given --xdp lan0 --sockets
	serve server pp-server 5050
	ctl watch 5050 pp-server
	[ "$(state_of 5050)" = counting ]
	ctl unwatch 5050 pp-server
	[ "$(word 5050)" = 0 ]
	ctl watch 5050 "pid:${pid_of[server]}"
	[ "$(state_of 5050)" = counting ]
	finish server TERM
	wait_until is_state 5050 waiting
	[[ $(ctl watches) == *"(!) pid:${pid_of[server]}: this process has ended" ]]
}

@test "an executable is known by what it is" {
	given --xdp lan0 --sockets
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" one
	ctl watch 5050 "$PWD/one"
	serve other pp-server 5050
	[ "$(state_of 5050)" = waiting ]
	finish other TERM
	start server "${from_here[@]}" env PYTHONHOME="$(python3 -c 'import sys; print(sys.prefix)')" ./one "$act" pp-any 5050
	wait_until has_text "$(out server)" ready
	[ "$(state_of 5050)" = counting ]
}

@test "a UDP server" {
	given --xdp lan0 --sockets
	cat >udp.py <<-'END'
		sock = datagram(); sock.bind(('10.77.0.1', 5050))
		said('bound')
		while True: sock.sendto(b'y', sock.recvfrom(100)[1])
	END
	ctl watch 5050/udp pp-server
	# shellcheck disable=SC2016 # the inner shell's
	start server "${from_here[@]}" bash -c 'exec python3 "$0" pp-server <udp.py' "$act"
	wait_until [ -e bound ]
	ask() { "${from_there[@]}" python3 "$act" pp-client <<<"s = datagram(); s.settimeout(60); s.sendto(b'x', ('10.77.0.1', 5050)); s.recv(100)"; }
	ask
	[ "$(state_of 5050)" = counting ]
	ask
	[ "$(packets 5050 udp)" -ge 2 ]
	finish server TERM
	wait_until is_state 5050 waiting
}

@test "two processes wait for one port; what is left of them counts on" {
	given --xdp lan0 --sockets
	ctl watch 5050 pp-one
	ctl watch 5050 pp-two
	serve one pp-one 5050
	[ "$(state_of 5050)" = counting ]
	ctl unwatch 5050 pp-two
	[ "$(state_of 5050)" = counting ]
	ctl watch 5050 pp-two
	ctl unwatch 5050 pp-one # the process runs, and is no longer waited for
	[ "$(state_of 5050)" = waiting ]
	speak 5050
	[ "$(packets 5050)" = 0 ]
	finish one TERM
	serve two pp-two 5050
	[ "$(state_of 5050)" = counting ]
	ctl watch 5050
	ctl unwatch 5050 # the watch without a process; that of the process stays
	[ "$(state_of 5050)" = counting ]
	ctl unwatch 5050 pp-two
	[ "$(counting)" = 0 ]
	[ "$(bpftool -j map dump pinned "$root/maps/claims")" = '[]' ]
}

@test "sockets that were seen under a watch count nothing after it" {
	given --xdp lan0 --sockets
	cat >two.py <<-'END'
		pair = [socket.socket(), socket.socket()]
		for sock in pair:
		    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); sock.bind(('0.0.0.0', 5050)); sock.listen()
		said('bound'); wait_for('unwatched')
		pair[0].close(); said('closed'); wait_for('seen')
	END
	ctl watch 6060
	ctl watch 5050 pp-server
	# shellcheck disable=SC2016 # the inner shell's
	start server "${from_here[@]}" bash -c 'exec python3 "$0" pp-server <two.py' "$act"
	wait_until [ -e bound ]
	wait_until is_state 5050 counting
	# A look from within a pid namespace does not reach them.
	unshare --pid --fork "$bin/ebpf-ctl" --pin-root "$root" unwatch 5050 pp-server
	[ "$(bpftool -j map dump pinned "$root/maps/claims" | jq length)" = 2 ]
	touch unwatched
	wait_until [ -e closed ]
	[ "$(bpftool -j map dump pinned "$root/maps/claims" | jq length)" = 1 ]
	[ "$(word 5050)" = 0 ]
	touch seen
	finish server
}

@test "a server in another network namespace counts nothing here" {
	given --xdp lan0 --sockets
	ctl watch 5050 pp-server
	start server "${from_there[@]}" python3 "$act" pp-server 5050
	wait_until has_text "$(out server)" ready
	[ "$(state_of 5050)" = waiting ]
}

@test "ebpf-load --watch: in one step, and beside what is loaded" {
	serve server pp-server 5050
	given --xdp lan0 --sockets --watch 5050:pp-server --watch 5060-5070/both
	grep -q '^ebpf-load: 5050/tcp is watched while pp-server has it$' given
	[ "$(ctl watches)" = 'port           process    state
5050/tcp       pp-server  counting
5060-5070/tcp  any        counting
5060-5070/udp  any        counting' ]
	loader --watch 5050:pp-server --watch 5080 2>said
	[ "$(<said)" = 'ebpf-load: 5050/tcp is watched while pp-server has it: unchanged
ebpf-load: 5080/tcp is watched' ]
	loader --xdp lan1 # a new hook counts the watched ports
	[ "$(state_of 5050)" = counting ]
	"${from_there[@]}" python3 "$act" pp-client <<<"PEER = '10.78.0.1'; send_and_hear(connect(5050))"
	[ "$(packets 5050)" -ge 5 ]
}

@test "ebpf-load --watch: what goes wrong leaves what was there" {
	run --separate-stderr loader --watch 5050
	[ "$status" = 69 ]
	assert_one_error ebpf-load
	for wrong in 0 65536 90-80 5050: 5050:sixteen-bytes-now 5050/icmp; do
		run --separate-stderr loader --xdp lan0 --watch "$wrong"
		[ "$status" = 2 ]
		assert_one_error ebpf-load
	done
	for wrong in 5050:/nonexistent 5050:pid:4194303; do
		run --separate-stderr loader --xdp lan0 --sockets --watch "$wrong"
		[ "$status" = 1 ]
		assert_one_error ebpf-load
	done
	run --separate-stderr loader --xdp lan0 --watch 5050:pp-server
	[ "$status" = 69 ]
	assert_one_error ebpf-load
	[[ $stderr == *'--sockets --watch 5050/tcp:pp-server'* ]]
	[ ! -e "$root/abi" ]
	given --xdp lan0 --sockets --watch 1-2000:pp-server
	local before
	before=$(layout)
	run --separate-stderr loader --xdp lan1 --watch 5050 --watch 1-100:pp-other
	[ "$status" = 1 ]
	assert_one_error ebpf-load
	[[ $stderr == *'no room for 100 more watches'* ]]
	[ "$(layout)" = "$before" ]
	[ -z "$(program_on lan1)" ]
	[ "$(state_of 5050)" = '' ]
}

@test "what is wrong is told in one line" {
	given --xdp lan0
	refused() { # STATUS TEXT ARGUMENT...
		run --separate-stderr ctl "${@:3}"
		[ "$status" = "$1" ]
		assert_one_error ebpf-ctl
		[[ $stderr == *"$2"* ]]
	}
	refused 2 'from 1 to 65535' watch 0
	refused 2 'from 1 to 65535' watch 65536
	refused 2 'ends before it begins' watch 90-80
	refused 2 '16 bytes' watch 80 sixteen-bytes-xx
	refused 1 'no such file' watch 80 /nonexistent
	refused 1 'no process' watch 80 pid:4194303
	refused 69 'ebpf-load --sockets' watch 80 pp-server
	refused 1 '80/tcp is not watched' unwatch 80
	refused 1 'nothing is watched' unwatch --all
	unload
	refused 69 'not loaded' watch 80
	refused 69 'not loaded' watches
}

@test "nothing counts without an interface, and ebpf-ctl says so" {
	given --sockets
	run --separate-stderr ctl watch 5050
	[ "$status" = 0 ]
	[ "$stderr" = "ebpf-ctl: nothing counts yet: no interface is loaded
hint: sudo ebpf-load --xdp IFACE --pin-root $root" ]
	[ "$(state_of 5050)" = waiting ]
	loader --xdp lan0
	[ "$(state_of 5050)" = counting ]
	serve server pp-server 5050
	speak 5050
	[ "$(packets 5050)" -ge 10 ]
}

@test "without the socket probes nobody is known to have a port; with them again they are found" {
	given --xdp lan0 --sockets
	serve server pp-server 5050
	ctl watch 5050 pp-server
	unload --sockets
	[ "$(state_of 5050)" = waiting ]
	speak 5050
	[ "$(packets 5050)" = 0 ]
	loader --sockets
	[ "$(state_of 5050)" = counting ]
	unload --sockets
	ctl unwatch 5050 pp-server
	[ "$(counting)" = 0 ]
}

@test "admins watch, readers look, strangers neither" {
	given --xdp lan0 --sockets --admin-group "$admins"
	as_admin=(setpriv --reuid=nobody --regid=nogroup "--groups=$admins" --)
	serve server pp-server 5050
	"${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" watch 5050 pp-server
	[ "$(state_of 5050)" = counting ]
	for who in as_admin as_member; do
		local -n words=$who
		[ "$("${words[@]}" "$bin/ebpf-ctl" --pin-root "$root" watches)" = 'port      process    state
5050/tcp  pp-server  counting' ]
	done
	run --separate-stderr "${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" watch 5051
	[ "$status" = 77 ]
	assert_one_error ebpf-ctl
	run --separate-stderr "${as_stranger[@]}" "$bin/ebpf-ctl" --pin-root "$root" watches
	[ "$status" = 77 ]
	assert_one_error ebpf-ctl
	"${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" unwatch --all
	[ "$(state_of 5050)" = '' ]
}

@test "changes at the same time all hold" {
	given --xdp lan0 --sockets
	for i in {1..20}; do start "watch$i" "$bin/ebpf-ctl" --pin-root "$root" watch "$((6000 + 2 * i))" "pp-$((i % 3))"; done
	for i in {1..20}; do finish "watch$i"; [ "$status" = 0 ]; done
	[ "$(ctl watches --json | jq '.watches | length')" = 20 ]
	for i in {1..20}; do start "unwatch$i" "$bin/ebpf-ctl" --pin-root "$root" unwatch "$((6000 + 2 * i))" "pp-$((i % 3))"; done
	for i in {1..20}; do finish "unwatch$i"; [ "$status" = 0 ]; done
	[ "$(ctl watches)" = 'nothing is watched' ]
	[ "$(counting)" = 0 ]
}

@test "status tells what counts what is sent" {
	given --xdp lan0
	[ "$(ctl status --json | jq -r '.hooks[0].sent')" != no ] || skip 'this kernel cannot tell what is sent'
	[ "$(ctl status --json | jq -r '.hooks | map([.kind, .ifname, .state, .sent] | join(" ")) | join(", ")')" = \
		'xdp lan0 attached attached' ]
	[[ $(ctl status) =~ '   0  xdp   lan0 '.*' attached   attached ' ]]
	ctl watch 5050/udp
	# The second of these packets has no ports.
	"${from_here[@]}" python3 "$act" pp-any <<<"s = datagram(); s.bind(('10.77.0.1', 5050)); s.sendto(b'x' * 2000, ('10.77.0.2', 1))"
	"${from_there[@]}" python3 "$act" pp-any <<<"datagram().sendto(b'x' * 4000, ('10.77.0.1', 5050))"
	[ "$(ctl status --json | jq -c '.hooks[0] | [.port_fragments, .sent_fragments, .later_fragments, .uncounted]')" = '[2,1,0,0]' ]
	rm "$root/sent/0"
	[ "$(ctl status --json | jq -r '.hooks[0] | [.state, .sent] | join(" ")')" = 'attached unpinned' ]
}
