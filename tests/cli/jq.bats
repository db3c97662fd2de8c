# SPDX-License-Identifier: MIT
# The jq filters convert events to documents of other schemas.
load documents

converted() { # NAME
	samples | jq -c -f "$tree/share/jq/$1.jq"
}

@test "jq filters convert every event, and write no null" {
	for name in ecs eve otel; do
		converted "$name" >out
		[[ $(wc -l <out) == $(samples | wc -l) ]]
		jq -e -s '[.. | nulls] == []' out
		samples | jq -c '.event_type = "other"' | jq -c -f "$tree/share/jq/$name.jq" >out
		[[ ! -s out ]]
	done
}

@test "ecs.jq writes documents of the Elastic Common Schema" {
	converted ecs >out
	sed -n 1p out | jq -e '
		.["@timestamp"] == "2026-11-20T23:50:38.468Z"
		and .source.ip == "192.0.2.2" and .destination.ip == "192.0.2.1"
		and .network.transport == "icmp" and .network.iana_number == "1" and .network.type == "ipv4"
		and .event.category == ["network"] and .event.sequence == 2 and .event.action == "echo-request"
		and .observer.ingress.interface.name == "eth0" and (has("host") | not)'
	sed -n 2p out | jq -e '
		.network.vlan.id == "10" and .network.inner.vlan.id == "20" and .host.hostname == "vm"
		and .network.community_id == "1:uNyfE1mJ1sU2Y9cCot3kz9fixCQ="'
	sed -n 4p out | jq -e '.network.transport == "ipv6-icmp" and .network.type == "ipv6"'
	sed -n 5p out | jq -e '.pinpipe.lost == {stream: "icmp", count: 196}'
	sed -n 6p out | jq -e '
		.process == {pid: 7529, name: "curl", executable: "/usr/bin/curl", parent: {pid: 7524}, user: {id: "1000"}, start: "2026-11-21T03:29:27.048Z"}
		and .destination == {address: "192.0.2.1", ip: "192.0.2.1", port: 443, bytes: 2000}
		and .source.bytes == 100 and .network == {transport: "tcp", bytes: 2100} and .event.duration == 500000000'
	# a send, a receive, a connect, a close by the other side, a failure, an unknown process, a listener
	sed -n 9p out | jq -e '
		.source == {address: "192.0.2.2", ip: "192.0.2.2", port: 40112, bytes: 73} and .destination.port == 80
		and .network.direction == "egress" and .event.action == "send" and .process.thread == {id: 7530, name: "worker"}
		and .pinpipe.payload == {bytes: 16, truncated: true, base64: "R0VUIC8gSFRUUC8xLjENCg==",
			printable: "GET / HTTP/1.1\\x0d\\x0a"}'
	sed -n 10p out | jq -e '.source.port == 80 and .destination.port == 40112 and .network.type == "ipv6"
		and .network.direction == "ingress" and .event.action == "receive" and .pinpipe.payload.hex == "225c00"'
	sed -n 12p out | jq -e '.source == {bytes: 0} and .destination == {port: 5353} and (.network | has("type") | not)'
	sed -n 13p out | jq -e '.event.type == ["connection", "start"] and .event.outcome == "success"
		and .event.duration == 214000 and .network.community_id == "1:XfK0MxwfWPU3YwUb/2pBYokYycU="'
	sed -n 15p out | jq -e '.event.type == ["connection", "end"] and .event.reason == "closed"
		and .source.ip == "192.0.2.2" and .source.bytes == 73 and .destination.bytes == 9000 and .network.bytes == 9073'
	sed -n 16p out | jq -e '.event.outcome == "failure" and .event.reason == "refused" and .error == {code: "ECONNREFUSED"}'
	sed -n 17p out | jq -e '(has("process") | not) and .pinpipe.attribution == "none"'
	sed -n 18p out | jq -e '.event.action == "listen" and .server == {address: "::", ip: "::", port: 80}'
	# denied at connect, audited at bind, a raw socket, a packet that came in
	sed -n 20p out | jq -e '.event.category == ["network"] and .event.type == ["connection", "denied"]
		and .event.outcome == "failure" and .event.action == "deny" and .event.reason == "connect"
		and .rule == {name: "curl"} and .destination == {address: "192.0.2.1", ip: "192.0.2.1", port: 81}'
	sed -n 21p out | jq -e '.event.type == ["connection", "allowed"] and .event.outcome == "success"
		and .destination == {address: "::", ip: "::", port: 81} and .rule.name == "/usr/sbin/nginx"'
	sed -n 22p out | jq -e '(has("rule") or has("destination") | not) and .network == {transport: "raw", direction: "egress"}'
	sed -n 23p out | jq -e '.source.port == 40112 and .pinpipe.suppressed == 7 and .pinpipe.port == 80'
	sed -n 25p out | jq -e '.event.action == "close" and .event.type == ["info", "end"] and .server.port == 5353'
	# a port with one owner, one without socket probes, one with two owners, packets without a port, uncounted packets
	sed -n 27p out | jq -e '.server == {port: 5050, bytes: 379, packets: 4} and .client == {bytes: 505, packets: 6}
		and .network == {transport: "tcp", bytes: 884, packets: 10} and .event.duration == 1000000000
		and .process == {pid: 812, name: "nginx", user: {id: "33"}, start: "2026-11-20T23:50:00.010Z"}
		and .pinpipe.owners[0].bytes_sent == 103 and .observer.ingress.interface.name == "eth0"'
	sed -n 28p out | jq -e '.server == {port: 5353} and .network == {transport: "udp"} and (has("process") | not)
		and (.pinpipe | has("owners") | not) and .host.hostname == "vm"'
	sed -n 29p out | jq -e '(has("process") | not) and [.pinpipe.owners[].pid] == [812, 813] and .pinpipe.total'
	sed -n 31p out | jq -e '.pinpipe == {fragments_received: 0, malformed_received: 3, fragments_sent: 2, byte_layer: "packet"}'
	sed -n 32p out | jq -e '.pinpipe.lost == {stream: "ports", count: 7, bytes: 700}
		and .observer.ingress.interface.name == "eth0"'
}

@test "eve.jq writes Suricata's names" {
	converted eve >out
	sed -n 2p out | jq -e '. == {
		timestamp: "2026-11-20T23:55:04.441803+0000", in_iface: "eth0", event_type: "icmp", vlan: [10, 20],
		src_ip: "192.0.2.2", dest_ip: "192.0.2.1", proto: "ICMP", ip_v: 4, icmp_type: 8, icmp_code: 0,
		community_id: "1:uNyfE1mJ1sU2Y9cCot3kz9fixCQ=", host: "vm",
		icmp: {name: "echo-request", id: 7, seq: 9, ttl: 64, length: 28, fragment: true, netns: 4026531840}}'
	# a fraction with leading zeroes
	sed -n 4p out | jq -e '.timestamp == "2026-11-20T23:50:38.359096+0000" and .proto == "IPv6-ICMP" and .ip_v == 6'
	sed -n 6p out | jq -e '.proto == "TCP" and .dest_port == 443 and .usage.bytes_received == 2000 and (has("host") | not)'
	sed -n 9p out | jq -e '.src_ip == "192.0.2.2" and .dest_port == 80 and .payload == "R0VUIC8gSFRUUC8xLjENCg=="
		and .payload_printable == "GET / HTTP/1.1\\x0d\\x0a" and .tcp.bytes == 73 and .tcp.tid == 7530'
	sed -n 14p out | jq -e '.src_port == 40112 and .dest_port == 80 and .conn.action == "accept" and .conn.comm == "nginx"'
	sed -n 19p out | jq -e '.proto == "UDP" and .bind.local_port == 5353 and .bind.attribution == "exact"'
	sed -n 20p out | jq -e '.event_type == "drop" and .drop == {reason: "connect"} and .verdict == {action: "drop"}
		and .dest_ip == "192.0.2.1" and .dest_port == 81 and .deny.rule == "curl" and .deny.pid == 7529'
	sed -n 21p out | jq -e '.event_type == "alert" and .verdict == {action: "alert"} and .deny.action == "audit"
		and .alert == {action: "allowed", signature: "nginx may not use port 81 of tcp"} and (has("drop") | not)'
	sed -n 22p out | jq -e '.event_type == "drop" and .proto == "RAW" and (has("dest_ip") | not)'
	sed -n 23p out | jq -e '.src_port == 40112 and .dest_port == 80 and .deny.suppressed == 7'
	sed -n 26p out | jq -e '.proto == "TCP" and .bind.action == "close" and .bind.pid == 812'
	sed -n 27p out | jq -e '. == {timestamp: "2026-11-21T03:29:28.050078+0000", in_iface: "eth0", event_type: "ports",
		dest_port: 5050, proto: "TCP", ports: {packets_received: 6, bytes_received: 505, packets_sent: 4,
		bytes_sent: 379, owners: .ports.owners, interval_ms: 1000}} and .ports.owners[0].comm == "nginx"'
	sed -n 31p out | jq -e '(has("proto") or has("dest_port") | not)
		and .ports == {fragments_received: 0, malformed_received: 3, fragments_sent: 2, interval_ms: 1000}'
	sed -n 32p out | jq -e '.in_iface == "eth0" and .lost.count == 7'
}

@test "otel.jq writes flat attributes" {
	converted otel >out
	jq -e -s 'all(.[]; all(.[]; type != "object" and type != "array"))' out
	sed -n 1p out | jq -e '
		.["source.address"] == "192.0.2.2" and .["destination.address"] == "192.0.2.1"
		and .["network.type"] == "ipv4" and .["network.transport"] == "icmp"
		and .["network.io.direction"] == "receive" and .["network.interface.name"] == "eth0"'
	sed -n 6p out | jq -e '
		.["process.pid"] == 7529 and .["process.creation.time"] == "2026-11-21T03:29:27.048000Z"
		and .["network.peer.port"] == 443 and .["pinpipe.bytes_sent"] == 100'
	sed -n 9p out | jq -e '
		.["event.name"] == "pinpipe.tcp" and .["network.io.direction"] == "transmit" and .["thread.name"] == "worker"
		and .["network.local.port"] == 40112 and .["network.peer.port"] == 80 and .["pinpipe.payload_len"] == 16'
	sed -n 16p out | jq -e '.["error.type"] == "ECONNREFUSED" and .["pinpipe.conn.action"] == "connect"'
	sed -n 17p out | jq -e '.["network.type"] == "ipv6" and .["error.type"] == "aborted" and (has("process.pid") | not)'
	sed -n 18p out | jq -e '.["pinpipe.bind.action"] == "listen" and .["network.local.address"] == "::"'
	sed -n 20p out | jq -e '.["event.name"] == "pinpipe.deny" and .["pinpipe.deny.rule"] == "curl"
		and .["network.peer.port"] == 81 and .["pinpipe.deny.port"] == 81 and .["process.pid"] == 7529'
	sed -n 23p out | jq -e '.["pinpipe.deny.reason"] == "ingress" and .["pinpipe.deny.suppressed"] == 7'
	sed -n 26p out | jq -e '.["pinpipe.bind.action"] == "close" and .["network.local.port"] == 80'
	sed -n 27p out | jq -e '.["event.name"] == "pinpipe.ports" and .["network.local.port"] == 5050
		and .["network.interface.name"] == "eth0" and .["pinpipe.packets_received"] == 6 and .["process.pid"] == 812
		and (.["pinpipe.owners"] | fromjson)[0].bytes_received == 101'
	sed -n 29p out | jq -e '(has("process.pid") | not) and (.["pinpipe.owners"] | fromjson | map(.pid)) == [812, 813]'
	sed -n 31p out | jq -e '.["pinpipe.malformed_received"] == 3 and .["pinpipe.fragments_sent"] == 2
		and (has("network.local.port") | not)'
	sed -n 32p out | jq -e '.["network.interface.name"] == "eth0" and .["pinpipe.lost.bytes"] == 700'
}
