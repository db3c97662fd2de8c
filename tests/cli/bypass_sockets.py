# SPDX-License-Identifier: MIT
"""What the ways past a rule begin with: sockets, and the ports, names and errors that they have in common."""
import ctypes
import errno
import socket

libc = ctypes.CDLL(None, use_errno=True)
TCP, UDP = {True: 8080, False: 8081}, {True: 5300, False: 5301}  # keyed by whether the rule allows the port
PATIENCE = 1  # seconds until something counts as dropped
MPTCP, UDPLITE = 262, 136
LOOPBACK = "127.0.0.1"


def rename(name):
    libc.prctl(15, name.encode(), 0, 0, 0)


class Dropped(Exception):
    pass


class Skip(Exception):
    pass


def patient(sock):
    sock.settimeout(PATIENCE)
    return sock


def stream(family=socket.AF_INET, protocol=0):
    try:
        return patient(socket.socket(family, socket.SOCK_STREAM, protocol))
    except OSError as error:
        if error.errno in (errno.EPROTONOSUPPORT, errno.ENOPROTOOPT):
            raise Skip("no such protocol here") from error
        raise


def datagram(family=socket.AF_INET, protocol=0):
    try:
        return patient(socket.socket(family, socket.SOCK_DGRAM, protocol))
    except OSError as error:
        if error.errno == errno.EPROTONOSUPPORT:
            raise Skip("no such protocol here") from error
        raise


def connect(sock, address):
    try:
        sock.connect(address)
        sock.send(b"hello")
    except TimeoutError as error:
        raise Dropped from error
