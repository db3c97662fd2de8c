# SPDX-License-Identifier: MIT
"""The table of the ways past a rule, and what is right for each."""
import socket

import bypass_clients as clients
import bypass_processes as processes
import bypass_servers as servers
from bypass_uring import uring

SCTP, AF_XDP = 132, 44
CASES = {
    "tcp_connect": clients.tcp_connect,
    "tcp_nonblocking": clients.tcp_nonblocking,
    "tcp_fastopen": clients.tcp_fastopen,
    "tcp_fastopen_connect": clients.tcp_fastopen_connect,
    "tcp_bound_to_device": clients.tcp_bound_to_device,
    "tcp_bind_then_connect": clients.tcp_bind_then_connect,
    "tcp_ipv6": clients.tcp_ipv6,
    "tcp_mapped": clients.tcp_mapped,
    "mptcp": clients.mptcp,
    "mptcp_to_mptcp": clients.mptcp_to_mptcp,
    "udp_sendto": clients.udp_sendto,
    "udp_connect": clients.udp_connect,
    "udp_ipv6": clients.udp_ipv6,
    "udp_mapped": clients.udp_mapped,
    "udp_reconnected": clients.udp_reconnected,
    "udp_sendmmsg": clients.udp_sendmmsg,
    "udp_answer": servers.udp_answer,
    "udp_to_stranger": servers.udp_to_stranger,
    "udplite": clients.udplite,
    "udplite_connect": clients.udplite_connect,
    "sctp_stream": clients.unruly(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, SCTP)),
    "sctp_messages": clients.unruly(lambda: socket.socket(socket.AF_INET6, socket.SOCK_SEQPACKET, SCTP)),
    "ping": clients.unruly(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)),
    "ping_ipv6": clients.unruly(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_ICMPV6)),
    "raw": clients.unruly(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)),
    "raw_tcp": clients.unruly(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)),
    "raw_ipv6": clients.unruly(lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 253)),
    "tcp_bind": servers.tcp_bind,
    "tcp_bind_ipv6": servers.tcp_bind_ipv6,
    "udp_bind": servers.udp_bind,
    "accept": servers.accept,
    "reuseport": servers.reuseport,
    "listen_unbound": servers.listen_unbound,
    "listen_after_bind_0": servers.listen_after_bind_0,
    "uring_connect": uring(0, 0, False),
    "uring_connect_async": uring(0, 1 << 4, False),
    "uring_connect_sqpoll": uring(2, 0, False),
    "uring_send": uring(0, 0, True),
    "uring_send_async": uring(0, 1 << 4, True),
    "uring_send_sqpoll": uring(2, 0, True),
    "renamed_thread": processes.renamed_thread,
    "fork": processes.in_child(clients.tcp_connect),
    "packet": clients.unruly(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)),
    "packet_datagram": clients.unruly(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0x0300)),
    "packet_xdp": clients.unruly(lambda: socket.socket(AF_XDP, socket.SOCK_RAW, 0)),
    "inherited": processes.inherited,
    "inherited_once": processes.inherited_once,
    "passed": processes.passed,
    "passed_unconnected": processes.passed_unconnected,
}
# The right results of ways that differ from this: EPERM at once if forbidden, "ok" otherwise.
EVERYWHERE_REFUSED = ("EPERM", "EPERM", "ok")
DROPPED = ("dropped", "ok", "ok")
EXPECTED = {
    **dict.fromkeys(("sctp_stream", "sctp_messages", "ping", "ping_ipv6", "raw", "raw_tcp", "raw_ipv6"), EVERYWHERE_REFUSED),
    **dict.fromkeys(("packet", "packet_datagram", "packet_xdp"), EVERYWHERE_REFUSED),
    **dict.fromkeys(("listen_unbound", "listen_after_bind_0", "udp_answer", "inherited", "passed"), DROPPED),
    "inherited_once": DROPPED,
}
LATE = ("uring_connect_sqpoll", "uring_send_sqpoll", "udp_to_stranger", "fork")  # they do more than what is refused
ARRIVES_NEVERTHELESS = ("udp_sendmmsg", "udp_reconnected", "inherited", "passed", "udp_answer", "udp_to_stranger")
