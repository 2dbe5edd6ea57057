"""FastCGI records straight at a worker's socket: too large, too many, lying, mixed up.

What got through: a worker that died, that no longer answers, or that keeps more each time.
"""
import contextlib
import os
import random
import struct

import fastcgi
from browser import parse
from stack import eventually

SEED, ROUNDS = 20240229, 3000
MIB = 1 << 20


def resident(pid):
    """KiB of memory that a process holds by itself."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(("Private_Clean", "Private_Dirty")))


def begin(role=1, flags=0):
    return fastcgi.record(fastcgi.BEGIN, struct.pack("!HB5x", role, flags))


def oversized(host):
    """Whole requests that hold far more than nginx would send."""
    own = {"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/register/", "HTTP_HOST": host, "REMOTE_ADDR": "127.1.2.3"}
    for size in (64 * 1024, MIB, 8 * MIB):
        for name in ("HTTP_COOKIE", "QUERY_STRING", "DOCUMENT_URI", "HTTP_ACCEPT_LANGUAGE", "CONTENT_TYPE", "HTTP_HOST",
                     "X" * 60000):
            yield fastcgi.request(own | {name: "a=" * (size // 2)}, b"")
        yield fastcgi.request(own | {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": "application/json"}, b"[" * size)
        yield fastcgi.request(own | {"CONTENT_LENGTH": "10"}, b"x" * size)
        yield fastcgi.request(own | {"CONTENT_LENGTH": str(size * 1000)}, b"x" * 10)
    yield fastcgi.request(own | {f"HTTP_X_{i}": "x" for i in range(50000)}, b"")
    yield fastcgi.request({str(i): "" for i in range(100000)}, b"")
    yield fastcgi.request(own | {"": ""}, b"")


def lying():
    """Lengths that are not true, in pairs and in records."""
    for size in (0x01000000, 0x00ffffff, 65536, 128):
        pair = struct.pack("!I", size | 0x80000000) * 2
        yield begin() + fastcgi.record(fastcgi.PARAMETERS, pair + b"x" * 100) + fastcgi.record(fastcgi.PARAMETERS)
        yield begin() + fastcgi.record(fastcgi.PARAMETERS, b"\x01" + struct.pack("!I",
                size | 0x80000000) + b"x") + fastcgi.record(fastcgi.PARAMETERS)
    for kind in range(256):
        yield begin() + struct.pack("!BBHHBB", 1, kind, 1, 65535, 255, 0) + b"x" * 65790
    for role in (0, 2, 3, 65535):
        yield begin(role) + fastcgi.stream(fastcgi.PARAMETERS, b"") + fastcgi.stream(fastcgi.STDIN, b"")


def mutated(host):
    """A good request with bytes of it changed, cut, doubled or swapped."""
    chance = random.Random(SEED)
    good = fastcgi.request({"REQUEST_METHOD": "POST", "DOCUMENT_URI": "/session/", "HTTP_HOST": host,
                            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "13"}, b'{"otp": "123"}')
    for _ in range(ROUNDS):
        bytes_ = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            at, much = chance.randrange(len(bytes_)), chance.randrange(1, 9)
            how = chance.randrange(4)
            if how == 0:
                bytes_[at] = chance.randrange(256)
            elif how == 1:
                del bytes_[at:at + much]
            elif how == 2:
                bytes_[at:at] = bytes_[at:at + much]
            else:
                bytes_[at:at] = chance.randbytes(much)
            bytes_ = bytes_ or bytearray(b"\x01")
        yield bytes(bytes_)


def throw(path, written):
    """Writes it, reads what comes at once, and hangs up."""
    with contextlib.suppress(OSError), fastcgi.connect(path, 5) as connection:
        connection.sendall(written)
        connection.shutdown(1)
        while connection.recv(65536):
            pass


def lives(path):
    try:
        return parse(fastcgi.ask(path, {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz"})).status == 200
    except (OSError, EOFError):
        return False


def gave_up(field):
    """How often libfcgi has ended a worker by hand rather than go on without memory: see impossible()."""
    return field.stack.log("by-hand").count("Malloc: Assertion")


def until_gone(field, requests):
    """Throws them at one worker; how many it took until it was gone, or all of them, and KiB that it held after each round of two:
    what is kept after the first is a buffer, what the second adds would be a leak."""
    taken, held = 0, []
    try:
        with field.stack.worker("pages") as path:
            pid = youngest_child()
            while len(held) < 2:
                for taken, written in enumerate(requests, 1):
                    throw(path, written)
                    if not lives(path):
                        raise AssertionError("it is gone")
                held.append(resident(pid))
    except AssertionError:  # of ours, or of who waited for a good end
        if len(held) == 2:
            raise
    return taken, held


def one(field, name, requests):
    """All of them twice, but for those that end a worker: another one takes the others."""
    rest, before, lost, tried, held = list(requests), gave_up(field), 0, 0, []
    while rest and len(held) < 2:
        taken, held = until_gone(field, rest)
        tried += len(rest) * len(held)
        if len(held) < 2:
            lost, tried = lost + 1, tried + taken
            (field.folder / f"{name.split()[0]}-{lost}").write_bytes(rest.pop(taken - 1)[:100000])
    excused = gave_up(field) - before
    field.row(f"{name}: the worker is gone", tried, lost - excused, 0)
    field.row(f"{name}: libfcgi ends it, told of gigabytes", tried, excused, len(rest) // 100)
    field.row(f"{name}: KiB that the second time adds", len(rest), max(0, held[1] - held[0]), 1024)


def impossible(field):
    """Lengths of gigabytes, at which libfcgi ends the process rather than go on without memory: another one takes its place."""
    path = str(field.stack.run / "fcgi" / "pages.sock")
    missing = 0
    sizes = (0x7fffffff, 0x7fffff00, 0x40000000) * 4
    for size in sizes:
        pair = struct.pack("!I", size | 0x80000000) * 2
        throw(path, begin() + fastcgi.record(fastcgi.PARAMETERS, pair + b"x" * 100) + fastcgi.record(fastcgi.PARAMETERS))
        missing += not lives(path)
    eventually(lambda: len(field.workers()["pages"]) == 4, what="four workers again")
    field.row("lengths of gigabytes: nobody answers the next one", len(sizes), missing, 0)


def youngest_child():
    """The worker that was started last."""
    return int(open(f"/proc/self/task/{os.getpid()}/children").read().split()[-1])


def attack(field):
    host = f"127.0.0.1:{field.stack.port}"
    one(field, "oversized records", oversized(host))
    one(field, "lying records", lying())
    one(field, "mutated records", mutated(host))
    impossible(field)
