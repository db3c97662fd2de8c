#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-read tcp and udp: each send and each receive, with payload. The probes see the whole machine; the tests look only
# at their own processes.
load helper

repo=$(realpath "$BATS_TEST_DIRNAME/../..")

setup_file() { add_lo; }

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	talker=pp-talk-$$ # a name that no other run uses
}

# Runs the Python program on stdin; see talk.py.
talk() { "${from_here[@]}" timeout 600 python3 "$BATS_TEST_DIRNAME/talk.py" "$talker"; }

exact() { # KIND
	granted "$1" || skip "this kernel does not grant $1 probes; tests/vm covers them"
	given --sockets --probe "$1" --ring-size 134217728
	listen reader tcp udp --no-payload
	"${from_here[@]}" "${PINPIPE_BUILD:-$repo/build}/bin/traffic" run all >expected
	finish reader INT
	grep -q ' 0 lost$' "$(err reader)"
	"$repo/tests/traffic/compare" "$1" expected "$(out reader)" >compared || {
		grep -v '^pass' compared
		return 1
	}
	[ "$(grep -c '^pass' compared)" -ge 80 ]
}

@test "tracepoint: messages of every kind of traffic add up to its bytes" { exact tracepoint; }
@test "fentry: messages of every kind of traffic add up to its bytes" { exact fentry; }
@test "kprobe: messages of every kind of traffic add up to its bytes" { exact kprobe; }

@test "payload is what was said, by whatever call" {
	given --sockets --payload 2000
	listen reader tcp --comm "$talker"
	talk <<-'END'
		a, b = pair()
		a.send(b'send');                         b.recv(100)
		a.sendmsg([b'two', b'', b' parts']);     b.recvmsg(100)
		os.write(a.fileno(), b'write');          os.read(b.fileno(), 100)
		os.writev(a.fileno(), [b'write', b'v']); os.readv(b.fileno(), [bytearray(2), bytearray(100)])
		a.send(bytes(range(256)));               b.recv_into(bytearray(256))
		a.send(b'peeked'); b.recv(100, socket.MSG_PEEK); b.recv(3); b.recv(3)
	END
	finish reader INT
	heard reader '[.direction, (.payload | @base64d)] | join(" ")' | head -n 8 >said
	diff - said <<-'END'
		out send
		in send
		out two parts
		in two parts
		out write
		in write
		out writev
		in writev
	END
	[ "$(heard reader 'select(.bytes == 256).payload' | sort -u)" = \
		"$(python3 -c 'import base64; print(base64.b64encode(bytes(range(256))).decode())')" ]
	[ "$(heard reader 'select(.direction == "in" and .bytes == 3).payload_printable' | tr '\n' ' ')" = 'pee ked ' ]
	[ "$(heard reader 'select(.payload_len != .bytes or .payload_truncated)')" = '' ]
}

@test "payload of datagrams, also of several in one call" {
	given --sockets --payload 2000
	listen reader udp --comm "$talker"
	"${from_here[@]}" "${PINPIPE_BUILD:-$repo/build}/bin/traffic" run udp_mmsg >/dev/null
	talk <<-'END'
		server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 0))
		client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		client.sendto(b'to', server.getsockname()); server.recvfrom(100)
		client.sendto(b'', server.getsockname());   server.recvfrom(100)
		client.connect(server.getsockname())
		client.send(b'connected'); server.recvfrom(100)
		told(server.getsockname()[1])
	END
	finish reader INT
	heard reader '[.direction, .bytes, .payload_printable] | map(tostring) | join(" ")' >said
	diff - said <<-'END'
		out 2 to
		in 2 to
		out 0 null
		in 0 null
		out 9 connected
		in 9 connected
	END
	[ "$(heard reader 'select(.direction == "out" and .remote_ip != "127.0.0.1")')" = '' ]
}

# The program numbers its datagrams.
@test "payload of sendmmsg and recvmmsg is that of each message" {
	given --sockets --payload 100
	listen reader udp --comm "$talker"
	talk <<-'END'
		import ctypes
		libc = ctypes.CDLL(None, use_errno=True)
		class iovec(ctypes.Structure): _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
		class msghdr(ctypes.Structure):
		    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint), ('iov', ctypes.c_void_p),
		                ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
		                ('flags', ctypes.c_int)]
		class mmsghdr(ctypes.Structure): _fields_ = [('hdr', msghdr), ('len', ctypes.c_uint)]
		server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(('127.0.0.1', 0))
		client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); client.connect(server.getsockname())
		def many(count, text):
		    buffers = [ctypes.create_string_buffer(text(i), 64) for i in range(count)]
		    vectors = [iovec(ctypes.addressof(b), len(text(i)) or 64) for i, b in enumerate(buffers)]
		    messages = (mmsghdr * count)()
		    for m, v in zip(messages, vectors):
		        m.hdr.iov, m.hdr.iovlen = ctypes.addressof(v), 1
		    return messages, (buffers, vectors)
		for turn in range(2):
		    out, keep = many(5, lambda i: b'turn %d message %d' % (turn, i))
		    assert libc.sendmmsg(client.fileno(), out, 5, 0) == 5
		    for wanted in 3, 9: # the second call ends since there are no more messages
		        into, kept = many(wanted, lambda i: b'')
		        assert libc.recvmmsg(server.fileno(), into, wanted, socket.MSG_DONTWAIT, None) in (2, 3)
	END
	finish reader INT
	for direction in out in; do
		heard reader "select(.direction == \"$direction\").payload_printable" >said
		printf 'turn %d message %d\n' 0 0 0 1 0 2 0 3 0 4 1 0 1 1 1 2 1 3 1 4 | diff - said
	done
}

@test "no reader sees more payload than was loaded, nor more than it asked for" {
	given --sockets --payload 10
	listen all tcp --comm "$talker"
	listen none tcp --comm "$talker" --no-payload
	talk <<<'a, b = pair(); a.send(b"0123456789abcdef"); b.recv(100); a.send(b"0123456789"); b.recv(100)'
	finish all INT
	finish none INT
	heard all '[.bytes, .payload_len, .payload_truncated, .payload_printable] | map(tostring) | join(" ")' >said
	diff - said <<-'END'
		16 10 true 0123456789
		16 10 true 0123456789
		10 10 false 0123456789
		10 10 false 0123456789
	END
	[ "$(heard none .bytes | tr '\n' ' ')" = '16 16 10 10 ' ]
	[ "$(heard none 'select(has("payload") or has("payload_len") or has("payload_printable"))')" = '' ]
}

@test "--payload 0 is the default, and leaves the code for it out of the kernel" {
	local hook
	given --sockets
	listen reader tcp --comm "$talker"
	talk <<<'a, b = pair(); a.send(b"secret"); b.recv(100)'
	finish reader INT
	[ "$(heard reader .bytes | tr '\n' ' ')" = '6 6 ' ]
	[ "$(heard reader 'select(has("payload") or has("payload_len"))')" = '' ]
	[ "$(calls_for_payload)" = 0 ]
	loader --sockets --payload 1
	[ "$(calls_for_payload)" != 0 ]
	listen reader tcp --comm "$talker"
	talk <<<'a, b = pair(); a.send(b"secret"); b.recv(100)'
	finish reader INT
	[ "$(heard reader .payload_printable | tr '\n' ' ')" = 's s ' ]
	loader --sockets # keeps the payload limit
	[ "$("$bin/ebpf-ctl" --pin-root "$root" status --json | jq .options.payload)" = 1 ]
	[ "$(calls_for_payload)" != 0 ]
	loader --sockets --payload 0
	[ "$(calls_for_payload)" = 0 ]
}

# Prints how many functions of loaded programs read payload: calls of the helper, without the lines of source between
# the instructions.
calls_for_payload() {
	local id
	"$bin/ebpf-ctl" --pin-root "$root" status --json | jq '.hooks[].program' |
		while read -r id; do bpftool prog dump xlated id "$id"; done | grep -c 'call .*_read_payload' || :
}

@test "--hex" {
	given --sockets --payload 100
	listen reader tcp --comm "$talker" --hex --direction out
	talk <<<'a, b = pair(); a.send(b"\x00hex\xff"); b.recv(100)'
	finish reader INT
	[ "$(heard reader '[.payload_hex, .payload_printable, .payload] | map(tostring) | join(" ")')" = \
		'00686578ff \x00hex\xff null' ]
}

@test "filters run in the kernel: what does not match is not written" {
	given --sockets --readers 8
	local name
	talk >ports <<-'END' 7<&0 &
		a, b = pair(); c, d = pair(socket.AF_INET6)
		told(os.getpid(), a.getsockname()[1], a.getpeername()[1], c.getpeername()[1])
		wait_for('go')
		for i in range(3): a.send(b'x'); b.recv(1)
		c.send(b'x'); d.recv(1)
	END
	local talking=$!
	started+=($talking)
	wait_until has_lines ports 1
	read -r pid port peer peer6 <ports
	listen pid tcp --pid "1,$pid"
	listen other tcp --pid 1,2
	listen port tcp --comm "$talker" --port "1-2,$peer"
	listen host tcp --comm "$talker" --host ::1
	listen out tcp --comm "$talker" --direction out
	listen in6 tcp --comm "$talker" --direction in --port "$peer6"
	listen proto tcp udp --comm "$talker" --proto udp,tcp
	listen comm tcp --comm none,no-such-name
	touch go
	wait $talking
	"$bin/ebpf-ctl" --pin-root "$root" status --json |
		jq -r '.readers[].streams | map(.produced) | add' | tr '\n' ' ' >produced
	for name in pid other port host out in6 proto comm; do finish $name INT; done
	[ "$(cat produced)" = '8 0 6 2 4 1 8 0 ' ]
	for name in pid:8 other:0 port:6 host:2 out:4 in6:1 proto:8 comm:0; do
		[ "$(wc -l <"$(out ${name%:*})")" = ${name#*:} ]
	done
}

@test "the reader's own process group is left out, unless it is asked for" {
	given --sockets
	cat >script <<-END
		"$bin/ebpf-read" --pin-root "$root" tcp -t 600 -v "\$@" >lines 2>sum &
		until [ -s sum ]; do sleep 0.01; done
		nsenter --net=/run/netns/$here -- python3 "$BATS_TEST_DIRNAME/talk.py" "$talker" <<<'a, b = pair(); a.send(b"x")'
		kill -INT \$!
		wait
	END
	setsid bash script
	[ "$(grep -c "$talker" lines)" = 0 ]
	setsid bash script --include-self
	[ "$(grep -c "$talker" lines)" = 1 ]
	setsid bash script --comm "$talker"
	[ "$(grep -c "$talker" lines)" = 1 ]
}

@test "who: the process, and its thread where that has another name" {
	given --sockets
	listen reader tcp --comm "$talker"
	talk >pid <<-'END'
		a, b = pair()
		def run():
		    with open('/proc/thread-self/comm', 'w') as comm: comm.write('a "thread"\x1b')
		    a.send(b'x')
		thread = threading.Thread(target=run); thread.start(); thread.join()
		b.recv(1)
		told(os.getpid())
	END
	finish reader INT
	pid=$(cat pid)
	[ "$(heard reader 'select(.direction == "out") | [.pid, .comm, .thread, .tid == .pid] | map(tostring) | join("|")')" = \
		"$pid|$talker|"$'a "thread"\x1b|false' ]
	[ "$(heard reader 'select(.direction == "in") | [.pid, .tid, .thread, .uid] | map(tostring) | join("|")')" = \
		"$pid|$pid|null|0" ]
	[ "$(LC_ALL=C grep -c $'\x1b' "$(out reader)")" = 0 ]
}

@test "losses are told: produced = delivered + lost" {
	loader --sockets --payload 2000 --group "$group" --readers 2 --ring-size 16384
	listen reader tcp --comm "$talker"
	kill -STOP "${pid_of[reader]}"
	talk <<-'END'
		a, b = pair()
		for i in range(500): a.send(b'%04d' % i * 50); b.recv(200)
	END
	kill -CONT "${pid_of[reader]}"
	finish reader INT
	[ "$(heard reader 'select(.event_type == "lost").stream' | sort -u)" = tcp ]
	[ "$(jq -s 'map(if .event_type == "lost" then .count else 1 end) | add' "$(out reader)")" = 1000 ]
	[ "$(jq -s 'map(select(.seq)) | last.seq' "$(out reader)")" -le 1000 ]
	[ "$(heard reader 'select(.event_type == "tcp") | .payload_printable[:4] == .payload_printable[4:8]' | sort -u)" = true ]
}

@test "all has no payload" {
	given --sockets --payload 2000
	listen reader all --comm "$talker"
	talk <<<'a, b = pair(); a.send(b"secret"); b.recv(100)'
	finish reader INT
	[ "$(heard reader .event_type | sort -u | tr '\n' ' ')" = 'bind conn tcp usage ' ]
	run ! grep -q payload "$(out reader)"
}
