#!/usr/bin/python3
"""From the start of a worker to its first answer: the request waits at the socket when `storefront serve` is started on it.
The median of twenty starts, with the files in the page cache; beside it the floor's, whose time is loading and connecting, and
what it takes to load the same libraries and end. How often a page was touched for the first time, and what that costs on this
machine, tell how long the same would take on another.
"""
import mmap
import os
import statistics
import subprocess
import tempfile
import time

from floors import LOOK_UP, arguments, record_answer
from shop import BUILT, WORKER, at_most, listen, parameters, sign_up_one, visit, worker_environment
import fastcgi  # of tests/support, which shop.py finds

TIMES, MOST_MS = 20, 30
TOUCHED = 64 << 20  # bytes


def count_faults(process):
    """How many page faults a running process has had (proc(5), minflt)."""
    with open("/proc/%d/stat" % process.pid) as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[7])


def fault_microseconds():
    """What the first touch of a page of new memory takes here."""
    with mmap.mmap(-1, TOUCHED) as memory:
        begun = time.monotonic()
        for at in range(0, TOUCHED, mmap.PAGESIZE):
            memory[at] = 1
        return (time.monotonic() - begun) * 1e6 * mmap.PAGESIZE / TOUCHED


def start(program, environment, asked):
    """Milliseconds of one start, and its page faults."""
    with tempfile.TemporaryDirectory() as folder:
        listening, path = listen(folder)
        with listening, fastcgi.connect(path) as connection:
            connection.sendall(asked)
            begun = time.monotonic()
            with subprocess.Popen(program, stdin=listening, stderr=subprocess.DEVNULL, env=environment) as process:
                written = fastcgi.answer(connection)
                passed = time.monotonic() - begun
                faults = count_faults(process)
                process.kill()
    assert written.startswith(b"Status: 200"), written[:200]
    return passed * 1000, faults


def load(program):
    """Milliseconds of a program that is given nothing to do: the kernel's and the loader's."""
    begun = time.monotonic()
    subprocess.run([program], stdin=subprocess.DEVNULL)
    return (time.monotonic() - begun) * 1000


def measure():
    customer, visitor = sign_up_one(), visit()
    answer, _ = record_answer(customer, "/dashboard/", "start")
    bare = BUILT + "/floor-libraries"
    floor = [bare, *arguments(answer, True)], os.environ | {"FLOOR_STATEMENT": LOOK_UP}
    rows, ours = [], (WORKER, worker_environment())
    for path, who in (("/register/", visitor), ("/dashboard/", customer)):
        asked = fastcgi.request(parameters("GET", path, who.cookie_header()), b"")
        turns = [(*start(*ours, asked), *start(*floor, asked), load(bare), fault_microseconds()) for _ in range(TIMES)]
        longest = max(turn[0] for turn in turns)
        middle, faults, floor_ms, floor_faults, load_ms, fault_us = map(statistics.median, zip(*turns))
        figure = "%.1f ms (longest %.1f; floor %.1f, of which its libraries %.1f; %d page faults of %.1f µs, floor %d)" % (
            middle, longest, floor_ms, load_ms, faults, fault_us, floor_faults)
        rows.append(at_most("start to first answer, " + path, MOST_MS, middle, figure, " ms", longest=longest, faults=faults,
                            floor=floor_ms, floor_faults=floor_faults, loading=load_ms, fault_microseconds=fault_us))
    return rows


if __name__ == "__main__":
    from bench import main
    main(["start"])
