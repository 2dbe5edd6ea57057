#!/usr/bin/python3
"""Mails: how long a code is on its way from the answer to POST /register/ until the mail server has it, and how fast a
backlog drains. The mail server is bench/smtp.py, which costs little and, for the last row, is as slow as a real one's queue.

Needs the stack of the benches: ./dev bench mail.
"""
import collections
import contextlib
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

from shop import ENVIRONMENT, RUN, Browser, stack

FOLDER = pathlib.Path(__file__).resolve().parent
REGISTRATIONS = int(os.environ.get("BENCH_REGISTRATIONS", "300"))
BACKLOG = int(os.environ.get("BENCH_BACKLOG", "20000"))
ROUNDS = int(os.environ.get("BENCH_MAIL_ROUNDS", "3"))
REAL_DELAY = 0.005  # seconds that a real mail server takes to write a mail into its queue
LATENCY_GOAL, RATE_GOAL = 300, 1000


def sql(script, **values):
    return stack("psql", "-At", *(part for name, value in values.items() for part in ("-v", f"{name}={value}")), "-f", script)


def ask(query):
    return stack("psql", "-At", "-c", query).strip()


class MailServer:
    """bench/smtp.py in the place of the stack's catcher."""

    def __init__(self, delay=0.0):
        self.said = tempfile.NamedTemporaryFile("r")
        self.process = subprocess.Popen([sys.executable, FOLDER / "smtp.py", ENVIRONMENT["SMTP_PORT"], "--delay", str(delay)],
                                        stdout=open(self.said.name, "w"))
        self.taken = []  # moment, connection, recipient of each mail

    def look(self):
        for line in self.said:
            moment, connection, recipient = line.split()
            self.taken.append((float(moment), int(connection), recipient))
        return self.taken

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def mail_server(delay=0.0):
    stack("stop-catcher")
    try:
        with MailServer(delay) as server:
            yield server
    finally:
        stack("start-catcher")


def database_figures():
    """Transactions and bytes of log so far."""
    return [int(number) for number in ask("SELECT xact_commit, pg_current_wal_insert_lsn() - '0/0' FROM pg_stat_database "
                                          "WHERE datname = 'shop'").split("|")]


def processor_seconds(process):
    """What `process` and its children, of which some may have ended, have used."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def children(process):
    return pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()


def measure_delay():
    """Milliseconds from the answer to a registration until the mail server had its mail."""
    answered = {}
    with mail_server() as server:
        browser = Browser()
        browser.request("GET", "/register/")
        for number in range(REGISTRATIONS):
            name = "delay%d-%d" % (time.time_ns(), number)
            browser.cookies.pop("sessionid", None)
            browser.request("GET", "/register/")
            answer, body = browser.request("POST", "/register/", {"name": "Bench", "username": name,
                                                                 "email": name + "@example.com", "password": "securepass123"})
            answered[name + "@example.com"] = time.monotonic()
            assert answer.status == 200, body
            time.sleep(random.uniform(0, 0.1))  # out of step with the mailer
        time.sleep(1)
        taken = {recipient: moment for moment, _, recipient in server.look()}
    assert set(answered) <= set(taken), "mails are missing"
    return sorted(max(0.0, taken[email] - moment) * 1000 for email, moment in answered.items())


@contextlib.contextmanager
def more_mailers(number):
    """That many beside the stack's own."""
    lines = pathlib.Path(RUN, "env", "settings").read_text().splitlines()
    url = f"host={RUN}/database dbname=shop user=storefront_mailer"
    environment = os.environ | dict(line.split("=", 1) for line in lines) | {"STOREFRONT_DATABASE_URL": url}
    mailers = [subprocess.Popen([ENVIRONMENT["APP"] + "/bin/storefront-mail"], env=environment, stderr=subprocess.DEVNULL)
               for _ in range(number)]
    try:
        yield
    finally:
        for mailer in mailers:
            mailer.terminate()
        for mailer in mailers:
            mailer.wait()


def drain(delay, mails, mailers=1):
    """One backlog: mails a second, connections, and what it cost."""
    stack("stop-mailer")
    run = str(time.time_ns())
    sql(str(FOLDER / "queue_mails.sql"), mails=mails, run=run)
    with mail_server(delay) as server:
        time.sleep(0.5)
        begun, before = time.monotonic(), database_figures()
        stack("start-mailer")
        with more_mailers(mailers - 1):
            while len(server.look()) < mails and time.monotonic() < begun + 120:
                time.sleep(0.05)
        taken = [mail for mail in server.taken if mail[2].startswith("backlog-" + run)]
        server_used = processor_seconds(server.process.pid)
        parent = pathlib.Path(RUN, "pid", "mailer").read_text().strip()
        mailer_used = sum(map(processor_seconds, children(parent)))
        time.sleep(1.5)  # until the statistics are written
        transactions, log = (after - earlier for after, earlier in zip(database_figures(), before))
    times = collections.Counter(recipient for _, _, recipient in taken)
    numbers = [int(recipient.split("@")[0].rpartition("-")[2]) for _, _, recipient in taken]
    took = taken[-1][0] - begun
    return {"rate": len(taken) / took, "mails": len(taken), "missing": mails - len(times),
            "twice": sum(count - 1 for count in times.values()),
            "out_of_order": sum(1 for one, next_one in zip(numbers, numbers[1:]) if next_one < one),
            "connections": len({connection for _, connection, _ in taken}), "seconds": took,
            "mailer_cpu_us": mailer_used / mails * 1e6, "server_cpu_us": server_used / mails * 1e6,
            "server_share": server_used / took, "transactions": transactions,
            "log_bytes": log / mails}


def median_drain(delay, mails, rounds, mailers=1):
    runs = sorted((drain(delay, mails, mailers) for _ in range(rounds)), key=lambda run: run["rate"])
    assert not any(run["missing"] or run["twice"] for run in runs), runs
    return runs[len(runs) // 2]


def notifications():
    """How many statements, migrations or functions of the shop send a NOTIFY."""
    told = [path.name for path in pathlib.Path("sql").rglob("*.sql") if "notify" in path.read_text().lower()]
    return len(told) + int(ask("SELECT count(*) FROM pg_proc WHERE pronamespace = 'storefront'::regnamespace AND prosrc ~* 'notify'"))


def delay_row():
    delays = measure_delay()
    quantile = statistics.quantiles(delays, n=100)
    return {"case": "code mail, from the answer to the mail server's yes", "goal": f"p99 at most {LATENCY_GOAL} ms",
            "figure": "p50 %.0f ms, p99 %.0f ms" % (quantile[49], quantile[98]), "met": quantile[98] <= LATENCY_GOAL,
            "registrations": len(delays), "p50_ms": quantile[49], "p99_ms": quantile[98], "most_ms": delays[-1]}


def backlog_row():
    run = median_drain(0.0, BACKLOG, ROUNDS)
    return {"case": f"backlog of {BACKLOG:,} mails", "goal": f"at least {RATE_GOAL:,} a second over reused connections",
            "figure": "%s a second over %d connections" % (format(round(run["rate"]), ","), run["connections"]),
            "met": run["rate"] >= RATE_GOAL and run["connections"] <= BACKLOG / 100} | run


def slow_server_row(mailers):
    run = median_drain(REAL_DELAY, BACKLOG // 5, 1, mailers)
    return {"case": "backlog, a mail server that takes %d ms for each mail, %d mailers" % (REAL_DELAY * 1000, mailers),
            "goal": "none: a landmark", "figure": "%s a second over %d connections" % (format(round(run["rate"]), ","),
                                                                                  run["connections"]),
            "met": True, "mailers": mailers} | run


def notify_row():
    count = notifications()
    return {"case": "NOTIFY in a worker's transaction", "goal": "none", "figure": "none" if count == 0 else str(count),
            "met": count == 0, "notifications": count}


def measure():
    return [delay_row(), backlog_row(), slow_server_row(1), slow_server_row(8), notify_row()]


if __name__ == "__main__":
    for row in measure():
        print(row)
