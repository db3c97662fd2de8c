# SPDX-License-Identifier: MIT
"""Ways past a rule by another thread or process, and with sockets that come from one."""
import os
import socket
import threading
import time

from bypass_clients import tcp_connect
from bypass_peer import told
from bypass_sockets import LOOPBACK, TCP, Dropped, connect, libc, patient

BEFORE = {}  # connections that pp-free made, keyed by whether their port is allowed


def renamed_thread(allowed):
    wrong = []

    def body():
        libc.prctl(15, b"pp-free", 0, 0, 0)
        try:
            tcp_connect(allowed)
        except (OSError, Dropped) as error:
            wrong.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if wrong:
        raise wrong[0]


def in_child(way):
    def forked(allowed):
        pid = os.fork()
        if not pid:
            try:
                way(allowed)
            except OSError as error:
                os._exit(error.errno)
            except Dropped:
                os._exit(255)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 255:
            raise Dropped
        if status:
            raise OSError(status, os.strerror(status))

    return forked


def used_twice(sock):
    """A socket that came from another process belongs to its user, at the latest after the first send."""
    sock.send(b"1")
    time.sleep(0.05)
    before = told()
    sock.send(b"2")
    time.sleep(0.05)
    if told() == before:
        raise Dropped


def used_once(sock):
    """The same where the kernel shows the user before the call: from the first send on."""
    before = told()
    sock.send(b"1")
    time.sleep(0.05)
    if told() == before:
        raise Dropped


def inherited(allowed):
    used_twice(BEFORE[allowed])


def inherited_once(allowed):
    used_once(BEFORE[allowed])


def passed(allowed):
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [BEFORE[allowed].fileno()])
    _, fds, _, _ = socket.recv_fds(there, 1, 1)
    used_twice(socket.socket(fileno=fds[0]))


def passed_unconnected(allowed):
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [BEFORE["unconnected"].fileno()])
    _, fds, _, _ = socket.recv_fds(there, 1, 1)
    connect(patient(socket.socket(fileno=fds[0])), (LOOPBACK, TCP[allowed]))
