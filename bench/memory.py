#!/usr/bin/python3
"""Memory of a worker of the pool pages, as the kernel shares it out among those who use it (PSS), beside that of the floor
linked with the same libraries; after a thousand, fifty thousand and a hundred thousand requests of four pages by turns.

Both are spoken to directly, and stand beside the stack's other workers, as a worker does in life.
"""
import os
import socket
import subprocess
import tempfile

from floors import LOOK_UP, arguments, record_answer
from processes import memory
from shop import BUILT, WORKER, at_most, listen, parameters, sign_up_one, visit, worker_environment
import fastcgi  # of tests/support, which shop.py finds

LOOKS = (1000, 50000, 100000)
ABOVE_KIB, GROWTH_KIB = 1024, 16


def ask(path, written):
    """One request; the first piece of its answer, which is read to its end."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(written)
        first = connection.recv(65536)
        assert first, "the program closed the connection"
        while connection.recv(65536):
            pass
        return first


def watch(program, environment, requests):
    """Kilobytes of one life of `program` at each of LOOKS."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        listening, path = listen(folder)
        with listening, subprocess.Popen(program, stdin=listening, stderr=subprocess.DEVNULL, env=environment) as process:
            for written in requests:
                assert b"Status: 200" in ask(path, written)
            for number in range(1, LOOKS[-1] + 1):
                ask(path, requests[number % len(requests)])
                if number in LOOKS:
                    found[number] = memory(process.pid)
            process.kill()
    return found


def measure():
    customer, visitor = sign_up_one(), visit()
    answer, _ = record_answer(customer, "/dashboard/", "memory")
    paths = {"/register/": visitor, "/login/": visitor, "/dashboard/": customer, "/session/": customer}
    requests = [fastcgi.request(parameters("GET", path, who.cookie_header()), b"") for path, who in paths.items()]
    ours = watch(WORKER, worker_environment(), requests)
    floor = watch([BUILT + "/floor-libraries", *arguments(answer, True)], os.environ | {"FLOOR_STATEMENT": LOOK_UP}, requests)
    last = LOOKS[-1]
    above, growth = ours[last]["Pss"] - floor[last]["Pss"], ours[last]["Pss"] - ours[LOOKS[1]]["Pss"]
    private = {name: numbers[last]["Private_Clean"] + numbers[last]["Private_Dirty"] for name, numbers in (("ours", ours), ("floor", floor))}
    return [at_most("memory of a worker above the floor", ABOVE_KIB, above, "%d KiB (PSS %d of %d; private %d of %d)" % (
                        above, ours[last]["Pss"], floor[last]["Pss"], private["ours"], private["floor"]), " KiB", ours=ours, floor=floor),
            at_most("memory from 50,000 to 100,000 requests", GROWTH_KIB, growth, "%d KiB more" % growth, " KiB")]


if __name__ == "__main__":
    from bench import main
    main(["memory"])
