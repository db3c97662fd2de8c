# SPDX-License-Identifier: MIT
"""Ways past a rule from the side that calls: connects and sends, by each kind of socket. As all ways, each takes whether
to use the allowed port, and raises OSError or Dropped if it is refused.
"""
import ctypes
import errno
import os
import select
import socket
import struct

from bypass_sockets import LOOPBACK, MPTCP, PATIENCE, TCP, UDP, UDPLITE, Dropped, Skip, connect, datagram, libc, stream

MSG_FASTOPEN = 0x20000000


def tcp_connect(allowed):
    connect(stream(), (LOOPBACK, TCP[allowed]))


def tcp_nonblocking(allowed):
    sock = stream()
    sock.setblocking(False)
    result = sock.connect_ex((LOOPBACK, TCP[allowed]))
    if result not in (0, errno.EINPROGRESS):
        raise OSError(result, os.strerror(result))
    if not select.select([], [sock], [], PATIENCE)[1]:
        raise Dropped


def tcp_fastopen(allowed):
    sock = stream()
    sock.setblocking(True)
    sock.sendto(b"hello", MSG_FASTOPEN, (LOOPBACK, TCP[allowed]))


def tcp_fastopen_connect(allowed):
    sock = stream()
    sock.setsockopt(socket.IPPROTO_TCP, 30, 1)  # TCP_FASTOPEN_CONNECT
    connect(sock, (LOOPBACK, TCP[allowed]))


def tcp_bound_to_device(allowed):
    sock = stream()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    connect(sock, (LOOPBACK, TCP[allowed]))


def tcp_bind_then_connect(allowed):
    sock = stream()
    sock.bind((LOOPBACK, 0))
    connect(sock, (LOOPBACK, TCP[allowed]))


def tcp_ipv6(allowed):
    connect(stream(socket.AF_INET6), ("::1", TCP[allowed]))


def tcp_mapped(allowed):
    connect(stream(socket.AF_INET6), ("::ffff:" + LOOPBACK, TCP[allowed]))


def mptcp(allowed):
    connect(stream(protocol=MPTCP), (LOOPBACK, TCP[allowed]))


def mptcp_to_mptcp(allowed):
    # Also with allowed the listening port is a forbidden one: this way tries the handshake with an MPTCP peer.
    if allowed:
        return mptcp(True)
    return connect(stream(protocol=MPTCP), (LOOPBACK, TCP[False] + 10))


def udp_sendto(allowed):
    datagram().sendto(b"hello", (LOOPBACK, UDP[allowed]))


def udp_connect(allowed):
    connect(datagram(), (LOOPBACK, UDP[allowed]))


def udp_ipv6(allowed):
    datagram(socket.AF_INET6).sendto(b"hello", ("::1", UDP[allowed]))


def udp_mapped(allowed):
    datagram(socket.AF_INET6).sendto(b"hello", ("::ffff:" + LOOPBACK, UDP[allowed]))


def udp_reconnected(allowed):
    sock = datagram()
    sock.connect((LOOPBACK, UDP[True]))
    sock.sendto(b"hello", (LOOPBACK, UDP[allowed]))


def send_many(sock, ports):
    """Calls sendmmsg(2); returns how many messages were sent."""
    count = len(ports)
    text = ctypes.create_string_buffer(b"hello", 5)
    names = [ctypes.create_string_buffer(struct.pack("=H", 2) + struct.pack("!H", port) + socket.inet_aton(LOOPBACK) + bytes(8)) for port in ports]
    vector = ctypes.create_string_buffer(struct.pack("=QQ", ctypes.addressof(text), 5))
    head = b"".join(struct.pack("=QI4xQQQQi4xI4x", ctypes.addressof(name), 16, ctypes.addressof(vector), 1, 0, 0, 0, 0) for name in names)
    buffer = ctypes.create_string_buffer(head, len(head))
    sent = libc.sendmmsg(sock.fileno(), buffer, count, 0)
    if sent < 0:
        raise OSError(ctypes.get_errno(), "sendmmsg")
    return sent


def udp_sendmmsg(allowed):
    sent = send_many(datagram(), [UDP[True], UDP[allowed]])
    if sent < 2:
        raise PermissionError(errno.EPERM, "only the first was sent")


def udplite(allowed):
    datagram(protocol=UDPLITE).sendto(b"hello", (LOOPBACK, UDP[allowed]))


def udplite_connect(allowed):
    connect(datagram(protocol=UDPLITE), (LOOPBACK, UDP[allowed]))


def unruly(make):
    """Tries kinds of sockets that no rule can allow: for pp-ruled both ports are forbidden."""

    def way(_):
        try:
            make()
        except OSError as error:
            if error.errno in (errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT, errno.ESOCKTNOSUPPORT):
                raise Skip("no such socket here") from error
            raise

    return way
