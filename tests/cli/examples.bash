# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Helpers for tests that run the examples of documents unchanged: two network namespaces joined by eth0 and eth1, with
# 192.0.2.1 and .2, a constant ping from one to the other, and a separate pin root.
# shellcheck disable=SC2154,SC2034 # helper.bash and bats set them; the tests use them
source "$BATS_TEST_DIRNAME/helper.bash"

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab
export EBPF_PIN_ROOT=$root
export PATH=$BATS_FILE_TMPDIR/bin:$bin:$PATH

setup_file() {
	mkdir "$BATS_FILE_TMPDIR/bin"
	printf '#!/bin/sh\nexec "$@"\n' >"$BATS_FILE_TMPDIR/bin/sudo"
	chmod +x "$BATS_FILE_TMPDIR/bin/sudo"
	ip netns add "$here"
	ip netns add "$there"
	local interface
	for interface in eth0 eth1; do
		ip link add "$interface" netns "$here" type veth peer name "$interface" netns "$there"
		ip -n "$here" link set "$interface" up
		ip -n "$there" link set "$interface" up
	done
	ip -n "$here" addr add 192.0.2.1/24 dev eth0
	ip -n "$there" addr add 192.0.2.2/24 dev eth0
	ip -n "$here" link set lo up
	mkdir "$cgroup"
	"${from_there[@]}" ping -q -i 0.01 192.0.2.1 &>/dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/pinger"
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/pinger")"
	remove_root "$root"
	ip netns del "$here"
	ip netns del "$there"
	rmdir "$cgroup"
}

load_here() { # ARGUMENT...: loads into the namespace $here, after unloading everything
	remove_root "$root"
	"$bin/ebpf-load" --netns "$here" "$@" 2>load.err || { cat load.err && return 1; }
}

man_examples() { # PAGE
	page_text "$1" | section EXAMPLES | sed -n 's/^ *[$#] //p'
}

readme_examples() {
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^```console/,/^```$/s/^\$ //p' "$tree/README.md"
}

# Runs an example in the namespace and fails unless it succeeds. An endless example is ended after a second.
try_example() { # COMMAND LINE
	local line=$1 seconds=300 endless=
	if [[ $line =~ ^ebpf-read && ! $line =~ \ -[nt]\  ]]; then
		endless=yes seconds=1
	fi
	line=${line//--netns blue/--netns $there}
	line=${line//\/sys\/fs\/cgroup\/app/$cgroup}
	line=${line//\/usr\/local\/share\/pinpipe/$tree/share}
	line=${line//-t 10/-t 0.5}
	run --separate-stderr "${from_here[@]}" timeout -s INT "$seconds" bash -o pipefail -c "$line"
	[[ $status == 0 || ($endless && $status == 124) ]] && return
	printf '%s\n' "$line: status $status" "$output" "${stderr:-}"
	return 1
}

try_examples() { # reads command lines
	local line tried=0
	while IFS= read -r line; do
		try_example "$line" || return 1
		tried=$((tried + 1))
	done
	[[ $tried -gt 0 ]]
}
