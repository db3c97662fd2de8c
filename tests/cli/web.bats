#!/usr/bin/env bats
# ebpf-web over HTTP, with curl: every route, who may, and what somebody hostile may try. Loads nothing; listens on
# 127.0.0.1 alone.
# shellcheck disable=SC2154 # bats sets status, output, stderr
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	web=$PINPIPE_PREFIX/bin/ebpf-web store=$PINPIPE_PREFIX/bin/ebpf-store
	export LC_ALL=C.UTF-8 TZ=UTC
	started=()
	mkfifo input
	exec 7<>input # standard input, which stays open
}

teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

wait_until() { # COMMAND...
	local deadline=$((SECONDS + 20))
	until "$@"; do
		[ $SECONDS -le $deadline ] || { echo "waited in vain: $*" >&2 && return 1; }
		sleep 0.02
	done
}

# Starts the server on any free port; $url is where. What is written to descriptor 7 is its standard input.
serve() { # ARGUMENT...
	"$web" --listen 127.0.0.1:0 "$@" <input 2>said 7>&- &
	server=$!
	started+=("$server")
	wait_until grep -q 'ebpf-web: http' said
	url=$(sed -n 's|^ebpf-web: \(https\?://.*\)/$|\1|p' said)
	port=${url##*:}
}

put() { printf '%s\n' "$@" >&7; } # LINE...
icmp() { # NUMBER...
	local n
	for n; do put "{\"v\":1,\"event_type\":\"icmp\",\"timestamp\":1,\"n\":$n}"; done
}
usage() { # PID COMM SENT RECEIVED
	put "{\"v\":1,\"event_type\":\"usage\",\"timestamp\":1,\"timestamp_us\":1000,\"pid\":$1,\"comm\":\"$2\",\"start_time\":5,\"proto\":\"tcp\",\"remote_ip\":\"192.0.2.1\",\"bytes_sent\":$3,\"bytes_received\":$4,\"interval_ms\":1000}"
}

fetch() { curl -sS -m 20 "$@"; }                                # PATH is relative to $url
code() { fetch -o body -w '%{http_code}' "$@"; }                # ... and the body is in the file body
has_events() { [ "$(fetch "$url/rooms" | jq "[.rooms[].events] | add // 0")" -ge "$1" ]; } # COUNT
watch() { # FILE CURL-ARGUMENT...: what a room sends goes into FILE
	curl -sSN -m 60 -H 'Accept: text/event-stream' "${@:2}" >"$1" 2>/dev/null 7>&- 8>&- &
	watcher=$!
	started+=("$watcher")
}
passwords() {
	(umask 077 && echo seeing-8 | "$web" --make-password view && echo sending-8 | "$web" --make-password room) >passwords
	chmod 600 passwords
}

# --- what there is ---

@test "lines become rooms, and sums" {
	serve
	icmp 1 2 3
	usage 7 curl 100 2000
	put '{"v":1,"event_type":"lost","stream":"icmp","count":9}' nonsense
	wait_until has_events 5
	fetch "$url/rooms" | jq -e '[.rooms[] | [.name, .source, .events, .lost, .ended]] ==
		[["icmp", "stdin", 4, 9, false], ["usage", "stdin", 1, 0, false]]'
	fetch "$url/rooms/icmp" | jq -e '.v == 1 and (.lines | length) == 4 and .lines[2].n == 3'
	fetch "$url/api/v1/overview" | jq -e '.totals == {bytes_sent: 100, bytes_received: 2000, events: 5, denied: 0, lost: 9, bad_lines: 1}
		and .processes[0].comm == "curl" and .remotes[0].remote_ip == "192.0.2.1" and .losses[0].room == "icmp"
		and (.series.bytes_sent | length) == 300 and .history == false and .input == "live"'
	fetch "$url/api/v1/processes?limit=1&sort=bytes" | jq -e '.processes | length == 1'
	fetch "$url/api/v1/processes/7-5" | jq -e '.remote_list[0].bytes_received == 2000'
	fetch "$url/api/v1/ports" | jq -e '.ports == []'
	fetch "$url/api/v1/policy" | jq -e '.loaded == false and (.why | length) > 0 and .denials == []'
	[ "$(fetch "$url/healthz")" = '{"status":"ok"}' ]
	fetch "$url/metrics" | grep -Fx 'pinpipe_room_events_total{room="icmp"} 4'
	grep -Fx 'ebpf-web: line 6 is no event: skipped' said
}

@test "promtool finds nothing to complain of in the metrics" {
	command -v promtool >/dev/null || skip 'promtool is not installed: apt-get install prometheus'
	serve
	icmp 1
	wait_until has_events 1
	fetch "$url/metrics" >metrics
	promtool check metrics <metrics &>told
	[ ! -s told ]
}

@test "the site: every file, compressed where it may be, and not twice" {
	serve
	fetch -D headers "$url/" >page
	grep -qi '^content-type: text/html' headers
	grep -qi "^content-security-policy: default-src 'none'; script-src 'self'" headers
	local tag path
	tag=$(sed -n 's/^[Ee][Tt]ag: \(.*\)\r$/\1/p' headers)
	[ "$(code -H "If-None-Match: $tag" "$url/")" = 304 ]
	fetch --compressed "$url/" | cmp page -
	[ "$(fetch -H 'Accept-Encoding: gzip' "$url/" | gzip -d | cksum)" = "$(cksum <page)" ]
	for path in "$BATS_TEST_DIRNAME"/../../tools/web/site/*; do
		fetch "$url/${path##*/}" | cmp - "$path"
	done
}

# --- live ---

@test "a viewer has the last 200 lines, then what comes, then the end" {
	serve
	local n
	for ((n = 1; n <= 300; n++)); do echo "{\"event_type\":\"icmp\",\"n\":$n}"; done >&7
	wait_until has_events 300
	watch live "$url/rooms/icmp"
	wait_until grep -q '"n":300}' live
	[ "$(grep -c '^data: {"event_type"' live)" = 200 ]
	icmp 301
	wait_until grep -q '"n":301' live
	exec 7>&-
	: <>input # whoever holds it lets go
	exec 7<>/dev/null
	wait_until grep -q '^event: end' live
	fetch "$url/rooms" | jq -e '.rooms[0].ended'
	fetch "$url/api/v1/overview" | jq -e '.input == "ended" and .sources[0].state == "ended"'
	kill -0 "$watcher"
	kill -TERM "$server"
	wait "$server"
}

@test "a viewer goes on where it was, and is told of another run" {
	serve
	icmp 1 2 3 4 5
	wait_until has_events 5
	watch live "$url/rooms/icmp"
	wait_until grep -q '"n":5' live
	local third
	third=$(grep -B 1 '"n":3}' live | sed -n 's/^id: //p')
	watch again -H "Last-Event-ID: $third" "$url/rooms/icmp"
	wait_until grep -q '"n":5' again
	[ "$(grep -o '"n":.' again | tr '\n' ' ')" = '"n":4 "n":5 ' ]
	run ! grep lost again
	watch other -H 'Last-Event-ID: 1-1' "$url/rooms/icmp"
	wait_until grep -q '"n":5' other
	grep -A 1 '^event: lost' other | grep -Fx 'data: {"count":0,"restarted":true}'
}

@test "a viewer that takes nothing slows nobody, and is told what it lost" {
	serve
	icmp 1
	wait_until has_events 1
	watch slow "$url/rooms/icmp"
	wait_until grep -q '"n":1' slow
	local sleeper=$watcher
	kill -STOP "$sleeper"
	watch quick "$url/rooms/icmp"
	awk 'BEGIN { for (n = 2; n <= 200000; n++) printf "{\"event_type\":\"icmp\",\"n\":%d,\"padding\":\"%0100d\"}\n", n, 0 }' >&7
	wait_until has_events 200000
	wait_until grep -q '"n":200000,' quick
	kill -CONT "$sleeper"
	wait_until grep -q '"n":200000,' slow
	local got lost
	got=$(grep -c '^data: {.*"event_type"' slow)
	lost=$(grep -A 1 '^event: lost' slow | sed -n 's/^data: {"count":\([0-9]*\)}$/\1/p' | awk '{ n += $1 } END { print n }')
	[ "$lost" -gt 0 ]
	[ $((got + lost)) = 200000 ]
}

@test "a rate thins a room out and counts the rest" {
	serve
	icmp 1
	wait_until has_events 1
	watch live "$url/rooms/icmp?rate=5"
	wait_until grep -q '"n":1' live
	awk 'BEGIN { for (n = 2; n <= 5000; n++) printf "{\"event_type\":\"icmp\",\"n\":%d}\n", n }' >&7
	wait_until has_events 5000
	icmp 5001
	wait_until grep -q '^event: sampled' live
	[ "$(grep -c '"n":' live)" -lt 300 ]
	[ "$(code -H 'Accept: text/event-stream' "$url/rooms/icmp?rate=0")" = 400 ]
}

# --- senders ---

@test "several senders at once fill a room, in PUT and POST" {
	serve
	local i
	for i in 1 2 3 4; do
		awk -v i="$i" 'BEGIN { for (n = 1; n <= 5000; n++) printf "{\"event_type\":\"icmp\",\"sender\":%d,\"n\":%d}\n", i, n }' |
			fetch -o "answer$i" -X "$([ $((i % 2)) = 0 ] && echo PUT || echo POST)" -T - "$url/rooms/eth0-ICMP" 7>&- &
		pids[i]=$!
	done
	for i in 1 2 3 4; do
		wait "${pids[i]}"
		[ "$(jq -c . "answer$i")" = '{"v":1,"accepted":5000,"bad":0}' ]
	done
	fetch "$url/rooms" | jq -e '.rooms[0] | .events == 20000 and .source == "remote" and .senders == 0 and .ended'
}

@test "what is sent is seen while the sender goes on" {
	serve
	mkfifo feed
	curl -sS -T - "$url/rooms/far" <feed >answer 2>/dev/null 7>&- &
	started+=($!)
	exec 8>feed
	echo '{"n":1}' >&8
	wait_until has_events 1
	fetch "$url/rooms" | jq -e '.rooms[0].senders == 1 and (.rooms[0].ended | not)'
	watch live "$url/rooms/far"
	echo '{"n":2}' >&8
	wait_until grep -q '"n":2' live
	exec 8>&-
	wait_until grep -q '^event: end' live
}

@test "lines that are none, or too long, are counted and lose nothing" {
	serve
	{ echo '{"n":1}'; echo nonsense; printf '{"x":"%070000d"}\n' 0; printf '{"x":"\xff"}\n'; printf '{"n":2}'; } |
		fetch -T - "$url/rooms/mixed" | jq -e '. == {v: 1, accepted: 2, bad: 3}'
	fetch "$url/rooms/mixed" | jq -ec '.lines == [{"n": 1}, {"n": 2}]'
}

@test "names of rooms, and their number" {
	serve
	[ "$(code -T - "$url/rooms/icmp" </dev/null)" = 409 ]
	local name
	for name in 'a%2Fb' 'a%20b' '%2e%2e' "$(printf 'x%.0s' {1..65})" '%c3%a9'; do
		[ "$(code --path-as-is -T - "$url/rooms/$name" </dev/null)" = 400 ]
	done
	[ "$(code -T - "$url/rooms/a%00b" </dev/null)" = 404 ] # no path at all
	[ "$(code "$url/rooms/nobody")" = 404 ]
	for name in {1..300}; do echo "url=$url/rooms/r$name"; done | sed 's/$/\nupload-file=empty/' >config
	: >empty
	curl -sS -K config >/dev/null
	fetch "$url/rooms" | jq -e '(.rooms | length) == 256 and .forgotten == 44'
}

# --- history ---

@test "history from the database, in JSON and CSV" {
	local t
	for t in 1795000000 1795000060; do
		printf '{"v":1,"event_type":"usage","timestamp":%s000,"timestamp_us":%s000000,"pid":7,"comm":"%s","start_time":5,"proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,"bytes_sent":100,"bytes_received":2000,"calls_sent":1,"calls_received":2,"interval_ms":1000,"byte_layer":"socket"}\n' $t $t 'a;b'
	done | "$store" --keep-raw 1000d usage.db 2>/dev/null
	serve --db usage.db
	fetch "$url/api/v1/history?by=remote" | jq -e '.by == "remote" and .rows[0].remote_ip == "192.0.2.1"
		and .rows[0].bytes_received == 4000 and (.series.bytes_sent | add) == 200 and .series.step_ms == 60000'
	fetch "$url/api/v1/history?process=a;b&since=1795000030000" | jq -e '.rows[0].bytes_sent == 100'
	fetch "$url/api/v1/history?process=nobody" | jq -e '.rows[0].by == "total"'
	fetch -D headers "$url/api/v1/history?format=csv&by=proto" | grep -q ',tcp,200,4000,2,4'
	grep -qi '^content-disposition: attachment; filename="history.csv"' headers
	[ "$(code "$url/api/v1/history?by=--help")" = 400 ]
	[ "$(code "$url/api/v1/history?since=-v")" = 400 ]
	[ "$(code "$url/api/v1/history?limit=0")" = 400 ]
	jq -e '.error | length > 0' body
	fetch "$url/api/v1/overview" | jq -e .history
}

@test "without a database there is no history, and of a broken one the reason" {
	serve
	[ "$(code "$url/api/v1/history")" = 404 ]
	kill "$server"
	serve --db nowhere.db
	[ "$(code "$url/api/v1/history")" = 500 ]
	jq -e '.error | test("nowhere.db")' body
}

# --- who may ---

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
	[ "$(code -u view:seeing-8 "$url/rooms")" = 200 ]
	local i
	for i in 1 2 3 4 5 6 7; do code -D headers -u view:guess$i "$url/rooms" >last; done
	[ "$(cat last)" = 429 ]
	grep -qi '^retry-after: [1-9]' headers
	[ "$(code -u view:seeing-8 "$url/rooms")" = 200 ]
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
		[ "$(code --path-as-is "$url/$path")" = 404 ] || [ "$(cksum <body)" = "$(fetch "$url/" | cksum)" ]
	done
}

# --- what somebody hostile may try ---

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
		while open_ and time.time() - start < 40:
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
		sys.exit(0 if not open_ and 15 < took < 35 else 1)
	PROGRAM
	[ "$(code "$url/rooms")" = 200 ]
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

# --- how it begins and ends ---

@test "a port that is taken is one clear line" {
	serve
	run -1 --separate-stderr "$web" --listen "127.0.0.1:$port" </dev/null
	[ "${stderr_lines[0]}" = "ebpf-web: cannot listen on 127.0.0.1:$port: address already in use" ]
	[ "${#stderr_lines[@]}" = 2 ]
}

@test "wrong usage is told" {
	local arguments
	for arguments in '--listen 8780' '--tls-cert x' '--allow-host a:80' 'file' '--make-password admin' '--nonsense'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$web" $arguments </dev/null
		[ "${stderr_lines[1]}" = 'hint: ebpf-web --help' ]
	done
}

@test "a signal ends it, with viewers and senders inside" {
	serve
	icmp 1
	wait_until has_events 1
	watch live "$url/rooms/icmp"
	mkfifo feed
	curl -sS -T - "$url/rooms/far" <feed >answer 2>/dev/null 7>&- &
	started+=($!)
	exec 8>feed
	echo '{}' >&8
	wait_until has_events 2
	kill -INT "$server"
	wait "$server"
}

@test "HTTPS, with a cookie that goes nowhere else" {
	command -v openssl >/dev/null || skip 'openssl is not installed'
	passwords
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 \
		-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	chmod 600 key.pem
	serve --tls-cert cert.pem --tls-key key.pem --password-file passwords
	[[ $url = https://* ]]
	[ "$(code --cacert cert.pem -u view:seeing-8 "$url/rooms")" = 200 ]
	[ "$(code --cacert cert.pem -D headers -H 'Content-Type: application/json' -d '{"password":"seeing-8"}' "$url/login")" = 204 ]
	grep -qi '^set-cookie: .*; Secure' headers
	chmod 600 cert.pem
	run -1 --separate-stderr "$web" --listen 127.0.0.1:0 --tls-cert key.pem --tls-key cert.pem </dev/null
	[ "${#stderr_lines[@]}" = 1 ]
}
