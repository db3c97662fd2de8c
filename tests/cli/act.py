#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: act.py NAME [PORT...]

Renames itself to NAME and runs the Python program on stdin, which can use the functions of this file. With PORTs it is
a peer instead: it prints "ready", then what arrives at the PORTs, until it is ended; "mptcp:8080" also serves MPTCP.
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
PATIENCE = 2  # seconds until something counts as dropped


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


def send_and_hear(connection, patience=None):
    """Sends, and waits for the peer's echo."""
    connection.settimeout(patience or PATIENCE)
    connection.send(b"hello")
    connection.recv(100)


def attempt(call, *arguments):
    """Returns how the call went: "ok", the name of an errno, or "dropped"."""
    try:
        call(*arguments)
    except TimeoutError:
        return "dropped"
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


def said(name):
    """Makes a file, to tell the test that this point is reached."""
    with open(name, "w", encoding="ascii"):
        pass


def wait_for(name):
    end = time.monotonic() + 600
    while not os.path.exists(name) and time.monotonic() < end:
        time.sleep(0.002)


def both():
    return f"{attempt(connect, 8080)} {attempt(connect, 8081)}"


def in_child(name, call):
    """Returns what a child process of this name prints."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        rename(name)
        os.write(writer, call().encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="ascii") as said_there:
        text = said_there.read()
    os.waitpid(child, 0)
    return text


def orphaned(name, call):
    """Returns what a process prints that takes this name after its parent has ended."""
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        rename("pp-middle")
        parent = os.getpid()
        if os.fork() == 0:
            while os.getppid() == parent:
                time.sleep(0.001)
            rename(name)
            os.write(writer, call().encode())
        os._exit(0)
    os.waitpid(middle, 0)
    os.close(writer)
    with open(reader, encoding="ascii") as said_there:
        return said_there.read()


def image(path, program):
    """Returns arguments and environment of a process with another image that runs a program, as this file does."""
    code = f"__file__ = {__file__!r}; exec(open(__file__).read().split('\\nif __name__')[0]); {program}"
    return [path, "-c", code], {**os.environ, "PYTHONHOME": sys.prefix}


def link_to_python(name):
    """Returns a path of an image whose process has this name from its first moment on."""
    path = os.path.join(os.getcwd(), name)
    if not os.path.exists(path):
        os.symlink(os.path.realpath(sys.executable), path)
    return path


def printed_by(path, program):
    arguments, environment = image(path, program)
    return subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False).stdout.strip()


def after_exec(name, program):
    """Returns what a program prints that another process image of this name runs."""
    return printed_by(link_to_python(name), program)


def become(name, program):
    """Replaces this process's image by one of that name: sockets that the environment has as FD stay open."""
    path = link_to_python(name)
    os.execve(path, *image(path, program))


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
