# pinpipe events in the form of Suricata's EVE log.
#   ebpf-read all | jq --unbuffered -c -f eve.jq
# The common fields have EVE's names. What EVE has no name for is in an object named as the event_type, as
# EVE does it. Suricata itself writes no such event_type. Events of other kinds than these are left out.

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
  icmp: ({name: .icmp_name, id: .icmp_id, seq: .icmp_seq, ttl, length, fragment} | known)
};

def usage: {
  timestamp: instant,
  event_type,
  dest_ip: .remote_ip,
  dest_port: .remote_port,
  proto: (.proto | ascii_upcase),
  host,
  usage: ({pid, ppid, uid, comm, cgroup_id, start_time, attribution, bytes_sent, bytes_received, calls_sent,
    calls_received, interval_ms, total} | known)
};

def lost: {
  timestamp: instant, event_type, host, lost: ({stream, count, reason, bytes_sent, bytes_received} | known)
};

(select(.event_type == "icmp") | icmp), (select(.event_type == "usage") | usage),
(select(.event_type == "lost") | lost) | known
