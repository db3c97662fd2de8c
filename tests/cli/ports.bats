#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Watched ports: ebpf-read ports counts what other programs count on the same interfaces.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return; }

setup_file() {
	add_lans
	ip -n "$here" link set lo up
	ip -n "$there" link set lo up
	local interface
	for interface in lan0 lan1; do # no packet is merged or cut: all count the same
		"${from_here[@]}" ethtool -K "$interface" gro off gso off tso off >/dev/null
		"${from_there[@]}" ethtool -K "$interface" gro off gso off tso off >/dev/null
	done
}

watch() { "$bin/ebpf-ctl" --pin-root "$root" watch "$@"; }
ports() { "${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" ports "$@" 2>/dev/null; }

# Starts a process called NAME with servers, in the namespace $here or another one.
serve() { # NAME PLACE...
	serve_in "$here" "$@"
}

serve_in() { # NAMESPACE NAME PLACE...
	local in=(nsenter "--net=/run/netns/$1" --)
	shift
	start "$1" "${in[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" serve "$@"
	wait_until has_text "$(out "$1")" ready || { cat "$(err "$1")" >&2; return 1; }
}

# Send from the other namespace, or from this one.
send() { # udp|tcp ADDRESS PORT COUNT SIZE
	"${from_there[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" send "$@"
}
send_here() { # the same arguments
	"${from_here[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" send "$@"
}

# Prints "PORT/PROTO IFACE PACKETS BYTES" received, and sent if that is measured, since the load.
counted() { # ARGUMENT...
	ports --since-load "$@" | jq -r 'select(.local_port) |
		"\(.local_port)/\(.proto) \(.ifname) \(.packets_received) \(.bytes_received) \(.packets_sent // "-") \(.bytes_sent // "-")"'
}

# Prints the owners of a port in the last line of a running reader: "NAME:ATTRIBUTION ...".
owners_told() { # NAME PORT
	jq -r --argjson port "$2" 'select(.local_port == $port) | [.owners[] | select(.exited | not) | .comm + ":" + .attribution] |
		sort | join(" ")' "$(out "$1")" | tail -n 1
}

owners_are() { [ "$(owners_told "$1" "$2")" = "$3" ]; } # NAME PORT OWNERS

# Makes nftables count by port: "PORT/PROTO PACKETS BYTES" of frames, received and sent.
count_by_nftables() { # PORT/PROTO...
	local rules='' rule
	for rule in "$@"; do
		rules+="add rule inet counted in ${rule#*/} dport ${rule%/*} counter;"
		rules+="add rule inet counted out ${rule#*/} sport ${rule%/*} counter;"
	done
	"${from_here[@]}" nft "add table inet counted; flush table inet counted;
		add chain inet counted in { type filter hook input priority 0; };
		add chain inet counted out { type filter hook output priority 0; }; $rules"
}

nftables_counted() {
	"${from_here[@]}" nft -j list table inet counted | jq -r '.nftables[].rule | select(.) |
		"\(.expr[0].match.right)/\(.expr[0].match.left.payload.protocol) \(.chain) \(.expr[1].counter |
		"\(.packets) \(.bytes + 14 * .packets)")"'
}

# Captures all frames of lan0 in the namespace $there, until stop_capture.
capture() {
	start capture "${from_there[@]}" tcpdump -i lan0 -n -e -U -w "$PWD/frames" --immediate-mode -B 32768 tcp or udp
	wait_until has_text "$(err capture)" 'listening on'
}

captured() { # FILTER
	tcpdump -r frames -n -e "$1" 2>/dev/null | sed -n 's/.*, length \([0-9]*\): .*/\1/p' |
		awk '{ n++; bytes += $1 } END { print n + 0, bytes + 0 }'
}

@test "ports: TCP, UDP, IPv6 and v4-mapped, equal to what tcpdump and nftables count" {
	given --xdp lan0 --sockets
	watch 5050-5055/both
	serve pp-ports tcp4:5050 tcp6:5051 tcp6:5052 udp4:5053 udp6:5054 udp6:5055
	count_by_nftables {5050,5051,5052}/tcp {5053,5054,5055}/udp
	capture
	send tcp 10.77.0.1 5050 20 100
	send tcp fd77::1 5051 30 1000
	send tcp 10.77.0.1 5052 10 3000
	send udp 10.77.0.1 5053 50 64
	send udp fd77::1 5054 25 1400
	send udp 10.77.0.1 5055 15 1
	wait_until connections_are_gone
	finish capture INT
	local port proto of both=
	[[ $(counted) != *' -'* ]] && both=1 # sent packets are counted too: Linux 6.6
	for of in {5050,5051,5052}/tcp {5053,5054,5055}/udp; do
		port=${of%/*} proto=${of#*/}
		run counted --port "$port" --proto "$proto"
		# shellcheck disable=SC2086 # words
		set -- $output
		[ "$1 $2" = "$of lan0" ]
		[ "$3" -gt 10 ]
		[ "$3 $4" = "$(captured "$proto and dst port $port")" ]
		[ "$of in $3 $4" = "$(nftables_counted | grep "^$of in ")" ]
		[ -z "$both" ] || [ "$5 $6" = "$(captured "$proto and src port $port")" ]
		[ -z "$both" ] || [ "$of out $5 $6" = "$(nftables_counted | grep "^$of out ")" ]
	done
}

connections_are_gone() { [ -z "$("${from_here[@]}" ss -Htn state established sport ge 5050)" ]; }

@test "ports: each interface by itself, lo too" {
	given --xdp lan0 --xdp lan1 --xdp lo --sockets
	watch 5050/udp
	serve pp-ports udp4:5050
	send udp 10.77.0.1 5050 11 100
	send udp 10.78.0.1 5050 22 100
	send_here udp 127.0.0.1 5050 33 100
	[ "$(counted | cut -d ' ' -f 1-4 | sort)" = '5050/udp lan0 11 1562
5050/udp lan1 22 3124
5050/udp lo 33 4686' ]
	[ "$(counted --if lan1 | cut -d ' ' -f 2,3)" = 'lan1 22' ]
}

@test "ports: no packet is missed at the highest rate, by the interface's own counters" {
	given --xdp lan1
	watch 5201/both
	count_by_nftables 5201/tcp 5201/udp
	# The packets that the other end of the pair has sent; ARP has been done by then.
	arrived() { ip -n "$there" -j -s link show lan1 | jq -r '.[0].stats64.tx.packets'; }
	"${from_there[@]}" ping -q -c 1 10.78.0.1 >/dev/null
	local before after
	before=$(arrived)
	start server "${from_here[@]}" iperf3 -s -1 -B 10.78.0.1 -p 5201
	wait_until is_listening 10.78.0.1:5201
	"${from_there[@]}" iperf3 -c 10.78.0.1 -p 5201 -u -b 0 -l 64 -n 6M >/dev/null
	finish server
	after=$(arrived)
	run counted --if lan1
	echo "$output"
	[ "$(awk '{ n += $3 } END { print n }' <<<"$output")" = $((after - before)) ]
	[ $((after - before)) -gt 90000 ]
	[ "$(awk '{ print $1, "in", $3, $4 }' <<<"$output" | sort)" = "$(nftables_counted | grep ' in ' | sort)" ]
}

@test "ports: the owner as it comes and goes, before and after the load and the watch" {
	serve pp-early tcp4:5050
	given --xdp lo --sockets
	watch 5050
	watch 5051
	watch 5052/udp
	listen told ports -i 0.2
	wait_until owners_are told 5050 pp-early:bootstrap
	serve pp-late tcp4:5051 udp4:5052
	wait_until owners_are told 5051 pp-late:exact
	wait_until owners_has told 5052 pp-late
	finish pp-late TERM
	wait_until owners_are told 5051 ''
	wait_until owners_are told 5052 ''
	serve pp-other tcp4:5051
	wait_until owners_are told 5051 pp-other:exact
	finish told INT
	jq -e -s --argjson pid "${pid_of[pp-late]}" 'map(select(.local_port == 5051).owners[] | select(.pid == $pid)) | last |
		.exited and .uid == 0 and (.start_time | type) == "number"' "$(out told)"
}

owners_has() { [[ $(owners_told "$1" "$2") == "$3":* ]]; } # NAME PORT COMM

@test "ports: servers that live for a moment have their packets and their names" {
	given --xdp lo --sockets
	watch 5060-5069
	listen told ports -i 2
	local i
	for i in 0 1 2 3 4; do
		serve "pp-brief$i" "tcp4:506$i"
		send_here tcp 127.0.0.1 "506$i" 3 10
		finish "pp-brief$i" TERM
	done
	finish told INT
	[ "$(jq -r -s 'map(select(.local_port and .packets_received > 0)) | group_by(.local_port)[] |
		"\(.[0].local_port) \(map(.owners[].comm) | unique | join(","))"' "$(out told)")" = '5060 pp-brief0
5061 pp-brief1
5062 pp-brief2
5063 pp-brief3
5064 pp-brief4' ]
}

@test "ports: a server that nobody spoke to, between two looks" {
	given --xdp lo --sockets
	watch 5060
	listen told ports -i 3600
	wait_until has_read_all told
	serve pp-silent tcp4:5060
	finish pp-silent TERM
	finish told INT
	[ "$(jq -r '.owners[] | "\(.comm) \(.attribution) \(.exited)"' "$(out told)")" = 'pp-silent exact true' ]
}

# Succeeds once the reader has taken its first look, holds its slot, and waits.
has_read_all() { [ "$(awk '/^State/ { print $2 }' "/proc/${pid_of[$1]}/status")" = S ]; } # NAME

@test "ports: several owners of one port, and what each received" {
	given --xdp lo --sockets
	watch 5050/both
	serve pp-one udp4:5050+ tcp4:5050+
	serve pp-two udp4:5050+ tcp4:5050+
	local i
	for i in 1 2 3 4 5 6 7 8; do
		send_here udp 127.0.0.1 5050 2 100
		send_here tcp 127.0.0.1 5050 2 1000
	done
	ports --since-load >all
	finish pp-one TERM
	finish pp-two TERM
	local proto name
	for proto in udp tcp; do
		for name in pp-one pp-two; do
			[ "$(jq -r "select(.proto == \"$proto\").owners[] | select(.comm == \"$name\") | \"\(.bytes_received) \(.byte_layer)\"" all)" = \
				"$(sed -n "s/^$proto.* //p" "$(out "$name")") socket" ]
		done
	done
	[ "$(jq -s 'map(.owners | length) == [2, 2]' all)" = true ]
	[ "$(jq 'select(.proto == "udp") | [.owners[].bytes_received] | add' all)" = 1600 ]
	[ "$(jq 'select(.proto == "tcp") | [.owners[].bytes_received] | add' all)" = 16000 ]
}

@test "ports: a port in a container is not the host's" {
	given --xdp lan0 --sockets
	"$bin/ebpf-load" --pin-root "$root" --netns "$there" --xdp lan1 2>/dev/null
	watch 5050/udp
	serve pp-host udp4:5050
	serve_in "$there" pp-container udp4:5050
	send udp 10.77.0.1 5050 3 10
	send_here udp 10.78.0.2 5050 4 10
	[ "$(ports --since-load | jq -r '"\(.ifname) \(.packets_received) \([.owners[].comm] | join(","))"' | sort)" = 'lan0 3 pp-host
lan1 4 pp-container' ]
}

@test "ports: for a process that is waited for, only while it has the port" {
	given --xdp lan0 --sockets
	watch 5050 pp-wanted
	watch 5051/udp pp-wanted
	listen told ports -i 0.1
	serve pp-unwanted tcp4:5050 udp4:5051
	send tcp 10.77.0.1 5050 5 10
	send udp 10.77.0.1 5051 5 10
	finish pp-unwanted TERM
	[ "$(counted)" = '' ]
	serve pp-wanted tcp4:5050 udp4:5051
	wait_until owners_has told 5051 pp-wanted
	wait_until owners_has told 5050 pp-wanted
	send tcp 10.77.0.1 5050 20 10
	send udp 10.77.0.1 5051 7 10
	[ "$(counted --proto udp | cut -d ' ' -f 3)" = 7 ]
	local packets
	packets=$(counted --proto tcp | cut -d ' ' -f 3)
	[ "$packets" -gt 20 ]
	[ "$(ports --since-load | jq -r '.owners[].comm' | sort -u)" = pp-wanted ]
	finish pp-wanted TERM
	wait_until owners_are told 5050 ''
	wait_until owners_are told 5051 ''
	serve pp-unwanted tcp4:5050 udp4:5051
	packets=$(counted --proto tcp | cut -d ' ' -f 3) # after the last packet of the earlier connection
	send tcp 10.77.0.1 5050 5 10
	send udp 10.77.0.1 5051 5 10
	[ "$(counted --proto tcp | cut -d ' ' -f 3)" = "$packets" ]
	[ "$(counted --proto udp | cut -d ' ' -f 3)" = 7 ]
	finish told INT
	run ! grep -q pp-unwanted "$(out told)"
}

# Succeeds if nothing has been counted since the last call.
is_at_rest() {
	local now=$before
	before=$(counted)
	[ "$before" = "$now" ]
}

@test "ports: what is waited for and has ended counts no more from then on, with no reader there" {
	given --xdp lan0 --sockets
	watch 5050 pp-wanted
	watch 5051/udp pp-wanted
	serve pp-wanted tcp4:5050 udp4:5051
	send tcp 10.77.0.1 5050 5 10
	send udp 10.77.0.1 5051 5 10
	local before=''
	wait_until is_at_rest # the connection has ended, and no reader takes a look from here on
	[ "$(cut -d ' ' -f 1 <<<"$before")" = $'5050/tcp\n5051/udp' ]
	finish pp-wanted TERM
	serve pp-unwanted tcp4:5050 udp4:5051
	send tcp 10.77.0.1 5050 5 10
	send udp 10.77.0.1 5051 5 10
	[ "$(counted)" = "$before" ]
}

@test "ports: by path and by number, a TCP server from listen() to the last packet" {
	given --xdp lan0 --sockets
	cp -L "$(python3 -c 'import sys; print(sys.executable)')" ./server
	watch 5050 "$PWD/server"
	PYTHONHOME=$(python3 -c 'import sys; print(sys.prefix)') start by-path "${from_here[@]}" ./server \
		"$BATS_TEST_DIRNAME/ports.py" serve pp-path tcp4:5050
	wait_until has_text "$(out by-path)" ready
	send tcp 10.77.0.1 5050 3 10
	[ "$(counted | cut -d ' ' -f 3)" -ge 8 ]
	serve pp-number tcp4:5051
	watch 5051 "pid:${pid_of[pp-number]}"
	send tcp 10.77.0.1 5051 3 10
	[ "$(counted --port 5051 | cut -d ' ' -f 3)" -ge 8 ]
}

@test "ports: fragments and malformed packets are counted apart" {
	given --xdp lan0
	watch 5053/udp
	start server "${from_here[@]}" python3 "$BATS_TEST_DIRNAME/ports.py" serve pp-ports udp4:5053
	wait_until has_text "$(out server)" ready
	send udp 10.77.0.1 5053 2 3000 # each in three pieces
	local mac ethernet
	mac=$(ip -n "$here" -j link show lan0 | jq -r '.[0].address' | tr -d :)
	ethernet=${mac}0202020202020800
	"${from_there[@]}" "$bin/frame" lan0 "$ethernet" 44000020 00000000 40110000 0a4d0002 0a4d0001 000013bd 00080000 # a header of 16
	"${from_there[@]}" "$bin/frame" lan0 "$ethernet" 45000018 00000000 40110000 0a4d0002 0a4d0001 000013bd # half a UDP header
	ports --since-load >all
	[ "$(jq -r 'select(.local_port) | "\(.packets_received) \(.bytes_received)"' all)" = '2 3028' ]
	[ "$(jq -r 'select(.local_port | not) | "\(.ifname) \(.fragments_received) \(.malformed_received)"' all)" = 'lan0 4 2' ]
}

@test "ports: nginx, its processes, and a real client" {
	given --xdp lan0 --sockets
	prepare_nginx 10.77.0.1:8088
	head -c 300000 /dev/urandom >www/file
	watch 8088 nginx
	start server "${from_here[@]}" "${nginx[@]}"
	wait_until is_listening 10.77.0.1:8088
	count_by_nftables 8088/tcp
	local i
	for i in 1 2 3; do "${from_there[@]}" curl -sS --fail -o copy http://10.77.0.1:8088/file; done
	cmp copy www/file
	wait_until connections_are_gone
	ports --since-load >all
	[ "$(jq -r '"8088/tcp in \(.packets_received) \(.bytes_received)"' all)" = "$(nftables_counted | grep ' in ')" ]
	[ "$(jq '[.owners[].comm] | unique == ["nginx"]' all)" = true ]
	[ "$(jq --argjson pid "${pid_of[server]}" '(.owners | length) == 3 and any(.owners[]; .pid == $pid)' all)" = true ]
}

@test "bind: close, when a server gives its port back" {
	given --sockets
	listen events bind --comm pp-ports
	serve pp-ports tcp4:5050 udp4:5051
	wait_until has_text "$(out events)" '"local_port":5051'
	finish pp-ports TERM
	wait_until has_text "$(out events)" '"action":"close","proto":"tcp","local_ip":"0.0.0.0","local_port":5050'
	wait_until has_text "$(out events)" '"action":"close","proto":"udp","local_ip":"0.0.0.0","local_port":5051'
	finish events INT
	# A TCP owner is reported in the call itself, not found by a look.
	[ "$(heard events 'select(.action == "close" and .proto == "tcp") | "\(.pid) \(.attribution)"')" = "${pid_of[pp-ports]} exact" ]
}
