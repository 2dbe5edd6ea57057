"""Programs under torture: one call of theirs fails in turn (fault.c), and what they then say and do is held to one rule.

The rule: the answer is the right one and everything is done, or it is a clean 503 or 500 and either everything is done or
nothing; nothing leaks; the next request is answered right. Only inside libraries that cannot live without memory may the
worker die; then nothing is half done all the same.
"""
import collections
import contextlib
import json
import mmap
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import fastcgi
from browser import Pools
from journey import Visitor
from mailbox import Mailbox
from psql import Psql
from stack import ROOT, Stack

COUNTING_OFF, COUNTING_ON, COUNTING_FROM_MAIN = 0, 1, 2
FRAGILE = ("libfcgi", "libzxcvbn", "libseccomp")  # they use what they were not given
NAME_SIZE, FRAMES, STACKS = 48, 48, 65536
NUMBERS = ("counting", "fail_at", "keeps_failing", "counted", "has_failed", "is_idle", "rounds", "live", "notes")
FOREVER = 2 ** 63
ADDRESS = "127.9.9.9"
TORTURED = "tortured"  # what the database calls the programs here


class Control:
    """What is shared with fault.c; its numbers are attributes."""

    def __init__(self, path):
        self.at = {name: 8 * i for i, name in enumerate(NUMBERS)}
        self.text_at = 8 * len(NUMBERS)
        self.frames_at = self.text_at + 2 * NAME_SIZE
        self.modules_at = self.frames_at + 8 + 8 * FRAMES
        self.stacks_at = self.modules_at + FRAMES * NAME_SIZE
        with open(path, "w+b") as file:
            file.truncate(self.stacks_at + 8 * STACKS)
            self.memory = mmap.mmap(file.fileno(), 0)

    def get(self, name):
        return struct.unpack_from("<Q", self.memory, self.at[name])[0]

    def set(self, **numbers):
        for name, number in numbers.items():
            struct.pack_into("<Q", self.memory, self.at[name], number)

    def text(self, offset):
        return self.memory[offset:offset + NAME_SIZE].split(b"\0")[0].decode()

    def fault(self):
        """The call that failed: its name, whose it was, and who called, from within to without."""
        count = struct.unpack_from("<Q", self.memory, self.frames_at)[0]
        addresses = struct.unpack_from(f"<{FRAMES}Q", self.memory, self.frames_at + 8)
        frames = [(self.text(self.modules_at + i * NAME_SIZE), addresses[i]) for i in range(count)]
        return Fault(self.text(self.text_at), self.text(self.text_at + NAME_SIZE),
                     [frame for frame in frames if frame[0] not in ("libfault", "libgcc_s")])

    def stacks(self):
        return struct.unpack_from(f"<{min(self.get('counted'), STACKS)}Q", self.memory, self.stacks_at)


class Fault:
    """One call that failed."""

    def __init__(self, name, caller, frames):
        self.name = name
        self.caller = caller
        self.frames = frames

    @property
    def is_fragile(self):
        """Inside a library that cannot live without: whoever calls it loses the process."""
        return self.is_within(*FRAGILE)

    def is_within(self, *libraries):
        """Whether one of `libraries` made the call, or called who made it."""
        return any(module in libraries for module, _ in self.frames)

    @property
    def kind(self):
        return f"{self.caller} {'allocation' if self.name in ('malloc', 'calloc', 'realloc') else self.name}"

    def where(self, program):
        """The functions of the program itself that led to it, from within to without."""
        own = [hex(address - 1) for module, address in self.frames if module == "ours"]
        if not own:
            return "?"
        done = subprocess.run(["addr2line", "-f", "-s", "-e", program, *own], capture_output=True, text=True)
        lines = done.stdout.split("\n")
        theirs = [f"{module}+{address:x}" for module, address in self.frames if module != "ours"]
        return " < ".join(f"{name} ({place.split(' ')[0]})" for name, place in zip(lines[0::2], lines[1::2]))[:400] + \
            f"\n    through {' '.join(theirs)}"


class Database:
    """The stack's database by one psql that stays: states are kept and put back, and compared without what is random."""

    def __init__(self, stack):
        stack.do("stop-maintenance")  # it would do its deeds in between
        self.psql = Psql(stack.postgresql / "psql", stack.database_url("administrator"))
        self.run = self.psql.run
        self.run("SET client_min_messages = warning; SET session_replication_role = replica")
        self.epoch = self.value("SELECT extract(epoch FROM date_trunc('second', now()))")
        self.tables = [row[0] for row in self.run("""
            SELECT relname FROM pg_class
            WHERE relnamespace = 'storefront'::regnamespace AND relkind = 'r'
              AND has_table_privilege('storefront_worker', oid, 'INSERT') ORDER BY 1""")]
        self.shape_of = " UNION ALL ".join(self.shape_query(table) for table in self.tables) + " ORDER BY 1"

    def value(self, sql):
        return self.run(sql)[0][0]

    def shape_query(self, table):
        """A row of text for each row of `table`; what is random only says whether it is there."""
        columns = self.run("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = "
                           f"'storefront' AND table_name = '{table}' ORDER BY ordinal_position")
        shown = [f"({name} IS NOT NULL)::text" if kind in ("uuid", "bytea") or name == "password_hash"
                 else f"coalesce({name}::text, '-')" for name, kind in columns]
        return f"SELECT '{table} ' || concat_ws(' | ', {', '.join(shown)}) FROM storefront.{table}"

    def shape(self):
        return Shape([row[0] for row in self.run(self.shape_of)])

    def clock(self, seconds):
        """Stops the clock by which everything is judged, so many seconds after the tests began."""
        self.run("CREATE OR REPLACE FUNCTION storefront.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE "
                 f"RETURN timestamptz 'epoch' + interval '{self.epoch} seconds' + interval '{seconds} seconds'")

    def empty(self):
        self.run("; ".join(f"DELETE FROM storefront.{table}" for table in self.tables))

    def keep(self, name):
        self.run(f"DROP SCHEMA IF EXISTS kept_{name} CASCADE; CREATE SCHEMA kept_{name}; " + "; ".join(
            f"CREATE TABLE kept_{name}.{table} AS TABLE storefront.{table}" for table in self.tables))

    def put_back(self, name):
        self.run("BEGIN; " + "; ".join(
            f"DELETE FROM storefront.{table}; INSERT INTO storefront.{table} TABLE kept_{name}.{table}"
            for table in self.tables) + "; COMMIT")

    def end_connections(self):
        """Of the programs under torture; each is gone when this returns."""
        self.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '{TORTURED}'")

    def close(self):
        self.psql.close()


class Shape:
    """What stands in the tables: limits apart, which are taken before a deed and may stay taken when it fails."""

    def __init__(self, rows):
        self.deeds = [row for row in rows if not row.startswith("rate_limit ")]
        limits = [row for row in rows if row.startswith("rate_limit ")]
        self.taken = sum(row.count(":") // 2 for row in limits for row in [row.split(" | ")[1]])

    def __eq__(self, other):
        return self.deeds == other.deeds

    def without_sessions(self):
        return [row for row in self.deeds if not row.startswith("session ")]

    def minus(self, other):
        mine, others = collections.Counter(self.deeds), collections.Counter(other.deeds)
        return [f"+ {row}" for row in mine - others] + [f"- {row}" for row in others - mine]


class Program:
    """A program with fault.c in it. `listens`: it is a worker, with a socket that outlives it."""

    def __init__(self, stack, name, *arguments, role="storefront_worker", listens=False, **settings):
        self.tests = ROOT / "build" / stack.build / "tests"
        self.path = self.tests / ("tortured-" + name)
        self.arguments = arguments
        self.folder = tempfile.TemporaryDirectory()
        self.control = Control(os.path.join(self.folder.name, "control"))
        self.socket = os.path.join(self.folder.name, "worker.sock")
        self.log = open(os.path.join(self.folder.name, "log"), "w+b")
        self.listening = None
        if listens:
            self.listening = socket.socket(socket.AF_UNIX)
            self.listening.bind(self.socket)
            self.listening.listen(64)
        own = {"METRICS_FILE": os.path.join(self.folder.name, "metrics"), "PASSWORD_MEMORY_KIB": 1024,
               "DATABASE_URL": f"{stack.database_url(role)} application_name={TORTURED}"} | settings
        self.environment = stack.environment(role, **own) | {
            "LD_PRELOAD": str(self.tests / "libfault.so"),
            "TORTURE_CONTROL": os.path.join(self.folder.name, "control")}
        self.process = None

    def start(self, counting=COUNTING_OFF, fail_at=0, rounds=FOREVER, **more):
        self.control.set(counting=counting, fail_at=fail_at, keeps_failing=0, counted=0, has_failed=0, is_idle=0,
                         rounds=rounds, live=0, notes=0)
        self.control.set(**more)
        self.log.truncate(0)
        self.process = subprocess.Popen([self.path, *self.arguments], stdin=self.listening or subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env=self.environment)
        return self.settles()

    @property
    def lives(self):
        return self.process is not None and self.process.poll() is None

    def settles(self, seconds=20):
        """Waits until the program waits for work; false where it has ended instead."""
        end = time.monotonic() + seconds
        while not self.control.get("is_idle"):
            if not self.lives:
                return False
            if time.monotonic() > end:
                raise Hangs(f"{self.path.name} hangs: {self.control.fault().where(self.path)}")
            time.sleep(0.0003)
        return True

    def connections(self):
        """How many it holds to the database: no others of its sockets are without a path."""
        if not self.lives:
            return 0
        named = {line.split()[6]: len(line.split()) > 7 for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]}
        links = [os.readlink(link) for link in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()]
        return sum(named.get(link[len("socket:["):-1]) is False for link in links)

    def words(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(errors="replace").replace("\0", "")

    def arm(self, fail_at, **more):
        self.control.set(counted=0, has_failed=0, fail_at=fail_at, **more)
        self.control.set(counting=COUNTING_ON)

    def disarm(self):
        self.control.set(counting=COUNTING_OFF, fail_at=0, notes=0)

    def stop(self):
        """Ends it; its exit status."""
        if self.lives:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode if self.process else 0

    def close(self):
        self.stop()
        if self.listening:
            self.listening.close()
        self.log.close()
        self.folder.cleanup()


class Hangs(Exception):
    """A program that neither works nor ends."""


class Report:
    """What failed, what came of it, and what should not have."""

    def __init__(self):
        self.outcomes = collections.Counter()
        self.findings = collections.Counter()
        self.totals = collections.Counter()

    def note(self, part, fault, outcome):
        self.outcomes[fault.kind, outcome] += 1
        self.totals[part, outcome] += 1

    def blame(self, part, number, fault, program, problem):
        where = fault.where(program)
        key = (part, problem.split(":")[0], where)
        self.findings[key] += 1
        self.note(part, fault, "WRONG")
        if self.findings[key] == 1:
            print(f"WRONG {part} call {number}: {fault.caller}: {fault.name} fails: {problem}\n    in {where}", flush=True)

    def table(self):
        lines = ["what failed | outcome | how often"]
        lines += [f"{kind} | {outcome} | {count}" for (kind, outcome), count in sorted(self.outcomes.items())]
        lines += ["", "what was done | outcome | how often"]
        lines += [f"{part} | {outcome} | {count}" for (part, outcome), count in sorted(self.totals.items())]
        lines += ["", f"{sum(self.outcomes.values())} calls failed, {len(self.findings)} findings"]
        return "\n".join(lines) + "\n"


def spread(numbers, count):
    """`count` of the numbers, evenly."""
    return numbers if len(numbers) <= count else [numbers[i * len(numbers) // count] for i in range(count)]


def notes_of(form):
    """What fault.c is to note of each call: where it came from as a whole, or by our own code alone."""
    return 2 if form == "ways" else 1


def choose(stacks, form, limit, seen=()):
    """The calls to fail: each (`all`; `all@N` from the Nth on, for a run that was stopped), one for each place that calls
    (`places`) and is not yet `seen`, one for each way to a call through our own code, whatever a library does in between
    (`ways`), or a choice of places (`short`), half of it no mere allocations."""
    form, _, begin = form.partition("@")
    if form == "all":
        return list(range(int(begin or 1), len(stacks) + 1))
    first = {}
    for number, stack in enumerate(stacks, 1):
        if stack not in seen:
            first.setdefault(stack, number)
    chosen = sorted(first.values())
    if form == "short":
        calls = spread([number for number in chosen if stacks[number - 1] & 1], limit // 2)
        chosen = sorted(calls + spread([number for number in chosen if not stacks[number - 1] & 1], limit - len(calls)))
    return chosen
