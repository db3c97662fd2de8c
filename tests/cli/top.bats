#!/usr/bin/env bats
# ebpf-top: plain tables in a pipe, a live one on a terminal (a pty that a small program drives).
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	top=$PINPIPE_PREFIX/bin/ebpf-top
	export LC_ALL=C.UTF-8 TERM=xterm TZ=UTC
	local time
	for time in 1 2; do
		event $time 100 curl tcp 192.0.2.1 1000 500000
		event $time 200 'ssh' tcp 192.0.2.2 2000 100
	done >events
	event 2 300 $'\\u001b]0;evil\\u0007日本' udp '' 0 7 >>events
}

event() { # SNAPSHOT PID COMM PROTO REMOTE SENT RECEIVED
	printf '{"v":1,"event_type":"usage","timestamp":%s000,"timestamp_us":%s000000,"pid":%s,"comm":"%s","proto":"%s",' \
		"$1" "$1" "$2" "$3" "$4"
	[ -z "$5" ] || printf '"remote_ip":"%s",' "$5"
	printf '"bytes_sent":%s,"bytes_received":%s,"interval_ms":1000}\n' "$6" "$7"
}

# Runs ebpf-top on a terminal of 24 lines and 80 columns with what is in FILE on its standard input, which stays open
# until "EOF" among the KEYs; types each KEY once the screen has stood still; prints the last screens' text.
on_terminal() { # FILE KEY...
	timeout 60 python3 "$BATS_TEST_DIRNAME/terminal.py" "$top" "$@"
}

@test "a table for each snapshot in a pipe" {
	"$top" <events >out
	[ "$(grep -c PROCESS out)" = 2 ]
	[ "$(grep -c '^ *100 curl' out)" = 2 ]
	grep -q '^00:00:02  3 processes  sent 2.9KiB/s (5.9KiB)  received 488KiB/s (977KiB)$' out
	[ "$(sed -n 3p out | xargs)" = '100 curl tcp 1.0KiB 488KiB 1.0KiB 488KiB' ]
	run ! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' out
}

@test "sort, reverse, group, filter, units, width, count" {
	[ "$("$top" -n 1 -s sent/s <events | sed -n 3p | xargs)" = '200 ssh tcp 2.0KiB 100B 2.0KiB 100B' ]
	[ "$("$top" -n 1 -r <events | sed -n 3p | awk '{ print $2 }')" = ssh ]
	[ "$("$top" -n 1 --by remote --units bytes <events | sed -n 3p | xargs)" = '192.0.2.1 tcp 1000 500000 1000 500000' ]
	[ "$("$top" --filter CUR <events | grep -c ' tcp ')" = 2 ]
	[ "$("$top" -n 1 <events | grep -c PROCESS)" = 1 ]
	[ "$("$top" --width 50 --filter curl <events | awk 'length { print length }' | sort -u)" = 50 ]
	[ "$("$top" --by both --units bits <events | grep -c 'curl.* 4.0Mbit')" = 2 ]
}

@test "what is no event is counted and loses nothing" {
	{ echo nonsense; head -n 1 events; echo '{"event_type":"usage"}'; echo '[]'; } >mixed
	run --separate-stderr "$top" <mixed
	[ "$status" = 0 ]
	[[ $output = *'not understood 1'*'100 curl'* ]] || [[ $output = *'100 curl'* ]]
	[ "$stderr" = 'ebpf-top: 3 lines were not understood' ]
}

@test "wrong usage is told" {
	local arguments
	for arguments in '--by pid' '--sort color' '--units furlongs' '-n 0' '--width 3' 'file' '--sort remote'; do
		# shellcheck disable=SC2086 # words
		run -2 --separate-stderr "$top" $arguments <events
		[ "${stderr_lines[1]}" = 'hint: ebpf-top --help' ]
	done
	run -2 script -qec "$top" /dev/null
	[[ $output = *'standard input is a terminal'*'ebpf-read usage | ebpf-top'* ]]
}

@test "a closed pipe is a quiet end, a full disk is told" {
	run -0 --separate-stderr bash -c 'yes "$(cat events)" | head -n 100000 | { "$1" || echo "status $?" >&2; } | head -n 1' - "$top"
	[ "$stderr" = '' ]
	run -74 --separate-stderr bash -c '"$1" <events >/dev/full' - "$top"
	[[ $stderr = 'ebpf-top: cannot write'* ]]
}

@test "a snapshot is shown when nothing follows it" {
	mkfifo feed
	"$top" <feed >out &
	local pid=$!
	exec 7>feed
	head -n 2 events >&7
	local deadline=$((SECONDS + 10))
	until grep -q ssh out || [ $SECONDS -gt $deadline ]; do sleep 0.02; done
	grep -q ssh out
	kill -TERM $pid
	wait $pid
	exec 7>&-
}

@test "the live table, and its keys" {
	on_terminal events >screen
	grep -q 'PROCESS' screen && grep -q '100 curl' screen && grep -q '日本' screen
	on_terminal events g >screen
	grep -q 'REMOTE' screen && grep -q '192.0.2.1' screen && ! grep -q 'curl' screen
	on_terminal events / s s h $'\r' >screen
	grep -q 'ssh' screen && ! grep -q 'curl' screen && grep -q 'filter: ssh' screen
	on_terminal events h >screen
	grep -q 'q       end' screen
	on_terminal events u >screen
	grep -q 'Mbit' screen
	on_terminal events p >screen
	grep -q '^paused' screen
	on_terminal events EOF >screen
	grep -q '^input ended' screen
}

@test "the terminal is as before: after q, after a signal, after any size" {
	local how
	for how in q TERM INT; do
		[ "$(on_terminal events "SETTINGS-$how")" = same ]
	done
	on_terminal events SIZE-1x1 SIZE-2x200 SIZE-300x10 SIZE-24x80 >screen
	grep -q '100 curl' screen
}

@test "nothing from outside acts on the terminal" {
	on_terminal events RAW >raw
	run ! grep -q $'\e]' raw
	run ! grep -q $'\a' raw
}

@test "ten thousand rows are shown in a moment" {
	local i
	for ((i = 1; i <= 10000; i++)); do event 1 "$i" "process$i" tcp "10.0.$((i / 250)).$((i % 250))" 10 "$i"; done >many
	"$top" <many >out
	[ "$(grep -c process out)" -ge 10000 ]
	[ "$(sed -n 3p out | awk '{ print $1 }')" = 10000 ]
}
