#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers and clients at ports, for the tests of watched ports.

usage: ports.py serve NAME PLACE...         a process called NAME with a server at each PLACE: tcp4:5050, tcp6:5050,
                                            udp4:5050, udp6:5050; with + at its end it shares the port. Prints "ready",
                                            and on SIGTERM what each server received, as PLACE BYTES.
       ports.py send udp|tcp ADDRESS PORT COUNT SIZE
                                            sends COUNT messages, over TCP in one connection, each answered by a byte
"""
import ctypes
import os
import signal
import socket
import sys
import threading

ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
received = {}


def answer_datagrams(sock, place):
    while True:
        data, peer = sock.recvfrom(65536)
        received[place] += len(data)
        sock.sendto(b".", peer)


def answer_stream(connection, place):
    while data := connection.recv(65536):
        received[place] += len(data)
        connection.send(b".")
    connection.close()


def accept(listener, place):
    while True:
        threading.Thread(target=answer_stream, args=(listener.accept()[0], place), daemon=True).start()


def serve(place):
    kind, port = place.rstrip("+").split(":")
    family = socket.AF_INET6 if kind[3] == "6" else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM if kind[:3] == "udp" else socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if place.endswith("+"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((ANY[family], int(port)))
    received[place] = 0
    if kind[:3] == "tcp":
        sock.listen(128)
    threading.Thread(target=answer_datagrams if kind[:3] == "udp" else accept, args=(sock, place), daemon=True).start()


def send(kind, address, port, count, size):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect((address, int(port)))
    for _ in range(int(count)):
        sock.send(b"x" * int(size))
        sock.recv(100)
    sock.close()


def main():
    if sys.argv[1] == "send":
        send(*sys.argv[2:])
        return
    ctypes.CDLL(None).prctl(15, sys.argv[2].encode(), 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    for place in sys.argv[3:]:
        serve(place)
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM})
    for place, count in received.items():
        print(place, count, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
