#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: local time and clocks, ranges of time, and lines and sums that become old.
# shellcheck disable=SC2154 # bats and store.bash set them
load store

@test "days and hours over changes of daylight saving" {
	export TZ=Europe/Berlin
	local start i
	# one line each half hour from 2026-03-28 to 2026-03-30, and from 2026-10-24 to 2026-10-26, local midnight each
	for start in $(date -d '2026-03-28' +%s) $(date -d '2026-10-24' +%s); do
		for ((i = 0; i < 144; i++)); do usage $((start + i * 1800)) a 192.0.2.1 1 0; done
	done >lines
	"$store" --keep-raw 1000d a.db <lines
	"$store" report a.db -i 1d --since 2026-03-28 --until 2026-03-31 --format csv | tail -n +2 | cut -d, -f1,3 >days
	[ "$(xargs <days)" = '2026-03-27T23:00:00Z,48 2026-03-28T23:00:00Z,46 2026-03-29T22:00:00Z,48' ]
	"$store" report a.db -i 1d --since 2026-10-24 --until 2026-10-27 --format csv | tail -n +2 | cut -d, -f1,3 >days
	[ "$(xargs <days)" = '2026-10-23T22:00:00Z,48 2026-10-24T22:00:00Z,50 2026-10-25T23:00:00Z,46' ]
	[ "$("$store" report a.db -i 1h --since 2026-10-25 --until 2026-10-26 --format json | grep -c interval)" = 25 ]
	[ "$("$store" report a.db -i 1h --since 2026-03-29 --until 2026-03-30 --format json | grep -c interval)" = 23 ]
	# 02:30 occurs twice: the first; and once not at all: as late as it would have been
	[ "$("$store" report a.db -i 1h --since '2026-10-25 02:30' --format json | head -n 1 | jq -r .from)" = 2026-10-25T00:30:00Z ]
	[ "$("$store" report a.db -i 1h --since '2026-03-29 02:30' --format json | head -n 1 | jq -r .from)" = 2026-03-29T01:30:00Z ]
	[[ $("$store" report a.db --since 2026-03-29 --until 2026-03-30 | head -n 1) = '2026-03-29 00:00:00 to 2026-03-30 00:00:00 CEST' ]]
	[ "$(total a.db)" = "$(sum <lines)" ]
}

@test "a clock that goes back, and machines that differ" {
	{ many 3000 1795003600; many 3000 1795000000; many 3000 1795003000; many 10 2000000000; many 3000 1795000000; } >lines
	"$store" a.db <lines
	[ "$(total a.db)" = "$(sum <lines)" ]
	[ "$(total a.db --until 2026-11-18T12:00:00Z --since 2026-11-18T11:00:05Z)" = \
		"$(jq -c 'select(.timestamp_us >= 1794999605000000 and .timestamp_us < 1795003200000000)' lines | sum)" ]
	"$store" export a.db | sum >exported
	[ "$(cat exported)" = "$(sum <lines)" ]
	"$store" check a.db
	# the same names and numbers on two machines, an empty name, and none
	{
		usage 1795000000 a 192.0.2.1 1 10 ',"host":"one"'
		usage 1795000000 a 192.0.2.1 2 20 ',"host":"two"'
		usage 1795000000 a 192.0.2.1 4 40 ',"host":""'
		usage 1795000000 a 192.0.2.1 8 80
	} >lines
	"$store" b.db <lines
	[ "$(total b.db --host one)" = '1 10' ]
	[ "$(total b.db --host two)" = '2 20' ]
	[ "$(total b.db --process a)" = '15 150' ]
	[ "$("$store" report b.db --by host --format csv | tail -n +2 | cut -d, -f3,4 | tr '\n' ' ')" = ',8 "",4 two,2 one,1 ' ]
	"$store" export b.db | jq -cS . | diff <(jq -cS . lines) -
}

@test "old lines become sums, and old sums nothing" {
	local now
	now=$(date +%s)
	many 4000 $((now - 40 * 86400)) 1 >old
	many 4000 $(((now / 86400 - 3) * 86400)) 1 >recent # not over midnight: what is old is removed by days
	many 4000 $((now - 4000)) 1 >new
	local lines
	for lines in old recent new; do "$store" --keep-raw 1d a.db <$lines; done
	usage "$now" last 192.0.2.1 0 0 | "$store" a.db
	[ "$(total a.db)" = "$(cat old recent new | sum)" ]
	[ "$(sqlite3 a.db 'SELECT count(*) FROM usage')" = 4001 ]
	[ "$("$store" export a.db | sum)" = "$(cat old recent new | sum)" ]
	"$store" export a.db | jq -r .interval_ms | sort -n | uniq | xargs >intervals
	[ "$(cat intervals)" = '1000 60000 3600000' ]
	"$store" check a.db
	run -0 --separate-stderr "$store" prune a.db --keep 30d
	[[ $stderr = 'ebpf-store: a.db: '*', was '* ]]
	[ "$(total a.db)" = "$(cat recent new | sum)" ]
	"$store" check a.db
	usage "$now" last 192.0.2.1 0 0 | "$store" --keep 2d a.db
	[ "$(total a.db)" = "$(sum <new)" ]
	"$store" check a.db
	"$store" prune a.db --keep-raw 1s
	[ "$(total a.db)" = "$(sum <new)" ]
}

@test "what lies before --since stays out, also where its lines are gone" {
	local day now
	now=$(date +%s)
	day=$(((now / 86400 - 2) * 86400))
	usage $((day + 5 * 3600)) early 192.0.2.1 100 0 | "$store" --keep-raw 1000d a.db
	usage $((day + 21 * 3600)) late 192.0.2.1 7 0 | "$store" --keep-raw 1000d a.db
	total_since() { total a.db --since "$(date -d "@$((day + $1))" +%FT%TZ)"; }
	[ "$(total_since 25200)" = '7 0' ]
	"$store" prune a.db --keep-raw $((now - day - 20 * 3600))s
	[ "$(sqlite3 a.db 'SELECT count(*) FROM usage')" = 1 ]
	[ "$(total_since 25200)" = '7 0' ]
	[ "$(total_since 18000)" = '107 0' ]
	[ "$(total_since 18060)" = '7 0' ]
	[ "$("$store" report a.db --format json | head -n 1 | jq -r .from)" = "$(date -d "@$((day + 18000))" +%FT%TZ)" ]
}

@test "a report is of the time that it says, whatever sums are left" {
	local now day level unit since until from to
	now=$(date +%s)
	day=$(((now / 86400 - 20) * 86400))
	# two lines a minute: in 20 days of them no two ranges have the same sum
	many 57600 "$day" 1 | jq -c '.timestamp_us = ('"$day"' + (.seq - 1) * 30) * 1000000 | .timestamp = .timestamp_us / 1000' >lines
	jq -r '"\(.timestamp_us / 1000000) \(.bytes_sent) \(.bytes_received)"' lines >sums
	"$store" --keep-raw 1000d a.db <lines
	for level in raw minute hour day; do
		case $level in # as ageing does, which would take a year
			minute) sqlite3 a.db "DELETE FROM usage; DELETE FROM block; UPDATE state SET raw_from = ($day + 1728000) * 1000000" ;;
			hour) sqlite3 a.db "DELETE FROM minute; DELETE FROM who_minute; UPDATE state SET minute_from = raw_from" ;;
			day) sqlite3 a.db "DELETE FROM hour; DELETE FROM who_hour; UPDATE state SET hour_from = raw_from" ;;
		esac
		for unit in 1 60 3600 19800 86400; do
			since=$((day + 3 * 86400 + 7 * unit)) until=$((day + 9 * 86400 + 11 * unit))
			"$store" report a.db --since "$(date -d "@$since" +%FT%TZ)" --until "$(date -d "@$until" +%FT%TZ)" \
				--format json | jq -c 'select(.by == "total")' >answer
			from=$(date -d "$(jq -r .from answer)" +%s) to=$(date -d "$(jq -r .to answer)" +%s)
			echo "$level $unit: $((from - since)) $((to - until))"
			[ "$from" -ge "$since" ]
			[ "$to" -ge "$until" ]
			[ $((from % 60 + to % 60)) = 0 ] || [ $level = raw ]
			[ "$(jq -r '"\(.bytes_sent) \(.bytes_received)"' answer)" = "$(awk -v a="$from" -v b="$to" \
				'$1 >= a && $1 < b { s += $2; r += $3 } END { printf "%.0f %.0f\n", s, r }' sums)" ]
		done
		"$store" report a.db -i 10m --since "$(date -d "@$((day + 86400))" +%FT%TZ)" --format json >series
		jq -es 'map(select(.by == "interval")) | length > 18 and all(.from < .to) and (. as $s | all(range(1; length); $s[.].from == $s[. - 1].to))' series
		jq -es '.[-1].bytes_sent == (map(select(.by == "interval").bytes_sent) | add)' series
	done
}

@test "nothing is given up during an export" {
	local now
	now=$(date +%s)
	many 20000 $((now - 5 * 86400)) 200 >lines
	"$store" --keep-raw 1000d a.db <lines
	mkfifo out
	exec 8<>out
	in_background "$store" export a.db >out
	exec 7<out 8>&-
	head -n 10 <&7 >exported
	usage "$now" last 192.0.2.1 0 0 | "$store" a.db
	[ "$(sqlite3 a.db 'SELECT count(*) FROM usage')" = 20001 ]
	cat <&7 >>exported
	exec 7<&-
	wait "$pid"
	[ "$(grep -c '"usage"' exported)" -ge 19900 ] # head has read more
	"$store" </dev/null a.db
	[ "$(sqlite3 a.db 'SELECT count(*) FROM usage')" = 1 ]
	[ "$(total a.db)" = "$(sum <lines)" ]
}

@test "what was pruned is given back to the disk" {
	local now before
	now=$(date +%s)
	many 100000 $((now - 40 * 86400)) 1000 | "$store" --keep-raw 1000d a.db
	before=$(stat -c %s a.db)
	usage "$now" last 192.0.2.1 7 7 | "$store" --keep-raw 1000d a.db
	"$store" prune a.db --keep 30d
	[ $(($(stat -c %s a.db) * 10)) -lt "$before" ]
	[ "$(total a.db)" = '7 7' ]
	[ "$(sqlite3 a.db 'SELECT count(*) FROM subject')" = 1 ]
}
