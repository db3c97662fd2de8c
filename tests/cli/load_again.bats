# SPDX-License-Identifier: MIT
# ebpf-load again and again: under traffic, several at once, and after members of the group froze maps.
load helper

# Starts a reader, and packets to lan1, one each millisecond; the reader must see each exactly once.
begin_traffic() {
	start_reader watch icmp --if lan1
	start pings "${from_there[@]}" ping -q -i 0.001 -c 65000 10.78.0.1
	wait_until test -s "$(out watch)"
}

assert_no_gap() {
	local sent
	finish pings INT
	sent=$(awk '/packets transmitted/ { print $1 }' "$(out pings)")
	wait_until has_text "$(out watch)" "\"icmp_seq\":$sent,"
	finish watch TERM
	[ "$status" = 0 ]
	has_text "$(err watch)" "ebpf-read: $sent events, 0 lost"
	[ "$(wc -l <"$(out watch)")" = "$sent" ]
	[ "$(grep -o '"icmp_seq":[0-9]*' "$(out watch)" | sort -u | wc -l)" = "$sent" ]
	[ "$sent" -gt "$1" ]
}

@test "again: 100 reruns under traffic leave one link with the same id, and no packet is missed or seen twice" {
	local link program i
	given --xdp lan1
	link=$(link_id 0) program=$(program_on lan1)
	begin_traffic
	for i in {1..100}; do
		loader --xdp lan1 2>/dev/null
	done
	[ "$(names_in "$root/links")" = 0 ]
	[ "$(link_id 0) $(program_on lan1)" = "$link $program" ]
	assert_no_gap 100
}

@test "again: the program is exchanged 30 times under traffic, and no packet is missed or seen twice" {
	local link program before i
	given --xdp lan1
	link=$(link_id 0) program=$(program_on lan1)
	begin_traffic
	for i in {1..30}; do
		before=$program
		outdate 0
		run -0 --separate-stderr loader --xdp lan1
		[[ $stderr == *'lan1: XDP, native mode, program replaced'* ]]
		program=$(program_on lan1)
		[ "$program" != "$before" ]
	done
	[ "$(names_in "$root/links")" = 0 ]
	[ "$(link_id 0)" = "$link" ]
	wait_until is_freed prog "$before"
	assert_no_gap 1000
}

@test "again: a program that somebody exchanged in our link is put back" {
	local program
	given --xdp lan1
	program=$(program_on lan1)
	bpftool prog load "$PINPIPE_PREFIX/foreign.bpf.o" "$root/foreign" type xdp
	"$bin/tamper" link "$root/links/0" "$root/foreign"
	rm "$root/foreign"
	[ "$(program_on lan1)" != "$program" ]
	run -0 --separate-stderr loader --xdp lan1
	[[ $stderr == *'program replaced'* ]]
	start_reader one icmp
	"${from_there[@]}" ping -q -c 1 10.78.0.1
	wait_until has_lines "$(out one)" 1
}

@test "again: an unload and a load in between cost a running reader its stream, and only that" {
	given --xdp lan1
	start_reader old icmp
	unload
	given --xdp lan1
	finish old
	[ "$status" = 69 ]
}

@test "again: two loaders at once wait for each other" {
	local round
	for round in {1..5}; do
		start one "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0 --readers 1
		start two "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan1 --readers 1
		finish one
		[ "$status" = 0 ]
		finish two
		[ "$status" = 0 ]
		[ "$(names_in "$root/links")" = '0 1' ]
		[ "$(grep -cF " $root " /proc/self/mountinfo)" = 1 ]
		[ -n "$(program_on lan0)" ]
		[ -n "$(program_on lan1)" ]
		unload
		[ ! -e "$root" ]
	done
}

@test "again: two loaders of the same interface at once leave one link" {
	local round
	for round in {1..5}; do
		start one "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0 --readers 1
		start two "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0 --readers 1
		finish one
		[ "$status" = 0 ]
		finish two
		[ "$status" = 0 ]
		[ "$(names_in "$root/links")" = 0 ]
		cat "$(err one)" "$(err two)" | grep -c 'attached:' | grep -qx 1
		unload
	done
}

@test "again: a load that waited for an unload loads afresh" {
	given --xdp lan0
	# an unload that waits before it removes the mount, with the lock held
	start away strace -f -qq -o /dev/null -e trace=umount2 -e inject=umount2:delay_enter=500000 \
		"$bin/ebpf-load" --pin-root "$root" --unload
	wait_until test ! -e "$root/abi"
	start back "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0
	finish away
	[ "$status" = 0 ]
	finish back
	cat "$(err back)"
	[ "$status" = 0 ]
	[ -n "$(program_on lan0)" ]
	[ -e "$root/abi" ]
}

@test "again: loads and unloads at once end in one of both" {
	local round
	for round in {1..5}; do
		given --xdp lan0
		start away "$bin/ebpf-load" --pin-root "$root" --unload
		start back "$bin/ebpf-load" --pin-root "$root" --netns "$here" --xdp lan0
		finish away
		[ "$status" = 0 ]
		finish back
		cat "$(err back)"
		[ "$status" = 0 ]
		if [ -e "$root" ]; then # the load came after the unload
			[ -n "$(program_on lan0)" ]
			unload
		fi
	done
}

@test "again: an unload directly before a load is not in its way" {
	local i
	for i in {1..10}; do
		given --xdp lan0
		unload 2>/dev/null
	done
}

# --- maps frozen by a member of the group ---

freeze() { # PIN
	"${as_member[@]}" bpftool map freeze pinned "$root/$1"
}

@test "frozen: a member cannot freeze what all depend on" {
	local pin
	given --xdp lan0
	for pin in abi maps/hooks maps/losses maps/counters maps/controls maps/rings; do
		! freeze "$pin" 2>/dev/null || false
	done
	loader --xdp lan1
}

@test "frozen: a reader skips a frozen ring or control record, and the next load replaces it" {
	local pin before
	for pin in ring control; do
		given --xdp lan0
		before=$(map_id "readers/0/$pin")
		freeze "readers/0/$pin"
		start_reader one icmp --proto icmp
		[ "$(wanted_bits)" = 2 ] # slot 1
		"${from_there[@]}" ping -q -c 1 10.77.0.1
		wait_until has_lines "$(out one)" 1
		run -0 --separate-stderr loader --xdp lan0
		[[ $stderr == *'reader slot 0 was frozen or broken: replaced'* ]]
		[ "$(map_id "readers/0/$pin")" != "$before" ]
		[ "$(stat -c '%A %g' "$root/readers/0/$pin")" = "-rw-rw---- $group" ]
		start_reader two icmp --proto icmp
		[ "$(wanted_bits)" = 3 ]
		"${from_there[@]}" ping -q -c 1 10.77.0.1
		wait_until has_lines "$(out two)" 1
		wait_until has_lines "$(out one)" 2
		finish one TERM
		finish two TERM
		unload
	done
}

@test "frozen: with every slot frozen a reader says so, and a load mends all" {
	given --xdp lan0
	freeze readers/0/ring
	freeze readers/1/control
	run -1 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 1 icmp
	assert_one_error ebpf-read
	[[ $stderr == *"$root/readers/"*' is frozen'* ]]
	loader --xdp lan0
	run -0 "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

@test "frozen: the word that asks for events is replaced, with the programs that look at it" {
	local link program
	given --xdp lan0 --xdp lan1
	link=$(link_id 0) program=$(program_on lan0)
	freeze maps/wanted
	run -1 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 1 icmp
	assert_one_error ebpf-read
	[[ $stderr == *"$root/maps/wanted is frozen"*'hint: sudo ebpf-load'* ]]
	run -0 --separate-stderr loader --xdp lan1 # every load mends all hooks
	[[ $stderr == *"$root/maps/wanted was frozen: replaced"* ]]
	[ "$(link_id 0)" = "$link" ]
	[ "$(program_on lan0)" != "$program" ]
	[ "$(stat -c '%A %g' "$root/maps/wanted")" = "-rw-rw---- $group" ]
	start_reader one icmp --proto icmp
	"${from_there[@]}" ping -q -c 1 10.77.0.1
	"${from_there[@]}" ping -q -c 1 10.78.0.1
	wait_until has_lines "$(out one)" 2
}

@test "frozen: what a running reader uses cannot be frozen" {
	local pin
	given --xdp lan0
	start_reader one icmp
	for pin in maps/wanted readers/0/control readers/0/ring; do
		! freeze "$pin" 2>/dev/null || false
	done
}
