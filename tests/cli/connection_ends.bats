#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-read conn: how a connection ended, and whose it was in the end. The probes see the whole machine; the tests look
# only at their own processes.
load helper
load talk

@test "this side has said that it is done: what its close does then" {
	given --sockets
	listen reader conn --comm "$talker"
	talk >ports <<-'END' 2>/dev/null || [ $? = 137 ]
		import struct
		def half_closed(name):
		    a, b = pair()
		    told(f'{a.getsockname()[1]}-{b.getsockname()[1]}', name) # both: a port may be used again
		    a.shutdown(socket.SHUT_WR)
		    b.recv(1)
		    while a.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 5: # FIN_WAIT2
		        time.sleep(0.001)
		    return a, b
		a, b = half_closed('both')
		b.close(); a.recv(1); a.close()
		a, b = half_closed('left')
		a.close(); b.close()
		a, b = half_closed('linger')
		a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		a.close(); b.close()
		a, b = half_closed('unread')
		b.send(b'unread'); a.recv(1, socket.MSG_PEEK); a.close(); b.close()
		a, b = half_closed('linger2')
		a.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)
		a.close(); b.close()
		a, b = half_closed('killed')
		if os.fork() == 0:
		    b.send(b'unread'); a.recv(1, socket.MSG_PEEK); a.close()
		    parent = os.getppid()
		    os.kill(parent, 9)
		    while os.getppid() == parent: time.sleep(0.001)
		    os._exit(0)
		b.close()
		time.sleep(60)
	END
	wait_until has_ends 6
	finish reader INT
	heard reader 'select(.action == "close" and .direction == "out") | ["\(.local_port)-\(.remote_port)", .reason, .closed_by] | map(tostring) | join(" ")' |
		sort >ends
	sort ports | join - ends | cut -d ' ' -f 2- | sort >said
	diff - said <<-'END'
		both closed local
		killed aborted null
		left closed local
		linger aborted null
		linger2 aborted null
		unread aborted null
	END
}

has_ends() { [ "$(heard reader 'select(.action == "close" and .direction == "out").pid' | wc -l)" -ge "$1" ]; } # COUNT

@test "a connect that does not wait, and that ICMP answers, has the error" {
	given --sockets
	"${from_here[@]}" nft 'add table inet firewall;
		add chain inet firewall out { type filter hook output priority 0; };
		add rule inet firewall out tcp dport 4 reject with icmpx host-unreachable;
		add rule inet firewall out tcp dport 5 reject with icmpx port-unreachable;
		add rule inet firewall out tcp dport 6 drop'
	listen reader conn --comm "$talker"
	talk <<-'END'
		for port in (4, 5, 6):
		    with socket.socket() as s:
		        s.setblocking(False)
		        s.connect_ex(('10.77.0.2', port))
		        time.sleep(0.05)
	END
	finish reader INT
	heard reader '[.remote_port, .action, .reason, .error] | map(tostring) | join(" ")' >said
	diff - said <<-'END'
		4 connect error EHOSTUNREACH
		5 connect refused ECONNREFUSED
		6 connect unanswered null
	END
}

@test "a socket that is destroyed by another process is aborted" {
	given --sockets
	listen reader conn --comm "$talker"
	"${from_here[@]}" python3 "$BATS_TEST_DIRNAME/talk.py" "$talker" >port 3>&- <<-'END' &
		a, b = pair()
		told(a.getsockname()[1])
		sys.stdout.flush()
		try: a.recv(1)
		except OSError: pass
	END
	wait_until test -s port
	"${from_here[@]}" ss -K -H -t "sport = $(<port)" >killed
	wait $! || :
	[ -s killed ] || skip 'this kernel does not destroy sockets (CONFIG_INET_DIAG_DESTROY)'
	finish reader INT
	[ "$(heard reader "select(.action == \"close\" and .local_port == $(<port)) | [.reason, .errno] | join(\" \")")" = 'aborted ' ]
}

@test "who has only sent on a connection is whose it is" {
	given --sockets
	[ "$(kind_here)" != kprobe ] || skip 'with kprobes only receiving changes the owner'
	listen reader conn --comm "$talker"
	talk >who <<-'END'
		import struct
		listener = socket.socket()
		listener.bind(('127.0.0.1', 0)); listener.listen()
		a = socket.create_connection(listener.getsockname())
		child = os.fork()
		if child == 0:
		    a.close()
		    b, _ = listener.accept()
		    b.send(b'12345')
		    time.sleep(60)
		a.recv(5)
		told(child, 'in', a.getsockname()[1])
		a.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		a.close()
		c, d = pair()
		ours, theirs = socket.socketpair()
		opener, user = os.getpid(), os.fork()
		if user == 0:
		    ours.close(); c.close()
		    taken = socket.recv_fds(theirs, 1, 1)[1][0]
		    os.write(taken, b'sent'); os.close(taken)
		    os._exit(0)
		told(user, 'out', c.getsockname()[1])
		socket.send_fds(ours, [b'x'], [c.fileno()])
		c.close()
		d.recv(4); d.recv(1); d.close()
		os.kill(child, 9)
	END
	finish reader INT
	local pid direction port
	while read -r pid direction port; do
		[ "$direction" = out ] && local of=.local_port || local of=.remote_port
		[ "$(heard reader "select(.action == \"close\" and .direction == \"$direction\" and $of == $port) | .pid")" = "$pid" ]
	done <who
}
