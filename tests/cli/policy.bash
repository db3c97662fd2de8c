# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests of rules: a cgroup for the test file, whose processes can be ruled.
# shellcheck disable=SC2154,SC2016 # set by helper.bash and bats; the inner shells'

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	ip netns add "$here"
	ip netns add "$there"
	add_pair lan0 10.77.0
	ip -n "$here" link set lo up
	mkdir "$cgroup"
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	ip netns del "$there"
	find "$cgroup" -depth -type d -exec rmdir {} \;
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

ctl() { "$bin/ebpf-ctl" --pin-root "$root" "$@"; }

# A command prefix that runs a program in the tests' cgroup. Background jobs use these words, not a function, whose job
# would have another pid.
in_cgroup=("${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup")
inside() { "${in_cgroup[@]}" "$@"; } # COMMAND...

# Starts the Python program on stdin in the background, as a process named PROCESS in the cgroup; see act.py.
start_act() { # NAME PROCESS
	cat >"$1.py"
	start "$1" "${in_cgroup[@]}" bash -c 'exec python3 "$@" <"$0"' "$PWD/$1.py" "$BATS_TEST_DIRNAME/act.py" "$2"
}

# Runs the Python program on stdin in the background in the namespace $there; see act.py.
start_there() { # NAME
	cat >"$1.py"
	start "$1" "${from_there[@]}" bash -c 'exec python3 "$1" pp-there <"$0"' "$PWD/$1.py" "$BATS_TEST_DIRNAME/act.py"
}

# Starts a peer that accepts and counts on ports of the namespace $there, which has no rules; see act.py.
serve() { # NAME PORT...
	local name=$1
	shift
	start "$name" "${from_there[@]}" python3 "$BATS_TEST_DIRNAME/act.py" pp-peer "$@"
	wait_until has_text "$(out "$name")" ready
}
