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

# Runs the loader where the kernel refuses a program; see refuse.c.
refusing() { # PROGRAM LOADER-ARGUMENT...
	REFUSE="program * $1 1" LD_PRELOAD=$PINPIPE_PREFIX/refuse.so loader "${@:2}"
}

@test "rules for descendants are refused where the kernel refuses see_fork, also to the admin group" {
	local text='this kernel refuses see_fork (tp_btf/sched_process_fork)'
	export root=$root-0
	refusing see_fork --cgroup "$cgroup/0" --admin-group "$group"
	local -a as=()
	for as in '' "${as_member[*]}"; do
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr $as "$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-parent --children
		[ "${stderr_lines[0]}" = "ebpf-ctl: cannot allow --children: $text" ]
		[[ ${stderr_lines[1]} == 'hint: '* ]]
		# shellcheck disable=SC2086 # words
		run -0 $as "$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-parent
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr $as "$bin/ebpf-ctl" --pin-root "$root" children on pp-parent
		[ "${stderr_lines[0]}" = "ebpf-ctl: cannot let rules hold for children: $text" ]
		printf 'allow 8081 pp-parent\nchildren pp-parent\n' >"$BATS_TEST_TMPDIR/rules"
		chmod 644 "$BATS_TEST_TMPDIR/rules"
		# shellcheck disable=SC2086 # words
		run -1 --separate-stderr $as "$bin/ebpf-ctl" --pin-root "$root" apply - <"$BATS_TEST_TMPDIR/rules"
		[[ ${stderr_lines[0]} == "ebpf-ctl: cannot "*": $text" ]]
		run -0 "$bin/ebpf-ctl" --pin-root "$root" revoke --all pp-parent
	done
	unload --cgroup "$cgroup/0"
	loader --cgroup "$cgroup/0"
	"$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-parent --children
}

@test "watching ports of a process is refused where the kernel refuses list_bound, and says so" {
	export root=$root-0
	refusing list_bound --sockets --xdp lan0
	run -1 --separate-stderr "$bin/ebpf-ctl" --pin-root "$root" watch 8080 pp-server
	[ "${stderr_lines[0]}" = 'ebpf-ctl: cannot watch ports of a process: this kernel refuses list_bound (iter/task_file)' ]
	"$bin/ebpf-ctl" --pin-root "$root" watch 8080
}
