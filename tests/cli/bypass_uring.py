# SPDX-License-Identifier: MIT
"""Ways past a rule through io_uring."""
import ctypes
import mmap
import os
import socket
import struct
import time

from bypass_sockets import LOOPBACK, PATIENCE, TCP, UDP, Dropped, Skip, datagram, libc, stream


class Ring:
    """As much of io_uring as one request at a time needs."""

    def __init__(self, flags):
        self.flags = flags
        params = bytearray(120)
        struct.pack_into("=III", params, 8, flags, 0, 100 if flags & 2 else 0)
        raw = (ctypes.c_char * 120).from_buffer(params)
        self.fd = libc.syscall(425, 4, raw)
        if self.fd < 0:
            raise Skip("no io_uring: " + os.strerror(ctypes.get_errno()))
        sq, cq = struct.unpack_from("=10I", params, 40), struct.unpack_from("=10I", params, 80)
        self.sq_tail, self.sq_flags, self.sq_array = sq[1], sq[4], sq[6]
        self.cq_head, self.cq_tail, self.cqes = cq[0], cq[1], cq[5]
        self.ring = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self.sqes = mmap.mmap(self.fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0x10000000)

    def word(self, at):
        return struct.unpack_from("=I", self.ring, at)[0]

    def run(self, opcode, fd, address, length=0, offset=0, sqe_flags=0):
        """Returns the request's result; raises negative ones."""
        struct.pack_into("=BBHiQQIIQ24x", self.sqes, 0, opcode, sqe_flags, 0, fd, offset, address, length, 0, 1)
        struct.pack_into("=I", self.ring, self.sq_array, 0)
        struct.pack_into("=I", self.ring, self.sq_tail, self.word(self.sq_tail) + 1)
        wake = 2 if self.flags & 2 else 0  # IORING_ENTER_SQ_WAKEUP
        libc.syscall(426, self.fd, 1, 0, wake, None, 0)
        end = time.monotonic() + PATIENCE
        while self.word(self.cq_tail) == self.word(self.cq_head):
            if time.monotonic() > end:
                raise Dropped
        result = struct.unpack_from("=i", self.ring, self.cqes + 8)[0]
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result


def uring(flags, sqe_flags, udp):
    def way(allowed):
        ring = Ring(flags)
        port = (UDP if udp else TCP)[allowed]
        name = struct.pack("=H", 2) + struct.pack("!H", port) + socket.inet_aton(LOOPBACK) + bytes(8)
        name = ctypes.create_string_buffer(name, 16)
        sock = datagram() if udp else stream()
        sock.setblocking(True)
        if not udp:
            ring.run(16, sock.fileno(), ctypes.addressof(name), 0, 16, sqe_flags)  # IORING_OP_CONNECT
            return
        text = ctypes.create_string_buffer(b"hello", 5)
        vector = ctypes.create_string_buffer(struct.pack("=QQ", ctypes.addressof(text), 5))
        head = struct.pack("=QI4xQQQQi4x", ctypes.addressof(name), 16, ctypes.addressof(vector), 1, 0, 0, 0)
        head = ctypes.create_string_buffer(head, len(head))
        ring.run(9, sock.fileno(), ctypes.addressof(head), 1, 0, sqe_flags)  # IORING_OP_SENDMSG

    return way
