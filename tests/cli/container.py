#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: container.py restart CGROUP NETNS FIRST LAST
       container.py load
       container.py churn CGROUP TIMES

restart makes a container, ends it and removes it, once for each number N from FIRST to LAST: CGROUP, and namespaces
of network, mounts and processes with a veth pair, 10.79.N.1 inside and 10.79.N.2 in NETNS. The service inside may use
TCP port 8080 alone. It tries everything else with its first instructions, and again and again in a child; it serves
8080 until three clients have been there. The file "round" holds N; at the file "pause-N" the container stays until
"go-on" is there. Prints how often each attempt ended in which way.

load is the clients: it asks for allowed and forbidden ports of the container of "round", until the file "over" exists.

churn makes CGROUP with one process that tries forbidden ports of 10.77.0.2, and removes it, TIMES times.
"""
import collections
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the directory is the repository's
from act import attempt, said, wait_for  # pylint: disable=wrong-import-position

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE3 = 435
CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_INTO_CGROUP = 0x20000, 0x20000000, 0x40000000, 0x200000000
CLIENTS = 3


# --- what the service tries ---


def tcp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_STREAM)


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def connect_at_once(peer, port):
    sock = tcp()
    sock.setblocking(False)
    sock.connect((peer, port))


def bind(sock, port):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    return sock


def connect(sock, address):
    with sock:
        sock.settimeout(60)
        sock.connect(address)


def ping(peer):
    echo = struct.pack("!BBHHH", 8, 0, 0xF7FF, 0, 0)
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).sendto(echo, (peer, 0))


def send_raw(peer):
    datagram = struct.pack("!HHHH", 8080, 8081, 8, 0)
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).sendto(datagram, (peer, 0))


def forbidden(peer):
    """The attempts that the rule denies, by name; the quickest ones come first."""
    return {
        "udp 8081": lambda: udp().sendto(b"x", (peer, 8081)),
        "tcp 8081 at once": lambda: connect_at_once(peer, 8081),
        "raw udp": lambda: send_raw(peer),
        "raw icmp": lambda: ping(peer),
        "udp 8080": lambda: udp().sendto(b"x", (peer, 8080)),
        "udp 8081 connected": lambda: connect(udp(), (peer, 8081)),
        "tcp 8081": lambda: connect(tcp(), (peer, 8081)),
        "tcp 8081 from 8080": lambda: connect(bind(tcp(), 8080), (peer, 8081)),
        "tcp 8081 mapped": lambda: connect(tcp(socket.AF_INET6), ("::ffff:" + peer, 8081)),
        "bind tcp 8081": lambda: bind(tcp(), 8081).close(),
        "bind udp 8080": lambda: bind(udp(), 8080).close(),
    }


# --- the service ---


def tell(pipe, line):
    os.write(pipe, line.encode() + b"\n")


def try_all(pipe, peer):
    for name, call in forbidden(peer).items():
        tell(pipe, f"{name}: {attempt(call)}")


def go_on_trying(pipe, peer):
    """Says only what should not be."""
    while True:
        for name, call in forbidden(peer).items():
            outcome = attempt(call)
            if (name, outcome) == ("tcp 8081 from 8080", "EADDRINUSE"):  # the service listens there now
                continue
            if outcome != "EPERM":
                tell(pipe, f"later {name}: {outcome}")


def accept_wrongly(listener, pipe):
    listener.accept()
    tell(pipe, "accepted at a port that it did not bind")


def serve(pipe, peer):
    try_all(pipe, peer)
    if os.fork() == 0:
        go_on_trying(pipe, peer)
    tell(pipe, f"connect 8080: {attempt(connect, tcp(), (peer, 8080))}")
    unbound = tcp()
    unbound.listen(100)
    with open("unbound", "w", encoding="ascii") as file:
        file.write(str(unbound.getsockname()[1]))
    threading.Thread(target=accept_wrongly, args=(unbound, pipe), daemon=True).start()
    listener = bind(tcp(), 8080)
    listener.listen(100)
    while True:
        connection = listener.accept()[0]
        connection.settimeout(60)
        if attempt(lambda: connection.send(connection.recv(100))) == "ok":
            tell(pipe, "served")
        connection.close()


# --- the runtime, which has no rules ---


def unshare(flags):
    if LIBC.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


def ip(*words, commands):
    subprocess.run(["ip", *words, "-batch", "-"], input="\n".join(commands), text=True, check=True)


def enter_network(netns, number):
    """Moves this process to a new network namespace: the service is born in it. The old one goes with its veth."""
    unshare(CLONE_NEWNET)
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w", encoding="ascii") as file:
        file.write("1")
    inner, outer = "app", f"app{number}"
    ip(commands=[f"link add {inner} type veth peer name {outer} netns {netns}", "link set lo up",
                 f"addr add 10.79.{number}.1/24 dev {inner}", f"link set {inner} up"])
    ip("-n", netns, commands=[f"addr add 10.79.{number}.2/24 dev {outer}", f"link set {outer} up"])
    while attempt(connect, tcp(), (f"10.79.{number}.2", 8080)) != "ok":  # links take a moment
        time.sleep(0.001)


def born_in(cgroup, run):
    """Returns the process that runs in the cgroup and in new namespaces from its first instruction on."""
    directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_INTO_CGROUP
    arguments = struct.pack("11Q", flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, directory)
    pid = LIBC.syscall(CLONE3, arguments, len(arguments))
    if pid == 0:
        run()
    os.close(directory)
    if pid < 0:
        raise OSError(ctypes.get_errno(), "clone3")
    return pid


def moved_to(cgroup, run, first):
    """Returns the parent of the process that runs: it writes itself into the cgroup, as older runtimes do."""
    if pid := os.fork():
        return pid
    with open(cgroup + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write("0")
    first()
    unshare(CLONE_NEWNS | CLONE_NEWPID)
    if os.fork() == 0:
        run()
    os.wait()
    os._exit(1)


def remove(cgroup):
    """A dying process may be in the cgroup for a moment."""
    while attempt(os.rmdir, cgroup) == "EBUSY":
        time.sleep(0.001)


def restart(cgroup, netns, number, count):
    peer = f"10.79.{number}.2"
    enter_network(netns, number)
    with open("round.new", "w", encoding="ascii") as file:
        file.write(str(number))
    os.rename("round.new", "round")
    reader, writer = os.pipe()
    os.mkdir(cgroup)
    if number % 2:
        pid = born_in(cgroup, lambda: serve(writer, peer))
    else:
        pid = moved_to(cgroup, lambda: serve(writer, peer), lambda: try_all(writer, peer))
    os.close(writer)
    served = 0
    with open(reader, encoding="ascii") as lines:
        for line in lines:
            count[line.strip()] += 1
            served += line == "served\n"
            if served == CLIENTS:
                break
        else:
            count["ended by itself"] += 1
        if os.path.exists(f"pause-{number}"):
            said("paused")
            wait_for("go-on")
        with open(cgroup + "/cgroup.kill", "w", encoding="ascii") as file:
            file.write("1")
        for line in lines:  # until all writers have ended
            count[line.strip()] += 1
    os.waitpid(pid, 0)
    remove(cgroup)


def restarts(cgroup, netns, first, last):
    count = collections.Counter()
    for number in range(int(first), int(last) + 1):
        restart(cgroup, netns, number, count)
    for line, times in sorted(count.items()):
        print(line, times)


# --- the clients ---


def current(name):
    with open(name, encoding="ascii") as file:
        return int(file.read())


def ask(port, count):
    with socket.create_connection((f"10.79.{current('round')}.1", port), 0.5) as sock:
        sock.send(b"hello")
        if sock.recv(100):
            count[f"answered at {'8080' if port == 8080 else 'another port'}"] += 1


def ask_forbidden(count):
    for port in 8081, 8082:
        attempt(ask, port, count)
        attempt(lambda: udp().sendto(b"x", (f"10.79.{current('round')}.1", port)))
    attempt(lambda: udp().sendto(b"x", (f"10.79.{current('round')}.1", 8080)))


def load():
    count = collections.Counter()

    def repeat(call, *arguments):
        while not os.path.exists("over"):
            attempt(call, *arguments)

    asking = [(ask, 8080, count), (ask_forbidden, count), (lambda: ask(current("unbound"), count),)]
    threads = [threading.Thread(target=repeat, args=arguments) for arguments in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*sorted(count))


# --- many cgroups ---


def churn(cgroup, times):
    count = collections.Counter()
    for _ in range(int(times)):
        os.mkdir(cgroup)
        reader, writer = os.pipe()

        def first():
            for name, call in list(forbidden("10.77.0.2").items())[:2]:
                tell(writer, f"{name}: {attempt(call)}")
            os._exit(0)

        pid = moved_to(cgroup, None, first)
        os.close(writer)
        with open(reader, encoding="ascii") as lines:
            count.update(line.strip() for line in lines)
        os.waitpid(pid, 0)
        remove(cgroup)
    for line, number in sorted(count.items()):
        print(line, number)


if __name__ == "__main__":
    {"restart": restarts, "load": load, "churn": churn}[sys.argv[1]](*sys.argv[2:])
