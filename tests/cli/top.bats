#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
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

port() { # SNAPSHOT PORT PROTO IFACE PACKETS BYTES NAME PID [PACKETS-SENT BYTES-SENT]
	printf '{"v":1,"event_type":"ports","timestamp":%s000,"timestamp_us":%s000000,"seq":1,"local_port":%s,"proto":"%s",' \
		"$1" "$1" "$2" "$3"
	printf '"ifname":"%s","packets_received":%s,"bytes_received":%s,' "$4" "$5" "$6"
	[ $# = 8 ] || printf '"packets_sent":%s,"bytes_sent":%s,' "$9" "${10}"
	printf '"byte_layer":"packet","owners":[{"pid":%s,"comm":"%s","uid":0,"start_time":5,"attribution":"exact"}],' "$8" "$7"
	printf '"interval_ms":1000}\n'
}

# Prints two snapshots of the ports 5050, with two owners in the first, and 53; each with a line for the interface.
port_events() {
	local time
	for time in 1 2; do
		port $time 5050 tcp lo 10 840 custom_server 17 9 760
		port $time 53 udp eth0 2000 150000 $'\\u001b]0;evil\\u0007日本' 20
		printf '{"v":1,"event_type":"ports","timestamp_us":%s000000,"ifname":"eth0","fragments_received":3}\n' $time
	done | sed '1s/"owners":\[/&{"pid":16,"comm":"parent","uid":0,"exited":true},/; 5s/"owners":\[.*\]/"owners":[]/'
}

# Runs ebpf-top on a terminal of 24 lines and 80 columns with the text of FILE on its standard input, which stays open
# until "EOF" among the KEYs; types each KEY once the screen has stood still; prints the text of the last screens.
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

@test "ports: packets, bytes and owners in a table for each snapshot" {
	port_events >ports
	"$top" <ports >out
	[ "$(grep -c OWNERS out)" = 2 ]
	grep -q '^00:00:01  2 ports  sent 9pps 760B/s (760B)  received 2010pps 147KiB/s (147KiB)  fragments 3$' out
	[ "$(sed -n 3p out | xargs)" = '53/udp eth0 2000 - 146KiB - 146KiB - �]0;evil�日本(20)' ]
	[ "$(sed -n 4p out | xargs)" = '5050/tcp lo 10 9 840B 760B 840B 760B parent(16 exited), custom_server(17)' ]
	[ "$(sed -n 8p out | xargs)" = '53/udp eth0 2000 - 146KiB - 293KiB - -' ]
	run ! grep -qP '[\x00-\x09\x0b-\x1f\x7f]' out
}

@test "ports: sort, reverse, filter, units, width, count" {
	port_events >ports
	[ "$("$top" -n 1 -s out/s <ports | sed -n 3p | awk '{ print $1 }')" = 5050/tcp ]
	[ "$("$top" -n 1 -s pps-in -r <ports | sed -n 3p | awk '{ print $1 }')" = 5050/tcp ]
	[ "$("$top" -n 1 -f PARENT <ports | grep -c /)" = 3 ] # the sums, the heading, the row
	[ "$("$top" -n 1 -f 53/udp -u bits <ports | sed -n 3p | xargs)" = '53/udp eth0 2000 - 1.2Mbit - 1.2Mbit - �]0;evil�日本(20)' ]
	"$top" -w 72 -n 1 -f parent <ports >out
	[ "$(awk 'length { print length }' out | sort -u)" = 72 ]
	grep -q ' parent(16 exited),~$' out
	[ "$("$top" -n 1 <ports | grep -c OWNERS)" = 1 ]
}

@test "usage and ports together: both tables for each snapshot, or those asked for" {
	{ head -n 2 events && port_events | head -n 3 && tail -n 3 events && port_events | tail -n 3; } >mixed
	[ "$("$top" <mixed | awk '/PID/ || /PORT/ { print $1 }' | xargs)" = 'PID PORT PID PORT' ]
	[ "$("$top" -n 1 <mixed | awk '/PID/ || /PORT/ { print $1 }' | xargs)" = 'PID PORT' ]
	[ "$("$top" --by port <mixed | awk '/PID/ || /PORT/ { print $1 }' | xargs)" = 'PORT PORT' ]
	[ "$("$top" -s owners <mixed | awk '/PID/ || /PORT/ { print $1 }' | xargs)" = 'PORT PORT' ]
	[ "$("$top" --by process <mixed | awk '/PID/ || /PORT/ { print $1 }' | xargs)" = 'PID PID' ]
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
	for arguments in '--by pid' '--sort color' '--by port --sort pid' '--by remote --sort port' '--units furlongs' '-n 0' '--width 3' 'file' '--sort remote'; do
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
	local deadline=$((SECONDS + 120))
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
	grep -q 'REMOTE' screen && grep -q '192.0.2.1' screen
	run ! grep -q 'curl' screen
	on_terminal events / s s h $'\r' >screen
	grep -q 'ssh' screen && grep -q 'filter: ssh' screen
	run ! grep -q 'curl' screen
	on_terminal events h >screen
	grep -q 'q       quit' screen
	on_terminal events u >screen
	grep -q 'Mbit' screen
	on_terminal events p >screen
	grep -q '^paused' screen
	on_terminal events EOF >screen
	grep -q '^input ended' screen
}

@test "the live table of ports, and the key to it" {
	port_events >ports
	on_terminal ports >screen
	grep -q 'OWNERS' screen && grep -q ' 5050/tcp lo .* custom_server(17)' screen && grep -q ' 53/udp eth0 .* -$' screen
	on_terminal ports / e t h $'\r' >screen
	grep -q '53/udp' screen && grep -q 'filter: eth' screen
	run ! grep -q '5050/tcp' screen
	cat events ports >mixed
	on_terminal mixed >screen
	grep -q '100 curl' screen
	run ! grep -q 'OWNERS' screen
	on_terminal mixed v >screen
	grep -q '5050/tcp' screen
	run ! grep -q 'PROCESS' screen
	on_terminal mixed g v v >screen
	grep -q 'REMOTE' screen
	run ! grep -q 'OWNERS' screen
	on_terminal ports v p >screen
	grep -q '^paused.* 0 processes' screen
	on_terminal ports h >screen
	grep -q '^v       usage, or ports' screen
	on_terminal ports SIZE-1x1 SIZE-2x200 SIZE-300x10 SIZE-24x80 >screen
	grep -q '5050/tcp' screen
	head -n 3 ports >one
	on_terminal one RAW >raw
	grep -q 'evil' raw
	run ! grep -q $'\e]' raw
}

@test "the terminal is as before: after q, after a signal, after any size" {
	local how
	for how in q TERM INT QUIT HUP; do
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
	timeout 2 "$top" <many >out # no search through all rows for each line
	[ "$(grep -c process out)" -ge 10000 ]
	[ "$(sed -n 3p out | awk '{ print $1 }')" = 10000 ]
}
