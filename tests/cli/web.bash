# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of ebpf-web: a server on 127.0.0.1 with descriptor 7 as its standard input, and curl. They load no
# kernel program.
# shellcheck disable=SC2034 # the tests use them
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	web=$PINPIPE_PREFIX/bin/ebpf-web store=$PINPIPE_PREFIX/bin/ebpf-store
	export LC_ALL=C.UTF-8 TZ=UTC
	started=() cleaning=()
	mkfifo input
	exec 7<>input # standard input, which stays open
}

teardown() {
	local pid command
	"$BATS_TEST_DIRNAME/../end-marked" "BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR"
	for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || :; done
	for command in "${cleaning[@]}"; do $command; done
}

wait_until() { # COMMAND...
	local deadline=$((SECONDS + 120))
	until "$@"; do
		[ $SECONDS -le $deadline ] || { echo "waited in vain: $*" >&2 && return 1; }
		sleep 0.02
	done
}

# Starts the server on any free port and sets $url. Its standard input is what is written to descriptor 7.
serve() { # ARGUMENT...
	rm -f said
	"$web" --listen 127.0.0.1:0 "$@" <input 2>said 7>&- &
	server=$!
	started+=("$server")
	wait_until grep -qs 'ebpf-web: http' said
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
events_of_two_minutes() { # DATABASE: stores events of the process "a;b"
	local t
	for t in 1795000000 1795000060; do
		printf '{"v":1,"event_type":"usage","timestamp":%s000,"timestamp_us":%s000000,"pid":7,"comm":"%s","start_time":5,"proto":"tcp","remote_ip":"192.0.2.1","remote_port":443,"bytes_sent":100,"bytes_received":2000,"calls_sent":1,"calls_received":2,"interval_ms":1000,"byte_layer":"socket"}\n' $t $t 'a;b'
	done | "$store" --keep-raw 1000d "$1" 2>/dev/null
}
send_to() { # ROOM: gets what is written to descriptor 8
	mkfifo feed
	curl -sS -T - "$url/rooms/$1" <feed >answer 2>/dev/null 7>&- &
	started+=($!)
	exec 8>feed
}
passwords() {
	(umask 077 && echo seeing-8 | "$web" --make-password view && echo sending-8 | "$web" --make-password room) >passwords
	chmod 600 passwords
}
