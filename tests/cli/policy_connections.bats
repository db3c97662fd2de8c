#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Connections, listeners and packets under rules that come and go. The tests load only cgroups that they have made.
# shellcheck disable=SC2154 # set by helper.bash
load helper
load policy

@test "a rule holds from the moment ebpf-ctl has ended, for what is connected as well" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	start_act ruled pp-ruled <<-'END'
		allowed = connect(8080)
		said('connected'); wait_for('revoked')
		print(attempt(send_and_hear, allowed), attempt(connect, 8080), attempt(connect, 8081), flush=True)
		said('told'); wait_for('allowed')
		print(attempt(send_and_hear, allowed, 60), attempt(connect, 8080), attempt(connect, 8081), flush=True)
	END
	wait_until [ -e connected ]
	ctl allow 8081 pp-ruled
	ctl revoke 8080 pp-ruled
	touch revoked
	wait_until [ -e told ]
	ctl allow 8080 pp-ruled
	ctl revoke 8081 pp-ruled
	touch allowed
	finish ruled
	# TCP sends dropped packets again, and they arrive once they are allowed.
	[ "$(<"$(out ruled)")" = $'dropped EPERM ok\nok ok EPERM' ]
}

@test "a connection older than the load, and one older than the rule" {
	serve peer 8080 8081
	start_act ruled pp-ruled <<-'END'
		older = {port: connect(port) for port in (8080, 8081)}
		said('connected'); wait_for('loaded')
		between = {port: connect(port) for port in (8080, 8081)}
		said('between'); wait_for('ruled')
		print(*[attempt(send_and_hear, c[port]) for c in (older, between) for port in (8080, 8081)])
	END
	wait_until [ -e connected ]
	given --cgroup "$cgroup"
	touch loaded
	wait_until [ -e between ]
	ctl allow 8080 pp-ruled
	touch ruled
	finish ruled
	[ "$(<"$(out ruled)")" = 'ok dropped ok dropped' ]
}

@test "exec into a rule with a connection: at most the first send passes" {
	given --cgroup "$cgroup"
	serve peer 8081
	ctl allow 8080 pp-ruled
	start_act other pp-other <<-'END'
		connection = connect(8081)
		connection.set_inheritable(True)
		os.environ['FD'] = str(connection.fileno())
		become('pp-ruled', """
		connection = socket.socket(fileno=int(os.environ['FD']))
		connection.send(b'first')
		time.sleep(0.1)
		connection.send(b'second')
		said('sent')
		wait_for('denied')
		print('done')
		""".replace('\n', ';').strip(';'))
	END
	wait_until [ -e sent ]
	wait_until has_denied 1
	touch denied
	finish other
	finish peer TERM
	[ "$(<"$(out other)")" = "done" ]
	[ "$(grep -c second "$(out peer)")" = 0 ]
}

@test "further paths of an MPTCP connection are judged by the rules of whose it is" {
	[ -e /proc/sys/net/mptcp/enabled ] || skip 'this kernel has no MPTCP'
	given --cgroup "$cgroup"
	ip -n "$there" mptcp limits set subflows 4 add_addr_accepted 4
	ip -n "$here" mptcp limits set subflows 4 add_addr_accepted 4
	ip -n "$there" mptcp endpoint add 10.77.0.2 port 9999 signal
	serve peer mptcp:8080
	ctl allow 8080 pp-ruled
	go_until() { # PROCESS CONDITION...
		rm -f over
		start_act client "$1" <<<'c = connect_mptcp(8080); send_and_hear(c); wait_for("over"); send_and_hear(c)'
		wait_until "${@:2}"
		touch over
		finish client
		[ "$status" = 0 ]
	}
	joins() { "${from_there[@]}" nstat -asz MPTcpExtMPJoinSynRx | awk '/MPJoinSynRx/ { print $2 }'; }
	has_more_joins() { [ "$(joins)" -gt "$before" ]; }
	local before=0
	go_until pp-free has_more_joins
	before=$(joins)
	go_until pp-ruled has_denied 1
	[ "$(joins)" = "$before" ]
	ctl allow 9999 pp-ruled
	go_until pp-ruled has_more_joins
}

@test "a listener whose port is revoked gets no connection any more" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	ctl allow 8082 pp-ruled
	start_act ruled pp-ruled <<-'END'
		listener = bind(8080); listener.listen()
		said('listening'); wait_for('done')
	END
	wait_until [ -e listening ]
	ask() { "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-peer <<<'PEER = "10.77.0.1"; print(attempt(connect, 8080))'; }
	[ "$(ask)" = ok ]
	ctl revoke 8080 pp-ruled
	[ "$(ask)" = dropped ]
	ctl allow 8080 pp-ruled
	[ "$(ask)" = ok ]
	touch "done"
	finish ruled
}

@test "nothing leaves by retransmission, whoever runs then" {
	given --cgroup "$cgroup"
	serve peer 8080
	ctl allow 8080 pp-ruled
	start_act ruled pp-ruled <<-'END'
		connection = connect(8080)
		said('connected'); wait_for('revoked')
		connection.send(b'secret')
		wait_for('denied')
	END
	wait_until [ -e connected ]
	ctl allow 1 pp-ruled
	ctl revoke 8080 pp-ruled
	touch revoked
	wait_until has_denied 3
	touch denied
	finish ruled
	wait_until has_denied $(($(ctl rules --json | jq '.[0].denied') + 1)) # the FIN is sent again, too
	finish peer TERM
	[ "$(grep -c secret "$(out peer)")" = 0 ]
}

# Socket options alone cannot make a packet with these seven headers.
@test "a datagram behind seven extension headers comes to a ruled server as any other" {
	given --cgroup "$cgroup"
	ctl allow 5300/udp pp-server
	start_act server pp-server <<'PROGRAM'
server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.bind(('::1', 5300))
print('ready', flush=True)
print(server.recv(100).decode(), flush=True)
PROGRAM
	wait_until has_text "$(out server)" ready
	"${from_here[@]}" python3 - <<'PROGRAM'
import socket
import struct

here = socket.inet_pton(socket.AF_INET6, '::1')
DESTINATION, UDP = 60, 17


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


text = b'hello'
length = 8 + len(text)
head = struct.pack('!HHH', 4660, 5300, length)
pseudo = here + here + struct.pack('!II', length, UDP)
udp = head + struct.pack('!H', checksum(pseudo + head + bytes(2) + text)) + text
options = b''.join(bytes([UDP if i == 6 else DESTINATION, 0, 1, 4, 0, 0, 0, 0]) for i in range(7))
body = options + udp
packet = struct.pack('!IHBB', 6 << 28, len(body), DESTINATION, 64) + here + here + body
raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.sendto(packet, ('::1', 0))
PROGRAM
	wait_until has_text "$(out server)" hello
	[ "$(ctl rules --json | jq .[0].denied)" = 0 ]
}
