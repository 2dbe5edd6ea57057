#!/usr/bin/python3
"""From the start of a worker to its first answer: the request waits at the socket when `storefront serve` is started on it.
The median of twenty starts, with the files in the page cache; beside it the floor's, whose time is loading and connecting, and
what it takes to load the same libraries and end.
"""
import os
import statistics
import subprocess
import tempfile
import time

from floors import LOOK_UP, arguments, record_answer
from shop import BUILT, WORKER, at_most, listen, parameters, sign_up_one, visit, worker_environment
import fastcgi  # of tests/support, which shop.py finds

TIMES, MOST_MS = 20, 30


def start(program, environment, asked):
    """Milliseconds of one start."""
    with tempfile.TemporaryDirectory() as folder:
        listening, path = listen(folder)
        with listening, fastcgi.connect(path) as connection:
            connection.sendall(asked)
            begun = time.monotonic()
            with subprocess.Popen(program, stdin=listening, stderr=subprocess.DEVNULL, env=environment) as process:
                written = fastcgi.answer(connection)
                passed = time.monotonic() - begun
                process.kill()
    assert written.startswith(b"Status: 200"), written[:200]
    return passed * 1000


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
        turns = [(start(*ours, asked), start(*floor, asked), load(bare)) for _ in range(TIMES)]
        times, floors, loads = zip(*turns)
        middle, floor_ms, load_ms = map(statistics.median, (times, floors, loads))
        figure = "%.1f ms (longest %.1f; floor %.1f, of which its libraries %.1f)" % (middle, max(times), floor_ms, load_ms)
        rows.append(at_most("start to first answer, " + path, MOST_MS, middle, figure, " ms", longest=max(times),
                            floor=floor_ms, loading=load_ms))
    return rows


if __name__ == "__main__":
    from bench import main
    main(["start"])
