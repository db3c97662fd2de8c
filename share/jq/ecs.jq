# SPDX-License-Identifier: MIT
# pinpipe events as documents of the Elastic Common Schema (ECS 8.11).
#   ebpf-read all | jq --unbuffered -c -f ecs.jq
# Fields that ECS has no name for are below pinpipe. Events of unknown types are left out.

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
    fragment: .fragment,
    netns: .netns
  }
};

def process: if .pid == null then null else {
  pid,
  name: .comm,
  executable: .exe,
  thread: {id: .tid, name: .thread},
  parent: {pid: .ppid},
  user: {id: (.uid | keyword)},
  start: (.timestamp = .start_time | instant)
} end;

# Both ends of a socket: the source is the side that sent, or that connected.
def ends:
  {address: .local_ip, ip: .local_ip, port: .local_port} as $local
  | {address: .remote_ip, ip: .remote_ip, port: .remote_port} as $remote
  | (.local_ip // .remote_ip) as $address
  | {
    source: (if .direction == "out" then $local else $remote end),
    destination: (if .direction == "out" then $remote else $local end),
    network: {
      type: (if $address == null then null elif $address | contains(":") then "ipv6" else "ipv4" end),
      transport: .proto,
      direction: (if .direction == "out" then "egress" else "ingress" end),
      community_id: .community_id
    },
    process: process
  };

def message: about("pinpipe.\(.event_type)") * ends * {
  event: {
    kind: "event", category: ["network"], type: ["info"], sequence: .seq,
    action: (if .direction == "out" then "send" else "receive" end)
  },
  source: {bytes},
  network: {bytes},
  pinpipe: {
    cgroup_id, attribution,
    payload: {
      bytes: .payload_len, truncated: .payload_truncated, base64: .payload, hex: .payload_hex,
      printable: .payload_printable
    }
  }
};

def conn: about("pinpipe.conn") * ends * {
  event: {
    kind: "event",
    category: ["network"],
    type: ["connection", (if .action == "close" then "end" else "start" end)],
    action: .action,
    outcome: (if .action == "close" then null elif .reason == null then "success" else "failure" end),
    reason: .reason,
    duration: (if .duration_us == null then null else .duration_us * 1000 end),
    sequence: .seq
  },
  error: {code: (.error // (.errno | keyword))},
  source: {bytes: (if .direction == "out" then .bytes_sent else .bytes_received end)},
  destination: {bytes: (if .direction == "out" then .bytes_received else .bytes_sent end)},
  network: {bytes: (if .bytes_sent == null then null else .bytes_sent + .bytes_received end)},
  pinpipe: {cgroup_id, attribution, closed_by, retransmits, srtt_us}
};

def bind: about("pinpipe.bind") * {
  event: {
    kind: "event", category: ["network"], type: ["info", if .action == "close" then "end" else empty end],
    action: .action, sequence: .seq
  },
  process: process,
  server: {address: .local_ip, ip: .local_ip, port: .local_port},
  network: {type: (if .local_ip | contains(":") then "ipv6" else "ipv4" end), transport: .proto},
  pinpipe: {cgroup_id, attribution}
};

def deny: about("pinpipe.deny") * ends * {
  event: {
    kind: "event",
    category: ["network"],
    type: ["connection", (if .action == "deny" then "denied" else "allowed" end)],
    action: .action,
    outcome: (if .action == "deny" then "failure" else "success" end),
    reason: .reason,
    sequence: .seq
  },
  rule: {name: .rule},
  pinpipe: {cgroup_id, attribution, port, suppressed}
};

def usage: about("pinpipe.usage") * {
  event: {
    kind: "metric", category: ["network"], type: ["info"], sequence: .seq,
    duration: (.interval_ms * 1000000)
  },
  process: process,
  source: {bytes: .bytes_sent},
  destination: {address: .remote_ip, ip: .remote_ip, port: .remote_port, bytes: .bytes_received},
  network: {transport: .proto, bytes: (.bytes_sent + .bytes_received)},
  pinpipe: {
    cgroup_id, attribution, byte_layer, total,
    calls: {sent: .calls_sent, received: .calls_received}
  }
};

# The server is the side that has the port. The field process is there if one process alone has the port.
def ports: about("pinpipe.ports") * {
  event: {
    kind: "metric", category: ["network"], type: ["info"], sequence: .seq,
    duration: (.interval_ms * 1000000)
  },
  process: (if (.owners | length) == 1 then .owners[0] | process else null end),
  client: {bytes: .bytes_received, packets: .packets_received},
  server: {port: .local_port, bytes: .bytes_sent, packets: .packets_sent},
  network: {
    transport: .proto,
    bytes: (if .bytes_sent == null then null else .bytes_sent + .bytes_received end),
    packets: (if .packets_sent == null then null else .packets_sent + .packets_received end)
  },
  observer: {ingress: {interface: {name: .ifname}}},
  pinpipe: {owners, fragments_received, malformed_received, fragments_sent, byte_layer, total}
};

def lost: about("pinpipe.lost") * {
  event: {kind: "metric", category: ["network"], type: ["info"]},
  observer: {ingress: {interface: {name: .ifname}}},
  pinpipe: {lost: {stream, count, reason, bytes, bytes_sent, bytes_received}}
};

if .event_type == "icmp" then icmp
elif .event_type == "tcp" or .event_type == "udp" then message
elif .event_type == "conn" then conn
elif .event_type == "bind" then bind
elif .event_type == "deny" then deny
elif .event_type == "usage" then usage
elif .event_type == "ports" then ports
elif .event_type == "lost" then lost
else empty end | known
