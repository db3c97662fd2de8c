#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: changes.py make CTL PIN_ROOT | record INTERFACE | judge PHASES ARRIVALS SENT

Makes a thousand changes of rules, and judges them by what arrives at the peer. pp-ruled may use port 8080 throughout;
8081 is revoked and allowed in turn, with changes of other rules in between. Times are seconds of CLOCK_MONOTONIC.

make    makes the changes; a line a phase: "revoke" or "allow", when ebpf-ctl was started, when it had ended; then "end"
record  at the peer, until SIGTERM, prints a line a packet: when the kernel got it, "udp", "syn" or "data", the port
judge   prints what is wrong with these packets: SENT is how many datagrams were sent to 8080
"""
import signal
import socket
import struct
import subprocess
import sys
import time

ROUNDS, OTHERS = 20, 24  # 1000 changes: in each round two of 8081, each with 24 others behind it
PHASE = 0.3  # seconds, about, or longer
GRACE = 0.1
STEADY, CUT = 8080, 8081
SO_RCVBUFFORCE, SO_TIMESTAMPNS, SOL_PACKET, PACKET_STATISTICS = 33, 35, 263, 6
FIN, SYN = 1, 2


def make(ctl, root):
    def change(*arguments):
        subprocess.run([ctl, "--pin-root", root, *arguments], check=True, stderr=subprocess.DEVNULL)

    for _ in range(ROUNDS):
        for command in ("revoke", "allow"):
            started = time.monotonic()
            change(command, f"{CUT}/both", "pp-ruled")
            ended = time.monotonic()
            print(command, started, ended)
            for i in range(OTHERS):
                time.sleep(max(0, ended + PHASE * i / OTHERS - time.monotonic()))
                j = i // 2
                port = f"{9000 + j}/{('tcp', 'udp', 'both')[j % 3]}"
                change(("allow", "revoke")[i % 2], port, ("pp-ruled", "pp-other")[j % 2])
    print("end", time.monotonic(), time.monotonic())


def kind_of(packet):
    """Returns kind and port of an IPv4 packet; None for RST or a mere ACK, which may be sent without a socket."""
    start = (packet[0] & 15) * 4
    port = struct.unpack_from("!H", packet, start + 2)[0]
    if packet[9] == socket.IPPROTO_UDP:
        return "udp", port
    if packet[9] != socket.IPPROTO_TCP:
        return None
    length = struct.unpack_from("!H", packet, 2)[0] - start - (packet[start + 12] >> 4) * 4
    if packet[start + 13] & SYN:
        return "syn", port
    return ("data", port) if length or packet[start + 13] & FIN else None


def record(interface):
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    ended, arrivals, silent = [], [], []
    for port in (STEADY, CUT):  # without these sockets the peer would answer by ICMP
        silent.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent[-1].bind(("", port))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.settimeout(0.1)
    sock.bind((interface, 0x0800))
    print("ready", flush=True)
    while True:
        try:
            packet, extra, _, address = sock.recvmsg(128, 64)
        except TimeoutError:
            if ended:  # and everything is read
                break
            continue
        now, clock = time.monotonic(), time.time()
        what = kind_of(packet) if address[2] == 0 else None  # PACKET_HOST: not what the peer sends
        if what:
            seconds, nanoseconds = struct.unpack("=qq", extra[0][2][:16])
            arrivals.append((now - (clock - seconds - nanoseconds / 1e9), *what))
    _, dropped = struct.unpack("=II", sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    if dropped:
        print("dropped", dropped)
    for arrival in arrivals:
        print(*arrival)


def words_of(path):
    with open(path, encoding="ascii") as file:
        return [line.split() for line in file]


def judge(phases, arrivals, sent):
    phases = [(name, float(started), float(ended)) for name, started, ended in words_of(phases)]
    said = words_of(arrivals)
    arrived = [(float(line[0]), line[1], int(line[2])) for line in said if len(line) == 3]
    for line in said:
        if line[0] == "dropped":
            print("the record is not complete:", *line)
    steady = sum(kind == "udp" and port == STEADY for _, kind, port in arrived)
    if steady != sent:
        print(f"{sent} datagrams were sent to the port that is always allowed, {steady} arrived")
    cut = [(when, kind) for when, kind, port in arrived if port == CUT]
    resumed = 0
    for (name, _, begin), (_, end, _) in zip(phases, phases[1:]):
        length = f"{1000 * (end - begin):.1f} ms"
        if name == "revoke":
            for when, kind in cut:
                if begin + GRACE <= when < end:
                    print(f"{kind} arrived {1000 * (when - begin):.1f} ms after the revoke, of {length}")
        else:
            kinds = {kind for when, kind in cut if begin <= when < end}
            resumed += "data" in kinds
            for kind in {"udp", "syn"} - kinds:
                print(f"no {kind} arrived in a phase in which it may, of {length}")
    if resumed < ROUNDS // 2:  # how often depends on when TCP sends again
        print("the stream went on in no more phases than", resumed)
    if len(phases) != 2 * ROUNDS + 1 or not sent:
        print("there is too little to judge")


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:])
    elif sys.argv[1] == "record":
        record(sys.argv[2])
    else:
        judge(sys.argv[2], sys.argv[3], int(sys.argv[4]))
