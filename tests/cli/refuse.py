#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: refuse.py [--write] [--only TEXT] [--code ERRNO] BIN SHIM TABLE PLACE...

Loads --xdp --sockets --cgroup once for each thing that this load asks of the kernel (a program, map, link, iterator
or BTF: a first load lists them) and each errno, with that one thing refused (see refuse.c). Such a cell is

  degraded   the load goes on: a line and `ebpf-ctl status` say what is missing, and the rest works;
  refused    the load fails in one line that names the thing and the reason, and nothing is left behind;
  whole      all works, and nothing is said, as for attempts that find out what the kernel has;

anything else is bad. If a load goes on, an ICMP event, a line of usage and a denial must come. To save time the
programs are hollow at first (they do nothing), except for BTF, which real ones may need; things that the load goes on
without are refused once more with real programs. TABLE holds the expected result of each cell; --write writes it.
--only takes the things that have TEXT in KIND/OBJECT/NAME, --code one errno.
PLACE is "PINROOT,INTERFACE,CGROUP", with pings that arrive at INTERFACE; the cells are shared out to the places.
"""
import argparse
import ctypes
import errno
import itertools
import json
import os
import queue
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, namedtuple

Thing = namedtuple("Thing", "kind object name")
Cell = namedtuple("Cell", "thing code hollow")
Place = namedtuple("Place", "root interface cgroup scratch")
Verdict = namedtuple("Verdict", "word why")  # why a cell is bad, or ""

CODES = ("EPERM", "EINVAL", "E2BIG", "ENOMEM")
REASONS = {
    "EPERM": "this kernel refuses it",
    "EINVAL": "invalid argument",
    "E2BIG": "too large for this kernel",
    "ENOMEM": "cannot allocate memory",
}
COMPONENTS = os.path.dirname(os.path.abspath(__file__)) + "/../../lib/pins/components.cpp"
NAME_LENGTH = 15  # of a name in the kernel
NOT_GRANTED = "ebpf-load: not granted: "
PATIENCE = 60  # seconds to wait for what must come, however busy the machine is
PORT = 18080  # the port that the ruled process may use

# A process in the cgroup, which with a rule for PORT may use no other port. There is no listener: an allowed connection
# is refused by the peer.
ATTEMPT = """
import ctypes, errno, socket, sys
open(sys.argv[1] + "/cgroup.procs", "w").write("0")
ctypes.CDLL(None).prctl(15, sys.argv[2].encode(), 0, 0, 0)
for port in sys.argv[3:]:
    code = socket.socket().connect_ex(("127.0.0.1", int(port)))
    print(errno.errorcode.get(code, code))
"""


class Tools:
    """The programs under test, with what to refuse in their environment."""

    def __init__(self, directory, shim):
        self.directory = directory
        self.shim = shim
        self.lib = ctypes.CDLL(shim)
        self.missing = []  # lines about what this kernel itself does not grant

    def run(self, place, name, *arguments, **environment):
        command = [f"{self.directory}/{name}", "--pin-root", place.root, *arguments]
        return subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE,
        )

    def load(self, place, asked, cell=None):
        """Loads with the cell's thing refused; the file asked gets what was granted."""
        environment = {"LD_PRELOAD": self.shim, "REFUSE_ASKED": asked}
        if cell:
            code = getattr(errno, cell.code)
            environment["REFUSE"] = f"{' '.join(cell.thing)} {code}"
        if cell and cell.hollow:
            environment["REFUSE_HOLLOW"] = "1"
        wanted = ["--xdp", place.interface, "--sockets", "--cgroup", place.cgroup]
        sizes = ["--readers", "1", "--ring-size", "16384"]
        return self.run(place, "ebpf-load", *sizes, *wanted, **environment)

    def is_there(self, kind, number):
        return self.lib.refuse_is_there(kind.encode(), int(number))


# --- what a load asks for ---


def granted(path):
    """Returns the things and ids that a load got, from what the shim wrote."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        rows = [line.split() for line in lines]
    os.unlink(path)
    return [(Thing(*row[:3]), row[3]) for row in rows]


def not_granted(done):
    """Returns what a load says is missing: "NAME (WHERE): REASON: MEANS"."""
    lines = done.stderr.splitlines()
    return [line[len(NOT_GRANTED) :] for line in lines if line.startswith(NOT_GRANTED)]


def names_of_ours():
    """Returns the names in the table of what pinpipe loads, as the kernel cuts them."""
    with open(COMPONENTS, encoding="utf-8") as table:
        return {name[:NAME_LENGTH] for name in re.findall(r'"(\w+)"', table.read())}


def objects_of_ours(things):
    """Returns the objects of pinpipe's programs, without that of those that have no BTF."""
    ours = names_of_ours()
    return {t.object for t in things if t.kind == "program" and t.name in ours} - {"-"}


def is_attempt(thing, objects):
    """Returns whether libbpf asked for this to find out what the kernel knows: no kernel refuses such a thing alone.
    Some of its attempts are a program with a BTF of its own, as those of pinpipe's objects."""
    if thing.kind == "program" and thing.object != "-" or thing.kind == "btf":
        return thing.object not in objects
    return thing.name.startswith("libbpf_")


def list_things(tools, place):
    asked = place.scratch + "/asked"
    done = tools.load(place, asked)
    tools.run(place, "ebpf-load", "--unload")
    if done.returncode != 0:
        sys.exit(f"refuse.py: a load of which nothing is refused failed:\n{done.stderr}")
    tools.missing = not_granted(done)
    things = list(dict.fromkeys(thing for thing, _ in granted(asked)))
    objects = objects_of_ours(things)
    things = [t for t in things if not is_attempt(t, objects)]
    kinds = dict.fromkeys(thing.kind for thing in things)
    return things + [Thing(kind, "*", "*") for kind in kinds]


# --- whether the rest works ---


def show_icmp(tools, place):
    seen = tools.run(place, "ebpf-read", "icmp", "--proto", "icmp", "-n", "1", "-t", str(PATIENCE))
    return "" if '"event_type":"icmp"' in seen.stdout else "no ICMP event came"


def show_usage(tools, place):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"12345", ("127.0.0.1", 9))
    seen = tools.run(place, "ebpf-read", "usage", "--since-load", "--pid", str(os.getpid()))
    lines = [json.loads(line) for line in seen.stdout.splitlines()]
    sent = sum(line.get("bytes_sent", 0) for line in lines)
    return "" if sent else f"no line of usage came: {seen.stdout}{seen.stderr}"


def attempt(place, name):
    command = [sys.executable, "-c", ATTEMPT, place.cgroup, name, str(PORT), str(PORT + 1)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    return done.stdout.split() or [done.stderr]


def show_rule(tools, place):
    made = tools.run(place, "ebpf-ctl", "allow", str(PORT), "pp-ruled")
    if made.returncode != 0:
        return f"no rule could be made: {made.stderr}"
    ruled, free = attempt(place, "pp-ruled"), attempt(place, "pp-free")
    if ruled != ["ECONNREFUSED", "EPERM"]:
        return f"a ruled process got {ruled} for an allowed port and another one"
    return "" if free == ["ECONNREFUSED"] * 2 else f"a process without rules got {free}"


def show_all(tools, place):
    shown = (show(tools, place) for show in (show_icmp, show_usage, show_rule))
    return "; ".join(why for why in shown if why)


# --- what the tools print ---


def names_thing(thing, text):
    """Returns whether the text has the thing's name; for a section's map ("xdp.rodata") the section's name."""
    return thing.name in ("*", "-") or thing.name.split(".")[-1] in text


def judge_degraded(tools, place, cell, told):
    status = tools.run(place, "ebpf-ctl", "status", "--json")
    listed = json.loads(status.stdout).get("not_granted") if status.returncode == 0 else None
    if listed is None:
        return f"status --json does not say what is missing: {status.stderr}"
    if sorted(row["name"] for row in listed) != sorted(line.split()[0] for line in told):
        return f"the lines say {told}, the status {listed}"
    program = cell.thing.kind in ("program", "link", "iterator")
    for line in (line for line in told if line not in tools.missing):
        if program and not names_thing(cell.thing, line.split()[0]):
            return f"another thing is told: {line}"
        if REASONS[cell.code] not in line:
            return f"the reason is not told: {line}"
    return ""


def judge_refused(place, cell, done):
    lines = [line for line in done.stderr.splitlines() if not line.startswith(NOT_GRANTED)]
    if done.returncode != 1:
        return f"exit status {done.returncode}"
    if not lines or not lines[0].startswith("ebpf-load: cannot "):
        return "no line says what it cannot do"
    if len(lines) != 2 or not lines[1].startswith("hint: "):
        return "not one line and a hint"
    if not names_thing(cell.thing, lines[0]) and cell.thing.kind != "btf":
        return "the line does not name it"
    if REASONS[cell.code] not in lines[0]:
        return "the line does not say the reason"
    return f"{place.root} is left" if os.path.lexists(place.root) else ""


def judge(tools, place, cell, done):
    told = not_granted(done)
    if done.returncode != 0:
        word, why = "refused", judge_refused(place, cell, done)
    elif set(told) - set(tools.missing):
        word, why = "degraded", judge_degraded(tools, place, cell, told)
    elif cell.thing.object == "-":
        word, why = "whole", ""
    else:
        word, why = "whole", "nothing says what is missing"
    if word != "refused" and not cell.hollow:
        why = why or show_all(tools, place)
    return Verdict(word, f"{why}\n{done.stderr}" if why else "")


# --- all cells ---


class Run:
    """Waiting cells, verdicts, and ids of what the kernel was asked for, which must be gone in the end."""

    def __init__(self, tools, places):
        self.tools = tools
        self.places = places
        self.verdicts = {}
        self.made = []

    def settle(self, cell, verdict):
        self.verdicts[cell] = verdict
        if verdict.why:
            programs = "hollow" if cell.hollow else "real"
            what = f"{' '.join(cell.thing)} {cell.code}, {programs} programs"
            print(f"bad: {what}: {verdict.word}: {verdict.why}", flush=True)

    def try_cell(self, place, cell):
        asked = place.scratch + "/asked"
        done = self.tools.load(place, asked, cell)
        self.settle(cell, judge(self.tools, place, cell, done))
        self.made += [(cell, thing.kind, number) for thing, number in granted(asked)]
        self.tools.run(place, "ebpf-load", "--unload")

    def work(self, place, waiting):
        while True:
            try:
                cell = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                self.try_cell(place, cell)
            except Exception as error:  # pylint: disable=broad-except
                self.settle(cell, Verdict("bad", repr(error)))

    def try_cells(self, cells):
        waiting = queue.Queue()
        for cell in cells:
            waiting.put(cell)
        threads = [threading.Thread(target=self.work, args=(p, waiting)) for p in self.places]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def goes_on_without(self, thing):
        hollow = [v.word for c, v in self.verdicts.items() if c.thing == thing and c.hollow]
        return any(word in ("degraded", "whole") for word in hollow)

    def find_left(self):
        """Returns what the kernel still has of what the loads made. It takes its time to free things."""
        deadline = time.monotonic() + PATIENCE
        left = [(cell, kind, n) for cell, kind, n in self.made if n != "0"]
        while True:
            left = [(cell, kind, n) for cell, kind, n in left if self.tools.is_there(kind, n)]
            if not left or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for cell, kind, number in left:
            self.settle(cell, Verdict("bad", f"{kind} {number} is left"))


def words_of(verdicts):
    """Returns the verdicts of each thing by errno."""
    words = {}
    for cell in sorted(verdicts, key=lambda cell: CODES.index(cell.code)):
        verdict = verdicts[cell]
        if cell.hollow or cell.thing.kind == "btf":
            words.setdefault(cell.thing, []).append("bad" if verdict.why else verdict.word)
    return words


def table_of(verdicts):
    rows = []
    for thing, words in words_of(verdicts).items():
        same = len(set(words)) == 1
        told = words[0] if same else " ".join(f"{c}:{w}" for c, w in zip(CODES, words))
        rows.append(f"{' '.join(thing)} {told}")
    return sorted(rows)


def compare(table, path):
    """Returns lines of the run that the kept table lacks. It may have more: other kernels get other requests."""
    with open(path, encoding="utf-8") as lines:
        kept = {line.rstrip("\n") for line in lines}
    return [row for row in table if row not in kept]


def write_table(table, path):
    """Keeps comments, and rows of things that this kernel was not asked for."""
    things = {tuple(row.split()[:3]) for row in table}
    with open(path, encoding="utf-8") as lines:
        kept = [line.rstrip("\n") for line in lines]
    comments = [row for row in kept if row.startswith("#")]
    others = [row for row in kept if row not in comments and tuple(row.split()[:3]) not in things]
    with open(path, "w", encoding="utf-8") as out:
        out.write("".join(f"{row}\n" for row in comments + sorted(others + table)))


def report(run, path, write):
    table = table_of(run.verdicts)
    other = [] if write else compare(table, path)
    print("\n".join(table))
    for row in other:
        print(f"{path} does not have: {row}")
    counts = Counter("bad" if verdict.why else verdict.word for verdict in run.verdicts.values())
    real = sum(not cell.hollow for cell in run.verdicts)
    print(f"{len(run.verdicts)} cells, {real} of them with real programs: {dict(counts)}")
    if write:
        write_table(table, path)
    return not counts["bad"] and not other


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--code", default=CODES, nargs=1, choices=CODES)
    parser.add_argument("bin")
    parser.add_argument("shim")
    parser.add_argument("table")
    parser.add_argument("places", nargs="+")
    options = parser.parse_args()
    places = [Place(*text.split(","), tempfile.mkdtemp()) for text in options.places]
    tools = Tools(options.bin, options.shim)
    things = [t for t in list_things(tools, places[0]) if options.only in "/".join(t)]
    run = Run(tools, places)
    cells = [Cell(t, code, t.kind != "btf") for t, code in itertools.product(things, options.code)]
    run.try_cells(cells)
    run.try_cells([Cell(t, "EPERM", False) for t in things if run.goes_on_without(t)])
    run.find_left()
    return 0 if report(run, options.table, options.write) else 1


if __name__ == "__main__":
    sys.exit(main())
