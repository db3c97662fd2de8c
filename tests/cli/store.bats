#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ebpf-store: lines in, reports out, and what may happen to a database in between. Loads nothing; needs no network.
# PINPIPE_LONG=1 (make test-long): 200 SIGKILLs instead of 15, ten million lines instead of 300,000.
# shellcheck disable=SC2154 # bats sets status, output, stderr
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

# --- what goes in comes out ---

@test "lines come out again, with fields and events that are not known" {
	usage 1795000000 curl 192.0.2.1 10 200 ',"later":{"a":[1,2]},"byte_layer":"packet"' >lines
	usage 1795000001 '' ::1 0 0 >>lines
	cat >>lines <<'EOF'
{"v":1,"event_type":"icmp","timestamp":1795000001000,"timestamp_us":1795000001000001,"seq":3,"src_ip":"192.0.2.2"}
{"v":7,"event_type":"tomorrow","x":null,"y":-1.5e3}
{"v":1,"event_type":"lost","timestamp":1795000002000,"timestamp_us":1795000002000000,"stream":"icmp","count":17}
{"v":1,"event_type":"usage","timestamp":1795000003000,"pid":1,"bytes_sent":5,"bytes_received":6,"total":true}
EOF
	run -0 --separate-stderr "$store" --keep-raw 1000d a.db <lines
	[[ ${stderr_lines[-1]} = 'ebpf-store: 6 lines, 0 bad, 0 lost' ]]
	sed 's/"byte_layer":"socket","later"/"later"/' lines | jq -cS . >expected
	"$store" export a.db | jq -cS . | diff expected -
	[ "$(total a.db)" = '10 200' ]
	"$store" report a.db | grep -qx 'lost: 17 of icmp'
	[ "$("$store" report a.db --format json | jq -c 'select(.by == "total").lost')" = '{"icmp":17}' ]
	"$store" export a.db | "$store" --keep-raw 1000d b.db
	"$store" export b.db | jq -cS . | diff expected -
	"$store" check a.db
	usage 1795000000 curl 192.0.2.1 1 1 | sed 's/"v":1/"v":2/' | "$store" c.db
	[ "$("$store" export c.db | grep -o '"v":.' | xargs)" = v:2 ]
}

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

# --- lines ---

@test "bad lines are counted, told by their number, and skipped" {
	{
		usage 1795000000 a 192.0.2.1 1 1
		echo 'nonsense'
		printf '\n  \n'
		echo '{"event_type":"usage","timestamp":1,"bytes_sent":-1,"bytes_received":1}'
		printf '{"event_type":"icmp","comm":"\xff"}\n'
		usage 1795000000 b 192.0.2.1 1 1
		printf '[]'
	} >lines
	run -0 --separate-stderr "$store" a.db <lines
	[ "${stderr_lines[0]}" = 'ebpf-store: line 2 is no event: skipped' ]
	[ "${stderr_lines[1]}" = 'ebpf-store: line 5 is no event: skipped' ]
	[ "${stderr_lines[2]}" = 'ebpf-store: line 6 is no event: skipped' ]
	[ "${stderr_lines[3]}" = 'ebpf-store: line 8 is no event: skipped' ]
	[ "${stderr_lines[4]}" = 'ebpf-store: 2 lines, 4 bad, 0 lost' ]
	[ "$(total a.db)" = '2 2' ]
	run -0 --separate-stderr "$store" a.db < <(yes nonsense | head -n 100000)
	[ "${#stderr_lines[@]}" -lt 60 ]
	[ "${stderr_lines[-1]}" = 'ebpf-store: 0 lines, 100000 bad, 0 lost' ]
	run -0 --separate-stderr "$store" a.db < <(head -c 3000000 /dev/zero | tr '\0' '['; echo; usage 1 c 192.0.2.1 1 1)
	[ "${stderr_lines[-1]}" = 'ebpf-store: 1 line, 1 bad, 0 lost' ]
	# its first MiB is an event, the whole line is not
	run -0 --separate-stderr "$store" a.db < <(printf '{"event_type":"icmp"}%1048600s nonsense' '')
	[ "${stderr_lines[-1]}" = 'ebpf-store: 0 lines, 1 bad, 0 lost' ]
}

@test "hostile names reach no terminal" {
	local name=$'\\u001b]0;evil\\u0007\\u009b31m\\u202e\x7f\xc2\x9b\\n"-,'
	name=${name//\"/\\\"}
	usage 1795000000 "$name" 192.0.2.1 1000 1 ',"exe":"/tmp/\u001b[2J","more":"'$'\x7f\xc2\x9b''"' >lines
	printf '{"event_type":"icmp","x":\t"\xc2\x85\x7f"\r}\n{"event_type":"lost","stream":"\\u001b[1m","count":3,"timestamp":1795000000000}\n' >>lines
	"$store" a.db <lines
	local arguments
	for arguments in 'report a.db' 'report a.db --by exe' 'report a.db --format csv' 'report a.db --format json' \
		'report a.db --by exe --format csv -i 1m' 'export a.db'; do
		# shellcheck disable=SC2086 # words
		"$store" $arguments >out
		tr -d '\r' <out >plain
		[ "$(LC_ALL=C grep -cP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' plain)" = 0 ]
		[[ $arguments = *csv* || $(grep -c $'\r' out) = 0 ]]
		[[ $arguments != *json* && $arguments != export* ]] || jq -e . <out >parsed
	done
	[ "$("$store" report a.db | grep -c $'\u202e')" = 0 ]
	jq -c .comm lines | head -n 1 >expected
	"$store" export a.db | jq -c 'select(.event_type == "usage").comm' | diff expected -
	"$store" report a.db --format json | jq -c 'select(.by == "process").comm' | diff expected -
	run ! --separate-stderr "$store" report $'no\e[31m.db'
	[[ $stderr != *$'\e'* ]]
}

# --- time ---

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
	many 4000 $((now - 3 * 86400)) 1 >recent
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

# --- refusals ---

@test "wrong usage is told" {
	local arguments
	for arguments in '' 'report' 'prune a.db' 'a.db b.db' 'report a.db --by color' 'report a.db --format xml' \
		'report a.db --since never' 'report a.db --port 70000' 'report a.db -n 0' 'report a.db -i 36h' 'a.db --by process' \
		'report a.db --keep 30d' 'a.db --keep 5' 'report a.db --since 1h --until 2h' 'export a.db --format csv' '--nothing'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$store" $arguments </dev/null
		one_error
		[ "${stderr_lines[1]}" = 'hint: ebpf-store --help' ]
	done
	[ ! -e a.db ]
	run -2 script -qec "$store a.db" /dev/null
	[[ $output = *'standard input is a terminal'*'ebpf-read usage | ebpf-store DB'* ]]
	[ "$("$store" --help | awk 'length > 100' | wc -l)" = 0 ]
}

@test "databases that are none of ours, newer or damaged are refused and left alone" {
	many 20000 | "$store" good.db
	sqlite3 other.db 'CREATE TABLE t (x); INSERT INTO t VALUES (1)'
	cp good.db newer.db && sqlite3 newer.db 'PRAGMA journal_mode = DELETE; PRAGMA user_version = 99' >/dev/null
	cp good.db old.db && sqlite3 old.db 'PRAGMA journal_mode = DELETE; PRAGMA user_version = 0' >/dev/null
	echo 'this is a text of mine, not a database' >text.db
	: >empty.db
	head -c 50000 good.db >short.db
	cp good.db torn.db && dd if=/dev/urandom of=torn.db bs=4096 seek=20 count=40 conv=notrunc status=none
	mkdir directory.db
	local name command
	for name in other newer old text empty short torn; do
		sha256sum $name.db >before
		for command in '' report export check 'prune --keep 1d'; do
			# shellcheck disable=SC2086 # words
			[[ $name = torn && ($command = report || $command = export) ]] ||
				run -1 --separate-stderr "$store" $command $name.db <<<'{"event_type":"icmp"}'
			one_error
			[ "${#stderr_lines[@]}" = 1 ]
			sha256sum --quiet -c before
			[ ! -e $name.db-wal ]
			[ ! -e $name.db-shm ]
		done
	done
	run -1 --separate-stderr "$store" newer.db </dev/null
	[ "$stderr" = 'ebpf-store: cannot open newer.db: written by a newer ebpf-store' ]
	run -1 --separate-stderr "$store" other.db </dev/null
	[ "$stderr" = 'ebpf-store: cannot open other.db: the database of another application' ]
	run -1 --separate-stderr "$store" torn.db </dev/null
	[[ $stderr = 'ebpf-store: cannot '*' torn.db: the database is corrupt' ]]
	run -1 --separate-stderr "$store" directory.db </dev/null
	one_error
	run -1 --separate-stderr "$store" report nowhere.db
	[ "$stderr" = 'ebpf-store: cannot open nowhere.db: no such file or directory' ]
	[ ! -e nowhere.db ]
}

@test "a newer layout that stands in the log alone is refused too" {
	usage 1795000000 a 192.0.2.1 1 1 | "$store" a.db
	sqlite3 a.db '.dbconfig no_ckpt_on_close on' 'PRAGMA user_version = 99' >/dev/null
	[ -s a.db-wal ]
	sha256sum a.db a.db-wal >before
	local command
	for command in '' report export check 'prune --keep 1d'; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr "$store" $command a.db <<<'{"event_type":"icmp"}'
		[ "$stderr" = 'ebpf-store: cannot open a.db: written by a newer ebpf-store' ]
		sha256sum --quiet -c before
	done
}

@test "a database that may not be written is refused, and may be read" {
	cd "$PINPIPE_PREFIX" || return # a directory that other users may enter
	rm -rf shelf
	mkdir -m 755 shelf
	many 2000 >lines
	"$store" shelf/a.db <lines
	chmod 644 shelf/a.db
	sha256sum shelf/a.db >before
	local stranger=(setpriv --reuid=nobody --regid=nogroup --clear-groups --)
	run -77 --separate-stderr "${stranger[@]}" "$store" "$PWD/shelf/a.db" <lines
	one_error
	[[ $stderr = *'permission denied'* ]]
	run -77 --separate-stderr "${stranger[@]}" "$store" prune "$PWD/shelf/a.db" --keep 1d
	[ "$("${stranger[@]}" "$store" report "$PWD/shelf/a.db" --format json | jq 'select(.by == "total").calls_sent')" = 2000 ]
	run -77 --separate-stderr "${stranger[@]}" "$store" "$PWD/shelf/new.db" <lines
	one_error
	sha256sum --quiet -c before
	[ "$(ls shelf)" = a.db ]
	chmod 640 shelf/a.db
	run -77 --separate-stderr "${stranger[@]}" "$store" report "$PWD/shelf/a.db"
	one_error
	rm -r shelf
}

@test "a second writer is refused, readers are not" {
	many 1000 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" -v a.db <feed 2>said
	cat lines >&7
	wait_until has_text said 'committed 1000 lines'
	run -1 --separate-stderr "$store" a.db <lines
	[[ $stderr = "ebpf-store: cannot open a.db: ebpf-store (pid $pid) writes to it" ]]
	run -1 --separate-stderr "$store" prune a.db --keep 1d
	one_error
	[ "$(total a.db)" = "$(sum <lines)" ]
	[ "$("$store" export a.db | wc -l)" = 1000 ]
	"$store" check a.db
	exec 7>&-
	wait "$pid"
	"$store" a.db <lines
	[ "$(total a.db)" = "$(cat lines lines | sum)" ]
}

@test "check finds sums that differ and rows that are missing" {
	many 2000 >lines
	"$store" a.db <lines
	run -0 "$store" check a.db
	[[ $output = 'ok: 2000 lines taken in, '* ]]
	local damage
	for damage in 'UPDATE hour SET sent = sent + 1' 'DELETE FROM usage WHERE n = 7' 'DELETE FROM name WHERE id = 3' \
		'UPDATE who_day SET received = 0' 'DELETE FROM subject WHERE id = 5'; do
		cp a.db b.db
		sqlite3 b.db "$damage"
		run -1 --separate-stderr "$store" check b.db
		[[ $stderr = 'ebpf-store: cannot trust b.db: '* ]]
		one_error
	done
}

# --- ends ---

@test "a closed pipe is a quiet end, output that cannot be written is told" {
	many 50000 | "$store" a.db
	local arguments
	for arguments in 'export a.db' 'report a.db --by remote --format json' 'report a.db -i 1s --by process --format csv'; do
		run -0 --separate-stderr bash -c "{ \"\$1\" $arguments || echo \"status \$?\" >&2; } | head -n 1" - "$store"
		[ "$stderr" = '' ]
		run -74 --separate-stderr bash -c "\"\$1\" $arguments >/dev/full" - "$store"
		one_error
	done
}

# Succeeds once everything that was written to descriptor 7 has been read.
is_drained() {
	python3 -c 'import array, fcntl, termios
left = array.array("i", [0])
fcntl.ioctl(7, termios.FIONREAD, left)
raise SystemExit(left[0])'
}

@test "SIGTERM and the end of input commit and sum up" {
	many 500 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" a.db <feed 2>said
	cat lines >&7
	wait_until is_drained
	kill -TERM "$pid"
	wait "$pid"
	exec 7>&-
	grep -qx 'ebpf-store: 500 lines, 0 bad, 0 lost' said
	[ "$(total a.db)" = "$(sum <lines)" ]
	[ "$(sqlite3 a.db 'SELECT rolled = last_line FROM state')" = 1 ]
}

@test "lines are there within a second while the input goes on" {
	mkfifo feed
	exec 7<>feed
	in_background "$store" a.db <feed
	usage 1795000000 a 192.0.2.1 3 4 >&7
	total_is() { [ "$(total a.db 2>/dev/null)" = "$1" ]; }
	wait_until total_is '3 4'
	exec 7>&-
	wait "$pid"
}

@test "on a terminal it is shown how it goes" {
	many 1000 >lines
	script -qefc "{ cat lines; until grep -q 'lines, ' screen; do sleep 0.02; done; cat lines; } | '$store' a.db" /dev/null >screen
	grep -qP '\r\e\[Kebpf-store: [12]000 lines, [0-9]+/s, 0 lost' screen
	grep -q 'ebpf-store: 2000 lines, 0 bad, 0 lost' screen
	{ cat lines; sleep 1.2; cat lines; } | "$store" b.db 2>said # enough time to print what it must not print
	[ "$(cat said)" = 'ebpf-store: 2000 lines, 0 bad, 0 lost' ]
}

# Prints the number of acknowledged lines, from the last whole line that -v printed.
acknowledged() { # FILE
	sed -n 's/^ebpf-store: committed \([0-9]*\) lines$/\1/p' "$1" | tail -n 1
}

@test "SIGKILL at random moments: what was acknowledged is there" {
	local rounds=15 round had=0 said=0 kept
	[ -z "${PINPIPE_LONG:-}" ] || rounds=200
	many 120000 1795000000 20000 >lines
	for ((round = 1; round <= rounds; round++)); do
		in_background "$store" -v --keep-raw 1000d a.db <lines 2>said
		sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" || :
		[ -e a.db ] || continue
		said=$(acknowledged said)
		kept=$(sqlite3 -readonly a.db 'SELECT count(*) FROM usage')
		echo "round $round: had $had, acknowledged ${said:-0}, there $kept"
		[ "$kept" -ge $((had + ${said:-0})) ]
		# the database has the beginning of the input, without holes
		[ "$kept" -le $((had + 120000)) ]
		had=$kept
		if [ $((round % 5)) = 0 ]; then
			"$store" check a.db
			[ "$("$store" report a.db --format json | jq 'select(.by == "total").calls_sent')" = "$kept" ]
		fi
		# the file stays small enough for many rounds
		[ "$kept" -lt 1500000 ] || { rm a.db*; had=0; }
	done
	"$store" a.db </dev/null
	"$store" check a.db
	[ "$(sqlite3 a.db 'SELECT rolled = last_line FROM state')" = 1 ]
	! compgen -G 'a.db.new-*' || [ "$(find . -name 'a.db.new-*' | wc -l)" -le "$rounds" ]
}

@test "a full disk: read on, say so, count what is lost, go on when there is space" {
	mkdir disk
	mount -t tmpfs -o size=6m none disk || skip 'no tmpfs can be mounted here'
	many 60000 >lines
	mkfifo feed
	exec 7<>feed
	in_background "$store" disk/a.db <feed 2>said
	head -n 1000 lines >&7
	wait_until test -s disk/a.db-wal
	head -c 100m /dev/zero >disk/filler 2>/dev/null || :
	tail -n +1001 lines >&7 # 23 MB: more than waits in memory
	wait_until has_text said 'no space left on device'
	grep -q ': reading on, trying again every second$' said
	rm disk/filler
	mount -o remount,size=200m disk
	wait_until has_text said 'takes lines again'
	exec 7>&-
	wait "$pid"
	cat said
	local stored lost
	read -r _ stored _ _ _ lost _ < <(tail -n 1 said)
	[ $((stored + lost)) = 60000 ]
	[ "$lost" -gt 0 ]
	"$store" report disk/a.db | grep -qx "lost: $lost of usage"
	[ "$("$store" report disk/a.db --format json | jq 'select(.by == "total").calls_sent')" = "$stored" ]
	"$store" check disk/a.db
}

@test "a disk that stays full ends in an error that says what is lost" {
	mkdir disk
	mount -t tmpfs -o size=2m none disk || skip 'no tmpfs can be mounted here'
	many 60000 >lines
	run -1 --separate-stderr "$store" disk/a.db <lines
	[[ ${stderr_lines[-1]} = 'ebpf-store: cannot write to disk/a.db: no space left on device: '*' lines are lost' ]]
	local kept lost
	kept=$(sqlite3 -readonly disk/a.db 'SELECT count(*) FROM usage')
	lost=$(sed -n 's/.*device: \([0-9]*\) lines are lost$/\1/p' <<<"${stderr_lines[-1]}")
	[ $((kept + lost)) = 60000 ]
	mount -o remount,size=100m disk
	"$store" disk/a.db </dev/null
	"$store" check disk/a.db
}

@test "whoever writes to a pipe waits for no disk" {
	many 120000 >lines
	"$store" a.db </dev/null
	mkfifo hold
	exec 8<>hold
	in_background sqlite3 a.db <hold
	echo 'BEGIN IMMEDIATE;' >&8
	is_held() { ! sqlite3 a.db 'BEGIN IMMEDIATE; ROLLBACK' 2>/dev/null; }
	wait_until is_held
	in_background bash -c "cat lines | '$store' a.db 2>said"
	wait_until has_text said 'in use by another program'
	echo 'ROLLBACK;' >&8
	exec 8>&-
	wait "$pid"
	local stored lost
	read -r _ stored _ _ _ lost _ < <(tail -n 1 said)
	[ $((stored + lost)) = 120000 ]
	[ "$lost" -gt 0 ]
	"$store" report a.db | grep -qx "lost: $lost of usage"
	# a file waits
	"$store" b.db <lines
	[ "$(total b.db)" = "$(sum <lines)" ]
}

# --- sizes ---

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
