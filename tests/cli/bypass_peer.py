# SPDX-License-Identifier: MIT
"""The process without rules that the others send to; it counts what arrives."""
import os
import socket
import struct
import threading

from bypass_sockets import LOOPBACK, MPTCP, TCP, UDP, UDPLITE

QUESTION, ANSWER = os.pipe(), os.pipe()  # between a way and the process of the peer


class Peer:
    """Servers on all four ports, in the process without rules. heard() returns what they received."""

    def __init__(self):
        self.bytes = 0
        self.lock = threading.Lock()
        self.sockets = []
        for port in TCP.values():
            for family, address in ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1")):
                for protocol in (0, MPTCP):
                    self.listen(family, address, port + (protocol and 10), protocol)
        for port in UDP.values():
            for family, address in ((socket.AF_INET, LOOPBACK), (socket.AF_INET6, "::1")):
                for protocol in (0, UDPLITE):
                    sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
                    if family == socket.AF_INET6:
                        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    sock.bind((address, port))
                    self.sockets.append(sock)
                    threading.Thread(target=self.receive, args=(sock,), daemon=True).start()

    def listen(self, family, address, port, protocol):
        try:
            sock = socket.socket(family, socket.SOCK_STREAM, protocol)
        except OSError:
            return  # no MPTCP here
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, 23, 16)  # TCP_FASTOPEN
        except OSError:
            pass  # older kernels do not know this of MPTCP sockets
        sock.bind((address, port))
        sock.listen()
        self.sockets.append(sock)
        threading.Thread(target=self.accept, args=(sock,), daemon=True).start()

    def accept(self, sock):
        while True:
            connection, _ = sock.accept()
            self.count(1)
            threading.Thread(target=self.receive, args=(connection,), daemon=True).start()

    def receive(self, sock):
        while True:
            try:
                data = sock.recv(65536)
            except OSError:
                return
            if not data and sock.type == socket.SOCK_STREAM:
                return
            self.count(max(len(data), 1))

    def count(self, more):
        with self.lock:
            self.bytes += more


def told():
    """Returns what the peer has received so far."""
    os.write(QUESTION[1], b"?")
    return struct.unpack("=Q", os.read(ANSWER[0], 8))[0]
