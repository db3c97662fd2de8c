#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: bypass.py [--check] CASE... | all | --list

Tries ways past a port rule. A process named pp-ruled may use the ports 8080 (TCP) and 5300 (UDP) and must be refused
8081 and 5301; one named pp-free has no rules. Each way is tried three times, in children of this process, which is the
peer and counts what arrives; a line says how it went:

  CASE<tab>ruled and forbidden<tab>ruled and allowed<tab>not ruled, the port that is forbidden to others

each "ok", or the name of an errno, or "dropped" (nothing arrived in time), or "leak" (something refused arrived).
Errors must come at once: "slow" is added to those that took longer than 10 ms in three tries. (The thread of a ring
with IORING_SETUP_SQPOLL looks for requests when it likes.) With --check only wrong results are printed, and then the
exit status is 1; --patient lets an emulated kernel be slow.
"""
import errno
import os
import select
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True  # the directory is the repository's
# pylint: disable=wrong-import-position
from bypass_cases import ARRIVES_NEVERTHELESS, CASES, EXPECTED, LATE
from bypass_peer import ANSWER, QUESTION, Peer
from bypass_processes import BEFORE
from bypass_sockets import LOOPBACK, TCP, Dropped, Skip, rename

# pylint: enable=wrong-import-position


def outcome(case, way, allowed, name):
    """Returns how it went for a process of this name."""
    started = time.monotonic()
    pid = os.fork()
    if not pid:
        rename(name)
        text = "ok"
        started = time.monotonic()
        try:
            way(allowed)
        except Dropped:
            text = "dropped"
        except Skip as reason:
            text = f"skip: {reason}"
        except OSError as error:
            text = errno.errorcode.get(error.errno, str(error.errno))
        if time.monotonic() - started > 0.01 and text not in ("ok", "dropped") and case not in LATE:
            text += " slow"
        with open(f"/tmp/bypass-{os.getppid()}", "w", encoding="ascii") as file:
            file.write(text)
        os._exit(0)
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if select.select([QUESTION[0]], [], [], 0.002)[0]:
            os.read(QUESTION[0], 1)
            os.write(ANSWER[1], struct.pack("=Q", PEER.bytes))
        if time.monotonic() - started > 60:
            os.kill(pid, signal.SIGKILL)
    path = f"/tmp/bypass-{os.getpid()}"
    with open(path, encoding="ascii") as file:
        text = file.read()
    os.unlink(path)
    return text


def settled():
    """Returns what the peer has received, once nothing more arrives."""
    heard = -1
    while heard != PEER.bytes:
        heard = PEER.bytes
        time.sleep(0.03)
    return heard


def tried(case, way, allowed, name):
    for _ in range(3):
        heard = settled()
        text = outcome(case, way, allowed, name)
        if text != "ok" and settled() != heard and case not in ARRIVES_NEVERTHELESS:
            return "leak"
        if not text.endswith("slow"):
            break
    return text


def main(cases, options):
    wrong = 0
    for allowed in (True, False):
        BEFORE[allowed] = socket.create_connection((LOOPBACK, TCP[allowed]), 60)
    while PEER.bytes < 2:  # both are accepted
        time.sleep(0.001)
    for case in cases:
        way = CASES[case]
        results = []
        for allowed, name in ((False, "pp-ruled"), (True, "pp-ruled"), (False, "pp-free")):
            BEFORE["unconnected"] = socket.socket()
            results.append(tried(case, way, allowed, name))
        if "--patient" in options:
            results = [text.removesuffix(" slow") for text in results]
        as_expected = tuple(results) == EXPECTED.get(case, ("EPERM", "ok", "ok"))
        if results[0].startswith("skip: ") or "--check" not in options or not as_expected:
            print(case, *results, sep="\t", flush=True)
        wrong += not as_expected and not results[0].startswith("skip: ")
    return "--check" in options and wrong > 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1:] == ["--list"]:
        print(*CASES, sep="\n")
        sys.exit(0)
    rename("pp-free")
    PEER = Peer()
    NAMED = [name for name in sys.argv[1:] if not name.startswith("--")]
    sys.exit(main(CASES if NAMED == ["all"] else NAMED, sys.argv[1:]))
