#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules and sockets that are older than they are, that change hands, or that cannot be labelled. The tests load only
# cgroups that they have made.
load helper
load policy

teardown() {
	"${from_here[@]}" sysctl -qw net.core.optmem_max=131072 2>/dev/null || :
	end_started
	remove_root "$root"
}

@test "no memory for a label: calls of processes with rules are refused, counted and told; others go on" {
	"${from_here[@]}" sysctl -qw net.core.optmem_max=100 2>/dev/null || skip 'net.core.optmem_max is not of a namespace here'
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	ctl allow 8080 pp-audited --audit
	listen deny deny
	cat >attempts.py <<-'END'
		print(attempt(connect, 8080), attempt(connect, 8081), attempt(bind, 9000), attempt(lambda: datagram().sendto(b'x', (PEER, 5301))))
	END
	[ "$(act pp-ruled <attempts.py)" = 'EPERM EPERM EPERM EPERM' ]
	[ "$(act pp-free <attempts.py)" = 'ok ok ok ok' ]
	[ "$(act pp-audited <attempts.py)" = 'ok ok ok ok' ]
	[ "$(act pp-free <<<'s = socket.socket(); rename("pp-ruled"); print(attempt(s.connect, (PEER, 8080)))')" = EPERM ]
	finish deny INT
	[ "$(heard deny '[.comm, .action, .reason] | join(" ")' | sort | uniq -c | awk '{ print $2, $3, $4 }')" = \
		$'pp-audited audit label\npp-ruled deny label' ]
	[ "$(ctl status --json | jq .unlabelled.refused)" = 5 ]
	ctl status >status
	grep -Eq "^no memory for the labels of sockets: 5 calls refused, [0-9]+ uses of open sockets not judged$" status
	"${from_here[@]}" sysctl -qw net.core.optmem_max=131072
	[ "$(act pp-ruled <attempts.py)" = 'ok EPERM EPERM EPERM' ]
}

@test "a listener older than a rule serves the ports of the rule and no others" {
	given --cgroup "$cgroup"
	start_act ruled pp-ruled <<-'END'
		listeners = {port: bind(port) for port in (8080, 8081)}
		for listener in listeners.values(): listener.listen()
		said('listening'); wait_for('asked')
		for port, listener in listeners.items():
		    listener.settimeout(0.2)
		    print(port, attempt(lambda: listener.accept()[0].recv(1)))
	END
	wait_until [ -e listening ]
	ctl allow 8080 pp-ruled
	ask() { "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-peer <<<"PEER = '10.77.0.1'; c = connect($1); c.send(b'x')" || :; }
	ask 8080; ask 8081 2>/dev/null
	touch asked
	finish ruled
	[ "$(<"$(out ruled)")" = $'8080 ok\n8081 dropped' ]
}

@test "a server older than the load goes on once its port is allowed" {
	start_act ruled pp-ruled <<-'END'
		listener = bind(8080); listener.listen()
		said('listening')
		connection = listener.accept()[0]
		while data := connection.recv(100): connection.send(data)
	END
	wait_until [ -e listening ]
	given --cgroup "$cgroup"
	cat >client.py <<-'END'
		PEER = '10.77.0.1'
		connection = connect(8080)
		print(attempt(send_and_hear, connection), flush=True)
		said('connected'); wait_for('allowed')
		print(attempt(send_and_hear, connection))
	END
	start client "${from_there[@]}" bash -c 'exec python3 "$@" <client.py' bash "$BATS_TEST_DIRNAME/act.py" pp-peer
	wait_until [ -e connected ]
	ctl allow 8080 pp-ruled
	touch allowed
	finish client
	[ "$(<"$(out client)")" = $'ok\nok' ]
	finish ruled
}

@test "a process that moves between cgroups has the rules of where it is, for open connections too" {
	mkdir -p "$cgroup/one"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --cgroup "$cgroup/one"
	act pp-ruled <<-END >said
		def try_both(): return [attempt(send_and_hear, c, 1) for c in connections] + [attempt(connect, 8081)]
		def move(to): open(to + '/cgroup.procs', 'w').write('0')
		connections = [connect(8080), connect(8081)]
		print('outside', *try_both())
		move('$cgroup/one'); attempt(connections[1].send, b'x'); time.sleep(0.2)
		print('inside', *try_both())
		move('$cgroup'); attempt(connections[1].send, b'x'); time.sleep(0.2)
		print('outside', attempt(send_and_hear, connections[0], 30), attempt(send_and_hear, connections[1], 30), attempt(connect, 8081))
	END
	[ "$(<said)" = $'outside ok ok ok\ninside ok dropped EPERM\noutside ok ok ok' ]
}

@test "a datagram is judged by where the program sent it, not by where NAT sends it on" {
	given --cgroup "$cgroup"
	"${from_here[@]}" nft -f - <<-'END' || skip 'no nat here'
		table ip pp {
			chain out { type nat hook output priority -100; udp dport 53 ip daddr 127.0.0.11 dnat to 127.0.0.1:33333; }
		}
	END
	ctl allow 53/udp pp-ruled
	cat >ask.py <<-'END'
		def ask(sock, address):
		    sock.settimeout(1)
		    if address: sock.sendto(b'question', address)
		    else: sock.send(b'question')
		    return sock.recv(100).decode()
		plain, connected = datagram(), datagram()
		connected.connect(('127.0.0.11', 53))
		print(attempt(ask, plain, ('127.0.0.11', 53)), attempt(ask, connected, None), attempt(ask, datagram(), ('127.0.0.1', 33333)))
	END
	start_act resolver pp-free <<-'END'
		server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 33333))
		said('serving')
		while not os.path.exists('over'):
		    data, name = server.recvfrom(100); server.sendto(data, name)
	END
	wait_until [ -e serving ]
	[ "$(act pp-ruled <ask.py)" = 'ok ok EPERM' ]
	finish resolver TERM
}

@test "a process that runs when allow --children comes is followed through exec" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" pp-python
	ctl allow 1 pp-nobody
	for who in pp-ruled "$PWD/pp-python"; do
		rm -f started ruled
		cat >program.py <<-'END'
			said('started'); wait_for('ruled')
			become('pp-other', 'print(both())')
		END
		if [ "$who" = pp-ruled ]; then
			start ruled "${in_cgroup[@]}" bash -c 'exec python3 "$@" <"$0"' "$PWD/program.py" "$BATS_TEST_DIRNAME/act.py" "$who"
		else
			start ruled "${in_cgroup[@]}" env PYTHONHOME="$(python3 -c 'import sys; print(sys.prefix)')" bash -c 'exec "$1" "${@:2}" <"$0"' \
				"$PWD/program.py" "$who" "$BATS_TEST_DIRNAME/act.py" pp-any
		fi
		wait_until [ -e started ]
		ctl allow 8080 "$who" --children
		touch ruled
		finish ruled
		[ "$(<"$(out ruled)")" = 'ok EPERM' ]
		ctl revoke --all "$who"
	done
}

@test "more rules than a label has room for: what no rule allows is denied and marked" {
	mkdir -p "$cgroup/1/2/3"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" pp-python
	for place in '' "$cgroup" "$cgroup/1" "$cgroup/1/2" "$cgroup/1/2/3"; do
		for who in pp-ruled "$PWD/pp-python"; do
			ctl allow 8080 "$who" ${place:+--cgroup "$place"}
		done
	done
	listen deny deny
	echo 'print(both())' >program.py
	[ "$("${from_here[@]}" env PYTHONHOME="$(python3 -c 'import sys; print(sys.prefix)')" bash -c \
		'echo $$ >"$0/1/2/3/cgroup.procs" && exec "$@" <program.py' "$cgroup" ./pp-python "$BATS_TEST_DIRNAME/act.py" pp-ruled)" = 'ok EPERM' ]
	finish deny INT
	[ "$(heard deny .cut)" = true ]
	find "$cgroup/1" -depth -type d -exec rmdir {} \;
}

# A file of 256 MiB in one call; what counts is that it did not end, and that not all of it arrived.
@test "a send on a socket from another process is cut off while it goes on" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_there sink <<-'END'
		listener = bind(8081)
		listener.listen()
		said("listening")
		connection = listener.accept()[0]
		count = 0
		while data := connection.recv(1 << 20):
		    count += len(data)
		    with open("count", "w", encoding="ascii") as file:
		        file.write(str(count))
	END
	wait_until [ -e listening ]
	start_act sender pp-other <<-'END'
		connection = connect(8081)
		connection.settimeout(None)
		connection.send(b"begin")
		rename("pp-ruled")
		connection.send(bytes(256 << 20))
		said("all-sent")
	END
	wait_until has_denied 1
	[ ! -e all-sent ]
	[ "$(<count)" -lt $((64 << 20)) ]
}

@test "receiving by splice alone on a socket from another process is cut off too" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_there source <<-'END'
		listener = bind(8081)
		listener.listen()
		said("listening")
		connection = listener.accept()[0]
		connection.sendall(bytes(256 << 20))
		said("all-sent")
	END
	wait_until [ -e listening ]
	start_act taker pp-other <<-'END'
		connection = connect(8081)
		connection.settimeout(None)
		connection.recv(1)
		reader, writer = os.pipe()
		rename("pp-ruled")
		count = 0
		while taken := os.splice(connection.fileno(), writer, 65536):
		    os.read(reader, taken)
		    count += taken
		    if count > 64 << 20:
		        said("taken")
	END
	wait_until has_denied 1
	[ ! -e all-sent ] && [ ! -e taken ]
}
