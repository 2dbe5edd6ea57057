"""The stack that the journeys run against: its parts, its database, its clock and its logs.

STACK and STACK_BUILD in the environment say which one; tests/support/stack.sh starts it.
"""
import contextlib
import datetime
import functools
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import tempfile
import time

import fastcgi
from psql import DatabaseRefused, Psqls

ROOT = pathlib.Path(__file__).resolve().parents[2]


def eventually(condition, seconds=15, what="it"):
    """Asks `condition` until it is true, and returns what it then said."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} seconds")
        time.sleep(0.02)


def is_open(port):
    """Whether something listens on this machine's `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Stack:
    """One running stack."""

    clock_stands = False

    def __init__(self):
        self.name = os.environ["STACK"]
        self.build = os.environ["STACK_BUILD"]
        self.read()

    def read(self):
        """Learns where everything is; again after the stack was started anew."""
        lines = self.do("env").splitlines()
        facts = dict(line.split("=", 1) for line in lines)
        remembered = shlex.split((pathlib.Path(facts["RUN"]) / "stack.env").read_text())
        self.sanitizer_options = dict(word.split("=", 1) for word in remembered)["STACK_SANITIZER_OPTIONS"].split()
        self.state = pathlib.Path(facts["STATE"])
        self.run = pathlib.Path(facts["RUN"])
        self.app = pathlib.Path(facts["APP"])
        self.mail = pathlib.Path(facts["MAIL"])
        self.port = int(facts["PORT"])
        self.smtp_port = int(facts["SMTP_PORT"])
        self.postgresql = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]

    def close(self):
        self.psqls.close()

    def do(self, *command, **environment):
        """`./dev stack NAME COMMAND...`; what it printed."""
        done = subprocess.run([ROOT / "dev", "stack", self.name, *command], env=os.environ | environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, text=True, timeout=120)
        return done.stdout

    # --- the database -------------------------------------------------------------------------------------------------

    @functools.cached_property
    def psqls(self):
        return Psqls(self.postgresql / "psql", self.database_url)

    def database_url(self, role):
        return f"host={self.run}/database port=5432 dbname=shop user={role}"

    def sql(self, statements, role="administrator", **values):
        """Runs `statements`, each :'name' replaced by the quoted value; the rows as lists of text."""
        return self.psqls.run(role, statements, **values)

    @contextlib.contextmanager
    def transaction(self, statement, **values):
        """`statement` was run and not yet committed while the block lasts, which gets a function to run another one."""
        names = [part for name, value in values.items() for part in ("-v", f"{name}={value}")]
        with subprocess.Popen([self.postgresql / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *names,
                               self.database_url("administrator")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
            def run(statement):
                psql.stdin.write(f"{statement};\n\\echo done\n")
                psql.stdin.flush()
                for line in psql.stdout:
                    if line == "done\n":
                        return
                raise DatabaseRefused(statement)

            run("BEGIN")
            run(statement)
            yield run
            psql.stdin.write("COMMIT;\n")

    def value(self, statement, **values):
        """The single value that `statement` returns, as text; None where there is no row."""
        rows = self.sql(statement, **values)
        return rows[0][0] if rows else None

    def count(self, table, condition="true", **values):
        return int(self.value(f"SELECT count(*) FROM storefront.{table} WHERE {condition}", **values))

    def travel(self, **time_span):
        """Moves the clock by which everything is judged forward; it stays there."""
        moment = ("timestamptz %L', storefront.now() + make_interval(secs => :'seconds'::float8)" if self.clock_stands else
                  "CURRENT_TIMESTAMP + interval ''%s seconds''', "
                  "extract(epoch FROM storefront.now() - now()) + :'seconds'::numeric")
        self.sql("SELECT format('CREATE OR REPLACE FUNCTION storefront.now() RETURNS timestamptz LANGUAGE sql STABLE "
                 f"PARALLEL SAFE RETURN {moment}) \\gexec", seconds=datetime.timedelta(**time_span).total_seconds())

    @contextlib.contextmanager
    def standing_clock(self):
        """The clock moves by travel() alone while the block lasts: a limit is then known to the second."""
        self.clock_stands = True
        self.travel(seconds=0)
        try:
            yield
        finally:
            self.clock_stands = False
            self.travel(seconds=0)

    def settle_mails(self):
        """Waits until the mailer has nothing in hand and nothing that is due."""
        due = "state = 'sending' OR (state = 'queued' AND due_at <= storefront.now())"
        eventually(lambda: self.count("outbox", due) == 0, what="settling the outbox")

    # --- processes ----------------------------------------------------------------------------------------------------

    def settings(self):
        """The settings that the stack's programs run with."""
        lines = (self.run / "env" / "settings").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def environment(self, role="storefront_worker", **settings):
        """The environment of a program run by hand; settings go without their prefix, None takes one away."""
        own = {"STOREFRONT_" + name: value for name, value in settings.items()}
        environment = {"PATH": os.environ["PATH"], "STOREFRONT_DATABASE_URL": self.database_url(role)}
        environment |= self.settings() | own
        environment |= dict(option.split("=", 1) for option in self.sanitizer_options)
        return {name: str(value) for name, value in environment.items() if value is not None}

    def program(self, *command, **settings):
        """Runs one of the stack's programs to its end."""
        done = subprocess.run([self.app / "bin" / command[0], *command[1:]], env=self.environment(**settings),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        with open(self.state / "log" / "by-hand.log", "a") as log:
            log.write(done.stderr)
        return done

    @contextlib.contextmanager
    def running(self, program, *arguments, stdin=subprocess.DEVNULL, role="storefront_worker", **settings):
        """One of the stack's programs, run by hand while the block lasts."""
        with open(self.state / "log" / "by-hand.log", "a") as log:
            process = subprocess.Popen([self.app / "bin" / program, *arguments], stdin=stdin, stdout=log, stderr=log,
                                       env=self.environment(role, **settings))
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            if process.wait(30) != 0:
                raise AssertionError(f"{program} ended with {process.returncode}: see by-hand.log")

    @contextlib.contextmanager
    def worker(self, pool, **settings):
        """A worker of its own for a test, with settings of its own; the path of its socket."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
            path = os.path.join(folder, pool + ".sock")
            listening.bind(path)
            listening.listen(64)
            with self.running("storefront", "serve", stdin=listening, POOL=pool, **settings):
                # Who is told to end before it has begun dies of it.
                fastcgi.ask(path, {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz"})
                yield path

    def routes(self):
        """The map of URLs as the program prints it: method, path, audience and pool of each row."""
        return [line.split() for line in self.program("storefront", "routes").stdout.splitlines()]

    def children(self, part):
        """The ids of the processes that run as `part`: a pool's workers, or the mailer."""
        parent = (self.run / "pid" / part).read_text().strip()
        return [int(child) for child in pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]

    def server_processes(self):
        """The ids of all processes of this stack's PostgreSQL."""
        parent = (self.state / "postgresql" / "postmaster.pid").read_text().split()[0]
        return [int(parent), *map(int, pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split())]

    @contextlib.contextmanager
    def without(self, part, *how):
        """The stack without a part (`database`, `mailer`, `catcher`, or a pool's name) while the block lasts."""
        words = [part] if part in ("database", "mailer", "catcher") else ["pool", part]
        self.do("stop-" + words[0], *words[1:], *how)
        try:
            yield
        finally:
            self.do("start-" + words[0], *words[1:])
            if part == "catcher":
                eventually(lambda: is_open(self.smtp_port), what="the catcher's start")

    # --- logs ---------------------------------------------------------------------------------------------------------

    def log(self, name):
        """All that a part has written to its log."""
        path = self.state / "log" / (name + ".log")
        return path.read_text(errors="replace") if path.exists() else ""

    def request_line(self, pool, request_id):
        """What a worker wrote of the request `request_id`."""
        def find():
            for line in reversed(self.log(pool).splitlines()):
                if request_id in line:
                    return json.loads(line)
            return None
        return eventually(find, what=f"the log line of {request_id}")
