#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Changes of rules under traffic, judged by what arrives at the peer: see changes.py.
load helper
load policy

changes() { python3 "$BATS_TEST_DIRNAME/changes.py" "$@"; }

@test "a thousand changes: nothing forbidden arrives later than 100 ms, nothing allowed is refused" {
	given --cgroup "$cgroup"
	# Packets of a cut connection are sent again soon enough to be seen, whether forbidden or allowed.
	ip -n "$here" route change 10.77.0.0/24 dev lan0 src 10.77.0.1 rto_min 10ms
	serve peer 8080 8081
	start record "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/changes.py" record lan0
	wait_until has_text "$(out record)" ready
	ctl allow 8080/both pp-ruled
	ctl allow 8081/both pp-ruled
	start_act ruled pp-ruled <<-'END'
		connections = []
		PATIENCE = 60 # enough for any machine; a refusal comes at once
		kept, sock = connect(8081), datagram()
		kept.setblocking(False)
		def stream():
		    attempt(kept.send, b'stream'); attempt(kept.recv, 4096)
		def datagrams():
		    global count
		    attempt(sock.sendto, b'x', (PEER, 8081))
		    how = attempt(sock.sendto, b'x', (PEER, 8080)); how == 'ok' or print('refused udp', how, flush=True)
		    count += 1
		def others():
		    attempt(socket.create_connection, (PEER, 8081), 0.1)
		def steady():
		    begun = time.monotonic(); how = attempt(lambda: connections.append(connect(8080)))
		    how == 'ok' or print('refused connect', how, time.monotonic() - begun, flush=True)
		    how = attempt(send_and_hear, connections.pop()) if connections else 'ok'
		    how == 'ok' or print('refused data', how, flush=True)
		def repeat(call, pause):
		    while not os.path.exists('over'): call(); time.sleep(pause)
		every = ((stream, 0.002), (datagrams, 0.0005), (others, 0.005), (steady, 0.005))
		threads = [threading.Thread(target=repeat, args=it) for it in every]
		for thread in threads: thread.start()
		said('busy')
		for thread in threads: thread.join()
		print('sent', count)
	END
	wait_until [ -e busy ]
	changes make "$bin/ebpf-ctl" "$root" >phases
	touch over
	finish ruled
	finish record TERM
	sent=$(sed -n 's/^sent //p' "$(out ruled)")
	changes judge phases "$(out record)" "$sent" >wrong
	{ sort "$(out ruled)" "$(err ruled)" | uniq -c && head -n 20 wrong; } >&2
	[ "$(<"$(out ruled)")" = "sent $sent" ]
	[ ! -s wrong ]
}
