# pinpipe events with the attribute names of OpenTelemetry's semantic conventions, flat.
#   ebpf-read all | jq --unbuffered -c -f otel.jq
# What the conventions have no name for begins with pinpipe. Events of other kinds than these are left out.

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
  "pinpipe.community_id": .community_id
};

def usage: about("pinpipe.usage") + {
  "process.pid": .pid,
  "process.parent_pid": .ppid,
  "process.user.id": .uid,
  "process.executable.name": .comm,
  "process.creation.time": (.timestamp_us = .start_time * 1000 | about("").timestamp),
  "network.transport": .proto,
  "network.peer.address": .remote_ip,
  "network.peer.port": .remote_port,
  "pinpipe.seq": .seq,
  "pinpipe.cgroup_id": .cgroup_id,
  "pinpipe.attribution": .attribution,
  "pinpipe.bytes_sent": .bytes_sent,
  "pinpipe.bytes_received": .bytes_received,
  "pinpipe.calls_sent": .calls_sent,
  "pinpipe.calls_received": .calls_received,
  "pinpipe.interval_ms": .interval_ms,
  "pinpipe.total": .total
};

def lost: about("pinpipe.lost") + {
  "pinpipe.lost.stream": .stream,
  "pinpipe.lost.count": .count,
  "pinpipe.lost.reason": .reason,
  "pinpipe.lost.bytes_sent": .bytes_sent,
  "pinpipe.lost.bytes_received": .bytes_received
};

(select(.event_type == "icmp") | icmp), (select(.event_type == "usage") | usage), (select(.event_type == "lost") | lost)
| with_entries(select(.value != null))
