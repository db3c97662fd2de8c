# SPDX-License-Identifier: MIT
"""usage: talk.py [NAME]

Runs the Python program on stdin as a process called NAME (pp-talk), for the tests of tcp, udp, conn and bind.

The program can use socket, os, sys, time, threading, and
  pair(family)   returns both ends of a TCP connection over lo, client first; the listener is closed
  told(words)    prints to stdout at once
  wait_for(name) waits until there is a file of that name
"""
import os
import socket
import sys
import threading
import time

with open("/proc/self/comm", "w") as comm:
    comm.write(sys.argv[1] if len(sys.argv) > 1 else "pp-talk")

LOCAL = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def pair(family=socket.AF_INET):
    with socket.socket(family) as listener:
        listener.bind((LOCAL[family], 0))
        listener.listen()
        client = socket.create_connection(listener.getsockname()[:2])
        server, _ = listener.accept()
    return client, server


def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.01)


def told(*words):
    print(*words, flush=True)


exec(compile(sys.stdin.read(), "talk", "exec"))
