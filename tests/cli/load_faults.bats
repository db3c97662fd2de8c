# ebpf-load killed at, or failed by, each system call in turn that changes something: a killed one is mended by the
# next, a failed one leaves what was there before. strace(1) does both, at the Nth call of a kind.
load helper

# Kinds of calls, "?" where not every machine has the call.
files='?mkdir,mkdirat,mount,umount2,?rename,?renameat,renameat2,?unlink,unlinkat,?rmdir'
access='?chown,fchownat,?chmod,fchmodat'

# Runs the loader with a fault at the Nth of each of these calls. Leaves its exit status in $status.
fault() { # KIND FAULT N ARGUMENT...
	local kind=$1 fault=$2 n=$3
	shift 3
	echo "$fault at $kind $n" # bats shows it if the test fails here
	status=0
	strace -f -qq -o /dev/null -e "trace=$kind" -e "inject=$kind:$fault:when=$n" \
		"$bin/ebpf-load" --pin-root "$root" "$@" 2>"$BATS_TEST_TMPDIR/fault" || status=$?
} 2>/dev/null # bash's own word about a killed process

# How many such calls there are: the most of one name.
calls() { # KIND ARGUMENT...
	local kind=$1
	shift
	strace -f -qq -o "$BATS_TEST_TMPDIR/calls" -e "trace=$kind" "$bin/ebpf-load" --pin-root "$root" "$@" 2>/dev/null
	sed -E 's/^[0-9]+ +//; s/\(.*//' "$BATS_TEST_TMPDIR/calls" | sort | uniq -c | sort -n | awk 'END { print $1 }'
}

assert_nothing_is_left() {
	[ ! -e "$root" ]
	[ -z "$(program_on lan0)" ]
}

# Every link has a hook of its own, whose program is the one that the interface runs.
assert_loaded() { # INTERFACE...
	local names number interface
	read -ra names <<<"$(names_in "$root/links")"
	[ ${#names[@]} = $# ]
	[ "$(names_in "$root")" = 'abi links maps maps.debug progs.debug readers' ]
	for number in "${names[@]}"; do
		interface=$(element maps/hooks "$number" | xargs printf '\\x%x' | xargs -0 printf '%b' | tail -c 16 | tr -d '\0')
		[[ " $* " == *" $interface "* ]]
		[ "$(program_on "$interface")" = "$(field maps/hooks "$number" 12 4)" ]
		[ "$(program_on "$interface")" = "$(bpftool -j link show pinned "$root/links/$number" | jq .prog_id)" ]
	done
}

first=(--netns "$here" --group "$group" --readers 1 --ring-size 16384 --xdp lan0)
second=(--netns "$here" --xdp lan1)

# --- killed ---

killed_first_load() { # KIND
	local n count full
	count=$(calls "$1" "${first[@]}")
	full=$(layout)
	remove_root "$root"
	for ((n = 1; n <= count; n++)); do
		fault "$1" signal=KILL "$n" "${first[@]}"
		[ "$status" = 137 ]
		"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
		[ "$(layout)" = "$full" ]
		assert_loaded lan0
		remove_root "$root"
	done
}

@test "faults: a first load killed at any bpf(2) is mended by the next load" {
	killed_first_load bpf
}

@test "faults: a first load killed at any change of files or modes is mended by the next load" {
	killed_first_load "$files"
	killed_first_load "$access"
}

# A second interface, killed at each call, mended, and taken away again, while packets arrive at the first one.
killed_second_load() { # KIND
	local n count
	count=$(calls "$1" "${second[@]}")
	unload --netns "$here" --xdp lan1
	for ((n = 1; n <= count; n++)); do
		fault "$1" signal=KILL "$n" "${second[@]}"
		[ "$status" = 137 ]
		[ "$(program_on lan0)" = "$program" ]
		"$bin/ebpf-load" --pin-root "$root" "${second[@]}"
		assert_loaded lan0 lan1
		unload --netns "$here" --xdp lan1
	done
}

# Packets to lan0, one each 2 ms, and a reader that must see each.
watch_first() {
	"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
	link=$(link_id 0) program=$(program_on lan0)
	start_reader watch icmp --if lan0 --proto icmp
	start pings "${from_there[@]}" ping -q -i 0.002 -c 60000 10.77.0.1
}

first_was_untouched() {
	[ "$(link_id 0) $(program_on lan0)" = "$link $program" ]
	finish pings INT
	sent=$(awk '/packets transmitted/ { print $1 }' "$(out pings)")
	wait_until has_text "$(out watch)" "\"icmp_seq\":$sent,"
	finish watch TERM
	[ "$(wc -l <"$(out watch)")" = "$sent" ]
	[ "$(grep -o '"icmp_seq":[0-9]*' "$(out watch)" | sort -u | wc -l)" = "$sent" ]
}

@test "faults: a second load killed at any call is mended, and the first interface misses nothing" {
	watch_first
	killed_second_load bpf
	killed_second_load "$files"
	killed_second_load "$access"
	first_was_untouched
}

@test "faults: an unload killed at any call is ended by the next, or mended by a load" {
	local n count
	"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
	count=$(calls "$files" --unload)
	for ((n = 1; n <= count; n++)); do
		"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
		fault "$files" signal=KILL "$n" --unload
		[ "$status" = 137 ]
		if ((n % 2)); then
			"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
			assert_loaded lan0
		else
			run unload
			[ "$status" = 0 ] || [ "$status" = 69 ]
			[ ! -e "$root/abi" ]
			[ -z "$(program_on lan0)" ]
		fi
		remove_root "$root"
	done
}

# --- failed ---

# An error that is not in the way (libbpf asks the kernel what it knows, and tries some calls again) must not
# be in the way of the result either.
failed_first_load() { # KIND
	local n count
	count=$(calls "$1" "${first[@]}")
	remove_root "$root"
	for ((n = 1; n <= count; n++)); do
		fault "$1" error=ENOMEM "$n" "${first[@]}"
		if [ "$status" = 0 ]; then
			assert_loaded lan0
			remove_root "$root"
		else
			[ "$status" = 1 ]
			grep -q '^ebpf-load: cannot .*: cannot allocate memory$' "$BATS_TEST_TMPDIR/fault"
			assert_nothing_is_left
		fi
	done
}

@test "faults: a first load that any bpf(2) fails leaves nothing" {
	failed_first_load bpf
}

@test "faults: a first load that any change of files or modes fails leaves nothing" {
	failed_first_load "$files"
	failed_first_load "$access"
}

failed_second_load() { # KIND
	local n count before
	count=$(calls "$1" "${second[@]}")
	unload --netns "$here" --xdp lan1
	before=$(layout)
	for ((n = 1; n <= count; n++)); do
		fault "$1" error=ENOMEM "$n" "${second[@]}"
		if [ "$status" = 0 ]; then
			assert_loaded lan0 lan1
			unload --netns "$here" --xdp lan1
		else
			[ "$(layout)" = "$before" ]
			assert_loaded lan0
			[ -z "$(program_on lan1)" ]
		fi
	done
}

@test "faults: a second load that any call fails leaves the first interface, which misses nothing" {
	watch_first
	failed_second_load bpf
	failed_second_load "$files"
	failed_second_load "$access"
	first_was_untouched
}

@test "faults: a failed exchange of the program leaves the old one, and no packet is missed" {
	local n count before
	watch_first
	outdate 0
	count=$(calls bpf "${first[@]}")
	for ((n = 1; n <= count; n++)); do
		outdate 0
		before=$(program_on lan0)
		fault bpf error=ENOMEM "$n" "${first[@]}"
		[ "$status" = 0 ] || [ "$(program_on lan0)" = "$before" ]
		[ "$(link_id 0)" = "$link" ]
	done
	"$bin/ebpf-load" --pin-root "$root" "${first[@]}"
	assert_loaded lan0
	program=$(program_on lan0)
	first_was_untouched
}

@test "faults: a failed --replace puts the other program back" {
	local n count id
	for mode in xdpdrv xdpgeneric; do
		ip -n "$here" link set dev lan0 "$mode" object "$PINPIPE_PREFIX/foreign.bpf.o" section xdp
		id=$(program_on lan0)
		count=$(calls bpf "${first[@]}" --replace)
		remove_root "$root"
		ip -n "$here" link set dev lan0 "$mode" object "$PINPIPE_PREFIX/foreign.bpf.o" section xdp
		id=$(program_on lan0)
		for ((n = count - 12; n <= count; n++)); do # the earlier ones come before the exchange
			fault bpf error=ENOMEM "$n" "${first[@]}" --replace
			if [ "$status" = 0 ]; then
				assert_loaded lan0
				remove_root "$root"
				ip -n "$here" link set dev lan0 "$mode" object "$PINPIPE_PREFIX/foreign.bpf.o" section xdp
				id=$(program_on lan0)
			else
				[ ! -e "$root" ]
				[ "$(program_on lan0)" = "$id" ]
			fi
		done
		ip -n "$here" link set dev lan0 "$mode" off
	done
}
