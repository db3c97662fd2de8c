#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-read conn and bind: connections from beginning to end, and which process listens where. The probes see the whole
# machine; the tests look only at their own processes.
load helper
load talk

repo=$(realpath "$BATS_TEST_DIRNAME/../..")

@test "a connection: connect, accept, and both closes" {
	given --sockets
	listen reader conn --comm "$talker"
	talk >ports <<-'END'
		begun = time.monotonic()
		a, b = pair()
		told(os.getpid(), a.getsockname()[1], b.getsockname()[1])
		a.send(b'12345'); b.recv(5); b.send(b'123'); a.recv(3)
		time.sleep(0.1) # the duration of the connection
		a.close(); b.recv(1); b.close()
		told(int((time.monotonic() - begun) * 1000000) + 1)
	END
	local pid port peer took
	{ read -r pid port peer && read -r took; } <ports
	wait_until has_lines "$(out reader)" 4
	finish reader INT
	heard reader '[.action, .direction, .local_port, .remote_port, .pid, .attribution, .reason, .closed_by, .bytes_sent,
		.bytes_received, .retransmits] | map(tostring) | join(" ")' | sort >said
	diff - said <<-END
		accept in $peer $port $pid listener null null null null null
		close in $peer $port $pid exact closed remote 3 5 0
		close out $port $peer $pid exact closed local 5 3 0
		connect out $port $peer $pid exact null null null null 0
	END
	[ "$(heard reader 'select(.action == "close") | .duration_ms >= 100 and .srtt_us > 0' |
		sort -u)" = true ]
	[ "$(heard reader ".duration_us // 0 | . <= $took" | sort -u)" = true ]
	[ "$(heard reader '.local_ip, .remote_ip' | sort -u)" = 127.0.0.1 ]
}

@test "connections that fail: refused, no answer, given up" {
	given --sockets
	listen reader conn --comm "$talker"
	talk <<-'END'
		import errno
		def attempt(address, options):
		    with socket.socket() as s:
		        options(s)
		        try: s.connect(address)
		        except OSError as e: told(errno.errorcode[e.errno])
		attempt(('127.0.0.1', 1), lambda s: None)
		attempt(('10.77.0.9', 2), lambda s: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 300))
		attempt(('10.77.0.9', 3), lambda s: s.setblocking(False))
	END
	finish reader INT
	heard reader '[.remote_port, .action, .reason, .error, .errno] | map(tostring) | join(" ")' >said
	diff - said <<-'END'
		1 connect refused ECONNREFUSED 111
		2 connect timeout ETIMEDOUT 110
		3 connect unanswered null null
	END
	[ "$(heard reader 'select(.remote_port == 2) | .retransmits >= 1 and .duration_ms >= 300')" = true ]
}

@test "connections that break: reset by the other side, broken off by this one" {
	given --sockets
	listen reader conn --comm "$talker"
	talk >ports <<-'END'
		import struct
		a, b = pair()
		told(a.getsockname()[1], b.getsockname()[1])
		a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		a.close()
		try: b.recv(1)
		except ConnectionResetError: pass
		a, b = pair()
		told(a.getsockname()[1], b.getsockname()[1])
		b.send(b'unread'); a.recv(1, socket.MSG_PEEK); a.close()
		try: b.recv(1)
		except ConnectionResetError: pass
		b.close()
	END
	wait_until has_closes 4
	finish reader INT
	heard reader 'select(.action == "close") | [.direction, .reason, .error] | map(tostring) | join(" ")' | sort >said
	diff - said <<-'END'
		in reset ECONNRESET
		in reset ECONNRESET
		out aborted null
		out aborted null
	END
}

has_closes() { [ "$(heard reader 'select(.action == "close").pid' | wc -l)" -ge "$1" ]; } # COUNT

# One side sent as many bytes as the other received, and as the calls on the sockets returned.
@test "bytes of connections are exact" {
	given --sockets --ring-size 16777216
	listen reader conn --comm tr-client,tr-server # also other runs: only processes that print what they sent count
	"${from_here[@]}" "${PINPIPE_BUILD:-$repo/build}/bin/traffic" run tcp_bulk tcp_bulk_down tcp_full_duplex tcp_ipv6 \
		tcp_v4_mapped tcp_half_close tcp_short_connections sendfile splice_out splice_in tcp_zerocopy >expected 2>said ||
		{ cat said && return 1; }
	cat >judge.py <<-'END'
		import json, sys
		from collections import Counter
		expected, told, flows, pids = Counter(), Counter(), {}, set()
		for line in map(json.loads, open(sys.argv[1])):
		    pids.add(line.get('pid'))
		    if line.get('proto') == 'tcp':
		        expected['sent'] += line['bytes_sent']; expected['received'] += line['bytes_received']
		closes = [e for e in map(json.loads, open(sys.argv[2]))
		          if e['event_type'] == 'conn' and e['action'] == 'close' and e['pid'] in pids]
		for e in closes:
		    told['sent'] += e['bytes_sent']; told['received'] += e['bytes_received']
		    flows[e['local_ip'], e['local_port'], e['remote_ip'], e['remote_port']] = e
		assert len(closes) > 1000, len(closes)
		assert told == expected, (told, expected)
		for (a, p, b, q), e in flows.items():
		    other = flows[b, q, a, p]
		    assert e['bytes_sent'] == other['bytes_received'], (e, other)
	END
	are_exact() { python3 judge.py expected "$(out reader)" 2>wrong; }
	wait_until are_exact || { cat wrong && return 1; }
	finish reader INT
	are_exact
}

@test "a connection older than the load has an owner, and no duration" {
	talk >ports <<-'END' &
		a, b = pair()
		told(os.getpid())
		wait_for('go')
		a.send(b'1234567'); b.recv(7); a.close(); b.close()
	END
	local talking=$!
	started+=($talking)
	wait_until has_lines ports 1
	given --sockets
	listen reader conn --comm "$talker"
	touch go
	wait $talking
	wait_until has_lines "$(out reader)" 2
	finish reader INT
	heard reader '[.action, .direction, .pid == '"$(cat ports)"', .bytes_sent, .bytes_received, .duration_ms] |
		map(tostring) | join(" ")' | sort >said
	diff - said <<-'END'
		close in true 0 7 null
		close out true 7 0 null
	END
}

@test "bind and listen, as they happen" {
	given --sockets
	listen reader bind --comm "$talker"
	talk >ports <<-'END' &
		s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
		t = socket.socket(socket.AF_INET6); t.bind(('::', 0)); t.listen()
		told(os.getpid(), s.getsockname()[1], t.getsockname()[1])
		wait_for('heard')
	END
	local talking=$!
	started+=($talking)
	has_listens() { [ "$(heard reader 'select(.action == "listen").pid' | wc -l)" -ge 2 ]; }
	wait_until has_listens
	touch heard
	wait $talking
	finish reader INT
	read -r pid port port6 <ports
	heard reader 'select(.action == "listen") | [.action, .proto, .local_ip, .local_port, .pid, .tid, .attribution] |
		map(tostring) | join(" ")' >said
	diff - said <<-END
		listen tcp 127.0.0.1 $port $pid $pid exact
		listen tcp :: $port6 $pid $pid exact
	END
}

@test "what is bound already is told at the start, once, with its process" {
	given --sockets
	talk >ports <<-'END' &
		s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('0.0.0.0', 0))
		b = socket.socket(); b.bind(('127.0.0.1', 0))
		c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.connect(('127.0.0.1', 9)) # a client: not bound
		child = os.fork()
		if child == 0:
		    time.sleep(60) # holds the same sockets
		told(os.getpid(), child, *[x.getsockname()[1] for x in (s, u, b)])
		time.sleep(60)
	END
	local talking=$!
	started+=($talking)
	wait_until has_lines ports 1
	read -r pid child tcp udp bound <ports
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" bind --comm "$talker" -t 1.3 >lines
	kill -KILL "$child" "$pid"
	jq -r '[.action, .proto, .local_ip, .local_port, .attribution] | map(tostring) | join(" ")' lines | sort >said
	sort <<-END | diff - said
		bind tcp 127.0.0.1 $bound bootstrap
		bind udp 0.0.0.0 $udp bootstrap
		listen tcp 127.0.0.1 $tcp bootstrap
	END
}

@test "a UDP socket that is bound while the reader runs is told within two seconds" {
	given --sockets
	listen reader bind --comm "$talker"
	talk >ports <<-'END' &
		u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.1', 0))
		told(u.getsockname()[1])
		wait_for('heard')
	END
	local talking=$!
	started+=($talking)
	wait_until has_lines "$(out reader)" 1
	finish reader INT
	touch heard
	wait $talking
	[ "$(heard reader '[.action, .proto, .local_port] | map(tostring) | join(" ")')" = "bind udp $(cat ports)" ]
}

@test "the list of what is bound is for the group alone" {
	given --sockets
	[ "$(stat -c %a:%u:%g "$root/maps/bound")" = "440:0:$group" ]
	run "${as_stranger[@]}" cat "$root/maps/bound"
	[ "$status" != 0 ]
	"${as_member[@]}" cat "$root/maps/bound" >/dev/null
	loader --sockets --payload 5 # replaces it
	[ "$(stat -c %a:%u:%g "$root/maps/bound")" = "440:0:$group" ]
	[ ! -e "$root/maps/bound-new" ]
	unload --sockets
	[ ! -e "$root/maps/bound" ]
}
