# SPDX-License-Identifier: MIT
"""usage: terminal.py PROGRAM FILE KEY...: see on_terminal in top.bats"""
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time

program, file, *keys = sys.argv[1:]


def set_size(fd, lines, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


feed_read, feed_write = os.pipe()
terminal, keyboard = os.openpty()  # is_waiting() asks the keyboard's end what has not been read yet
pid = os.fork()
if pid == 0:
    os.close(terminal)
    os.close(feed_write)
    os.login_tty(keyboard)
    os.dup2(feed_read, 0)
    os.execv(program, [program])
set_size(terminal, 24, 80)
before = termios.tcgetattr(terminal)
with open(file, "rb") as events:
    os.write(feed_write, events.read())


def has_unread(fd):
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4))[0] > 0


def is_waiting():
    """Returns whether the program has read all its input, and sleeps."""
    with open(f"/proc/{pid}/stat") as stat:
        state = stat.read().rpartition(")")[2].split()[0]
    return state in "SZ" and not has_unread(feed_read) and not has_unread(keyboard)


def read_until_quiet(least=0.0):
    """Returns the output until the program waits, and nothing has come for half a second."""
    text, end, limit = b"", time.monotonic() + least, time.monotonic() + 30
    while time.monotonic() < limit:
        if select.select([terminal], [], [], 0.6)[0]:
            try:
                text += os.read(terminal, 65536)
            except OSError:
                break
        elif time.monotonic() >= end and is_waiting():
            break
    return text


def as_screen(text, lines=24, columns=80):
    """Returns the screen that this output draws, by cursor movements and erasing as of xterm."""
    screen, y, x = [[" "] * columns for _ in range(lines)], 0, 0
    pattern = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>78M]|([\x00-\x1f])|(.)", re.S)
    for arguments, command, control, character in pattern.findall(text.decode(errors="replace")):
        numbers = [int(n) if n.isdigit() else 0 for n in arguments.split(";")]
        if command in "Hf" and command:
            y, x = max(numbers[0], 1) - 1, max(numbers[1] if len(numbers) > 1 else 1, 1) - 1
        elif command == "d":
            y = max(numbers[0], 1) - 1
        elif command == "G":
            x = max(numbers[0], 1) - 1
        elif command == "C":
            x += max(numbers[0], 1)
        elif command == "D":
            x = max(x - max(numbers[0], 1), 0)
        elif command == "A":
            y = max(y - max(numbers[0], 1), 0)
        elif command == "B":
            y = min(y + max(numbers[0], 1), lines - 1)
        elif command == "J":
            screen = [[" "] * columns for _ in range(lines)] if numbers[0] == 2 else screen
            if numbers[0] == 0 and y < lines:
                screen[y][x:] = [" "] * (columns - x)
                screen[y + 1 :] = [[" "] * columns for _ in range(lines - y - 1)]
        elif command == "K" and y < lines:
            screen[y][x:] = [" "] * (columns - x)
        elif command == "X" and y < lines:
            screen[y][x : x + max(numbers[0], 1)] = [" "] * max(numbers[0], 1)
        elif command in ("M", "L") and y < lines:  # deletes, or inserts lines
            blank = [[" "] * columns for _ in range(min(max(numbers[0], 1), lines - y))]
            n = len(blank)
            screen[y:] = screen[y + n :] + blank if command == "M" else blank + screen[y : lines - n]
        elif command in ("P", "@") and y < lines:  # deletes, or inserts characters
            n = min(max(numbers[0], 1), columns - x)
            screen[y][x:] = screen[y][x + n :] + [" "] * n if command == "P" else [" "] * n + screen[y][x : columns - n]
        elif command == "b" and y < lines:
            for _ in range(max(numbers[0], 1)):
                if 0 < x < columns:
                    screen[y][x] = screen[y][x - 1]
                    x += 1
        elif control == "\r":
            x = 0
        elif control == "\n":
            y += 1
        elif control == "\b":
            x -= 1
        elif character:
            if y < lines and x < columns:
                screen[y][x] = character
                if ord(character) >= 0x1100 and x + 1 < columns and character != "\ufffd":
                    screen[y][x + 1] = ""
                    x += 1
            x += 1
    return "\n".join("".join(line).rstrip() for line in screen)


def end(how):
    """Ends the program by q or a signal; returns whether the terminal is as before."""
    if os.waitpid(pid, os.WNOHANG)[0]:
        return "it had ended before"
    if how == "q":
        os.write(terminal, b"q")
    else:
        os.kill(pid, getattr(signal, "SIG" + how))
    os.close(keyboard)
    read_until_quiet()
    status = os.waitpid(pid, 0)[1]
    return "same" if status == 0 else f"status {status}"


drawn = read_until_quiet(1.0)
for key in keys:
    if key.startswith("SETTINGS-"):
        during = termios.tcgetattr(terminal)
        result = end(key.removeprefix("SETTINGS-"))
        after = termios.tcgetattr(terminal)
        print(result if after == before and during != before else f"{before} {during} {after}")
        sys.exit()
    elif key.startswith("SIZE-"):
        set_size(terminal, *map(int, key.removeprefix("SIZE-").split("x")))
        os.kill(pid, signal.SIGWINCH)
    elif key == "EOF":
        os.close(feed_write)
    elif key == "RAW":
        sys.stdout.buffer.write(drawn)
    else:
        os.write(terminal, key.encode())
    drawn += read_until_quiet(0.5)
result = end("q")
if result != "same":
    sys.exit(result)
if keys[-1:] != ["RAW"]:
    print(as_screen(drawn))
