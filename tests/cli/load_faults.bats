# SPDX-License-Identifier: MIT
# ebpf-load is killed at, or failed by, each kind of system call in turn: the next load cleans up after a killed one,
# and a failed one leaves everything as before. strace(1) does both, at the Nth call of a name.
load helper

# The calls with effects outside the process, and those whose failure could mislead; "?" marks a call that not every
# machine has.
changing='bpf,?mkdir,mkdirat,mount,umount2,?rename,?renameat,renameat2,?unlink,unlinkat,?rmdir'
changing+=',?chown,fchownat,?chmod,fchmodat'
asking='flock,setns,sendto,recvmsg'

first=(--netns "$here" --group "$group" --readers 1 --ring-size 16384 --xdp lan0)
second=(--netns "$here" --xdp lan1)

quietly() { # COMMAND...
	"$@" 2>"$BATS_TEST_TMPDIR/said" || {
		cat "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
}

again() { # ARGUMENT...
	quietly "$bin/ebpf-load" --pin-root "$root" "$@"
}

# Runs the loader with a fault at the Nth call of this name; sets $status.
fault() { # FAULT NAME N ARGUMENT...
	local fault=$1 name=$2 n=$3
	shift 3
	echo "$fault at $name $n" # bats shows it when the test fails here
	status=0
	strace -f -qq -o /dev/null -e "trace=$name" -e "inject=$name:$fault:when=$n" \
		"$bin/ebpf-load" --pin-root "$root" "$@" 2>"$BATS_TEST_TMPDIR/fault" || status=$?
}

# Prints where to put faults into this command, as lines of NAME N: the first and the last call of each kind. A kind
# is a name with its paths; for bpf(2) also with its command and the call before it; for calls that are made for every
# pin the name alone. A kill differs from the kill before only by what has changed outside in between. With FROM,
# takes only calls after a line that matches it; with SKIP, only lines that do not match.
points() { # kill|error ARGUMENT...
	local fault=$1
	shift
	quietly strace -f -qq -s 200 -o "$BATS_TEST_TMPDIR/calls" -e "trace=$changing,$asking" \
		"$bin/ebpf-load" --pin-root "$root" "$@"
	awk -v "from=${FROM:-}" -v "skip=${SKIP:-}" -v "fault=$fault" '{
		sub(/^[0-9]+ +/, "")
		name = kind = $0
		sub(/\(.*/, "", name)
		n[name]++
		on = on || $0 ~ from
		if (!on) next
		if (skip != "" && $0 ~ skip) next
		if (fault == "kill" && /^(flock|setns|sendto|recvmsg|bpf.BPF_(MAP_CREATE|MAP_LOOKUP|MAP_FREEZE|PROG|OBJ_GET|BTF))/) next
		if (name == "bpf") {
			if (!match(kind, /"\/[^"]*"/)) sub(/,.*/, "", kind)
			if (kind ~ /GET_INFO|ELEM/) kind = kind " after " previous
			else previous = kind
		} else if (name !~ /^(mk|un|rm|rename)/) kind = name
		gsub(/0x[0-9a-f]+|[0-9]+/, "", kind)
		if (!(kind in last)) print name, n[name]
		else many[kind] = 1
		last[kind] = name " " n[name]
	} END { for (kind in many) print last[kind] }' "$BATS_TEST_TMPDIR/calls" >"$BATS_TEST_TMPDIR/points"
}

# Succeeds if every link has one hook, whose program the interface runs, and a reader finds all it needs.
assert_loaded() { # INTERFACE...
	local names number program interface
	read -ra names <<<"$(names_in "$root/links")"
	[ ${#names[@]} = $# ]
	for number in $(names_in "$root/sent"); do [ -e "$root/links/$number" ]; done
	[ "$(names_in "$root")" = 'abi admin links lock maps maps.debug progs.debug readers sent' ]
	for number in "${names[@]}"; do
		program=$(link_program "links/$number")
		[[ $program =~ ^[0-9]+$ ]]
		interface=$(hook_name "$number")
		[[ " $* " == *" $interface "* ]]
		[ "$(program_on "$interface")" = "$program" ]
		[ "$(abi maps/hooks "$number" program)" = "$program" ]
		# The same for the program that counts sent packets, if the kernel has it (Linux 6.6).
		[ $(($(abi maps/hooks "$number" flags) & 0x40)) = 0 ] || [ "$(abi maps/hooks "$number" cgroup)" = \
			"$(link_program "sent/$number")" ]
	done
	[ ${#started[@]} != 0 ] || quietly "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" -t 0.001 icmp
}

# Starts packets to lan0, one each five milliseconds, and a reader that must see each.
watch_first() {
	again "${first[@]}"
	link=$(link_id 0) program=$(program_on lan0)
	start_reader watch icmp --if lan0 --proto icmp
	start pings "${from_there[@]}" ping -q -i 0.005 -c 60000 10.77.0.1
}

assert_nothing_was_missed() {
	local sent
	finish pings INT
	sent=$(awk '/packets transmitted/ { print $1 }' "$(out pings)")
	[ "$sent" -gt 0 ]
	wait_until has_text "$(out watch)" "\"icmp_seq\":$sent,"
	finish watch TERM
	[ "$(wc -l <"$(out watch)")" = "$sent" ]
	[ "$(grep -o '"icmp_seq":[0-9]*' "$(out watch)" | sort -u | wc -l)" = "$sent" ]
}

# --- killed loads ---

@test "faults: a first load that was killed is mended by the next" {
	local name n full
	points kill "${first[@]}"
	full=$(layout)
	remove_root "$root"
	while read -r name n; do
		fault signal=KILL "$name" "$n" "${first[@]}"
		[ "$status" = 137 ]
		again "${first[@]}"
		[ "$(layout)" = "$full" ]
		assert_loaded lan0
		remove_root "$root"
	done <"$BATS_TEST_TMPDIR/points"
}

# This load adds lan1 and exchanges the program of lan0.
@test "faults: a second load that was killed is mended by the next, and the first interface misses nothing" {
	local name n
	watch_first
	outdate 0
	points kill "${second[@]}"
	while read -r name n; do
		quietly unload --netns "$here" --xdp lan1
		outdate 0
		fault signal=KILL "$name" "$n" "${second[@]}"
		[ "$status" = 137 ]
		again "${second[@]}"
		assert_loaded lan0 lan1
	done <"$BATS_TEST_TMPDIR/points"
	[ "$(link_id 0)" = "$link" ]
	[ "$(program_on lan0)" != "$program" ]
	assert_nothing_was_missed
}

@test "faults: an unload that was killed is mended by a load" {
	local name n
	again "${first[@]}"
	points kill --unload
	while read -r name n; do
		again "${first[@]}"
		fault signal=KILL "$name" "$n" --unload
		[ "$status" = 137 ]
		again "${first[@]}"
		assert_loaded lan0
		remove_root "$root"
	done <"$BATS_TEST_TMPDIR/points"
}

@test "faults: an unload that was killed is ended by the next" {
	local name n
	again "${first[@]}"
	points kill --unload
	while read -r name n; do
		again "${first[@]}"
		fault signal=KILL "$name" "$n" --unload
		[ "$status" = 137 ]
		run unload
		[ "$status" = 0 ] || [ "$status" = 69 ]
		[ ! -e "$root/abi" ]
		wait_until has_no_program lan0
		remove_root "$root"
	done <"$BATS_TEST_TMPDIR/points"
}

has_no_program() { # INTERFACE
	[ -z "$(program_on "$1")" ]
}

# --- failed calls ---
# A load may succeed in spite of an error (libbpf asks what the kernel knows, and tries some calls again); then its
# result must be whole.

@test "faults: a first load that fails leaves nothing" {
	local name n
	points error "${first[@]}"
	remove_root "$root"
	while read -r name n; do
		fault error=ENOMEM "$name" "$n" "${first[@]}"
		if [ "$status" = 0 ]; then
			assert_loaded lan0
			remove_root "$root"
		else
			grep -q '^ebpf-load: cannot ' "$BATS_TEST_TMPDIR/fault"
			[ ! -e "$root" ]
			[ -z "$(program_on lan0)" ]
		fi
	done <"$BATS_TEST_TMPDIR/points"
}

@test "faults: a second load that fails leaves the first interface, which misses nothing" {
	local name n before
	watch_first
	before=$(layout)
	outdate 0
	SKIP="BPF_(BTF_LOAD|MAP_CREATE|MAP_FREEZE|PROG_BIND)" points error "${second[@]}" # as in a first load
	quietly unload --netns "$here" --xdp lan1
	while read -r name n; do
		outdate 0
		program=$(program_on lan0)
		fault error=ENOMEM "$name" "$n" "${second[@]}"
		if [ "$status" = 0 ]; then
			[ ! -d "$root/stage" ] || rm -r "$root/stage" # as the next load would do
			assert_loaded lan0 lan1
			quietly unload --netns "$here" --xdp lan1
		else
			[ "$(layout)" = "$before" ]
			assert_loaded lan0
			[ "$(program_on lan0)" = "$program" ]
			[ -z "$(program_on lan1)" ]
		fi
		[ "$(link_id 0)" = "$link" ]
	done <"$BATS_TEST_TMPDIR/points"
	assert_nothing_was_missed
}

# Attaches another XDP program by netlink, or by a link (pinpipe's of another pin root).
@test "faults: --replace that fails puts the other program back" {
	local way name n id
	for way in netlink link; do
		attach_other "$way"
		FROM=LINK_GET_NEXT_ID points error "${first[@]}" --replace
		id=
		while read -r name n; do
			if [ -z "$id" ]; then
				remove_root "$root"
				attach_other "$way"
				id=$(program_on lan0)
			fi
			fault error=ENOMEM "$name" "$n" "${first[@]}" --replace
			if [ "$status" = 0 ]; then
				assert_loaded lan0
				id=
			else
				[ ! -e "$root" ]
				[ "$(program_on lan0)" = "$id" ]
			fi
		done <"$BATS_TEST_TMPDIR/points"
		remove_root "$root"
		remove_root "$root-other"
		ip -n "$here" link set dev lan0 xdpdrv off
	done
}

attach_other() { # netlink|link
	remove_root "$root-other"
	wait_until has_no_program lan0
	case $1 in
	netlink) ip -n "$here" link set dev lan0 xdpdrv object "$PINPIPE_PREFIX/foreign.bpf.o" section xdp ;;
	link) quietly "$bin/ebpf-load" --pin-root "$root-other" "${first[@]}" ;;
	esac
}
