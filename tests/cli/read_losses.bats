# SPDX-License-Identifier: MIT
# ebpf-read: events that do not reach it are counted exactly, and reported. Delivered + lost = sent.
load helper

setup() {
	loader --xdp lan1 --group "$group" --readers 2 --ring-size 16384 2>/dev/null
}

# Prints the sums of what a reader wrote: "delivered lost", and its last seq.
totals() { # NAME
	jq -s -c '[(map(select(.event_type == "icmp")) | length), (map(select(.event_type == "lost").count) | add // 0),
		(map(.seq // 0) | max // 0)]' "$(out "$1")"
}

assert_sum() { # NAME SENT
	local delivered lost last
	IFS='[],' read -r _ delivered lost last <<<"$(totals "$1")"
	echo "delivered $delivered, lost $lost, last number $last"
	[ $((delivered + lost)) = "$2" ]
	[ "$last" -le "$2" ]
	has_text "$(err "$1")" "ebpf-read: $delivered event"
	has_text "$(err "$1")" ", $lost lost"
}

flood() { # COUNT
	"${from_there[@]}" ping -q -f -c "$1" 10.78.0.1 | grep -F "$1 packets transmitted, $1 received"
}

is_idle() { # NAME: succeeds once all events have been taken out of its ring
	[ "$(wc -l <"$(out "$1")")" -gt 0 ] && has_text "$(out "$1")" '"event_type":"lost"'
}

@test "losses: a flood larger than the ring, into a stopped reader: delivered + lost = sent" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 5000
	[ "$(lost 0)" -gt 4000 ]
	kill -CONT "${pid_of[one]}"
	wait_until is_idle one
	finish one TERM
	[ "$status" = 0 ]
	assert_sum one 5000
	[ "$(totals one)" != "$(totals one | sed 's/,.*,/,0,/')" ]
	jq -e -s 'map(select(.event_type == "lost")) | all(.stream == "icmp" and .v == 1 and .timestamp > 0)' "$(out one)"
}

@test "losses: the numbers of events go on behind a loss by its count" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 3000
	kill -CONT "${pid_of[one]}"
	wait_until is_idle one
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	wait_until has_text "$(out one)" '"seq":3002,'
	finish one TERM
	assert_sum one 3002
	# Every event's number is that of the event before, plus one, plus the count of lost events in between.
	jq -e -s 'reduce .[] as $e ([0, true]; if $e.event_type == "lost" then [.[0] + $e.count, .[1]]
		else [.[0] + 1, .[1] and $e.seq == .[0] + 1] end) | .[1]' "$(out one)"
}

@test "losses: again and again, also between events" {
	local i
	start_reader one icmp
	for i in {1..4}; do
		kill -STOP "${pid_of[one]}"
		flood 1000
		kill -CONT "${pid_of[one]}"
		"${from_there[@]}" ping -q -c 5 -i 0.001 10.78.0.1
	done
	wait_until has_text "$(out one)" '"seq":4020,'
	finish one TERM
	assert_sum one 4020
	jq -e -s 'reduce .[] as $e ([0, true]; if $e.event_type == "lost" then [.[0] + $e.count, .[1]]
		else [.[0] + 1, .[1] and $e.seq == .[0] + 1] end) | .[1]' "$(out one)"
}

@test "losses: behind the last event they are told while idle" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 1000
	kill -CONT "${pid_of[one]}"
	wait_until is_idle one
	assert_lines_sum one 1000
}

assert_lines_sum() { # NAME SENT
	[ "$(jq -s 'map(.count // 1) | add' "$(out "$1")")" = "$2" ]
}

@test "losses: a reader that is ended while stopped still tells them all" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 2000
	kill -TERM "${pid_of[one]}"
	finish one CONT
	[ "$status" = 0 ]
	assert_sum one 2000
	assert_lines_sum one 2000
}

@test "losses: one reader's are not another's" {
	start_reader one icmp
	start_reader two icmp
	kill -STOP "${pid_of[one]}"
	"${from_there[@]}" ping -q -c 400 -i 0.001 10.78.0.1
	wait_until has_lines "$(out two)" 400
	finish two TERM
	has_text "$(err two)" 'ebpf-read: 400 events, 0 lost'
}

@test "losses: earlier ones of the slot are not told to who takes it over" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 1000
	finish one KILL
	[ "$(lost 0)" -gt 0 ]
	start two "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -n 2 icmp
	ping_until_gone() { "${from_there[@]}" ping -q -c 1 10.78.0.1 && is_gone "${pid_of[two]}"; }
	wait_until ping_until_gone
	finish two
	[ "$status" = 0 ]
	[ "$(jq -c .event_type "$(out two)" | sort -u)" = '"icmp"' ]
	has_text "$(err two)" 'ebpf-read: 2 events, 0 lost'
}

# --- a member of the group writes nonsense ---

tamper() { # POSITION
	"${as_member[@]}" "$bin/tamper" position "$root/readers/0/ring" "$1"
}

@test "tampering: a nonsense position is noticed, told once and mended; every event is delivered or counted" {
	local position
	for position in 0xdeadbeef000 0xffffffffffffff00 8 0; do
		start_reader one icmp
		"${from_there[@]}" ping -q -c 10 -i 0.001 10.78.0.1
		wait_until has_lines "$(out one)" 10
		tamper "$position"
		"${from_there[@]}" ping -q -c 300 -i 0.001 10.78.0.1
		wait_until has_text "$(err one)" 'another process moved the position of reader slot 0: repaired'
		"${from_there[@]}" ping -q -c 10 -i 0.001 10.78.0.1
		wait_until sums_to one 320
		finish one TERM
		[ "$status" = 0 ]
		assert_sum one 320
		[ "$(grep -c 'another process' "$(err one)")" = 1 ]
	done
}

sums_to() { # NAME SENT
	[ "$(jq -s 'map(.count // 1) | add' "$(out "$1")")" = "$2" ]
}

@test "tampering: a position moved forward lets the kernel overwrite what was not read: counted too" {
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	flood 100
	tamper producer
	flood 150
	tamper producer
	flood 50
	kill -CONT "${pid_of[one]}"
	wait_until sums_to one 300
	"${from_there[@]}" ping -q -c 10 -i 0.001 10.78.0.1
	wait_until sums_to one 310
	finish one TERM
	[ "$status" = 0 ]
	assert_sum one 310
	has_text "$(err one)" 'another process moved the position'
}

@test "tampering: a position moved while nobody reads is mended by the next claim" {
	tamper 0xdeadbeef000
	start_reader one icmp
	"${from_there[@]}" ping -q -c 3 -i 0.01 10.78.0.1
	wait_until has_lines "$(out one)" 3
	finish one TERM
	has_text "$(err one)" 'ebpf-read: 3 events, 0 lost'
}

@test "tampering: another slot's reader is not disturbed" {
	start_reader one icmp
	start_reader two icmp
	tamper 0xdeadbeef000
	"${from_there[@]}" ping -q -c 100 -i 0.001 10.78.0.1
	wait_until has_lines "$(out two)" 100
	finish two TERM
	has_text "$(err two)" 'ebpf-read: 100 events, 0 lost'
	! grep -q 'another process' "$(err two)" || false
}
