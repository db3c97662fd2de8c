#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules and sockets that a process with rules shares with one without. The tests load only cgroups that they have made.
load helper
load policy

teardown() {
	end_started
	remove_root "$root"
}

# A peer that accepts one connection at 8081 and sends a byte. As soon as the file used is there it reads; after BYTES it
# sends more. In the end it prints how many bytes came.
start_peer() { # BYTES
	start_there peer <<-END
		listener = bind(8081)
		listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		listener.listen()
		said("listening")
		connection = listener.accept()[0]
		connection.sendall(b"1")
		wait_for("used")
		count = 0
		while count < $1:
		    count += len(connection.recv(1 << 20))
		connection.sendall(b"2345")
		while data := connection.recv(1 << 20):
		    count += len(data)
		print(count, flush=True)
		connection.close()
	END
	wait_until [ -e listening ]
}

@test "a connection that a child with rules has used once still reaches the parent that waits for it" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_peer 0
	[ "$(act pp-other <<-'END'
		import select
		connection = connect(8081)
		print(connection.recv(1))
		print(in_child("pp-ruled", lambda: attempt(connection.send, b"child")))
		said("used")
		poll = select.poll()
		poll.register(connection, select.POLLIN)
		print(len(poll.poll(10000)), connection.recv(100))
		connection.send(b"parent")
		connection.shutdown(socket.SHUT_WR)
		print(connection.recv(1))
	END
	)" = $'b\'1\'\nok\n1 b\'2345\'\nb\'\'' ]
	wait_until has_text "$(out peer)" "11"
}

@test "a child with rules reads once: what the parent has sent still leaves" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_peer $((1 << 20))
	[ "$(act pp-other <<-'END'
		connection = connect(8081)
		connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
		connection.settimeout(30)
		sent = connection.send(bytes(1 << 20))  # most of it waits here: the peer does not read yet
		print(in_child("pp-ruled", lambda: str(connection.recv(1))))
		said("used")
		print(sent == 1 << 20, connection.recv(100))
		connection.shutdown(socket.SHUT_WR)
		print(connection.recv(1))
	END
	)" = $'b\'1\'\nTrue b\'2345\'\nb\'\'' ]
	wait_until has_text "$(out peer)" $((1 << 20))
}

@test "a UDP socket that a child with rules has used once still reaches the parent that waits for it" {
	given --cgroup "$cgroup"
	ctl allow 53/udp pp-ruled
	start_there source <<-'END'
		wait_for("used")
		sock = datagram()
		sock.settimeout(10)
		for number in range(20):
		    sock.sendto(bytes([number]), ("10.77.0.1", 5301))
		    sock.recv(1)
		print("answered", flush=True)
	END
	[ "$(act pp-other <<-'END'
		sock = datagram()
		sock.bind(("0.0.0.0", 5301))
		print(in_child("pp-ruled", lambda: attempt(sock.sendto, b"x", (PEER, 5302))))
		said("used")
		sock.settimeout(10)
		for number in range(20):
		    data, address = sock.recvfrom(1)
		    sock.sendto(data, address)
		print(number)
	END
	)" = $'EPERM\n19' ]
	wait_until has_text "$(out source)" answered
}

@test "a rule for a child that only inherited a connection leaves it to the parent without rules" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-first # rules are there already
	start_peer 0
	start_act parent pp-other <<-'END'
		connection = connect(8081)
		connection.settimeout(20)
		connection.recv(1)
		if os.fork() == 0:
		    rename("pp-ruled")
		    said("renamed")
		    while True:
		        time.sleep(60)
		wait_for("ruled")
		print(connection.recv(100), flush=True)
		connection.sendall(b"parent")
		connection.shutdown(socket.SHUT_WR)
	END
	wait_until [ -e renamed ]
	ctl allow 8080 pp-ruled
	touch ruled used
	wait_until has_text "$(out parent)" "b'2345'"
	wait_until has_text "$(out peer)" "6"
}

# Starts two processes with rules that take turns at a connection of their parent, which has none.
start_turns() { # PYTHON, for one turn
	cat >turn <<<"$1"
	start_act parent pp-other <<-'END'
		connection = connect(8081)
		connection.settimeout(None)
		with open("turn", encoding="ascii") as file:
		    turn = file.read()
		def take_turns(mine, other):
		    rename("pp-ruled")
		    for _ in range(20):
		        os.read(mine, 1)
		        exec(turn)
		        os.write(other, b"x")
		    while True:
		        time.sleep(60)
		first, second = os.pipe(), os.pipe()
		if os.fork() == 0:
		    take_turns(first[0], second[1])
		if os.fork() == 0:
		    take_turns(second[0], first[1])
		os.write(first[1], b"x")
		while True:
		    time.sleep(60)
	END
}

@test "processes with rules that take turns at a socket of one without receive a few packets at most" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_there peer <<-'END'
		listener = bind(8081)
		listener.listen()
		said("listening")
		connection = listener.accept()[0]
		connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		for _ in range(40):
		    connection.sendall(b"x")
		    time.sleep(0.05)
		print("sent", flush=True)
		while True:
		    time.sleep(60)
	END
	wait_until [ -e listening ]
	start_turns 'os.write(1, connection.recv(1))'
	wait_until has_text "$(out peer)" sent
	wait_until has_denied 1
	[ "$(wc -c <"$(out parent)")" -le 8 ]
}

@test "processes with rules that take turns at a socket of one without send once at most" {
	given --cgroup "$cgroup"
	ctl allow 8080 pp-ruled
	start_there peer <<-'END'
		listener = bind(8081)
		listener.listen()
		said("listening")
		connection = listener.accept()[0]
		while data := connection.recv(100):
		    os.write(1, data)
	END
	wait_until [ -e listening ]
	start_turns 'connection.send(b"y"); os.write(1, b"s")'
	wait_until has_text "$(out parent)" "$(printf 's%.0s' {1..40})"
	wait_until has_denied 1
	[ "$(wc -c <"$(out peer)")" -le 1 ]
}
