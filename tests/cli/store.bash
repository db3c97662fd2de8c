# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of ebpf-store: lines to store, and the sums of them. They load no kernel program and need no network.
# shellcheck disable=SC2154,SC2034 # set by bats; the tests use them
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	store=$PINPIPE_PREFIX/bin/ebpf-store
	export LC_ALL=C.UTF-8 TZ=UTC
	started=()
}

teardown() {
	"$BATS_TEST_DIRNAME/../end-marked" "BATS_TEST_TMPDIR=$BATS_TEST_TMPDIR"
	local pid
	for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || :; done
	! mountpoint -q disk || umount -l disk
}

# Prints a line of usage: SECONDS COMM REMOTE SENT RECEIVED [MORE-MEMBERS]
usage() {
	printf '{"v":1,"event_type":"usage","timestamp":%s000,"timestamp_us":%s000000,"seq":1,"pid":7,"ppid":1,"uid":1000,' \
		"$1" "$1"
	printf '"comm":"%s","cgroup_id":"42","start_time":5,"attribution":"exact","proto":"tcp","remote_ip":"%s",' "$2" "$3"
	printf '"remote_port":443,"bytes_sent":%s,"bytes_received":%s,"calls_sent":1,"calls_received":2,' "$4" "$5"
	printf '"interval_ms":1000,"byte_layer":"socket"%s}\n' "${6:-}"
}

# Prints COUNT lines of usage, of 50 processes and 250 remotes, RATE a second from SECONDS on.
many() { # COUNT [SECONDS] [RATE]
	awk -v count="$1" -v start="${2:-1795000000}" -v rate="${3:-200}" 'BEGIN {
		srand(7)
		for (i = 0; i < count; i++) {
			t = start + int(i / rate)
			printf "{\"v\":1,\"event_type\":\"usage\",\"timestamp\":%d000,\"timestamp_us\":%d%06d,\"seq\":%d," \
				"\"pid\":%d,\"ppid\":1,\"uid\":%d,\"comm\":\"process%d\",\"cgroup_id\":\"42\",\"start_time\":5," \
				"\"attribution\":\"exact\",\"proto\":\"%s\",\"remote_ip\":\"10.0.%d.1\",\"bytes_sent\":%d," \
				"\"bytes_received\":%d,\"calls_sent\":1,\"calls_received\":2,\"interval_ms\":1000," \
				"\"byte_layer\":\"socket\"}\n", t, t, i % rate, i + 1, i % 50 + 100, i % 3, i % 50,
				i % 2 ? "udp" : "tcp", i * 7 % 250, rand() * 10000, rand() * 1000000
		}
	}'
}

total() { # DATABASE [ARGUMENT...]: prints bytes sent and received
	"$store" report "$1" "${@:2}" --format json | jq -r 'select(.by == "total") | "\(.bytes_sent) \(.bytes_received)"'
}

# Prints the same for lines on standard input, by jq.
sum() {
	jq -rn 'reduce (inputs | select(.event_type == "usage" and .total != true)) as $l ([0, 0];
		[.[0] + $l.bytes_sent, .[1] + $l.bytes_received]) | "\(.[0]) \(.[1])"'
}

# Starts a command without the descriptors that the tests hold: 7 and 8 are ends of its input, which are opened first,
# since opening a pipe waits for the other end.
in_background() { # COMMAND...; its pid in $pid
	"$@" <&0 3>&- 7>&- 8>&- & # with the input of this shell: a background job has none by default
	pid=$!
	started+=("$pid")
}

wait_until() { # COMMAND...
	local deadline=$((SECONDS + 120))
	until "$@"; do
		[ $SECONDS -lt $deadline ] || { echo "waited in vain: $*" >&2; return 1; }
		sleep 0.02
	done
}

has_text() { # FILE TEXT
	grep -qF -- "$2" "$1"
}

one_error() { # succeeds if ebpf-store wrote to stderr one line, and at most one hint
	[[ ${stderr_lines[0]} = 'ebpf-store: '* ]]
	[ "${#stderr_lines[@]}" = 1 ] || [[ ${#stderr_lines[@]} = 2 && ${stderr_lines[1]} = 'hint: '* ]]
}
