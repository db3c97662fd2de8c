# SPDX-License-Identifier: MIT
"""Ways past a rule from the side that is called: binding, listening, accepting, answering."""
import os
import select
import socket

from bypass_sockets import LOOPBACK, PATIENCE, TCP, UDP, Dropped, datagram, patient, rename, stream


def tcp_bind(allowed):
    sock = stream()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.9", TCP[allowed]))
    sock.listen()


def udp_bind(allowed):
    datagram().bind(("127.0.0.9", UDP[allowed]))


def tcp_bind_ipv6(allowed):
    with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w", encoding="ascii") as file:
        file.write("1")
    stream(socket.AF_INET6).bind(("::9", TCP[allowed]))


def ask(port, address=LOOPBACK):
    """Returns whether a process without rules gets a connection there."""
    pid = os.fork()
    if not pid:
        rename("pp-free")
        try:
            socket.create_connection((address, port), PATIENCE)
        except OSError as error:
            os._exit(error.errno or 110)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def listen_unbound(allowed):
    if allowed:  # the port that the kernel chooses is not allowed
        return
    sock = stream()
    sock.listen()
    if ask(sock.getsockname()[1]):
        raise Dropped


def listen_after_bind_0(allowed):
    if allowed:
        return
    sock = stream()
    sock.bind((LOOPBACK, 0))
    sock.listen()
    if ask(sock.getsockname()[1]):
        raise Dropped


def accept(allowed):
    sock = stream()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.9", TCP[allowed]))
    sock.listen()
    if ask(TCP[allowed], "127.0.0.9"):
        raise Dropped
    sock.accept()[0].send(b"hello")


def reuseport(allowed):
    """Makes several listeners at one port: each connection reaches one of them."""
    siblings = []
    for _ in range(2):
        sock = stream()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.9", TCP[allowed]))
        sock.listen()
        siblings.append(sock)
    for _ in range(8):
        if ask(TCP[allowed], "127.0.0.9"):
            raise Dropped
    for _ in range(8):
        ready = select.select(siblings, [], [], PATIENCE)[0]
        if not ready:
            raise Dropped
        ready[0].accept()[0].send(b"hello")


def exchange(bound, ruled_first):
    """Sends a datagram of pp-free to pp-ruled's socket, and one back; with ruled_first in the other order."""
    sock = datagram()
    sock.bind(("127.0.0.9", bound))
    other = patient(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    pid = os.fork()
    if not pid:
        rename("pp-free")
        other.bind((LOOPBACK, 0))
        other.sendto(b"question", sock.getsockname())
        try:
            other.recv(100)
        except TimeoutError:
            os._exit(1)
        os._exit(0)
    try:
        if ruled_first:
            stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stranger.bind((LOOPBACK, 0))
            sock.sendto(b"unasked", stranger.getsockname())
        _, name = sock.recvfrom(100)
        sock.sendto(b"answer", name)
    except TimeoutError as error:
        raise Dropped from error
    finally:
        os.waitpid(pid, 0)


def udp_answer(allowed):
    exchange(UDP[True] if allowed else 0, False)


def udp_to_stranger(allowed):
    exchange(UDP[True], not allowed)
