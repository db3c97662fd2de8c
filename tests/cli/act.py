#!/usr/bin/env python3
"""usage: act.py NAME [PORT...]

Renames itself to NAME and runs the Python program on stdin, with what is defined here at hand. With PORTs it is a peer
instead: it prints "ready", then what arrives at them, until it is ended; "mptcp:8080" is a port for MPTCP as well.
"""
import ctypes
import errno
import os
import socket
import subprocess
import sys
import threading
import time

PEER = "10.77.0.2"
PATIENCE = 0.5  # seconds until something counts as dropped


def rename(name):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)


def connect(port):
    return socket.create_connection((PEER, port), PATIENCE)


def connect_mptcp(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    sock.settimeout(PATIENCE)
    sock.connect((PEER, port))
    return sock


def datagram():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def send_to(port):
    datagram().sendto(b"x", (PEER, port))


def bind(port, protocol=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("0.0.0.0", port))
    return sock


def send_and_hear(connection):
    """The peer says back what it hears."""
    connection.settimeout(PATIENCE)
    connection.send(b"hello")
    connection.recv(100)


def attempt(call, *arguments):
    """How it goes: "ok", the name of an errno, or "dropped"."""
    try:
        call(*arguments)
    except TimeoutError:
        return "dropped"
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


def said(name):
    """Tells a test that this point is reached: by a file."""
    with open(name, "w", encoding="ascii"):
        pass


def wait_for(name):
    end = time.monotonic() + 30
    while not os.path.exists(name) and time.monotonic() < end:
        time.sleep(0.002)


def after_exec(name, program):
    """What a program prints that is run by another process image, named so from its first moment on."""
    path = os.path.join(os.getcwd(), name)
    if not os.path.exists(path):
        os.symlink(os.path.realpath(sys.executable), path)
    environment = {**os.environ, "PYTHONHOME": sys.prefix}
    code = f"exec(open({__file__!r}).read().split('\\nif __name__')[0]); {program}"
    return subprocess.run([path, "-c", code], capture_output=True, text=True, env=environment, check=False).stdout.strip()


def become(name, program):
    """The same process, with another image of that name: sockets in its environment as FD stay open."""
    path = os.path.join(os.getcwd(), name)
    if not os.path.exists(path):
        os.symlink(os.path.realpath(sys.executable), path)
    code = f"exec(open({__file__!r}).read().split('\\nif __name__')[0]); {program}"
    os.execve(path, [path, "-c", code], {**os.environ, "PYTHONHOME": sys.prefix})


def serve(ports):
    def answer(connection):
        while data := connection.recv(4096):
            os.write(1, data + b"\n")
            connection.send(data)

    def accept(listener):
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    for port in ports:
        listener = bind(int(port.removeprefix("mptcp:")), 262 if port.startswith("mptcp:") else 0)
        listener.listen(100)
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    rename(sys.argv[1])
    if len(sys.argv) > 2:
        serve(sys.argv[2:])
    count = 0
    exec(sys.stdin.read())  # pylint: disable=exec-used
