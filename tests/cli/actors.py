#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: actors.py chatter | denied | listener

Renames itself to its role and plays that over and over, until it is ended; prints "ready" once all sockets are bound:

  chatter   messages, connections, failed ones and bound sockets on lo
  denied    calls of every kind that rules deny if it may use only TCP port 81; prints "port N", where it listens
  listener  a TCP and a UDP server on port 5050 of lo, with clients; packets are whole, in fragments, and malformed
"""
import socket
import sys
import time


def chatter():
    kept = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    kept.bind(("::", 0))
    yield
    while True:
        server = socket.create_server(("127.0.0.1", 0))
        address = server.getsockname()
        client = socket.create_connection(address)
        peer = server.accept()[0]
        client.sendall(b'"\\\x00' + b"x" * 97)
        peer.recv(1000)
        client.close()
        peer.recv(1)
        peer.close()
        server.close()
        tried(socket.create_connection, address)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(("127.0.0.1", 0))
            datagrams.sendto(b"hello", datagrams.getsockname())
            datagrams.recv(100)
        yield


def denied():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    lite = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)
    lite.connect(("127.0.0.1", 9))
    listener_socket = socket.socket()
    listener_socket.listen()
    print("port", listener_socket.getsockname()[1], flush=True)
    yield
    while True:
        for family, any_address, address in ((socket.AF_INET, "", "127.0.0.1"), (socket.AF_INET6, "::", "::1")):
            tried(socket.socket(family).connect, (address, 9))
            tried(socket.socket(family).bind, (any_address, 9))
            tried(socket.socket, family, socket.SOCK_RAW, 253)
        tried(udp.sendto, b"x", ("127.0.0.1", 9))
        tried(lite.send, b"x")
        yield


def listener():
    server = socket.create_server(("127.0.0.1", 5050))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 5050))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("lo", 0))
    yield
    while True:
        client = socket.create_connection(("127.0.0.1", 5050))
        peer = server.accept()[0]
        client.sendall(b"x" * 100)
        peer.recv(1000)
        client.close()
        peer.close()
        datagrams.sendto(b"x" * 4000, ("127.0.0.1", 5050))
        datagrams.recv(5000)
        wire.send(bytes(12) + b"\x08\x00" + b"\x45" + bytes(45))
        yield


def tried(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass


name = sys.argv[1]
with open("/proc/self/comm", "w", encoding="ascii") as comm:
    comm.write(name)
rounds = {"chatter": chatter, "denied": denied, "listener": listener}[name]()
next(rounds)
print("ready", flush=True)
for _ in rounds:
    time.sleep(0.02)  # leaves the processor to others
