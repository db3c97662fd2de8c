# SPDX-License-Identifier: MIT
# ebpf-read: how it ends, and with what status: by count, time, signal, a receiver that goes away, a full disk.
load helper

reader=("${as_member[@]}" "$bin/ebpf-read" --pin-root "$root")

setup() {
	given --xdp lan1
}

pings() { # COUNT
	"${from_there[@]}" ping -q -c "$1" -i 0.002 10.78.0.1
}

# --- by itself ---

@test "ends: -n N stops after N events, though more are there" {
	start_reader one -n 5 icmp
	kill -STOP "${pid_of[one]}"
	pings 20
	finish one CONT
	[ "$status" = 0 ]
	[ "$(jq .seq "$(out one)" | paste -sd,)" = 1,2,3,4,5 ]
	[ "$(cat "$(err one)")" = 'ebpf-read: 5 events, 0 lost' ]
	[ "$(wanted_bits)" = 0 ]
}

@test "ends: one event is told as one event" {
	start_reader one -n 1 icmp
	pings 1
	finish one
	[ "$(cat "$(err one)")" = 'ebpf-read: 1 event, 0 lost' ]
}

@test "ends: -t SECONDS stops after the time, with what was seen until then" {
	local begin=${EPOCHREALTIME/./}
	start_reader one -t 0.5 icmp
	pings 3
	finish one
	[ "$status" = 0 ]
	[ $((${EPOCHREALTIME/./} - begin)) -ge 500000 ]
	[ "$(wc -l <"$(out one)")" = 3 ]
	[ "$(cat "$(err one)")" = 'ebpf-read: 3 events, 0 lost' ]
}

@test "ends: -n and -t together: whichever comes first" {
	run -0 "${reader[@]}" -n 5 -t 0.1 icmp
	start_reader one -n 1 -t 60 icmp
	pings 1
	finish one
	[ "$status" = 0 ]
}

# --- by a signal ---

@test "ends: SIGINT and SIGTERM drain, print the summary, and exit with 0" {
	local signal
	for signal in INT TERM; do
		start_reader one icmp
		kill -STOP "${pid_of[one]}"
		pings 20
		kill -"$signal" "${pid_of[one]}"
		finish one CONT
		[ "$status" = 0 ]
		[ "$(wc -l <"$(out one)")" = 20 ]
		[ "$(cat "$(err one)")" = 'ebpf-read: 20 events, 0 lost' ]
		[ "$(wanted_bits)" = 0 ]
	done
}

is_idle() { [ "$(awk '{ print $3 }' "/proc/$1/stat")" = S ]; } # PID

@test "ends: SIGTERM while idle ends it at once" {
	start_reader one icmp
	wait_until is_idle "${pid_of[one]}"
	finish one TERM
	[ "$status" = 0 ]
}

@test "ends: a receiver that takes nothing does not hold it for ever: SIGTERM, then 74" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo" # opened, and never read
	"${reader[@]}" icmp >"$BATS_TEST_TMPDIR/fifo" 2>"$(err one)" 3>&- 7>&- &
	pid_of[one]=$!
	started+=($!)
	wait_until asks_more_than 0
	"${from_there[@]}" ping -q -f -c 3000 10.78.0.1
	wait_until is_blocked "${pid_of[one]}"
	finish one TERM
	exec 7>&-
	[ "$status" = 74 ]
	has_text "$(err one)" 'ebpf-read: cannot write to standard output'
}

is_blocked() { # PID: succeeds if it blocks in write(2) to a pipe
	[[ $(cat "/proc/$1/wchan") == *pipe* ]]
}

# --- because the receiver is gone ---

@test "ends: head -1 gets its line, and the reader ends quietly with 0" {
	run -0 --separate-stderr bash -c '
		"${@:2}" icmp | head -1
		exit "${PIPESTATUS[0]}"' - "$root" "${reader[@]}" < <(wait_until asks_more_than 0 && pings 20 >/dev/null)
	[ "${#lines[@]}" = 1 ]
	jq -e .seq <<<"$output"
	[ -z "$stderr" ]
}

@test "ends: a receiver that went while there was something to write is a quiet end with 0" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo" # the only descriptor that could read
	"${reader[@]}" icmp >"$BATS_TEST_TMPDIR/fifo" 2>"$(err one)" 3>&- 7>&- &
	pid_of[one]=$!
	started+=($!)
	wait_until asks_more_than 0
	kill -STOP "${pid_of[one]}"
	exec 7>&-
	pings 5
	finish one CONT
	[ "$status" = 0 ]
	[ ! -s "$(err one)" ]
}

@test "ends: a receiver that goes is noticed also while idle" {
	start idle bash -c 'set -o pipefail; "$@" icmp | :' - "${reader[@]}"
	finish idle
	[ "$status" = 0 ]
	[ ! -s "$(err idle)" ]
}

@test "ends: with SIGPIPE ignored or not, a closed pipe is the same" {
	start idle bash -c 'trap "" PIPE; set -o pipefail; "$@" icmp | :' - "${reader[@]}"
	finish idle
	[ "$status" = 0 ]
	[ ! -s "$(err idle)" ]
}

@test "ends: a closed standard output is an error, not a silence" {
	start closed bash -c '"$@" icmp >&-' - "${reader[@]}"
	ping_until_gone() { pings 1 && is_gone "${pid_of[closed]}"; }
	wait_until ping_until_gone
	finish closed
	[ "$status" = 74 ]
	has_text "$(err closed)" 'ebpf-read: cannot write to standard output'
}

@test "ends: a full disk is 74, and says so" {
	"${reader[@]}" icmp >/dev/full 2>"$(err full)" 3>&- &
	pid_of[full]=$!
	started+=($!)
	wait_until asks_more_than 0
	pings 1
	finish full
	[ "$status" = 74 ]
	has_text "$(err full)" 'ebpf-read: cannot write to standard output: no space left on device'
	[ "$(wanted_bits)" = 0 ]
}

@test "ends: --help and --version into a full disk are 74 too" {
	local tool
	for tool in ebpf-load ebpf-read ebpf-ctl; do
		run -74 bash -c "$bin/$tool --help >/dev/full"
		run -74 bash -c "$bin/$tool --version >/dev/full"
	done
}

# --- in time ---

# Prints for COUNT events the milliseconds between the kernel's time stamp and the arrival of the line here.
delays() { # FILE-DESCRIPTOR COUNT
	local line now i
	for ((i = 0; i < $2; i++)); do
		read -r -t 120 -u "$1" line
		now=${EPOCHREALTIME/./}
		[[ $line =~ \"timestamp_us\":([0-9]+) ]]
		echo $(((now - BASH_REMATCH[1]) / 1000))
	done
}

@test "in time: an event is written within 100 ms, alone and closely behind another" {
	local delay
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	"${reader[@]}" icmp >"$BATS_TEST_TMPDIR/fifo" 2>"$(err one)" 3>&- 7>&- &
	pid_of[one]=$!
	started+=($!)
	wait_until asks_more_than 0
	# one alone; then one right behind another, for which the kernel does not wake the reader; both again after a rest
	"${from_there[@]}" ping -q -c 3 -i 0.6 10.78.0.1 >/dev/null &
	"${from_there[@]}" ping -q -c 3 -i 0.613 10.78.0.1 >/dev/null &
	delays 7 6 >"$BATS_TEST_TMPDIR/delays"
	exec 7>&-
	cat "$BATS_TEST_TMPDIR/delays"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/delays")" = 6 ]
	while read -r delay; do
		[ "$delay" -ge 0 ] # tests/bench/latency says how long it may take
	done <"$BATS_TEST_TMPDIR/delays"
}

@test "in time: an idle reader uses no processor" {
	local before after
	start_reader one icmp
	before=$(ticks "${pid_of[one]}")
	"${reader[@]}" -t 1 icmp
	after=$(ticks "${pid_of[one]}")
	[ $((after - before)) -le 2 ] # hundredths of a second
}

ticks() { # PID
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}
