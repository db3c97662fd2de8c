# SPDX-License-Identifier: MIT
# ebpf-read: filters run in the kernel, for each reader alone: an event that does not match is not even written.
load helper

# Reads with these arguments while both networks and IP versions send, and compares the result; the kernel must have
# written exactly that for this reader. (The kernel looks for neighbours when it likes.)
assert_reads() { # EXPECTED ARGUMENT...
	local expected=$1 before
	shift
	before=$(written 0)
	start_reader one icmp "$@"
	speak
	finish one TERM
	[ "$status" = 0 ]
	[ $(($(written 0) - before)) = "$(wc -l <"$(out one)")" ]
	[ "$(lost 0)" = 0 ]
	jq -r 'select(.icmp_name | startswith("echo")) | .ifname + " " + .dst_ip + " " + .icmp_name' "$(out one)" |
		sort | uniq -c | tr -s ' ' | diff <(printf '%b' "$expected") -
}

speak() {
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.77.0.1
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	"${from_there[@]}" ping -q -c 3 -i 0.01 fd77::1
	"${from_here[@]}" ping -q -c 1 fd77::2
}

setup() {
	given --xdp lan0 --xdp lan1
}

one=' 2 lan0 10.77.0.1 echo-request\n'
two=' 2 lan1 10.78.0.1 echo-request\n'
six=' 1 lan0 fd77::1 echo-reply\n 3 lan0 fd77::1 echo-request\n'

@test "filters: none" {
	assert_reads "$one$six$two"
}

@test "filters: --proto icmp" {
	assert_reads "$one$two" --proto icmp
}

@test "filters: --proto icmpv6" {
	assert_reads "$six" --proto icmpv6
}

@test "filters: --proto of both" {
	assert_reads "$one$six$two" --proto icmp,icmpv6
}

@test "filters: --if" {
	assert_reads "$two" --if lan1
}

@test "filters: --if of several, in a list and repeated" {
	assert_reads "$one$six$two" --if lan1,lan0
	assert_reads "$one$six$two" --if lan1 --if lan0
}

@test "filters: --host, an address, as source or destination" {
	assert_reads "$two" --host 10.78.0.1
	assert_reads "$two" --host 10.78.0.2
	assert_reads "$six" --host fd77::2
}

@test "filters: --host, a prefix" {
	assert_reads "$one" --host 10.76.0.0/15
	assert_reads "$six" --host fd00::/8
	assert_reads "$one$two" --host 0.0.0.0/0
}

@test "filters: several must all hold" {
	assert_reads "$one" --host 10.0.0.0/8 --if lan0 --proto icmp
	assert_reads '' --host fd77::1 --if lan1
}

@test "filters: each reader has its own" {
	start_reader four icmp --proto icmp --if lan0
	start_reader six icmp --proto icmpv6 --host fd77::1
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.77.0.1
	"${from_there[@]}" ping -q -c 3 -i 0.01 fd77::1
	wait_until has_lines "$(out four)" 2
	wait_until has_text "$(out six)" '"icmp_seq":3,'
	finish four TERM
	finish six TERM
	[ "$(wc -l <"$(out four)")" = 2 ]
	jq -e -s 'all(.ip_version == 4)' "$(out four)"
	jq -e -s 'all(.ip_version == 6)' "$(out six)"
	[ "$(written 0)" = 2 ]
}

@test "filters: an interface that is not loaded is an error that names those that are" {
	run -69 --separate-stderr "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" --if lan7 icmp
	assert_one_error ebpf-read
	[[ $stderr == *'interface lan7 is not loaded (loaded: lan0, lan1)'*'hint: sudo ebpf-load --xdp lan7'* ]]
	[ "$(asking)" = 0 ]
}

@test "filters: with no reader nothing is written, and nothing is counted" {
	"${from_there[@]}" ping -q -c 5 -i 0.01 10.77.0.1
	[ "$(written 0) $(lost 0) $(written 1) $(lost 1)" = '0 0 0 0' ]
}
