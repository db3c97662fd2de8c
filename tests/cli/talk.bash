# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests of connections: a process with a name of its own, in a namespace of the tests.
# shellcheck disable=SC2154 # set by helper.bash

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	talker=pp-talk-$$ # a name that no other run uses
}

setup_file() {
	ip netns add "$here"
	ip netns add "$there"
	add_pair lan0 10.77.0
	ip -n "$here" link set lo up
	ip -n "$here" neigh add 10.77.0.9 lladdr 02:00:00:00:00:09 dev lan0 # no host has this address: packets to it are lost
}

# Runs the Python program on stdin; see talk.py.
talk() { "${from_here[@]}" timeout 600 python3 "$BATS_TEST_DIRNAME/talk.py" "$talker"; }
