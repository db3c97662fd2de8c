# SPDX-License-Identifier: MIT
# ebpf-read: events agree with the packets on the wire, as tcpdump(8) shows them.
load helper

start_capture() { # INTERFACE
	start capture "${from_here[@]}" tcpdump -Z root -i "$1" -Q in --immediate-mode -U -w "$BATS_TEST_TMPDIR/pcap" \
		'icmp or icmp6'
	wait_until has_text "$(err capture)" 'listening on'
}

# Prints what tcpdump says of each message, in the form of ours_view. tcpdump prints names; the numbers are those of the
# standards.
tcpdump_view() {
	tcpdump -nn -v -r "$BATS_TEST_TMPDIR/pcap" 2>/dev/null | awk '
		function number(text, word) {
			if (!match(text, word " [0-9]+")) return "-"
			text = substr(text, RSTART, RLENGTH)
			sub(/.* /, "", text)
			return text
		}
		function message(text, ip, ttl, length_,   type, words) {
			type = text ~ /echo request/ ? (ip == 4 ? "8 0" : "128 0") \
			     : text ~ /echo reply/ ? (ip == 4 ? "0 0" : "129 0") \
			     : text ~ /udp port [0-9]+ unreachable|unreachable port/ ? (ip == 4 ? "3 3" : "1 4") : "?"
			if (type == "?") return
			split(text, words, " ")
			sub(/:$/, "", words[3])
			print words[1], words[3], (ip == 4 ? "icmp" : "icmpv6"), type, number(text, "id"), number(text, "seq"), ttl, length_
		}
		/ IP6 \(/ {
			text = $0
			sub(/.*\) /, "", text)
			match($0, /payload length:? [0-9]+\) /) # without the colon from tcpdump 4.99.5 on
			text = substr($0, RSTART + RLENGTH)
			message(text, 6, number($0, "hlim"), 40 + number($0, "payload length:?"))
		}
		/ IP \(/ && /proto ICMP/ {
			ttl = number($0, "ttl"); total = $NF; sub(/\)/, "", total)
			getline
			message($0, 4, ttl, total)
		}'
}

ours_view() { # NAME
	jq -r 'select(.icmp_type as $t | [0, 3, 8, 1, 128, 129] | index($t))
		| [.src_ip, .dst_ip, .proto, .icmp_type, .icmp_code, .icmp_id // "-", .icmp_seq // "-", .ttl, .length]
		| map(tostring) | join(" ")' "$(out "$1")"
}

# Requests, replies and errors of both versions, with different sizes and hop limits.
send_messages() {
	"${from_there[@]}" ping -q -c 2 -i 0.01 -e 258 10.77.0.1
	"${from_there[@]}" ping -q -c 1 -s 1200 -t 7 -e 65535 10.77.0.1
	"${from_there[@]}" ping -q -c 1 -s 0 -e 1 10.77.0.1
	"${from_there[@]}" ping -q -c 2 -i 0.01 -t 3 -e 513 fd77::1
	"${from_there[@]}" ping -q -c 1 -s 1000 -t 200 -e 65280 fd77::1
	"${from_here[@]}" ping -q -c 1 -e 77 10.77.0.2
	"${from_here[@]}" ping -q -c 1 -s 9 -e 78 fd77::2
	"${from_here[@]}" bash -c 'echo x >/dev/udp/10.77.0.2/9; echo x >/dev/udp/fd77::2/9'
}

@test "events: every field is as tcpdump sees it, native and generic" {
	local mode
	for mode in native generic; do
		given --xdp "lan0:$mode"
		start_reader events icmp
		start_capture lan0
		send_messages

		wait_until sees_the_last
		finish events TERM
		finish capture INT
		[ "$(tcpdump_view | wc -l)" = 11 ]
		diff <(tcpdump_view) <(ours_view events)
		unload
	done
}

sees_the_last() {
	[ "$(ours_view events | wc -l)" -ge 11 ]
}

@test "events: v, event_type and timestamp come first, the rest in a fixed order, one object a line" {
	given --xdp lan0
	start_reader events icmp --proto icmp
	"${from_there[@]}" ping -q -c 3 -i 0.01 10.77.0.1
	wait_until has_lines "$(out events)" 3
	finish events TERM
	[ "$(wc -l <"$(out events)")" = 3 ]
	[ "$(jq -c 'keys_unsorted' "$(out events)" | sort -u)" = '["v","event_type","timestamp","timestamp_us","seq","src_ip","dst_ip","proto","icmp_type","icmp_code","icmp_name","icmp_id","icmp_seq","ttl","length","ip_version","ifname","netns"]' ]
	[ "$(jq -c '[.v, .event_type, .ip_version, .ifname, .icmp_name]' "$(out events)" | sort -u)" = '[1,"icmp",4,"lan0","echo-request"]' ]
	[ "$(jq .seq "$(out events)" | paste -sd,)" = 1,2,3 ]
}

@test "events: time stamps are the kernel's, in milliseconds and microseconds of the same moment" {
	given --xdp lan0
	start_reader events icmp --proto icmp
	start_capture lan0
	"${from_there[@]}" ping -q -c 3 -i 0.05 10.77.0.1
	wait_until has_lines "$(out events)" 3
	finish capture INT
	finish events TERM
	jq -e -s 'all(.timestamp == (.timestamp_us / 1000 | floor))' "$(out events)"
	paste -d ' ' <(jq .timestamp_us "$(out events)") \
		<(tcpdump -nn -tt -r "$BATS_TEST_TMPDIR/pcap" icmp 2>/dev/null | awk '{ sub(/\./, "", $1); print $1 }') |
		awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 5000) exit 1 } END { exit NR != 3 }'
}

# Sends an echo request from 10.78.0.9 to 10.78.0.1 with id 0x1234 and sequence 7, behind HEX, which follows the
# addresses of the Ethernet header. No host need answer it.
frame() { # HEX
	"${from_there[@]}" "$bin/frame" lan1 ffffffffffff 020000000009 "$1" \
		45000020 00010000 40016662 0a4e0009 0a4e0001 08000000 12340007 61626364
}

@test "events: VLAN tags in the frame are told, and what is behind them is seen" {
	given --xdp lan1
	start_reader events icmp
	frame 0800
	frame '8100 607b 0800'           # priority 3, VLAN 123
	frame '88a8 0ffe 8100 0005 0800' # VLAN 4094, inside it VLAN 5
	wait_until has_lines "$(out events)" 3
	jq -e -s 'all(.src_ip == "10.78.0.9" and .icmp_id == 4660 and .icmp_seq == 7 and .ttl == 64 and .length == 32)' \
		"$(out events)"
	[ "$(jq -c '[.vlan, .vlan_inner]' "$(out events)" | paste -sd' ')" = '[null,null] [123,null] [4094,5]' ]
	[ "$(jq 'has("vlan")' "$(out events)" | paste -sd' ')" = 'false true true' ]
}

@test "events: --host-name and --community-id add their fields" {
	given --xdp lan0
	start_reader events icmp --proto icmp --host-name --community-id
	"${from_here[@]}" ping -q -c 1 -e 5 10.77.0.2 # the reply is received here
	"${from_there[@]}" ping -q -c 1 -e 5 10.77.0.1
	wait_until has_lines "$(out events)" 2
	jq -e -s --arg host "$(hostname)" 'all(.host == $host)' "$(out events)"
	jq -e -s 'all(.community_id | test("^1:[A-Za-z0-9+/]{27}=$"))' "$(out events)"
	jq -e -s '(.[0].icmp_name == "echo-reply") and (.[1].icmp_name == "echo-request")' "$(out events)"
}

@test "events: packets that are sent are not seen: XDP sees what is received" {
	given --xdp lan1
	start_reader events icmp
	"${from_here[@]}" ping -q -c 2 -i 0.01 10.78.0.2
	wait_until has_lines "$(out events)" 2
	finish events TERM
	[ "$(jq -r .icmp_name "$(out events)" | sort | uniq -c | tr -s ' ')" = ' 2 echo-reply' ]
}

@test "events: all is icmp, and so is icmp twice" {
	given --xdp lan1
	start_reader one all
	start_reader two icmp icmp
	"${from_there[@]}" ping -q -c 2 -i 0.01 10.78.0.1
	wait_until has_lines "$(out one)" 2
	wait_until has_lines "$(out two)" 2
	finish one TERM
	finish two TERM
	diff <(without_times one) <(without_times two)
}

@test "events: an interface's name with bytes that act upon a terminal is escaped" {
	local name=$'\e[31m"\\'
	ip -n "$here" link set lan1 down
	ip -n "$here" link set lan1 name "$name"
	ip -n "$here" link set "$name" up
	given --xdp "$name"
	start_reader events icmp
	"${from_there[@]}" ping -q -c 1 10.78.0.1
	wait_until has_lines "$(out events)" 1
	ip -n "$here" link set "$name" down
	ip -n "$here" link set "$name" name lan1
	ip -n "$here" link set lan1 up
	! grep -q $'\e' "$(out events)" || false
	jq -e --arg name "$name" '.ifname == $name' "$(out events)"
}
