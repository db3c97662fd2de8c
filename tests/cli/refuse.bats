# SPDX-License-Identifier: MIT
# A kernel that grants less: each thing that a load asks for is refused in turn; see refuse.py.
load helper

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	add_lans
	ip -n "$here" link set lo up
	mkdir "$cgroup" "$cgroup/0" "$cgroup/1"
}

teardown() {
	end_started
	remove_root "$root-0"
	remove_root "$root-1"
}

teardown_file() {
	ip netns del "$here"
	ip netns del "$there"
	rmdir "$cgroup/0" "$cgroup/1" "$cgroup"
}

@test "refused: each program, map, link, iterator and BTF is done without, or its refusal is told in a line and leaves nothing" {
	start ping-0 "${from_there[@]}" ping -q -i 0.05 10.77.0.1
	start ping-1 "${from_there[@]}" ping -q -i 0.05 10.78.0.1
	TMPDIR=$BATS_TEST_TMPDIR "${from_here[@]}" "$BATS_TEST_DIRNAME/refuse.py" ${REFUSE_OPTIONS:-} "$bin" "$PINPIPE_PREFIX/refuse.so" \
		"$BATS_TEST_DIRNAME/refuse.table" "$root-0,lan0,$cgroup/0" "$root-1,lan1,$cgroup/1"
}
