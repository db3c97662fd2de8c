#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules: ebpf-load --cgroup, ebpf-ctl, ebpf-read deny. The tests load only cgroups that they have made.
load helper
load policy

admins=60691 # gid of the admin group

teardown() {
	end_started
	umount "$BATS_TEST_TMPDIR/mount" 2>/dev/null || :
	remove_root "$root"
}

# Runs a command in a cgroup below the tests' cgroup.
inside_of() { # BELOW COMMAND...
	local below=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/$below" "$@"
}

# Runs the Python program on stdin as a process named NAME in the cgroup; see act.py.
act() { # NAME
	inside timeout 600 python3 "$BATS_TEST_DIRNAME/act.py" "$1"
}

# Prints the result of a connect to each port: "8080 ok", "8081 EPERM"
tries() { # NAME PORT...
	local name=$1
	shift
	act "$name" <<<"for port in ${*/%/,}: print(port, attempt(connect, port))"
}

@test "a named process may use its ports and nothing else; others are left alone" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(tries pp-ruled 8080 8081)" = $'8080 ok\n8081 EPERM' ]
	[ "$(tries pp-free 8080 8081)" = $'8080 ok\n8081 ok' ]
	# Outside of the cgroup no process is ruled.
	[ "$("${from_here[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8081))')" = ok ]
}

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

@test "an executable is known by what it is, not by its name" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	cp "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" one
	cp one two
	ctl allow 8080 "$PWD/one"
	run_as() { inside env PYTHONHOME="$(python3 -c 'import sys; print(sys.prefix)')" "./$1" "$BATS_TEST_DIRNAME/act.py" "$2" <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(run_as one pp-any)" = 'ok EPERM' ]
	[ "$(run_as two pp-any)" = 'ok ok' ]
	mv one other
	[ "$(run_as other pp-any)" = 'ok EPERM' ]
}

@test "an executable is not taken for a later file with its inode number, in its directory or on a new mount" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	mkdir mount
	mount -t tmpfs pinpipe mount || skip 'this kernel lets the tests mount nothing'
	local python home
	python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
	home=$(python3 -c 'import sys; print(sys.prefix)')
	fresh() { rm -f "$1" && cp "$python" "$1"; }
	runs() { inside env PYTHONHOME="$home" "$1" "$BATS_TEST_DIRNAME/act.py" pp-any <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	for place in "$PWD" "$PWD/mount"; do
		fresh "$place/one"
		inode=$(stat -c %i "$place/one")
		ctl allow 8080 "$place/one"
		[ "$(runs "$place/one")" = 'ok EPERM' ]
		if [ "$place" = "$PWD" ]; then
			for ((turn = 0; turn < 20; turn++)); do
				fresh "$place/one"
				[ "$(stat -c %i "$place/one")" != "$inode" ] || break
			done
		else
			umount mount && mount -t tmpfs pinpipe mount
			fresh "$place/one"
		fi
		[ "$(stat -c %i "$place/one")" = "$inode" ] || { echo "no second file with inode $inode in $place" >&3 && continue; }
		[ "$(runs "$place/one")" = 'ok ok' ] || return 1
		[[ $(ctl rules) == *"$place/one (!)"* ]] || return 1
		ctl export >rules
		ctl apply rules # the path means the file that is there now
		[ "$(runs "$place/one")" = 'ok EPERM' ] || return 1
		ctl revoke --all "$place/one"
	done
}

@test "a process by its number, until it ends" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	start_act ruled pp-any <<-'END'
		open('pid', 'w').write(str(os.getpid())); said('started'); wait_for('ruled')
		print(attempt(connect, 8080), attempt(connect, 8081))
	END
	wait_until [ -e started ]
	ctl allow 8080 "pid:$(<pid)"
	touch ruled
	finish ruled
	[ "$(<"$(out ruled)")" = 'ok EPERM' ]
}

@test "rules for one cgroup, and for those below it" {
	mkdir -p "$cgroup/one" "$cgroup/two"
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled --cgroup "$cgroup/one"
	go() { inside_of "$1" python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(go one)" = 'ok EPERM' ]
	[ "$(go two)" = 'ok ok' ]
	ctl allow 8081 pp-ruled # in every cgroup: a process in the cgroup has both rules
	[ "$(go one)" = 'ok ok' ]
	[ "$(go two)" = 'EPERM ok' ]
}

@test "cgroups one below the other: each call is judged and counted once" {
	mkdir -p "$cgroup/one"
	given --cgroup "$cgroup/one"
	loader --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	listen deny deny --comm pp-ruled
	go() { inside_of one python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8080), attempt(connect, 8081))'; }
	[ "$(go)" = 'ok EPERM' ]
	[ "$(ctl rules --json | jq -c '.[0] | [.rules[0].hits, .denied]')" = '[1,1]' ]
	# The programs of the inner cgroup take over when the outer one is unloaded.
	unload --cgroup "$cgroup"
	[ "$(go)" = 'ok EPERM' ]
	[ "$(ctl rules --json | jq -c '.[0] | [.rules[0].hits, .denied]')" = '[2,2]' ]
	finish deny INT
	[ "$(heard deny .port | wc -l)" = 2 ]
}

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

@test "children: said of a process, shown, taken off again; kept by export and apply" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled --children
	ctl allow 8080 pp-other
	told() { ctl rules --json | jq -c '[.[] | {(.process): .children}] | add'; }
	[ "$(told)" = '{"pp-other":false,"pp-ruled":true}' ]
	ctl allow 8081 pp-ruled
	ctl children on pp-other
	[ "$(told)" = '{"pp-other":true,"pp-ruled":true}' ]
	ctl children off pp-other
	ctl rules | grep '^pp-ruled + children  all'
	ctl export >policy
	[ "$(<policy)" = $'allow 8080/tcp pp-other\nallow 8080-8081/tcp pp-ruled\nchildren pp-ruled' ]
	ctl children off pp-ruled
	[ "$(told)" = '{"pp-other":false,"pp-ruled":false}' ]
	ctl apply policy
	[ "$(ctl export)" = "$(<policy)" ]
	run --separate-stderr ctl children on pp-ruled
	[ "$status $stderr" = '0 ebpf-ctl: unchanged: the rules of pp-ruled hold for its children' ]
	run --separate-stderr ctl children on pp-nobody
	[ "$status ${stderr_lines[0]}" = '1 ebpf-ctl: there are no rules of pp-nobody' ]
	echo 'children pp-nobody' >>policy
	run --separate-stderr ctl apply policy
	[ "$status" = 1 ]
	[[ $stderr == *'policy:4: children of '\''pp-nobody'\'' without an allow or audit '* ]]
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

# Succeeds if the first of the ruled processes was denied something at least COUNT times.
has_denied() { [ "$(ctl rules --json | jq '.[0].denied')" -ge "$1" ]; } # COUNT

@test "exec to another name leaves a rule; exec into one takes it on" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(act pp-ruled <<<'print(after_exec("pp-other", "print(attempt(connect, 8081))"))')" = ok ]
	[ "$(act pp-other <<<'print(after_exec("pp-ruled", "print(attempt(connect, 8081))"))')" = EPERM ]
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

@test "another load and an unload under traffic: no window" {
	given --cgroup "$cgroup"
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	start_act ruled pp-ruled <<-'END'
		while not os.path.exists('over'):
		    if attempt(connect, 8081) != 'EPERM': print('leak 8081', flush=True)
		    how = attempt(lambda: send_and_hear(connect(8080))); how == 'ok' or print('refused 8080', how, flush=True)
		    count += 1
		print(count > 20)
		said('seen'); wait_for('unloaded')
		print(attempt(connect, 8081))
	END
	for ((i = 0; i < 10; i++)); do
		outdate_cgroup 0
		loader --cgroup "$cgroup" 2>"said"
		grep -q 'programs replaced' said
	done
	touch over
	wait_until [ -e seen ]
	head -3 "$(out ruled)" >&2
	unload
	touch unloaded
	finish ruled
	[ "$(<"$(out ruled)")" = $'True\nok' ]
}

@test "a cgroup that was deleted and made again: status says so, the next load repairs it" {
	mkdir "$cgroup/again"
	given --cgroup "$cgroup/again"
	rmdir "$cgroup/again"
	[ "$(ctl status --json | jq -r '.cgroups[0].state')" = gone ]
	mkdir "$cgroup/again"
	[ "$(ctl status --json | jq -r '.cgroups[0].state')" = gone ]
	loader --cgroup "$cgroup/again" 2>said
	grep -q 'again: the cgroup no longer exists' said
	[ "$(ctl status --json | jq -r '.cgroups | map(.state) | join(" ")')" = attached ]
	serve peer 8080 8081
	ctl allow 8080 pp-ruled
	[ "$(inside_of again python3 "$BATS_TEST_DIRNAME/act.py" pp-ruled <<<'print(attempt(connect, 8081))')" = EPERM ]
	rmdir "$cgroup/again"
	unload --cgroup "$(ctl status --json | jq -r '.cgroups[0].id')"
}

@test "admins edit rules, readers see them, strangers neither" {
	given --cgroup "$cgroup" --admin-group "$admins"
	as_admin=(setpriv --reuid=nobody --regid=nogroup "--groups=$admins,$group" --)
	"${as_admin[@]}" "$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-ruled 2>/dev/null
	[ "$("${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" export)" = 'allow 8080/tcp pp-ruled' ]
	run --separate-stderr "${as_member[@]}" "$bin/ebpf-ctl" --pin-root "$root" allow 8081 pp-ruled
	[ "$status" = 77 ]
	assert_one_error ebpf-ctl
	run --separate-stderr "${as_stranger[@]}" "$bin/ebpf-ctl" --pin-root "$root" rules
	[ "$status" = 77 ]
	[ "$(stat -c '%a %g' "$root/admin" "$root/admin/subjects" "$root/maps/subjects" "$root/maps/labels" | tr '\n' ' ')" = \
		"750 $admins 660 $admins 640 $group 600 $group " ]
}

@test "unloading the last cgroup says that rules are deleted, and how to keep them" {
	local text="ebpf-load: rules for 2 processes are deleted with the last cgroup
hint: ebpf-ctl export >FILE --pin-root $root   (before unloading, and ebpf-ctl apply FILE after the next load, keeps them)"
	mkdir "$cgroup/last"
	given --cgroup "$cgroup" --cgroup "$cgroup/last"
	ctl allow 8080 pp-one && ctl allow 8081 pp-two && ctl allow 8082 pp-two
	run --separate-stderr unload --cgroup "$cgroup/last"
	[[ $stderr == *'/last: unloaded' && $stderr != *deleted* ]]
	ctl export >rules
	run --separate-stderr unload --cgroup "$cgroup"
	[[ $stderr == *"$text"* ]]
	given --cgroup "$cgroup" --xdp lan0
	ctl apply rules
	run --separate-stderr unload
	[[ $stderr == *"$text"* ]]
	given --cgroup "$cgroup"
	run --separate-stderr unload
	[[ $stderr != *deleted* ]]
	rmdir "$cgroup/last"
}

@test "what is no cgroup is refused, and nothing is left" {
	run --separate-stderr loader --cgroup "$PWD"
	[ "$status" = 1 ]
	assert_one_error ebpf-load
	run --separate-stderr loader --cgroup "$cgroup/nowhere"
	[ "$status" = 1 ]
	assert_one_error ebpf-load
	[[ $stderr == *"hint: sudo mkdir $cgroup/nowhere" ]]
	run --separate-stderr loader --cgroup "$PWD/nowhere" # a directory there would not be a cgroup
	[[ $stderr == *'hint: findmnt -t cgroup2 '* ]]
	[ ! -e "$root/abi" ]
	given --cgroup "$cgroup"
	run --separate-stderr unload --cgroup "$PWD"
	[ "$status" = 1 ]
	run --separate-stderr unload --cgroup 1
	[ "$status" = 69 ]
}

@test "not loaded: rules and the stream deny say what to do" {
	run --separate-stderr ctl allow 80 x
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --cgroup DIR'* ]]
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" deny
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --cgroup DIR'* ]]
	run --separate-stderr "$bin/ebpf-read" --pin-root "$root" usage
	[ "$status" = 69 ]
	[[ $stderr == *'ebpf-load --sockets'* ]]
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
