#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: identities.py LEDGER PORT SEED PROCESSES CGROUP...

Runs PROCESSES that send datagrams to PORT of lo, and in between replace their image by one of another name, change
their real user, and move between the CGROUPs, at random. For each datagram it writes what the process was to LEDGER:
"pid comm uid cgroup bytes", the cgroup by its id. Then threads of one process send while it changes its user.
"""
import json
import os
import random
import socket
import sys
import threading

NAMES = [f"pp-name-{number}" for number in range(4)]
USERS = [0, 1, 65534]
STEPS = 12


class Actor:
    def __init__(self, state):
        self.state = state
        self.random = random.Random(state["seed"])
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ledger = os.open(state["ledger"], os.O_WRONLY | os.O_APPEND)

    def send(self):
        size = self.random.randrange(1, 1400)
        self.socket.sendto(bytes(size), ("127.0.0.1", self.state["port"]))
        with open("/proc/self/comm", encoding="ascii") as comm:
            words = [os.getpid(), comm.read().strip(), os.getuid(), self.state["cgroup"], size]
        os.write(self.ledger, (" ".join(map(str, words)) + "\n").encode())

    def change_user(self):
        os.setresuid(self.random.choice(USERS), -1, -1)  # the effective user stays root

    def move(self):
        path = self.random.choice(self.state["cgroups"])
        with open(path + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        self.state["cgroup"] = os.stat(path).st_ino

    def become_another(self):
        path = os.path.join(os.path.dirname(self.state["ledger"]), self.random.choice(NAMES))
        self.state["seed"] = self.random.randrange(1 << 30)
        os.execve(path, [path, os.path.realpath(__file__), json.dumps(self.state)],
                  {**os.environ, "PYTHONHOME": sys.prefix})

    def run(self):
        while self.state["steps"]:
            self.state["steps"] -= 1
            self.random.choice([self.send, self.send, self.change_user, self.move, self.become_another])()
        self.send()


def send_from_threads(state):
    """Bytes are told of the process in all, since no thread knows which user its datagram was sent as."""
    sent = [0] * 4
    going = threading.Event()
    going.set()

    def body(number):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while going.is_set():
            sock.sendto(bytes(100), ("127.0.0.1", state["port"]))
            sent[number] += 100

    threads = [threading.Thread(target=body, args=(number,)) for number in range(len(sent))]
    for thread in threads:
        thread.start()
    for turn in range(200):
        os.setresuid(USERS[turn % len(USERS)], -1, -1)
    going.clear()
    for thread in threads:
        thread.join()
    print(os.getpid(), sum(sent))


def main(ledger, port, seed, processes, *cgroups):
    for name in NAMES:
        os.symlink(os.path.realpath(sys.executable), os.path.join(os.path.dirname(ledger), name))
    with open(ledger, "w", encoding="ascii"):
        pass
    home = os.stat(cgroups[0]).st_ino
    for number in range(int(processes)):
        if os.fork() == 0:
            Actor({"ledger": ledger, "port": int(port), "seed": int(seed) * 1000 + number, "steps": STEPS,
                   "cgroups": cgroups, "cgroup": home}).run()
            os._exit(0)
        if number % 4 == 3:
            for _ in range(4):
                os.wait()
    send_from_threads({"port": int(port)})


if __name__ == "__main__":
    if len(sys.argv) == 2:
        Actor(json.loads(sys.argv[1])).run()
    else:
        main(os.path.realpath(sys.argv[1]), *sys.argv[2:])
