#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-load --sockets and ebpf-read usage: what processes send and receive, to the byte. The probes see the whole
# machine; the tests look only at their own processes.
load helper

repo=$(realpath "$BATS_TEST_DIRNAME/../..")

setup_file() { add_lo; }

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
}

traffic() { # ARGUMENT...
	"${from_here[@]}" "${PINPIPE_BUILD:-$repo/build}/bin/traffic" "$@"
}

usage() { # ARGUMENT...
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage "$@"
}

# Fails with the cases that differ.
compare() { # KIND
	"$repo/tests/traffic/compare" "$1" expected actual >compared || {
		grep -v '^pass' compared
		return 1
	}
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

@test "a server older than the load: its later connections, to the byte" {
	start server "${from_here[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" serve pp-older tcp4:5050
	wait_until has_text "$(out server)" ready
	given --sockets
	local i
	for i in {1..16}; do
		"${from_here[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" send tcp 127.0.0.1 5050 2 100
	done
	finish server TERM
	[ "$(usage --since-load --pid "${pid_of[server]}" | jq -s -c 'map([.bytes_received, .bytes_sent])')" = '[[3200,32]]' ]
}

exact() { # KIND
	granted "$1" || skip "this kernel does not grant $1 probes; tests/vm covers them"
	given --sockets --probe "$1"
	traffic run all >expected
	usage --since-load >actual
	compare "$1"
	[ "$(grep -c '^pass' compared)" -ge 80 ]
}

@test "tracepoint: bytes of every kind of traffic are exact" { exact tracepoint; }
@test "fentry: bytes of every kind of traffic are exact" { exact fentry; }
@test "kprobe: bytes of every kind of traffic are exact" { exact kprobe; }

@test "the sums of intervals are the totals" {
	given --sockets
	start_usage -i 0.05
	traffic run tcp_bulk short_lived splice_in tcp_parallel_bursts udp udp_mmsg threads_renamed uring >expected
	finish reader INT
	cp "$(out reader)" actual
	compare "$(kind_here)"
}

# Starts a reader in the background, which reports everything from here on.
start_usage() { # ARGUMENT...
	start reader "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage -v "$@"
	wait_until grep -q 'usage$' "$(err reader)"
}

@test "a connection made before the load is counted from then on" {
	mkfifo go
	traffic run --hold go preopened splice_in >expected &
	local generator=$!
	started+=($generator)
	exec 7>go
	wait_until grep -q ready expected
	given --sockets
	echo go >&7
	exec 7>&-
	wait $generator
	usage --since-load >actual
	compare "$(kind_here)"
	grep -q '^pass.preopened' compared
}

@test "the same load again changes nothing, and nothing counts twice" {
	given --sockets
	ls "$root/links" >before
	loader --sockets 2>said
	grep -q ' probes, unchanged: ' said
	ls "$root/links" >after
	diff before after
	traffic run tcp_bulk >expected
	usage --since-load >actual
	compare "$(kind_here)"
}

@test "--xdp and --sockets in one load, unloaded one by one" {
	ip -n "$here" link add dummy0 type veth peer name dummy1
	given --xdp dummy0 --sockets
	unload --netns "$here" --xdp dummy0
	traffic run udp >expected
	usage --since-load >actual
	compare "$(kind_here)"
	run -69 --separate-stderr "$bin/ebpf-read" --pin-root "$root" icmp
	[[ $stderr = *'not loaded: run: sudo ebpf-load --xdp IFACE'* ]]
	given --xdp dummy0
	unload --sockets
	[ ! -e "$root/maps/usage" ]
	run -69 --separate-stderr usage
	[[ $stderr = *'not loaded: run: sudo ebpf-load --sockets'* ]]
	run -69 --separate-stderr unload --sockets
	[[ $stderr = *'the socket probes are not loaded'* ]]
	timeout 600 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" all -t 0.1
	ip -n "$here" link del dummy0
}

# Prints the event types of the lines about this test's own copy of bash, which send_one runs.
kinds() { # FILE
	jq -r --arg exe "$PWD/sender" 'select(.exe == $exe).event_type' "$1" | sort -u
}
own_sender() { cp "$(command -v bash)" sender; }
send_one='echo >/dev/udp/127.0.0.1/9'

@test "all reads what is loaded" {
	given --sockets
	own_sender
	start reader "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" all -v -i 0.1 -t 600
	wait_until has_text "$(err reader)" slot
	"${from_here[@]}" ./sender -c "$send_one"
	is_told() { [ -n "$(kinds "$(out reader)")" ]; }
	wait_until is_told
	finish reader INT
	[ "$(kinds "$(out reader)")" = usage ]
}

# In a pid namespace a process group has another number; a group that began outside has none there.
@test "all leaves the reader's process group out, in a pid namespace too" {
	given --sockets
	own_sender
	export send_one
	local new
	for new in '' 'setsid -w'; do
		rm -f sum
		# shellcheck disable=SC2016,SC2086 # the inner shell's; words
		timeout 600 "${from_here[@]}" unshare -pf $new bash -c '"$0" "${@:2}" >lines 2>sum & until [ -s sum ]; do sleep 0.01; done
			"$1" -c "$send_one"; kill -INT $!; wait' \
			"$bin/ebpf-read" ./sender --pin-root "$root" all -v -i 0.1 -t 600
		[ "$(kinds lines)" = usage ]
	done
}

@test "filters: pid, comm, proto, host, port" {
	given --sockets
	traffic run tcp_bulk udp_mmsg_destinations >expected
	# Of processes of this run.
	told() { usage --since-load "$@" | jq -c --slurpfile ours expected '.pid as $pid | select(any($ours[]; .pid == $pid))'; }
	local pid
	pid=$(jq -r 'select(.comm == "tr-client").pid' expected)
	[ "$(usage --since-load --pid "$pid" | jq -r .comm)" = tr-client ]
	[ "$(told --comm tr-client,tr-server | jq -r .comm | sort | xargs)" = 'tr-client tr-server' ]
	[ "$(told --comm tr-client --proto udp | wc -l)" = 0 ]
	[ "$(told --comm tr-sender --host 127.0.0.2 | jq -r .remote_ip)" = 127.0.0.2 ]
	[ "$(told --comm tr-sender --host 127.0.0.2/31 --proto udp | wc -l)" = 2 ]
	[ "$(told --comm tr-sender --port 1-32767 | wc -l)" = 0 ]
}

# Sends a datagram from a copy of bash, whose pid is added to the file pids.
send_by() { # EXECUTABLE
	# shellcheck disable=SC2016 # the inner shell's
	"${from_here[@]}" "$1" -c 'echo $$ >>pids; echo >/dev/udp/127.0.0.1/9'
}

@test "exe: where the executable is, by each of its names" {
	given --sockets
	local deep odd=$'od\xff"\n'
	deep=$(printf 'd/%.0s' {1..40})
	mkdir -p a/b "$deep" mounted
	cp "$(command -v bash)" a/b/one
	ln a/b/one two
	ln a/b/one "$odd"
	ln a/b/one "$deep/deep"
	send_by "$PWD/a/b/one"
	send_by "$PWD/two"
	mv two three
	send_by "$PWD/three"
	send_by "$PWD/$odd"
	send_by "$PWD/$deep/deep"
	# shellcheck disable=SC2016 # the inner shell's
	"${from_here[@]}" unshare -m bash -c 'mount -t tmpfs none mounted && cp a/b/one mounted/four &&
		"$PWD/mounted/four" -c "echo \$\$ >>pids; echo >/dev/udp/127.0.0.1/9"'
	usage --since-load --proto udp --pid "$(paste -sd , pids)" >lines
	jq -r 'select(.comm | startswith("od") | not).exe' lines >exes
	diff <(sort exes) - <<-END
		.../$(printf 'd/%.0s' {1..31})deep
		$PWD/a/b/one
		$PWD/mounted/four
		$PWD/three
		$PWD/two
	END
	jq -se --arg dir "$PWD/" 'any(.exe == $dir + "od\ufffd\"\n")' lines
}

@test "--by port tells ports of services, and adds up to the same" {
	given --sockets
	"${from_here[@]}" python3 - >pid <<-'END'
		import os, socket
		listeners = [socket.create_server(('127.0.0.1', port)) for port in (8081, 8082)]
		for listener in listeners:
		    client = socket.create_connection(listener.getsockname())
		    server = listener.accept()[0]
		    client.sendall(b'x' * 1000)
		    server.recv(1000, socket.MSG_WAITALL)
		    server.sendall(b'y' * 500)
		    client.recv(500, socket.MSG_WAITALL)
		print(os.getpid())
	END
	usage --since-load --pid "$(<pid)" --by port >by_port
	usage --since-load --pid "$(<pid)" >by_address
	[ "$(jq -r 'select(.remote_port).remote_port' by_port | sort | xargs)" = '8081 8082' ]
	[ "$(jq -s 'map(select(.remote_port)) | map(.bytes_sent, .bytes_received) | add' by_port)" = 3000 ]
	[ "$(jq -r '[.bytes_sent, .bytes_received] | @tsv' by_address)" = $'3000\t3000' ]
}

@test "names: the process's, after exec and prctl the new one" {
	given --sockets
	"${from_here[@]}" python3 - >pid <<-'END'
		import ctypes, os, socket
		a, b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		b.bind(('127.0.0.1', 0))
		a.sendto(b'1', b.getsockname())
		ctypes.CDLL(None).prctl(15, b'line\n\x1b[31m\xff', 0, 0, 0)
		a.sendto(b'22', b.getsockname())
		print(os.getpid())
	END
	usage --since-load --pid "$(<pid)" >line
	[ "$(jq -r '.comm' line)" = $'line\n\e[31m\ufffd' ]
	[ "$(wc -l <line)" = 1 ]
	[ "$(jq .bytes_sent line)" = 3 ]
}

@test "a stranger is refused, a member cannot write" {
	given --sockets
	run -77 --separate-stderr "${as_stranger[@]}" "$bin/ebpf-read" --pin-root "$root" usage
	[[ $stderr = *'permission denied'* ]]
	local map
	for map in usage processes entries dead dead_state totals active; do
		[ "$(stat -c %a:%g "$root/maps/$map")" = "640:$group" ]
	done
	[ "$(stat -c %a:%u:%g "$root/maps/owners")" = 600:0:"$group" ]
}

@test "a killed load leaves nothing that counts" {
	given --sockets
	local set
	set=$(bpftool map dump pinned "$root/maps/active" -j)
	local delay
	for delay in 0.05 0.1 0.15 0.2; do
		loader --sockets --probe "$(kind_here)" 2>/dev/null &
		sleep "$delay"
		kill -KILL $! 2>/dev/null || :
		wait $! || :
	done
	loader --sockets 2>/dev/null
	traffic run udp >expected
	usage --since-load >actual
	compare "$(kind_here)"
}

@test "status shows the probes and their sums" {
	given --sockets
	traffic run udp >expected
	"$bin/ebpf-ctl" --pin-root "$root" status --json >status
	[ "$(jq '.sockets.seen.bytes_sent' status)" -ge "$(jq -s 'map(.bytes_sent) | add' expected)" ]
	[ "$(jq -r '.hooks[] | select(.kind == "sockets") | .state' status | sort -u)" = attached ]
	[ "$(jq -r '.hooks[].name' status | sort | uniq -d)" = '' ]
	"$bin/ebpf-ctl" --pin-root "$root" status | grep -q '^seen  *[0-9]'
}

# More short-lived processes than the dead ring holds: lines and losses add up to what was sent.
@test "what is overwritten before it is read is told as forgotten" {
	given --sockets
	start_usage -i 3600 --comm none # takes a look at the beginning and at the end
	"${from_here[@]}" python3 - <<-'END'
		import os, socket
		b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		b.bind(('127.0.0.1', 0))
		for i in range(1000):
		    if os.fork() == 0:
		        a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		        for j in range(20):
		            a.sendto(b'x', ('127.1.%d.%d' % (i % 250, j), 9))
		        os._exit(0)
		    os.wait()
	END
	finish reader INT
	cp "$(out reader)" actual
	[ "$(jq -r 'select(.event_type == "lost").reason' actual)" = forgotten ]
	[ "$(jq 'select(.event_type == "lost").bytes_sent' actual)" -ge 3616 ]
	# A reader of totals reports what is in the ring, and what is forgotten.
	usage --since-load >all
	[ "$(jq -s 'map(select(.comm == "python3" or .event_type == "lost") | .bytes_sent) | add' all)" -ge 20000 ]
}

# There is room for 65,536 entries.
@test "what has no room is told as full" {
	given --sockets
	"${from_here[@]}" python3 - >pid <<-'END'
		import os, socket
		a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		sent = 0
		for i in range(70000):
		    sent += a.sendto(b'x', ('127.%d.%d.%d' % (1 + i // 62500, i // 250 % 250, i % 250 + 1), 9))
		print(os.getpid(), sent)
	END
	read -r pid sent <pid
	usage --since-load >all
	"$bin/ebpf-ctl" --pin-root "$root" status --json >status
	[ "$(jq '.sockets.full.bytes_sent > 0' status)" = true ]
	local told
	told=$(jq -s "map(select(.pid == $pid or .event_type == \"lost\") | .bytes_sent) | add" all)
	[ "$told" -ge "$sent" ]
}

# With PINPIPE_LONG for ten minutes.
@test "ebpf-store holds what ebpf-read told, under load" {
	given --sockets
	local seconds=3
	[ -z "${PINPIPE_LONG:-}" ] || seconds=600
	# shellcheck disable=SC2016 # the inner shell's
	start pipe bash -c '"${@:2}" | tee told | "$1" usage.db' pipe "$bin/ebpf-store" "${as_member[@]}" \
		"$bin/ebpf-read" --pin-root "$root" usage -i 0.1 -t "$seconds"
	until is_gone "${pid_of[pipe]}"; do
		traffic run tcp_short_connections short_lived udp tcp_full_duplex >/dev/null
	done
	finish pipe
	[[ $(<"$(err pipe)") = *', 0 lost'*', 0 bad, 0 lost'* ]]
	jq -sc '[map(.bytes_sent // 0), map(.bytes_received // 0), map(.calls_sent // 0), map(.calls_received // 0)]
		| map(add)' told >sums
	cat sums >&2
	"$bin/ebpf-store" report usage.db --by process --format json | tail -n 1 |
		jq -ce '[.bytes_sent, .bytes_received, .calls_sent, .calls_received]' | diff sums -
	[ "$(jq '.[0]' sums)" -gt 1000000 ]
	"$bin/ebpf-store" check usage.db
}
