#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Ways past a port rule, each tried by a process with a rule and by one without: see bypass.py. The programs are loaded
# once.
load helper

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	ip netns add "$here"
	ip -n "$here" link set lo up
	"${from_here[@]}" sysctl -qw net.ipv4.ping_group_range='0 1000'
	mkdir "$cgroup"
	given --cgroup "$cgroup"
	"$bin/ebpf-ctl" --pin-root "$root" allow 8080 pp-ruled 2>/dev/null
	"$bin/ebpf-ctl" --pin-root "$root" allow 5300/udp pp-ruled
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	rmdir "$cgroup"
}

teardown() { :; } # the programs stay loaded for all tests

row() { # CASE
	# shellcheck disable=SC2016 # the inner shell's
	"${from_here[@]}" bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" \
		timeout 600 python3 "$BATS_TEST_DIRNAME/bypass.py" --check --patient "$1" >"$BATS_TEST_TMPDIR/row" || {
		cat "$BATS_TEST_TMPDIR/row" >&2
		return 1
	}
	[ ! -s "$BATS_TEST_TMPDIR/row" ] || skip "$(sed 's/.*skip: //' "$BATS_TEST_TMPDIR/row")"
}

# Skips a way that this kernel cannot close, if status says so; tests/vm has kernels that can.
needs() { # KEY STATE
	local state
	state=$("$bin/ebpf-ctl" --pin-root "$root" status --json | jq -r ".$1")
	[ "$state" = "$2" ] || skip "status says $1: $state; tests/vm covers it"
}

@test "every way of bypass.py is tried here" {
	diff <(python3 "$BATS_TEST_DIRNAME/bypass.py" --list) <(sed -n 's/^@test .* row \([a-z0-9_]*\); }/\1/p' "$BATS_TEST_FILENAME")
}

@test "no way past: tcp connect" { row tcp_connect; }
@test "no way past: tcp nonblocking" { row tcp_nonblocking; }
@test "no way past: tcp fastopen" { row tcp_fastopen; }
@test "no way past: tcp fastopen connect" { row tcp_fastopen_connect; }
@test "no way past: tcp bound to device" { row tcp_bound_to_device; }
@test "no way past: tcp bind then connect" { row tcp_bind_then_connect; }
@test "no way past: tcp ipv6" { row tcp_ipv6; }
@test "no way past: tcp mapped" { row tcp_mapped; }
@test "no way past: mptcp" { row mptcp; }
@test "no way past: mptcp to mptcp" { row mptcp_to_mptcp; }
@test "no way past: udp sendto" { row udp_sendto; }
@test "no way past: udp connect" { row udp_connect; }
@test "no way past: udp ipv6" { row udp_ipv6; }
@test "no way past: udp mapped" { row udp_mapped; }
@test "no way past: udp reconnected" { row udp_reconnected; }
@test "no way past: udp sendmmsg" { row udp_sendmmsg; }
@test "no way past: udp answer" { row udp_answer; }
@test "no way past: udp to stranger" { row udp_to_stranger; }
@test "no way past: udplite" { row udplite; }
@test "no way past: udplite connect" { row udplite_connect; }
@test "no way past: sctp stream" { row sctp_stream; }
@test "no way past: sctp messages" { row sctp_messages; }
@test "no way past: ping" { row ping; }
@test "no way past: ping ipv6" { row ping_ipv6; }
@test "no way past: raw" { row raw; }
@test "no way past: raw tcp" { row raw_tcp; }
@test "no way past: raw ipv6" { row raw_ipv6; }
@test "no way past: tcp bind" { row tcp_bind; }
@test "no way past: tcp bind ipv6" { row tcp_bind_ipv6; }
@test "no way past: udp bind" { row udp_bind; }
@test "no way past: accept" { row accept; }
@test "no way past: reuseport" { row reuseport; }
@test "no way past: listen unbound" { row listen_unbound; }
@test "no way past: listen after bind 0" { row listen_after_bind_0; }
@test "no way past: uring connect" { row uring_connect; }
@test "no way past: uring connect async" { row uring_connect_async; }
@test "no way past: uring connect sqpoll" { row uring_connect_sqpoll; }
@test "no way past: uring send" { row uring_send; }
@test "no way past: uring send async" { row uring_send_async; }
@test "no way past: uring send sqpoll" { row uring_send_sqpoll; }
@test "no way past: renamed thread" { row renamed_thread; }
@test "no way past: fork" { row fork; }
@test "no way past: packet" { needs packet_sockets denied && row packet; }
@test "no way past: packet datagram" { needs packet_sockets denied && row packet_datagram; }
@test "no way past: packet xdp" { needs packet_sockets denied && row packet_xdp; }
@test "no way past: inherited" { row inherited; }
@test "no way past: inherited once" { needs relabels before && row inherited_once; }
@test "no way past: passed" { row passed; }
@test "no way past: passed unconnected" { row passed_unconnected; }
