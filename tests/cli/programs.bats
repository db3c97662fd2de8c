#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Well-known programs, and the numbers of bytes that they print themselves.
load helper

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$lab

setup_file() {
	add_lans
	mkdir "$cgroup"
}

teardown_file() {
	remove_root "$root"
	ip netns del "$here"
	ip netns del "$there"
	rmdir "$cgroup"
}

# Puts the test and all its processes into a new cgroup, which distinguishes them from other processes of these names.
setup() {
	cd "$BATS_TEST_TMPDIR" || return
	echo $$ >"$cgroup/cgroup.procs"
}
ours() { jq -c --arg id "$(stat -c %i "$cgroup")" 'select(.cgroup_id == $id)' "$@"; } # [FILE]

usage_of() { # COMM
	"${as_member[@]}" "$bin/ebpf-read" --pin-root "$root" usage --since-load --comm "$1" | ours
}

# Prints the bytes that all processes of a name sent and received.
sums_of() { # COMM
	usage_of "$1" | jq -s -r '[map(.bytes_sent), map(.bytes_received)] | map(add // 0) | join(" ")'
}

@test "iperf3: its own totals, at both ends" {
	given --sockets --ring-size 16777216
	listen events tcp conn --comm iperf3
	start server "${from_here[@]}" iperf3 -s -1 -J -B 10.77.0.1 -p 5201
	wait_until is_listening 10.77.0.1:5201
	"${from_there[@]}" iperf3 -c 10.77.0.1 -p 5201 -n 30M -J >client
	finish server
	finish events INT
	grep -q ' 0 lost$' "$(err events)"
	ours "$(out events)" >events
	# The data connection begins with a cookie of 37 bytes, which iperf3 does not count.
	python3 - client "$(out server)" events <<-'END'
		import json, sys
		from collections import Counter
		client, server = json.load(open(sys.argv[1]))['end'], json.load(open(sys.argv[2]))['end']
		told, closed = Counter(), {}
		for e in map(json.loads, open(sys.argv[3])):
		    ends = (e['local_ip'], e['local_port'], e['remote_ip'], e['remote_port'])
		    if e['event_type'] == 'tcp':
		        told[ends, e['direction']] += e['bytes']
		    elif e['action'] == 'close':
		        closed[ends] = e
		sent = max(told[k] for k in told if k[1] == 'out' and k[0][3] == 5201)
		received = max(told[k] for k in told if k[1] == 'in' and k[0][1] == 5201)
		assert sent == client['sum_sent']['bytes'] + 37, (sent, client['sum_sent'])
		assert received == server['sum_received']['bytes'] + 37, (received, server['sum_received'])
		assert len(closed) == 4
	END
	[ "$(sums_of iperf3)" = "$(jq -s -r '[map(select(.direction == "out").bytes), map(select(.direction == "in").bytes)] |
		map(add) | join(" ")' <(grep '"event_type":"tcp"' events))" ]
}

@test "curl and nginx: header, body and request" {
	given --sockets
	prepare_nginx 10.77.0.1:8088
	head -c 1234567 /dev/urandom >www/file
	start server "${from_here[@]}" "${nginx[@]}"
	wait_until is_listening 10.77.0.1:8088
	local sent=0 received=0 line
	for _ in 1 2 3; do
		line=$("${from_there[@]}" curl -sS --fail -o copy -w '%{size_request} %{size_header} %{size_download}' \
			http://10.77.0.1:8088/file)
		cmp copy www/file
		# shellcheck disable=SC2086 # three numbers
		set -- $line
		sent=$((sent + $1)) received=$((received + $2 + $3))
	done
	[ "$received" -gt 3703701 ]
	[ "$(sums_of curl)" = "$sent $received" ]
	[ "$(sums_of nginx)" = "$received $sent" ]
	[ "$(usage_of nginx | jq -r .remote_ip | sort -u)" = 10.77.0.2 ]
	kill -QUIT "$(cat pid)"
	finish server
}

@test "dig and dnsmasq: the sizes of question and answer" {
	given --sockets
	listen events udp conn --comm dig
	start server "${from_here[@]}" dnsmasq -k -C /dev/null --no-resolv --no-hosts --port 5353 --listen-address 10.77.0.1 \
		--bind-interfaces --user=root --pid-file= --host-record=name.example,192.0.2.7,2001:db8::7
	wait_until is_listening 10.77.0.1:5353
	local asked=0 answered=0 type size
	for type in A AAAA; do
		"${from_there[@]}" dig @10.77.0.1 -p 5353 +qr +tries=1 name.example $type >said
		size=$(sed -n 's/^;; QUERY SIZE: //p' said) && asked=$((asked + size))
		size=$(sed -n 's/^;; MSG SIZE  rcvd: //p' said) && answered=$((answered + size))
	done
	grep -q 2001:db8::7 said
	[ "$(sums_of dig)" = "$asked $answered" ]
	[ "$(sums_of dnsmasq)" = "$answered $asked" ]
	"${from_there[@]}" dig @10.77.0.1 -p 5353 +tcp +qr +tries=1 name.example A >said # each has two bytes of length
	size=$(sed -n 's/^;; QUERY SIZE: //p' said) && asked=$((asked + size + 2))
	size=$(sed -n 's/^;; MSG SIZE  rcvd: //p' said) && answered=$((answered + size + 2))
	[ "$(sums_of dig)" = "$asked $answered" ]
	finish events INT
	ours "$(out events)" >events
	[ "$(jq -r 'select(.event_type == "udp") | [.remote_ip, .remote_port, .direction] | map(tostring) | join(" ")' \
		events | sort | uniq -c | awk '{print $1, $2, $3, $4}' | tr '\n' ',')" = '2 10.77.0.1 5353 in,2 10.77.0.1 5353 out,' ]
	[ "$(jq -r 'select(.event_type == "conn").action' events | tr '\n' ' ')" = 'connect close ' ]
}

# dropbear does not count its bytes; conn does.
@test "dropbear copies a file: what the calls returned is what the connection carried" {
	given --sockets
	listen events conn --comm dropbear,dbclient
	head -c 3000000 /dev/urandom >file
	dropbearkey -t ed25519 -f host >/dev/null 2>&1
	dropbearkey -t ed25519 -f key 2>/dev/null | grep ^ssh- >key.pub
	# shellcheck disable=SC2016 # the inner shell's
	start server "${from_here[@]}" unshare -m --propagation private bash -c \
		'mount -t tmpfs none /root && chmod 700 /root && mkdir -m 700 /root/.ssh && cat >/root/.ssh/authorized_keys <"$1" &&
			exec dropbear -F -E -s -r "$2" -P "" -p 10.77.0.1:2222' - "$PWD/key.pub" "$PWD/host"
	wait_until is_listening 10.77.0.1:2222
	"${from_there[@]}" timeout 600 dbclient -y -y -i key -p 2222 root@10.77.0.1 "cat $PWD/file" >copy 2>said </dev/null || {
		cat said "$(err server)"
		return 1
	}
	cmp file copy
	has_closes() { [ "$(ours "$(out events)" | grep -c '"action":"close"')" = 2 ]; }
	wait_until has_closes
	finish events INT
	ours "$(out events)" >events
	local sent received
	read -r sent received <<<"$(sums_of dbclient)"
	[ "$received" -gt 3000000 ]
	[ "$(sums_of dropbear)" = "$received $sent" ]
	[ "$(jq -r 'select(.action == "close") | [.comm, .bytes_sent, .bytes_received] | map(tostring) | join(" ")' \
		events | sort)" = "dbclient $sent $received"$'\n'"dropbear $received $sent" ]
}
