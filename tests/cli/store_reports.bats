#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: what reports say, by every key, filter and format, equals sums by jq.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "reports by every key equal sums by jq" {
	many 20000 >lines
	"$store" a.db <lines
	[ "$(total a.db)" = "$(sum <lines)" ]
	local by field
	for by in process:comm remote:remote_ip proto:proto user:uid cgroup:cgroup_id host:host exe:exe port:remote_port; do
		field=${by#*:}
		jq -cn --arg f "$field" '[inputs] | group_by(.[$f]) | map({key: .[0][$f], sent: (map(.bytes_sent) | add),
			received: (map(.bytes_received) | add), calls: (map(.calls_received) | add)}) | sort_by(.key)' <lines >expected
		"$store" report a.db --by "${by%:*}" --format json | jq -cn --arg f "$field" '[inputs | select(.by != "total") |
			{key: .[$f], sent: .bytes_sent, received: .bytes_received, calls: .calls_received}] | sort_by(.key)' |
			diff expected -
	done
}

@test "filters, ranges and the top equal sums by jq" {
	many 20000 1795000000 7 >lines
	"$store" a.db <lines
	[ "$(total a.db --process process7)" = "$(jq -c 'select(.comm == "process7")' lines | sum)" ]
	[ "$(total a.db --remote 10.0.7.0/24)" = "$(jq -c 'select(.remote_ip == "10.0.7.1")' lines | sum)" ]
	[ "$(total a.db --remote 10.0.0.0/16 --proto udp --user 1)" = \
		"$(jq -c 'select(.proto == "udp" and .uid == 1)' lines | sum)" ]
	[ "$(total a.db --process nobody)" = '0 0' ]
	[ "$(total a.db --port 443)" = '0 0' ]
	local range
	for range in '1795000100 1795001000' '1795000033 1795002857' '1795000000 1795000001' '1795000059 1795000061'; do
		# shellcheck disable=SC2086 # two numbers
		set -- $range
		[ "$(total a.db --since "$(date -d "@$1" +%FT%TZ)" --until "$(date -d "@$2" +%FT%TZ)")" = \
			"$(jq -c "select(.timestamp_us >= ${1}000000 and .timestamp_us < ${2}000000)" lines | sum)" ]
	done
	"$store" report a.db --format json -n 3 >top
	[ "$(jq -r .by top | xargs)" = 'process process process others total' ]
	jq -en '[inputs] | .[4].bytes_sent == (.[:4] | map(.bytes_sent) | add) and .[3].rows == 47' top
	jq -en '[inputs | select(.by == "process") | .bytes_sent + .bytes_received] | . == (sort | reverse)' top
}

@test "CSV and tables say the same" {
	many 5000 >lines
	"$store" a.db <lines
	"$store" report a.db --by remote --format csv >csv
	[ "$(head -n 1 csv)" = $'from,to,remote_ip,bytes_sent,bytes_received,calls_sent,calls_received\r' ]
	[ "$(tail -n +2 csv | awk -F, '{ s += $4; r += $5 } END { printf "%.0f %.0f\n", s, r }')" = "$(sum <lines)" ]
	"$store" report a.db -n 5 >table
	[ "$(wc -l <table)" = 9 ]
	grep -q '█.* process' table
	grep -q ' 45 more$' table
	LC_ALL=C "$store" report a.db | grep -q '#.* process'
	run -0 "$store" report a.db --since 1h
	[[ $output = *'nothing is stored'* ]]
	"$store" empty.db </dev/null
	[[ $("$store" report empty.db) = 'nothing is stored'* ]]
	[ "$("$store" report empty.db --format json | jq .bytes_sent)" = 0 ]
}

@test "a time series adds up, and has empty intervals where it is of everything" {
	many 3000 1795000000 1 >lines
	usage $((1795000000 + 9000)) late 192.0.2.1 1 1 >>lines
	"$store" a.db <lines
	"$store" report a.db -i 10m --format json | jq -c 'select(.by == "interval")' >series
	[ "$(wc -l <series)" = 16 ]
	[ "$(jq -s 'map(select(.bytes_sent == 0)) | length' series)" -ge 9 ]
	[ "$(jq -rs '"\(map(.bytes_sent) | add) \(map(.bytes_received) | add)"' series)" = "$(sum <lines)" ]
	jq -es '. as $s | all(range(1; length); $s[.].from == $s[. - 1].to)' series
	"$store" report a.db -i 10m --by proto --format json | jq -c 'select(.by == "proto")' >series
	[ "$(jq -rs '"\(map(.bytes_sent) | add) \(map(.bytes_received) | add)"' series)" = "$(sum <lines)" ]
	"$store" report a.db -i 17s --by process -n 2 --format json | jq -c 'select(.by == "process")' >series
	[ "$(jq -r .comm series | sort -u | wc -l)" = 2 ]
	"$store" report a.db -i 1h | grep -q '^2026-11-18 1[0-9]:00:00 '
	run -2 --separate-stderr "$store" report a.db -i 1s --since 2000-01-01
	one_error
}
