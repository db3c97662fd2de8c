#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rooms of ebpf-web: their viewers and their senders.
# shellcheck disable=SC2154 # bats and web.bash set them
load web

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
	: <>input # opened and closed: a reader without another writer sees the end
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
	send_to far
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
	[[ $(code -T - "$url/rooms/a%00b" </dev/null) = 40[04] ]] # no path at all; libmicrohttpd 1.0 says 400 itself
	[ "$(code "$url/rooms/nobody")" = 404 ]
	for name in {1..300}; do echo "url=$url/rooms/r$name"; done | sed 's/$/\nupload-file=empty/' >config
	: >empty
	curl -sS -K config >/dev/null
	fetch "$url/rooms" | jq -e '(.rooms | length) == 256 and .forgotten == 44'
}
