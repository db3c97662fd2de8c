# SPDX-License-Identifier: MIT
# pinpipe events in the form of Suricata's EVE log.
#   ebpf-read all | jq --unbuffered -c -f eve.jq
# The common fields have EVE's names. Fields that EVE has no name for are in an object named after the event_type, as
# in EVE. Suricata itself writes no such event_type, except for deny: a denial becomes a drop, and in audit mode an
# alert that was allowed. Events of unknown types are left out.

def instant:
  (.timestamp_us / 1000000 | floor | strftime("%Y-%m-%dT%H:%M:%S"))
  + "." + (.timestamp_us % 1000000 + 1000000 | tostring | .[1:]) + "+0000";
def known: with_entries(select(.value != null));

def icmp: {
  timestamp: instant,
  in_iface: .ifname,
  event_type,
  vlan: (if .vlan == null then null else [.vlan, .vlan_inner | values] end),
  src_ip,
  dest_ip: .dst_ip,
  proto: (if .ip_version == 4 then "ICMP" else "IPv6-ICMP" end),
  ip_v: .ip_version,
  icmp_type,
  icmp_code,
  community_id,
  host,
  icmp: ({name: .icmp_name, id: .icmp_id, seq: .icmp_seq, ttl, length, fragment, netns} | known)
};

# Both ends of a socket: the source is the side that sent, or that connected.
def ends: {
  timestamp: instant,
  event_type,
  proto: (.proto | ascii_upcase),
  community_id,
  host
} + if .direction == "out"
  then {src_ip: .local_ip, src_port: .local_port, dest_ip: .remote_ip, dest_port: .remote_port}
  else {src_ip: .remote_ip, src_port: .remote_port, dest_ip: .local_ip, dest_port: .local_port}
  end;
def who: {pid, tid, ppid, uid, comm, exe, thread, cgroup_id, start_time, attribution};

def message: ends + {
  payload,
  payload_printable,
  (.event_type): ({direction, bytes, payload_len, payload_truncated, payload_hex} + who | known)
};

def conn: ends + {
  conn: ({action, reason, closed_by, errno, error, direction, duration_us, bytes_sent, bytes_received, retransmits,
    srtt_us} + who | known)
};

def bind: {
  timestamp: instant,
  event_type,
  proto: (.proto | ascii_upcase),
  host,
  bind: ({action, local_ip, local_port} + who | known)
};

def deny:
  ([.comm, "may not use"] + if .port then ["port", (.port | tostring), "of"] else [] end + [.proto] | join(" ")) as $text
  | ends + if .action == "deny"
  then {event_type: "drop", drop: {reason}, verdict: {action: "drop"}}
  else {event_type: "alert", alert: {action: "allowed", signature: $text}, verdict: {action: "alert"}}
  end + {deny: ({action, rule, reason, direction, port, suppressed} + who | known)};

def usage: {
  timestamp: instant,
  event_type,
  dest_ip: .remote_ip,
  dest_port: .remote_port,
  proto: (.proto | ascii_upcase),
  host,
  usage: ({pid, ppid, uid, comm, exe, cgroup_id, start_time, attribution, bytes_sent, bytes_received, calls_sent,
    calls_received, interval_ms, total} | known)
};

def ports: {
  timestamp: instant,
  in_iface: .ifname,
  event_type,
  dest_port: .local_port,
  proto: (if .proto == null then null else .proto | ascii_upcase end),
  host,
  ports: ({packets_received, bytes_received, packets_sent, bytes_sent, owners, fragments_received,
    malformed_received, fragments_sent, interval_ms, total} | known)
};

def lost: {
  timestamp: instant,
  in_iface: .ifname,
  event_type,
  host,
  lost: ({stream, count, reason, bytes, bytes_sent, bytes_received} | known)
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
