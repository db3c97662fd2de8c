#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-web over HTTP, with curl: its answers, history, its start and its end.
# shellcheck disable=SC2154 # bats and web.bash set them
load web

# --- answers ---

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
	local promtool
	promtool=$(command -v promtool) || promtool=$(realpath "$BATS_TEST_DIRNAME/../..")/build/programs/usr/bin/promtool
	[ -x "$promtool" ] || skip 'promtool is not there: run make deps'
	serve
	icmp 1
	put '{"event_type":"quote\"\\\n{}","comm":"a\"} 1\n# TYPE x gauge","n":1}' nonsense
	fetch -T - "$url/rooms/A.b_c-9" <<<'{"comm":"\"\n"}'
	wait_until has_events 3
	fetch -D headers "$url/metrics" >metrics
	grep -qi '^content-type: text/plain; version=0.0.4' headers
	"$promtool" check metrics <metrics &>told
	[ ! -s told ]
	grep -Fx 'pinpipe_room_events_total{room="A.b_c-9"} 1' metrics
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

# --- history ---

@test "history from the database, in JSON and CSV" {
	events_of_two_minutes usage.db
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

@test "a database that is not there yet is waited for" {
	serve --db usage.db
	grep -Fx 'ebpf-web: usage.db is not there yet: history begins when ebpf-store makes it' said
	fetch "$url/api/v1/overview" | jq -e '.history == false'
	[ "$(code -D headers "$url/api/v1/history")" = 503 ]
	grep -qi '^retry-after: 1' headers
	jq -e '.error | test("^usage.db is not there yet")' body
	events_of_two_minutes usage.db
	fetch "$url/api/v1/history?by=remote" | jq -e '.rows[0].remote_ip == "192.0.2.1"'
	fetch "$url/api/v1/overview" | jq -e .history
	echo broken >usage.db
	[ "$(code "$url/api/v1/history")" = 500 ]
	jq -e '.error == "cannot open usage.db: not a database"' body
}

@test "a database that is none is told at the start" {
	serve
	[ "$(code "$url/api/v1/history")" = 404 ]
	echo hello >foreign
	sqlite3 other.db 'CREATE TABLE t (x)'
	local file why
	while read -r file why; do
		run -1 --separate-stderr "$web" --listen 127.0.0.1:0 --db "$file" </dev/null
		[ "$stderr" = "ebpf-web: cannot open $file: $why" ]
	done <<-'END'
		foreign not a database
		other.db the database of another application
		. not a regular file
		nowhere/usage.db no such file or directory
	END
	if [ "$(id -u)" = 0 ]; then
		chmod 600 foreign
		cp foreign "$BATS_SUITE_TMPDIR/pp-closed"
		run -77 setpriv --reuid=nobody --regid=nogroup --clear-groups "$web" --db "$BATS_SUITE_TMPDIR/pp-closed" </dev/null
	fi
	cp "$web" ./lonely
	run -1 --separate-stderr /usr/bin/env PATH=/nowhere ./lonely --listen 127.0.0.1:0 --db foreign </dev/null
	[ "$stderr" = 'ebpf-web: cannot run ebpf-store: no such file or directory' ]
}

# --- start and end ---

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
	send_to far
	echo '{}' >&8
	wait_until has_events 2
	kill -INT "$server"
	wait "$server"
}

@test "a signal ends it while requests wait for other tools" {
	events_of_two_minutes usage.db
	cp "$web" .
	cat >ebpf-store <<-'END'
		#!/bin/sh
		[ -e asked ] || { : >asked && exit; } # at the start
		echo $$ >>waiting
		exec sleep 60
	END
	chmod +x ebpf-store
	all_wait() { [ "$(cat waiting 2>/dev/null | wc -l)" = 3 ]; }
	web=./ebpf-web
	serve --db usage.db
	local i
	for i in 1 2 3; do
		code "$url/api/v1/history?limit=$i" >"code$i" 7>&- &
		asking[i]=$!
	done
	wait_until all_wait
	kill -TERM "$server"
	wait "$server"
	for i in 1 2 3; do
		wait "${asking[i]}"
		[ "$(cat "code$i")" = 503 ]
	done
	run ! kill -0 $(cat waiting)
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
