#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Which user may ask ebpf-web for what, and attacks.
# shellcheck disable=SC2154 # bats and web.bash set them
load web

# --- permissions ---

@test "with a password every route is closed but the site and its health" {
	passwords
	serve --password-file passwords --db x.db
	icmp 1
	local path
	for path in rooms rooms/icmp rooms/none api/v1/overview api/v1/processes api/v1/processes/7-5 api/v1/policy \
		api/v1/ports api/v1/history metrics; do
		[ "$(code "$url/$path")" = 401 ]
		[ "$(code -H 'Accept: text/event-stream' "$url/$path")" = 401 ]
		[ "$(code -H 'Cookie: ebpf-web-0=x' "$url/$path")" = 401 ]
	done
	[ "$(code -T - "$url/rooms/x" <<<'{}')" = 401 ]
	[ "$(code "$url/")" = 200 ]
	[ "$(code "$url/healthz")" = 200 ]
	fetch -D headers -o body "$url/rooms"
	grep -qi '^www-authenticate: Basic' headers
	fetch -D headers -o body -H 'Sec-Fetch-Mode: cors' "$url/rooms"
	run ! grep -qi '^www-authenticate' headers
}

@test "each password opens its own side" {
	passwords
	serve --password-file passwords
	[ "$(code -u view:seeing-8 "$url/rooms")" = 200 ]
	[ "$(code -u room:sending-8 -T - "$url/rooms/x" <<<'{}')" = 200 ]
	[ "$(code -u room:sending-8 "$url/rooms")" = 401 ]
	[ "$(code -u view:seeing-8 -T - "$url/rooms/x" <<<'{}')" = 401 ]
	[ "$(code -u view:sending-8 "$url/rooms")" = 401 ]
}

@test "signing in and out" {
	passwords
	serve --password-file passwords
	local json=(-H 'Content-Type: application/json')
	[ "$(code "${json[@]}" -d '{"password":"wrong"}' "$url/login")" = 401 ]
	[ "$(code -d '{"password":"seeing-8"}' "$url/login")" = 415 ]
	[ "$(code "${json[@]}" -d '{"password":7}' "$url/login")" = 400 ]
	[ "$(code "${json[@]}" -d "{\"password\":\"$(printf 'x%.0s' {1..5000})\"}" "$url/login")" = 413 ]
	[ "$(code -D headers -c jar "${json[@]}" -d '{"password":"seeing-8"}' "$url/login")" = 204 ]
	grep -qi '^set-cookie: .*; HttpOnly; SameSite=Strict; Path=/' headers
	[ "$(code -b jar "$url/rooms")" = 200 ]
	[ "$(code -b jar -T - "$url/rooms/x" <<<'{}')" = 401 ]
	[ "$(code -b jar -X POST "$url/logout")" = 204 ]
	[ "$(code -b jar "$url/rooms")" = 401 ]
}

@test "guessing is throttled, and those who are in stay in" {
	passwords
	serve --password-file passwords
	[ "$(code -c jar -H 'Content-Type: application/json' -d '{"password":"seeing-8"}' "$url/login")" = 204 ]
	[ "$(code -u view:seeing-8 "$url/rooms")" = 200 ]
	local i
	for i in 1 2 3 4 5 6 7; do code -D headers -u view:guess$i "$url/rooms" >last; done
	[ "$(cat last)" = 429 ]
	grep -qi '^retry-after: [1-9]' headers
	[ "$(code -u view:seeing-8 "$url/rooms")" = 429 ] # the answer must not tell that this guess is right
	[ "$(code -b jar "$url/rooms")" = 200 ]
}

@test "elsewhere than on this machine it wants a password and no listeners" {
	passwords
	local arguments
	for arguments in '' '--password-file passwords' --insecure-http; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$web" --listen 0.0.0.0:0 $arguments </dev/null
		[ "${#stderr_lines[@]}" = 2 ]
		[[ ${stderr_lines[1]} = hint:* ]]
	done
	chmod 644 passwords
	run -1 --separate-stderr "$web" --password-file passwords </dev/null
	[ "${stderr_lines[1]}" = 'hint: chmod go= passwords' ]
	run -1 "$web" --password-file nowhere </dev/null
	echo 'view:secret' >passwords && chmod 600 passwords
	run -1 --separate-stderr "$web" --password-file passwords </dev/null
	[[ $stderr = *'line 1 is neither'* ]]
	run -1 "$web" --make-password view <<<short
}

@test "pages of others cannot ask, and names of others are not ours" {
	serve --allow-host monitor.example
	local host
	for host in evil.example localhost.evil.example "127.0.0.2:$port" '' '[::1]'; do
		[ "$(code -H "Host: $host" "$url/rooms")" != 200 ]
		[ "$(code -H "Host: $host" "$url/")" != 200 ]
	done
	for host in localhost "127.0.0.1:$port" monitor.example MONITOR.example:443; do
		[ "$(code -H "Host: $host" "$url/rooms")" = 200 ]
	done
	[ "$(code -H 'Origin: http://evil.example' "$url/rooms")" = 403 ]
	[ "$(code -H 'Origin: http://evil.example' -T - "$url/rooms/x" <<<'{}')" = 403 ]
	[ "$(code -H 'Origin: null' -X POST -d '{}' "$url/rooms/x")" = 403 ]
	[ "$(code -H 'Sec-Fetch-Site: cross-site' "$url/api/v1/overview")" = 403 ]
	[ "$(code -H "Origin: $url" -H 'Sec-Fetch-Site: same-origin' "$url/rooms")" = 200 ]
	[ "$(code -H 'Sec-Fetch-Site: cross-site' "$url/")" = 200 ] # a link
}

@test "methods, HEAD, and paths that lead elsewhere" {
	serve
	icmp 1
	wait_until has_events 1
	local path
	[ "$(code -D headers -X DELETE "$url/rooms/icmp")" = 405 ]
	grep -qi '^allow: GET, HEAD, PUT, POST' headers
	[ "$(code -X POST "$url/api/v1/overview")" = 405 ]
	[ "$(code -X TRACE "$url/")" = 405 ]
	fetch -I "$url/rooms" | grep -q '200 OK'
	fetch -I -H 'Accept: text/event-stream' "$url/rooms/icmp" | grep -qi '^content-type: text/event-stream'
	for path in ../../etc/passwd %2e%2e/%2e%2e/etc/passwd //etc/passwd '..%5c..' index.html/ site.h 'index.html%00.js'; do
		[[ $(code --path-as-is "$url/$path") = 40[04] ]] || [ "$(cksum <body)" = "$(fetch "$url/" | cksum)" ]
	done
}

# --- attacks ---

@test "headers that are too large, or none" {
	serve
	[ "$(code -H "X: $(printf 'x%.0s' {1..100000})" "$url/rooms")" != 200 ]
	[ "$(code "$url/rooms?$(printf 'x%.0s' {1..100000})")" != 200 ]
	printf 'nonsense\r\n\r\n' >/dev/tcp/127.0.0.1/"$port"
	printf 'GET /rooms HTTP/1.1\r\n\r\n' >/dev/tcp/127.0.0.1/"$port"
	[ "$(code "$url/rooms")" = 200 ]
}

@test "whoever never ends a request is shown the door" {
	serve
	python3 - "$port" <<-'PROGRAM'
		import socket, sys, time
		slow = []
		for i in range(50):
		    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		    s.sendall(b"GET /rooms HTTP/1.1\r\nHost: localhost\r\n")
		    slow.append(s)
		login = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		login.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
		slow.append(login)
		start = time.time()
		open_ = list(slow)
		while open_ and time.time() - start < 300:
		    for s in list(open_):
		        try:
		            s.sendall(b"X" if s is login else b"X-More: 1\r\n")
		            s.settimeout(0.01)
		            if s.recv(1000) == b"":
		                open_.remove(s)
		        except TimeoutError:
		            pass
		        except OSError:
		            open_.remove(s)
		    time.sleep(1)
		took = time.time() - start
		print(took, len(open_))
		sys.exit(0 if not open_ and 15 < took else 1)
	PROGRAM
	[ "$(code "$url/rooms")" = 200 ]
}

@test "an address has 64 connections at most, and others go on" {
	[ "$(id -u)" = 0 ] || skip 'needs root, for addresses of its own'
	local here=$PINPIPE_LAB-web
	ip netns add "$here"
	cleaning+=("ip netns del $here")
	ip -n "$here" link set lo up
	ip -n "$here" address add 198.51.100.1/32 dev lo
	passwords
	program=$web
	web=in_netns
	in_netns() { exec ip netns exec "$here" "$program" "$@"; }
	serve --listen 0.0.0.0:0 --insecure-http --password-file passwords
	ip netns exec "$here" python3 - "$port" <<-'PROGRAM'
		import socket, sys

		def answered(source, to):
		    s = socket.socket()
		    s.settimeout(20)
		    s.bind((source, 0))
		    try:
		        s.connect((to, int(sys.argv[1])))
		        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: " + to.encode() + b"\r\n\r\n")
		        return s, s.recv(1000).startswith(b"HTTP/1.1 200")
		    except OSError:
		        return s, False

		far = [answered("198.51.100.1", "198.51.100.1") for _ in range(80)]
		near = [answered("127.0.0.1", "127.0.0.1") for _ in range(80)]
		far[0][0].close()
		print(sum(good for _, good in far), sum(good for _, good in near))
		sys.exit(0 if [good for _, good in far] == [True] * 64 + [False] * 16 and all(good for _, good in near) else 1)
	PROGRAM
}

@test "events of all shapes stay inert" {
	serve
	put '{"event_type":"tcp","comm":"</script><script>alert(1)</script>","payload_printable":"\u0000\u001b[31m\u2028","pid":7,"start_time":5}'
	printf '{"event_type":"tcp","comm":"\x7f\xc2\x9b"}\r\n' >&7
	put '{"event_type":"tcp","pid":-1,"start_time":1e99,"comm":["x"]}' '{"event_type":["x"]}' '{"a":{"b":{"c":[[[[{}]]]]}}}'
	wait_until has_events 5
	fetch -D headers "$url/rooms/tcp" >body
	jq -e '.lines | length == 3' body
	run ! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' body
	grep -qi '^x-content-type-options: nosniff' headers
	grep -qi '^content-type: application/json' headers
	grep -qi '^cache-control: no-store' headers
	fetch "$url/api/v1/overview" | jq -e '.totals.bad_lines == 0'
}
