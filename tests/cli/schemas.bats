# SPDX-License-Identifier: MIT
# JSON Schemas accept events of every shape, and refuse broken ones.
load documents
load schemas

@test "schemas accept events of every shape" {
	samples | accepted
	samples | jq -c '. + {another: [1]}' | accepted # later versions only add fields
}

# Each jq program breaks an event of this kind; the schema must refuse every result.
refuses_each() { # KIND FILTER-FOR-THE-SAMPLE, programs on standard input
	local program sample
	sample=$(samples | jq -c "select($2)" | head -n 1)
	while IFS= read -r program; do
		printf '%s\t%s\n' "$1" "$(jq -c "$program" <<<"$sample")"
	done >wrong
	refused <wrong >out
	[[ -s wrong ]]
	diff wrong out
}

@test "icmp.schema.json refuses broken events" {
	refuses_each icmp '.icmp_type == 8' <<'PROGRAMS'
[.]
.v = 2
.v = true
.v = "1"
.event_type = "lost"
.timestamp = "1795218638468"
.timestamp = 1.5
.timestamp = -1
.timestamp_us = 9007199254740993
.seq = 0
.seq = null
.src_ip = "192.0.2.256"
.src_ip = "192.0.2"
.src_ip = "192.0.02.1"
.dst_ip = "fe80::1"
.proto = "icmpv6"
.proto = "ICMP"
.icmp_type = 256
.icmp_type = "8"
.icmp_code = -1
.icmp_name = ""
.icmp_name = null
del(.icmp_id)
del(.icmp_seq)
del(.icmp_id, .icmp_seq)
.icmp_seq = 65536
.ttl = 256
.length = 27
.length = 4294967296
.ip_version = 5
.ip_version = "4"
.ip_version = 6
.fragment = false
.vlan = 4096
.vlan_inner = 3
.ifname = ""
.ifname = "sixteen-letters-"
.netns = "4026531840"
.netns = -1
.netns = 4294967296
.host = 7
.community_id = "uNyfE1mJ1sU2Y9cCot3kz9fixCQ="
PROGRAMS
	refuses_each icmp '.ip_version == 6' <<'PROGRAMS'
.length = 47
.src_ip = "FE80::1"
.src_ip = "fe80:::1"
.src_ip = "192.0.2.1"
.proto = "icmp"
.icmp_type = 128
.icmp_id = 1
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/icmp.schema.json" >required
	[[ $(wc -l <required) == 13 ]]
	refuses_each icmp '.icmp_type == 8' <required
}

@test "lost.schema.json refuses broken events" {
	refuses_each lost '.event_type == "lost"' <<'PROGRAMS'
.event_type = "icmp"
.count = 0
.count = 1.5
.count = "196"
.stream = ""
.stream = 0
.timestamp = null
.v = 0
.reason = "full"
.reason = "tired"
.stream = "ports"
PROGRAMS
	refuses_each lost '.stream == "ports"' <<'PROGRAMS'
.ifname = ""
del(.ifname)
del(.bytes)
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/lost.schema.json" >required
	[[ $(wc -l <required) == 6 ]]
	refuses_each lost '.event_type == "lost"' <required
}

@test "tcp.schema.json and udp.schema.json refuse broken events" {
	refuses_each tcp '.event_type == "tcp" and .payload' <<'PROGRAMS'
.event_type = "udp"
.direction = "both"
.proto = "udp"
.local_ip = "192.0.2.256"
.local_ip = "0:::1"
.local_port = 0
.local_port = 65536
.remote_ip = null
.remote_port = "80"
del(.remote_ip)
.bytes = -1
.bytes = 4294967296
.pid = 0
del(.pid)
del(.ppid)
del(.uid)
del(.comm)
del(.cgroup_id)
del(.start_time)
del(.tid)
.tid = 0
.thread = ""
.comm = "0123456789abcdef"
.cgroup_id = 1
.attribution = "guessed"
.attribution = "none"
.community_id = "XfK0MxwfWPU3YwUb/2pBYokYycU="
del(.payload_len)
.payload_len = 0
.payload_len = 2001
del(.payload_truncated)
.payload_truncated = 1
del(.payload)
.payload = ""
.payload = "R0VUIC8gSFRUUC8xLjENCg"
.payload_hex = "00"
del(.payload_printable)
.payload_printable = "GET / HTTP/1.1\r\n"
.payload_printable = "a\\b"
.payload_printable = "\u00e4"
PROGRAMS
	refuses_each tcp '.payload_hex' <<'PROGRAMS'
.payload_hex = "0"
.payload_hex = "0G"
.payload_hex = "AB"
.payload = "AAAA"
del(.payload_len)
PROGRAMS
	refuses_each udp '.event_type == "udp"' <<'PROGRAMS'
.proto = "tcp"
.remote_port = 53
.payload = "AAAA"
.payload_len = 1
PROGRAMS
	for kind in tcp udp; do
		jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/$kind.schema.json" >required
		[[ $(wc -l <required) == 9 ]]
		refuses_each "$kind" ".event_type == \"$kind\"" <required
	done
}

@test "conn.schema.json refuses broken events" {
	refuses_each conn '.action == "connect" and .reason == null' <<'PROGRAMS'
.event_type = "tcp"
.action = "open"
.proto = "mptcp"
.reason = "closed"
.reason = "refused"
.reason = null
.errno = 111
.error = "ECONNREFUSED"
.closed_by = "local"
del(.retransmits)
del(.duration_ms)
del(.duration_us)
.duration_us = -1
.srtt_us = 0
.bytes_sent = 1
.bytes_sent = 1 | .bytes_received = 1
.tid = "1" | .pid = "1"
.attribution = "none"
PROGRAMS
	refuses_each conn '.reason == "refused"' <<'PROGRAMS'
.errno = 0
.error = "refused"
.error = 111
del(.errno)
del(.error, .errno)
.reason = "aborted"
.closed_by = "remote"
PROGRAMS
	refuses_each conn '.action == "accept"' <<'PROGRAMS'
.direction = "out"
.retransmits = 0
.duration_ms = 1 | .duration_us = 1000
.reason = "aborted"
.bytes_sent = 0 | .bytes_received = 0
PROGRAMS
	refuses_each conn '.reason == "closed"' <<'PROGRAMS'
del(.reason)
del(.closed_by)
.closed_by = "both"
.errno = 104
del(.bytes_sent)
del(.bytes_received)
del(.bytes_sent, .bytes_received)
del(.retransmits)
.reason = "reset"
PROGRAMS
	refuses_each conn '.attribution == "none"' <<'PROGRAMS'
.pid = 1
.attribution = "exact"
.closed_by = "local"
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/conn.schema.json" >required
	[[ $(wc -l <required) == 9 ]]
	refuses_each conn '.action == "accept"' <required
}

@test "bind.schema.json refuses broken events" {
	refuses_each bind '.action == "listen"' <<'PROGRAMS'
.event_type = "conn"
.action = "open"
.proto = "udp"
.proto = "sctp"
.local_ip = ""
.local_ip = "*"
.local_port = 0
.pid = 0
.tid = 812
.thread = "worker"
.attribution = "exact"
.attribution = "none"
.attribution = "listener"
PROGRAMS
	refuses_each bind '.action == "bind"' <<'PROGRAMS'
del(.tid)
.attribution = "bootstrap"
.thread = "0123456789abcdef"
PROGRAMS
	refuses_each bind '.action == "close" and .tid' <<'PROGRAMS'
.action = "listen"
del(.tid)
.local_port = 0
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/bind.schema.json" >required
	[[ $(wc -l <required) == 15 ]]
	refuses_each bind '.action == "listen"' <required
}

@test "deny.schema.json refuses broken events" {
	refuses_each deny '.reason == "connect"' <<'PROGRAMS'
.event_type = "conn"
.action = "allow"
.rule = ""
.rule = null
.reason = "accept"
.direction = "in"
.direction = "both"
.proto = ""
.proto = "TCP"
.proto = 6
.local_ip = "192.0.2.2"
.remote_ip = "192.0.2.256"
.remote_port = 0
del(.remote_ip)
.port = 0
.port = 65536
.port = "81"
.suppressed = 0
.suppressed = -1
.pid = 0
.comm = "0123456789abcdef"
.cgroup_id = 1
.attribution = "none"
.attribution = "bootstrap"
.community_id = "1:XfK0MxwfWPU3YwUb/2pBYokYycU="
.reason = "sendmsg"
.reason = "bind"
.reason = "create"
PROGRAMS
	refuses_each deny '.reason == "bind"' <<'PROGRAMS'
.direction = "out"
.local_ip = "*"
del(.local_ip)
del(.local_port)
del(.port)
.remote_ip = "192.0.2.2"
.reason = "egress"
PROGRAMS
	refuses_each deny '.reason == "create"' <<'PROGRAMS'
.direction = "in"
.port = 1
.local_port = 1
.remote_ip = "192.0.2.2"
.suppressed = 1
PROGRAMS
	refuses_each deny '.reason == "ingress"' <<'PROGRAMS'
.reason = "egress"
.community_id = "1:"
del(.local_port)
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/deny.schema.json" >required
	[[ $(wc -l <required) == 16 ]]
	refuses_each deny '.reason == "connect"' <required
}

@test "usage.schema.json refuses broken events" {
	refuses_each usage '.event_type == "usage"' <<'PROGRAMS'
.event_type = "lost"
.pid = -1
.pid = "1"
.comm = 1
.comm = "0123456789abcdef"
.cgroup_id = 1
.bytes_sent = 1.5
.calls_received = null
.attribution = "guessed"
.byte_layer = "packet"
.total = false
.remote_port = 0
del(.remote_ip) | .remote_port = 53
.proto = ""
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/usage.schema.json" >required
	[[ $(wc -l <required) == 19 ]]
	refuses_each usage '.event_type == "usage"' <required
}

@test "ports.schema.json refuses broken events" {
	refuses_each ports '.owners' <<'PROGRAMS'
.event_type = "usage"
.local_port = 0
.local_port = 65536
.local_port = "5050"
del(.local_port)
del(.proto)
.proto = "mptcp"
.proto = "TCP"
.ifname = ""
.packets_received = -1
del(.packets_received)
del(.bytes_received)
.bytes_received = 1.5
del(.packets_sent)
del(.bytes_sent)
.bytes_sent = null
.fragments_received = 1 | .malformed_received = 0
.malformed_received = 1
.fragments_sent = 1
.owners = {}
.owners = null
.owners = [1]
.owners[0].pid = 0
.owners[0].comm = "0123456789abcdef"
.owners[0].attribution = "listener"
.owners[0].exited = false
.owners[0].byte_layer = "packet"
del(.owners[0].pid)
del(.owners[0].comm)
del(.owners[0].uid)
del(.owners[0].start_time)
del(.owners[0].attribution)
del(.owners[0].bytes_sent)
del(.owners[0].bytes_received)
del(.owners[0].byte_layer)
.total = false
.byte_layer = "socket"
PROGRAMS
	refuses_each ports '.malformed_received' <<'PROGRAMS'
.local_port = 5050
.packets_received = 1
.owners = []
.malformed_received = 0 | .fragments_sent = 0
.malformed_received = 0 | del(.fragments_sent)
.fragments_sent = -1
del(.fragments_received)
del(.malformed_received)
PROGRAMS
	jq -r '.required[] | "del(.\(.))"' "$tree/share/schema/ports.schema.json" >required
	[[ $(wc -l <required) == 8 ]]
	refuses_each ports '.owners' <required
}
