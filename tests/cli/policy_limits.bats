#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules that are limited to remote ends (--to) or to a user (--user).
load helper
load policy

teardown() {
	end_started
	remove_root "$root"
}

# Gives the peer a second address, which counts as of the internet, and this side a route to it.
add_far_address() {
	"${from_there[@]}" ip address replace 198.51.100.2/32 dev lo
	ip -n "$here" route replace 198.51.100.2/32 via 10.77.0.2
}

# Functions for act.py: connecting and sending to an address, and serving to whoever asks.
cat >"$BATS_FILE_TMPDIR/ends.py" <<'PY'
import encodings.idna  # which create_connection() needs, and another user may not be able to load

NEAR, FAR = "10.77.0.2", "198.51.100.2"

def reach(address, port):
    with socket.create_connection((address, port), PATIENCE):
        pass

def send(address, port):
    datagram().sendto(b"x", (address, port))

def become(user):
    os.setresuid(user, user, user)

def send_again(sock):
    sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # nobody may have been at the port before
    sock.send(b"x")

def send_connected(address, port):
    sock = datagram()
    sock.connect((address, port))
    sock.send(b"x")

def tries(call, port):
    return f"{attempt(call, NEAR, port)} {attempt(call, FAR, port)}"
PY

ends() { # NAME; the program is on stdin
	cat "$BATS_FILE_TMPDIR/ends.py" - | act "$1"
}

@test "--to: where a process may connect and send" {
	add_far_address
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080/both pp-ruled --to 10.77.0.0/16
	[ "$(ends pp-ruled <<<'print(tries(reach, 8080), tries(send, 8080), tries(send_connected, 8080))')" = \
		'ok EPERM ok EPERM ok EPERM' ]
	[ "$(ends pp-other <<<'print(tries(reach, 8080), tries(send, 8080))')" = 'ok ok ok ok' ]
	ctl revoke 8080/both pp-ruled --to 10.77.0.0/16
	ctl allow 8080/both pp-ruled --to internet
	[ "$(ends pp-ruled <<<'print(tries(reach, 8080), tries(send, 8080), tries(send_connected, 8080))')" = \
		'EPERM ok EPERM ok EPERM ok' ]
	ctl allow 8080 pp-ruled --to 10.77.0.2 --connect
	[ "$(ends pp-ruled <<<'print(tries(reach, 8080), tries(send, 8080))')" = 'ok ok EPERM ok' ]
	[ "$(ctl export)" = "allow 8080/tcp pp-ruled side=connect to=10.77.0.2
allow 8080/tcp pp-ruled to=internet
allow 8080/udp pp-ruled to=internet" ]
	ctl revoke 8080/both pp-ruled # with every list
	[ "$(ctl rules --json)" = '[]' ]
}

@test "--to: counted by the rule that allowed it" {
	add_far_address
	given --cgroup "$cgroup"
	serve peer 8080
	ctl allow 8080 pp-ruled --to lan
	ctl allow 8080 pp-ruled --to internet
	[ "$(ends pp-ruled <<<'print(tries(reach, 8080), attempt(reach, FAR, 8080))')" = 'ok ok ok' ]
	[ "$(ctl rules --json | jq -c '[.[0].rules[] | [.to, .hits]]')" = '[["internet",2],["lan",1]]' ]
	ctl revoke 8080 pp-ruled --to internet
	[ "$(ctl rules --json | jq -c '[.[0].rules[] | [.to, .hits]]')" = '[["lan",1]]' ]
	ctl allow 8080 pp-ruled --to internet # counts from 0
	[ "$(ctl rules --json | jq -c '[.[0].rules[] | [.to, .hits]]')" = '[["internet",0],["lan",1]]' ]
}

@test "--to: open connections and sockets too, from the moment ebpf-ctl has ended" {
	add_far_address
	given --cgroup "$cgroup"
	serve peer 8080
	ctl allow 8080/both pp-ruled
	start_act talker pp-ruled < <(
		cat "$BATS_FILE_TMPDIR/ends.py" - <<'PY'
near, far = (socket.create_connection((end, 8080), PATIENCE) for end in (NEAR, FAR))
udp = datagram()
udp.connect((FAR, 8080))
said("connected")
for number in range(3):
    wait_for(f"step{number}")
    print(attempt(send_and_hear, near), attempt(send_and_hear, far), attempt(send_again, udp), flush=True)
PY
	)
	wait_until test -e connected
	touch step0
	wait_until has_text "$(out talker)" 'ok ok ok'
	ctl allow 8080/both pp-ruled --to lan
	ctl apply - <<<'allow 8080/both pp-ruled to=lan'
	touch step1
	wait_until has_text "$(out talker)" 'ok dropped EPERM'
	ctl allow 8080/both pp-ruled --to 198.51.100.0/24
	touch step2
	wait_until has_lines "$(out talker)" 3
	[ "$(tail -n 1 "$(out talker)")" = 'ok ok ok' ]
}

@test "--to with --serve: who may connect and send to a process" {
	add_far_address
	given --cgroup "$cgroup"
	ctl allow 8080/both pp-ruled --serve --to 10.77.0.0/16
	start_act server pp-ruled <<'PY'
listener = bind(8080)
listener.listen()
udp = datagram()
udp.bind(("0.0.0.0", 8080))
said("listening")

def accept():
    while True:
        connection, address = listener.accept()
        connection.close()

threading.Thread(target=accept, daemon=True).start()
while True:
    print("datagram of", udp.recvfrom(10)[1][0], flush=True)
PY
	wait_until test -e listening
	ask_from() { # ADDRESS
		"${from_there[@]}" python3 - "$1" <<'PY'
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
    udp.bind((sys.argv[1], 0))
    udp.sendto(b"x", ("10.77.0.1", 8080))
try:
    socket.create_connection(("10.77.0.1", 8080), 2, (sys.argv[1], 0)).close()
    print("ok")
except TimeoutError:
    print("dropped")
PY
	}
	[ "$(ask_from 198.51.100.2)" = dropped ]
	[ "$(ask_from 10.77.0.2)" = ok ]
	wait_until has_text "$(out server)" 'datagram of 10.77.0.2'
	[ "$(<"$(out server)")" = 'datagram of 10.77.0.2' ]
	ctl allow 8080/both pp-ruled --serve --to 198.51.100.2
	[ "$(ask_from 198.51.100.2)" = ok ]
	wait_until has_text "$(out server)" 'datagram of 198.51.100.2'
}

@test "--to: IPv6, and IPv4 in an IPv6 socket" {
	"${from_here[@]}" ip -6 address replace 2001:db8:77::1/64 dev lan0 nodad
	"${from_there[@]}" ip -6 address replace 2001:db8:77::2/64 dev lan0 nodad
	given --cgroup "$cgroup"
	tries6() {
		act pp-ruled <<'PY'
def refused(address):
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((address, 9090))
def sent(address):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", (address, 9090))
print(*(attempt(call, address) for address in ("2001:db8:77::2", "::ffff:10.77.0.2") for call in (refused, sent)))
PY
	}
	ctl allow 9090/both pp-ruled --to 2001:db8:77::/48
	[ "$(tries6)" = 'ECONNREFUSED ok EPERM EPERM' ]
	ctl apply - <<<'allow 9090/both pp-ruled to=10.77.0.2'
	[ "$(tries6)" = 'EPERM EPERM ECONNREFUSED ok' ]
	ctl apply - <<<'allow 9090/both pp-ruled to=::/0'
	[ "$(tries6)" = 'ECONNREFUSED ok EPERM EPERM' ]
	ctl apply - <<<'allow 9090/both pp-ruled to=lan'
	[ "$(tries6)" = 'EPERM EPERM ECONNREFUSED ok' ]
}

@test "--user: processes of that user, by whom they are now" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --user 65534
	[ "$(ends pp-ruled <<<'print(both()); become(65534); print(both())')" = $'ok ok\nok EPERM' ]
	[ "$(ends pp-other <<<'become(65534); print(both())')" = 'ok ok' ]
	ctl allow 8081 any --user 65534
	[ "$(ends pp-other <<<'become(65534); print(both())')" = 'EPERM ok' ]
	[ "$(ends pp-ruled <<<'become(65534); print(both())')" = 'ok ok' ]
	[ "$(ctl rules --json | jq -c '[.[] | [.process, .user]]')" = "[[\"pp-ruled\",\"$(id -nu 65534)\"],[\"any\",\"$(id -nu 65534)\"]]" ]
	ctl revoke --all any
	ctl revoke --all pp-ruled --user 65534
	[ "$(ctl rules --json)" = '[]' ]
}

@test "--user: an open socket has the rules of whoever uses it" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080/both pp-ruled --user 65534
	[ "$(ends pp-ruled <<'PY'
open_one, udp = connect(8081), datagram()
udp.connect((PEER, 8081))
print(attempt(send_and_hear, open_one), attempt(send_again, udp))
become(65534)
attempt(open_one.send, b"the first one may pass"), attempt(send_again, udp)
print(attempt(send_and_hear, open_one), attempt(send_again, udp))
PY
	)" = $'ok ok\ndropped EPERM' ]
}

@test "--user with --cgroup and --children" {
	mkdir "$cgroup/one"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	as() { # CGROUP USER
		"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$1" \
			python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled < <(cat "$BATS_FILE_TMPDIR/ends.py" - <<<"become($2); print(both())")
	}
	ctl allow 8080 any --user 65534 --cgroup "$cgroup/one"
	[ "$(as one 65534)" = 'ok EPERM' ]
	[ "$(as one 1)" = 'ok ok' ]
	[ "$(as . 65534)" = 'ok ok' ]
	ctl revoke --all any
	ctl allow 8080 pp-ruled --user 0 --children
	[ "$(ends pp-ruled <<<'print(in_child("pp-child", lambda: become(65534) or both()))')" = 'ok EPERM' ]
	rmdir "$cgroup/one"
}

@test "limits that are none are said in one line, and change nothing" {
	given --cgroup "$cgroup"
	while IFS='|' read -r words text; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr ctl $words
		[ "${stderr_lines[0]}" = "ebpf-ctl: $text" ] || { echo "$words: ${stderr_lines[0]}" >&2 && return 1; }
	done <<'TEXT'
allow 80 pp --to 10.0.0.5/8|'10.0.0.5/8' is no address or prefix: bits after the prefix length are not zero, or loopback, lan, internet
allow 80 pp --to 10.0.0.0/33|'10.0.0.0/33' is no address or prefix: the length is 0 to 32, or loopback, lan, internet
allow 80 pp --to home|'home' is no address or prefix: want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32, or loopback, lan, internet
allow 80 pp --to lan,|'' is no address or prefix: want 192.0.2.1, 192.0.2.0/24, 2001:db8::1 or 2001:db8::/32, or loopback, lan, internet
allow icmp pp --to lan|icmp has no side and no remote end: only ports have
allow none pp --to lan|none has no side and no remote end: only ports have
allow 80 any|any is every process of a cgroup or user: it needs --cgroup DIR or --user NAME
allow 80 any --user 65534 --children|any has no children: its rules hold for every process of the cgroup or user
audit on --user 65534|audit --user needs PROCESS
allow 80 pp --user 4294967295|a user id takes a whole number from 0 to 4294967294, not '4294967295'
TEXT
	run -1 --separate-stderr ctl allow 80 pp --user pp-nobody-at-all
	[ "${stderr_lines[0]}" = "ebpf-ctl: there is no user 'pp-nobody-at-all'" ]
	run -0 --separate-stderr ctl apply - <<<$'allow 80 pp user=pp-nobody-at-all\nallow 81 pp'
	[ "${stderr_lines[0]}" = "ebpf-ctl: -:1: left out: there is no user 'pp-nobody-at-all'" ]
	[ "$(ctl export)" = 'allow 81/tcp pp' ]
	for number in 1 2 3 4 5 6 7 8; do ctl allow 80 pp --to "10.0.0.$number"; done
	run -1 --separate-stderr ctl allow 80 pp --to 10.0.0.9
	[ "${stderr_lines[0]}" = 'ebpf-ctl: rules of one process for ports 0 to 511 have more than 8 different lists of remote ends' ]
	[ "$(ctl export | wc -l)" = 9 ]
}
