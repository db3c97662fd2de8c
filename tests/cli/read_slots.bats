# SPDX-License-Identifier: MIT
# ebpf-read: several readers at once, each with its own slot: claimed, abandoned, taken over, all taken.
load helper

seen_by() { # NAME COUNT
	wait_until has_lines "$(out "$1")" "$2"
}

@test "slots: two readers at once both see all" {
	given --xdp lan1
	start_reader one icmp
	start_reader two icmp
	[ "$(wanted_bits)" = 3 ]
	"${from_there[@]}" ping -q -f -c 2000 10.78.0.1
	seen_by one 2000
	seen_by two 2000
	finish one TERM
	finish two TERM
	diff <(without_times one) <(without_times two)
	has_text "$(err one)" 'ebpf-read: 2000 events, 0 lost'
	has_text "$(err two)" 'ebpf-read: 2000 events, 0 lost'
}

@test "slots: a reader that begins later numbers its own events from 1" {
	given --xdp lan1
	start_reader one icmp
	"${from_there[@]}" ping -q -c 3 -i 0.01 10.78.0.1
	seen_by one 3
	start_reader two icmp
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	seen_by two 2
	[ "$(jq .seq "$(out two)" | paste -sd,)" = 1,2 ]
	seen_by one 5
	[ "$(jq .seq "$(out one)" | paste -sd,)" = 1,2,3,4,5 ]
}

@test "slots: a reader that ends clears its bit and frees its slot" {
	given --xdp lan1
	start_reader one icmp
	start_reader two icmp
	finish one TERM
	[ "$(wanted_bits)" = 2 ]
	start_reader three icmp
	[ "$(wanted_bits)" = 3 ]
	finish two TERM
	finish three TERM
	[ "$(wanted_bits)" = 0 ]
}

@test "slots: a killed reader's slot is taken over, with nothing of what it left unread" {
	given --xdp lan1
	start_reader one icmp
	kill -STOP "${pid_of[one]}"
	"${from_there[@]}" ping -q -c 5 -i 0.01 10.78.0.1
	finish one KILL
	[ "$(wanted_bits)" = 1 ] # the bit of the dead reader is still set
	start two "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
	wait_until holds_slot "${pid_of[two]}" 0
	wait_until has_bits 1
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	seen_by two 2
	finish two TERM
	[ "$(wc -l <"$(out two)")" = 2 ]
	has_text "$(err two)" 'ebpf-read: 2 events, 0 lost'
}

# Succeeds if this process has the lock of this slot.
holds_slot() { # PID SLOT
	grep -q "FLOCK .* $1 .*:$(stat -c %i "$root/readers/$2") " /proc/locks
}

has_bits() { # BITS
	[ "$(wanted_bits)" = "$1" ]
}

@test "slots: the bits of killed readers are cleared by the next one that comes" {
	given --xdp lan1
	start_reader one icmp
	start_reader two icmp
	finish one KILL
	finish two KILL
	[ "$(wanted_bits)" = 3 ]
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
	[ "$(wanted_bits)" = 0 ]
}

@test "slots: a killed reader under traffic, taken over 10 times: no event of another claim is seen" {
	local i
	loader --xdp lan1 --group "$group" --readers 1 --ring-size 16384
	start pings "${from_there[@]}" ping -q -i 0.001 -c 65000 10.78.0.1
	for i in {1..10}; do
		start one "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
		seen_by one 3
		finish one KILL
		# in order and without a hole: the first numbers of both readers give the distance
		head -n 3 "$(out one)" | jq -s -e '. as $e | all(range(3); $e[.].seq == . + 1) and
			all(range(3); $e[.].icmp_seq - $e[.].seq == $e[0].icmp_seq - $e[0].seq)'
	done
}

@test "slots: when all are taken, the error names who holds them" {
	given --xdp lan1
	start_reader one icmp
	start_reader two icmp
	run -1 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" icmp
	assert_one_error ebpf-read
	[[ $stderr == *"all 2 reader slots are taken (ebpf-read ${pid_of[one]}, ebpf-read ${pid_of[two]})"* ]]
	[[ $stderr == *'hint: '*'--readers'* ]]
	finish one TERM
	run -0 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

@test "slots: 32 readers at once" {
	local i
	loader --xdp lan1 --group "$group" --readers 32 --ring-size 16384
	for i in {1..32}; do
		start "r$i" "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -n 3 icmp
	done
	wait_until all_ask
	"${from_there[@]}" ping -q -c 3 -i 0.01 10.78.0.1
	for i in {1..32}; do
		finish "r$i"
		[ "$status" = 0 ]
		[ "$(wc -l <"$(out "r$i")")" = 3 ]
	done
	[ "$(wanted_bits)" = 0 ]
}

all_ask() {
	[ "$(asking)" = 32 ]
}
