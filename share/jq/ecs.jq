# pinpipe events as documents of the Elastic Common Schema (ECS 8.11).
#   ebpf-read all | jq --unbuffered -c -f ecs.jq
# What ECS has no name for is below pinpipe. Events of other kinds than these are left out.

def instant:
  (.timestamp / 1000 | floor | strftime("%Y-%m-%dT%H:%M:%S"))
  + "." + (.timestamp % 1000 + 1000 | tostring | .[1:]) + "Z";
def keyword: if . == null then null else tostring end;
def known: walk(if type == "object" then with_entries(select(.value != null and .value != {})) else . end);

def about(dataset): {
  "@timestamp": instant,
  ecs: {version: "8.11.0"},
  event: {module: "pinpipe", dataset: dataset},
  host: {hostname: .host}
};

def icmp: about("pinpipe.icmp") * {
  event: {kind: "event", category: ["network"], type: ["info"], action: .icmp_name, sequence: .seq},
  source: {address: .src_ip, ip: .src_ip, bytes: .length, packets: 1},
  destination: {address: .dst_ip, ip: .dst_ip},
  network: {
    type: "ipv\(.ip_version)",
    transport: (if .ip_version == 4 then "icmp" else "ipv6-icmp" end),
    iana_number: (if .ip_version == 4 then "1" else "58" end),
    direction: "ingress",
    bytes: .length,
    packets: 1,
    community_id: .community_id,
    vlan: {id: (.vlan | keyword)},
    inner: {vlan: {id: (.vlan_inner | keyword)}}
  },
  observer: {ingress: {interface: {name: .ifname}}},
  pinpipe: {
    icmp: {type: .icmp_type, code: .icmp_code, id: .icmp_id, seq: .icmp_seq},
    ttl: .ttl,
    fragment: .fragment
  }
};

def usage: about("pinpipe.usage") * {
  event: {
    kind: "metric", category: ["network"], type: ["info"], sequence: .seq,
    duration: (.interval_ms * 1000000)
  },
  process: {
    pid,
    name: .comm,
    parent: {pid: .ppid},
    user: {id: (.uid | keyword)},
    start: (.timestamp = .start_time | instant)
  },
  source: {bytes: .bytes_sent},
  destination: {address: .remote_ip, ip: .remote_ip, port: .remote_port, bytes: .bytes_received},
  network: {transport: .proto, bytes: (.bytes_sent + .bytes_received)},
  pinpipe: {
    cgroup_id, attribution, byte_layer, total,
    calls: {sent: .calls_sent, received: .calls_received}
  }
};

def lost: about("pinpipe.lost") * {
  event: {kind: "metric", category: ["network"], type: ["info"]},
  pinpipe: {lost: {stream, count, reason, bytes_sent, bytes_received}}
};

(select(.event_type == "icmp") | icmp), (select(.event_type == "usage") | usage),
(select(.event_type == "lost") | lost) | known
