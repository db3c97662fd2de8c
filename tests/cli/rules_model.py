#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: rules_model.py EBPF-CTL CGROUP SEED SETS

Holds the kernel's verdicts against a plain model. Makes SETS random sets of rules, one after the other, which
`ebpf-ctl apply` puts in force, and has processes of several names, executables, users and cgroups try calls; their
parents and sockets are partly older than the rules. Prints each difference, and at last "N attempts, N differences"; status 1 if
there are any. CGROUP is the cgroup that is loaded; the network namespace must be the test's own, with lo up: it gets
addresses, and all users may use ping sockets and low ports.
"""
import ctypes
import errno
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import namedtuple

NAMES = ("pp-a", "pp-b", "pp-c", "pp-free")
PLACES = ("", "one", "one/two", "other")  # below CGROUP; "" is CGROUP itself
PORTS = (80, 443, 511, 512, 4000, 53, 5300)
ADDRESSES = ("127.0.0.1", "10.77.9.1", "198.51.100.1")  # of lo: one for each word that rules have for remote ends
USERS = (0, 1, 65534)
REMOTES = {  # which of ADDRESSES
    "loopback": (0,), "lan": (1,), "internet": (2,), "10.0.0.0/8": (1,), "127.0.0.1": (0,), "127.0.0.2": (),
    "0.0.0.0/0": (0, 1, 2), "::/0": (), "198.51.100.1,lan": (1, 2), "198.51.100.0/31,::/1": (2,), "internet,loopback": (0, 2),
    "10.77.8.0/23": (1,),
}
Rule = namedtuple("Rule", "kind process place user port last protos side to")  # kind: name, exe, pid, any


# --- the model ---


class Actor:
    """A process of this name, in this cgroup, with an executable of its own or not, born of another actor or not."""

    def __init__(self, name, place, own_exe, parent=None):
        self.name, self.place, self.own_exe, self.parent, self.user = name, place, own_exe, parent, 0
        self.pid = 0
        self.to = self.by = self.process = None

    def is_in(self, place):
        return place is None or place == "" or self.place == place or self.place.startswith(place + "/")

    def is_of(self, rule):
        if rule.user not in (None, self.user):
            return False
        if rule.kind == "name":
            return self.name == rule.process
        if rule.kind == "exe":
            return self.own_exe
        if rule.kind == "pid":
            return self.pid == rule.process
        return True

    def rules(self, policy):
        """The rules that are about this process: its own, and those that stick to it from ancestors."""
        found = [r for r in policy.rules if self.is_in(r.place) and self.is_of(r)]
        above = self.parent
        while above:
            found += [r for r in policy.rules if self.is_in(r.place) and above.is_of(r) and r.kind != "any"
                      and (r.kind, r.process, r.place, r.user) in policy.children]
            above = above.parent
        return found


def allows(rule, proto, port, side, remote):
    """remote: a place in ADDRESSES, or None: there is none yet."""
    return rule.port not in ("none", "icmp") and proto in rule.protos and rule.side in (side, "both") and \
        rule.port <= port <= rule.last and (None in (rule.to, remote) or remote in REMOTES[rule.to])


class Policy:
    def __init__(self, rng, actors, exe):
        self.rules, self.children = [], set()
        for _ in range(rng.choice((0, 1, 2, 3, 5, 8))):
            self.rules.append(self.random_rule(rng, actors, exe))
        for rule in self.rules:
            if rule.kind != "any" and rng.random() < 0.3:
                self.children.add((rule.kind, rule.process, rule.place, rule.user))

    @staticmethod
    def random_rule(rng, actors, exe):
        kind = rng.choice(("name", "name", "name", "exe", "pid", "any"))
        user = rng.choice(USERS) if rng.random() < 0.3 else None
        place = rng.choice(PLACES) if (kind == "any" and user is None) or rng.random() < 0.4 else None
        process = {"name": rng.choice(NAMES[:3]), "exe": exe, "pid": rng.choice(actors).pid, "any": "any"}[kind]
        port = rng.choice(PORTS + ("none", "icmp"))
        last = port if port in ("none", "icmp") else port + rng.choice((0, 0, 1, 600))
        return Rule(kind, process, place, user, port, last, rng.choice((("tcp",), ("udp",), ("tcp", "udp"))),
                    rng.choice(("both", "both", "connect", "serve")),
                    rng.choice(tuple(REMOTES)) if rng.random() < 0.4 else None)

    @staticmethod
    def limits(root, place, user):
        return ("" if place is None else f" cgroup={os.path.join(root, place).rstrip('/')}") + \
            ("" if user is None else f" user={user}")

    def text(self, root):
        """The rules as a policy file: each port once, as ebpf-ctl demands it."""
        lines, seen = [], set()
        for rule in self.rules:
            process = f"pid:{rule.process}" if rule.kind == "pid" else rule.process
            where = self.limits(root, rule.place, rule.user)
            to = "" if rule.to is None else f" to={rule.to}"
            if rule.port in ("none", "icmp"):
                self.add(lines, seen, f"allow {rule.port} {process}{where}")
                continue
            for proto in rule.protos:
                for side in ("connect", "serve") if rule.side == "both" else (rule.side,):
                    for port in range(rule.port, rule.last + 1):
                        self.add(lines, seen, f"allow {port}/{proto} {process}{where} side={side}{to}")
        for kind, process, place, user in sorted(self.children, key=str):
            process = f"pid:{process}" if kind == "pid" else process
            lines.append(f"children {process}{self.limits(root, place, user)}")
        return "".join(line + "\n" for line in lines)

    @staticmethod
    def add(lines, seen, line):
        if line not in seen:
            seen.add(line)
            lines.append(line)

    def verdict(self, actor, call):
        """Whether the rules let the process do this: a call is (what, protocol, port, place in ADDRESSES)."""
        rules = actor.rules(self)
        what, proto, port, remote = call
        if not rules:
            return True
        if what == "icmp":
            return any(rule.port == "icmp" for rule in rules)
        side = "serve" if what == "bind" else "connect"
        return any(allows(rule, proto, port, side, None if what == "bind" else remote) for rule in rules)


# --- the processes ---


def rename(name):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def bound(kind, port):
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with sock:
        sock.bind(("127.0.0.9", port))


class Caller:
    """Makes the calls of one process. Its datagram sockets are as old as the process."""

    def __init__(self):
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.connected = {}
        for port in PORTS:
            for address in ADDRESSES:
                self.connected[port, address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.connected[port, address].connect((address, port))

    def call(self, what, proto, port, remote):
        address = ADDRESSES[remote]
        kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
        if what == "connect":
            with socket.socket(socket.AF_INET, kind) as sock:
                sock.connect((address, port))
        elif what == "send":
            self.datagrams.sendto(b"x", (address, port))
        elif what == "connected":
            self.connected[port, address].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # what an earlier datagram met
            self.connected[port, address].send(b"x")
        elif what == "bind":
            bound(kind, port)
        else:
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP).close()

    def passes(self, call):
        try:
            self.call(*call)
        except PermissionError:
            return False
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.EADDRINUSE):
                raise
        return True


def play():
    """The life of an actor: lines of JSON in, lines out. ["fork", NAME, IN, OUT, EXECUTABLE]: a child that lives
    likewise."""
    for line in sys.stdin:
        order = json.loads(line)
        if order[0] == "name":
            rename(order[1])
            caller = Caller()
            print(json.dumps(os.getpid()), flush=True)
        elif order[0] == "fork":
            child = os.fork()
            if not child:
                os.dup2(os.open(order[2], os.O_RDONLY), 0)
                os.dup2(os.open(order[3], os.O_WRONLY), 1)
                os.execv(order[4], [order[4], __file__, "--play"])
            print(json.dumps(child), flush=True)
        elif order[0] == "user":
            os.setgroups([])
            os.setresgid(order[1], order[1], order[1])
            os.setresuid(order[1], order[1], order[1])
            print(json.dumps(os.getuid()), flush=True)
        else:
            print(json.dumps([caller.passes(call) for call in order[1]]), flush=True)


def ask(actor, order):
    actor.to.write(json.dumps(order) + "\n")
    actor.to.flush()
    return json.loads(actor.by.readline())


def start(actor, root, exe):
    """Starts the actor's process: in its cgroup, or as a child of another one."""
    if actor.parent:
        ends = [f"{exe}.{actor.parent.pid}.{end}" for end in ("in", "out")]
        for end in ends:
            os.mkfifo(end)
        ask(actor.parent, ["fork", actor.name, *ends, os.path.realpath(sys.executable)])
        actor.to, actor.by = open(ends[0], "w", encoding="ascii"), open(ends[1], encoding="ascii")
        actor.own_exe = False
    else:
        program = exe if actor.own_exe else sys.executable
        command = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
        actor.process = subprocess.Popen(["bash", "-c", command, os.path.join(root, actor.place), program, __file__, "--play"],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         env={**os.environ, "PYTHONHOME": sys.prefix})
        actor.to, actor.by = actor.process.stdin, actor.process.stdout
    actor.pid = ask(actor, ["name", actor.name])


def end(actors):
    """Ends them, and waits until they are gone: children first, whose parents reap nobody."""
    for actor in reversed(actors):
        actor.to.close()
    for actor in actors:
        if actor.process:
            actor.process.wait()
    while any(os.path.exists(f"/proc/{actor.pid}") for actor in actors):
        time.sleep(0.01)


def random_calls(rng):
    calls = []
    for _ in range(100):
        what = rng.choice(("connect", "connect", "send", "connected", "bind", "icmp"))
        proto = "udp" if what in ("send", "connected") else rng.choice(("tcp", "udp"))
        port = rng.choice(PORTS) + (0 if what == "connected" else rng.choice((0, 0, 1, 500)))
        calls.append((what, proto, port, rng.randrange(len(ADDRESSES))))
    return calls


def open_network():
    for address in ADDRESSES[1:]:
        subprocess.run(["ip", "address", "replace", address + "/32", "dev", "lo"], check=True)
    for name, value in ("ping_group_range", "0 65534"), ("ip_unprivileged_port_start", "0"):
        with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as setting:
            setting.write(value)


def main(ctl, root, seed, sets):
    open_network()
    rng = random.Random(seed)
    exe = os.path.join(os.getcwd(), "pp-exe")
    shutil.copy(os.path.realpath(sys.executable), exe)
    for place in PLACES:
        os.makedirs(os.path.join(root, place), exist_ok=True)
    actors = [Actor(name, place, own) for name in NAMES for place, own in (("", False), ("one/two", False), ("other", True))]
    actors += [Actor("pp-free", above.place, False, above) for above in actors if above.place != "one"]
    for actor in actors:
        start(actor, root, exe)
    for number, actor in enumerate(actors):
        actor.user = ask(actor, ["user", USERS[number % len(USERS)]])
    attempts = differences = 0
    for turn in range(sets):
        policy = Policy(rng, actors, exe)
        text = policy.text(root)
        subprocess.run([ctl, "apply", "-"], input=text, text=True, check=True)
        for actor in actors:
            calls = random_calls(rng)
            for call, got in zip(calls, ask(actor, ["call", calls])):
                attempts += 1
                if got != policy.verdict(actor, call):
                    differences += 1
                    if differences <= 20:
                        print(f"set {turn}: {actor.name} in '{actor.place}', child of {actor.parent and actor.parent.name}:",
                              *call, "passes" if got else "is denied", "with these rules:", *policy.rules, sorted(policy.children, key=str), sep=" | ")
    end(actors)
    print(f"{attempts} attempts, {differences} differences")
    return differences > 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--play"]:
        play()
    else:
        sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
