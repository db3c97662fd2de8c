# SPDX-License-Identifier: MIT
# pinpipe events with the attribute names of OpenTelemetry's semantic conventions, flat.
#   ebpf-read all | jq --unbuffered -c -f otel.jq
# Names of fields that the conventions do not know begin with pinpipe. Events of unknown types are left out.

def about(name): {
  "event.name": name,
  timestamp: ((.timestamp_us / 1000000 | floor | strftime("%Y-%m-%dT%H:%M:%S"))
    + "." + (.timestamp_us % 1000000 + 1000000 | tostring | .[1:]) + "Z"),
  "host.name": .host
};

def icmp: about("pinpipe.icmp") + {
  "network.type": "ipv\(.ip_version)",
  "network.transport": .proto,
  "network.io.direction": "receive",
  "network.interface.name": .ifname,
  "source.address": .src_ip,
  "destination.address": .dst_ip,
  "pinpipe.seq": .seq,
  "pinpipe.icmp.type": .icmp_type,
  "pinpipe.icmp.code": .icmp_code,
  "pinpipe.icmp.name": .icmp_name,
  "pinpipe.icmp.id": .icmp_id,
  "pinpipe.icmp.seq": .icmp_seq,
  "pinpipe.ttl": .ttl,
  "pinpipe.length": .length,
  "pinpipe.fragment": .fragment,
  "pinpipe.vlan": .vlan,
  "pinpipe.vlan_inner": .vlan_inner,
  "pinpipe.netns": .netns,
  "pinpipe.community_id": .community_id
};

def process: {
  "process.pid": .pid,
  "process.parent_pid": .ppid,
  "process.user.id": .uid,
  "process.executable.name": .comm,
  "process.executable.path": .exe,
  "process.creation.time":
    (if .start_time == null then null else .timestamp_us = .start_time * 1000 | about("").timestamp end),
  "thread.id": .tid,
  "thread.name": .thread,
  "pinpipe.cgroup_id": .cgroup_id,
  "pinpipe.attribution": .attribution
};

def socket: about("pinpipe.\(.event_type)") + process
  + ((.local_ip // .remote_ip) as $address | {
    "network.type": (if $address == null then null elif $address | contains(":") then "ipv6" else "ipv4" end),
    "network.transport": .proto,
    "network.local.address": .local_ip,
    "network.local.port": .local_port,
    "network.peer.address": .remote_ip,
    "network.peer.port": .remote_port,
    "pinpipe.seq": .seq,
    "pinpipe.community_id": .community_id
  });

def message: socket + {
  "network.io.direction": (if .direction == "out" then "transmit" else "receive" end),
  "pinpipe.bytes": .bytes,
  "pinpipe.payload": .payload,
  "pinpipe.payload_hex": .payload_hex,
  "pinpipe.payload_printable": .payload_printable,
  "pinpipe.payload_len": .payload_len,
  "pinpipe.payload_truncated": .payload_truncated
};

def conn: socket + {
  "error.type": (.error // (if .reason == "closed" then null else .reason end)),
  "pinpipe.conn.action": .action,
  "pinpipe.conn.direction": .direction,
  "pinpipe.conn.reason": .reason,
  "pinpipe.conn.closed_by": .closed_by,
  "pinpipe.conn.errno": .errno,
  "pinpipe.conn.duration_us": .duration_us,
  "pinpipe.conn.retransmits": .retransmits,
  "pinpipe.conn.srtt_us": .srtt_us,
  "pinpipe.bytes_sent": .bytes_sent,
  "pinpipe.bytes_received": .bytes_received
};

def bind: socket + {"pinpipe.bind.action": .action};

def deny: socket + {
  "pinpipe.deny.action": .action,
  "pinpipe.deny.rule": .rule,
  "pinpipe.deny.reason": .reason,
  "pinpipe.deny.direction": .direction,
  "pinpipe.deny.port": .port,
  "pinpipe.deny.suppressed": .suppressed
};

def usage: about("pinpipe.usage") + process + {
  "network.transport": .proto,
  "network.peer.address": .remote_ip,
  "network.peer.port": .remote_port,
  "pinpipe.seq": .seq,
  "pinpipe.bytes_sent": .bytes_sent,
  "pinpipe.bytes_received": .bytes_received,
  "pinpipe.calls_sent": .calls_sent,
  "pinpipe.calls_received": .calls_received,
  "pinpipe.interval_ms": .interval_ms,
  "pinpipe.total": .total
};

# The process attributes are there if one process alone has the port; pinpipe.owners has all of them, as a text in JSON.
def ports: about("pinpipe.ports") + (if (.owners | length) == 1 then .owners[0] | process else {} end) + {
  "network.transport": .proto,
  "network.local.port": .local_port,
  "network.interface.name": .ifname,
  "pinpipe.seq": .seq,
  "pinpipe.packets_received": .packets_received,
  "pinpipe.bytes_received": .bytes_received,
  "pinpipe.packets_sent": .packets_sent,
  "pinpipe.bytes_sent": .bytes_sent,
  "pinpipe.owners": (if .owners == null then null else .owners | tojson end),
  "pinpipe.fragments_received": .fragments_received,
  "pinpipe.malformed_received": .malformed_received,
  "pinpipe.fragments_sent": .fragments_sent,
  "pinpipe.interval_ms": .interval_ms,
  "pinpipe.total": .total
};

def lost: about("pinpipe.lost") + {
  "network.interface.name": .ifname,
  "pinpipe.lost.stream": .stream,
  "pinpipe.lost.count": .count,
  "pinpipe.lost.reason": .reason,
  "pinpipe.lost.bytes": .bytes,
  "pinpipe.lost.bytes_sent": .bytes_sent,
  "pinpipe.lost.bytes_received": .bytes_received
};

if .event_type == "icmp" then icmp
elif .event_type == "tcp" or .event_type == "udp" then message
elif .event_type == "conn" then conn
elif .event_type == "bind" then bind
elif .event_type == "deny" then deny
elif .event_type == "usage" then usage
elif .event_type == "ports" then ports
elif .event_type == "lost" then lost
else empty end | with_entries(select(.value != null))
