#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: memory and sums, whatever there is to store.
# PINPIPE_LONG=1 (make test-long): ten million lines instead of 300,000.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "memory is bounded, whatever the names" {
	awk 'BEGIN { for (i = 0; i < 250000; i++) printf "{\"event_type\":\"usage\",\"timestamp\":%d,\"comm\":\"%0200d\"," \
		"\"remote_ip\":\"fd00::%x:%x\",\"pid\":%d,\"bytes_sent\":1,\"bytes_received\":2}\n", 1795000000000 + i, i % 5000,
		i / 65536, i % 65536, i }' >lines
	peak() { # COMMAND...: MiB
		python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdin=open("lines"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$@"
	}
	[ "$(peak "$store" a.db | tee -a /dev/stderr)" -le 64 ]
	[ "$(peak "$store" report a.db --by remote --format json | tee -a /dev/stderr)" -le 64 ]
	[ "$(peak "$store" report a.db --by remote -i 1m --format csv | tee -a /dev/stderr)" -le 64 ]
	[ "$(peak "$store" export a.db | tee -a /dev/stderr)" -le 64 ]
	[ "$(total a.db)" = '250000 500000' ]
	# a slow stream whose single lines are kept for years: a block each ten seconds
	sqlite3 a.db 'WITH RECURSIVE c (n) AS (SELECT -4000000 UNION ALL SELECT n + 1 FROM c WHERE n < -1)
		INSERT INTO block SELECT n, n, 1795000000000000, 1795000000000000 FROM c'
	[ "$(peak "$store" report a.db --since 2026-11-18T11:06:41Z | tee -a /dev/stderr)" -le 64 ]
	[ "$(total a.db)" = '250000 500000' ]
	[ "$("$store" report a.db --by remote --format csv | tail -n +2 | cut -d, -f3 | sort -u | wc -l)" = 250000 ]
}

@test "many lines: sums as awk has them" {
	local count=300000
	[ -z "${PINPIPE_LONG:-}" ] || count=10000000
	many "$count" 1795000000 1000 | tee >(awk -F'[:,]' '{ for (i = 1; i < NF; i++) { if ($i == "\"bytes_sent\"") s += $(i + 1);
		if ($i == "\"bytes_received\"") r += $(i + 1) } } END { printf "%.0f %.0f\n", s, r }' >expected) >lines
	"$store" --keep-raw 1000d a.db <lines
	wait_until test -s expected
	[ "$(total a.db)" = "$(cat expected)" ]
	[ "$(total a.db)" = "$(sqlite3 a.db 'SELECT sum(sent), sum(received) FROM usage' | tr '|' ' ')" ]
	"$store" check a.db
}
