#!/usr/bin/python3
"""Instructions that worker, nginx and PostgreSQL spend on one request of each route, counted by callgrind: the same on a busy
machine as on a quiet one, so that a regression shows. PROFILE=folder keeps callgrind's files.

Each case is run twice, with few and with many requests: the difference is what the requests cost, without the start. What
is posted here is refused for its fields: what a hash costs is no matter of instructions.
"""
import contextlib
import glob
import http.client
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

from shop import ENVIRONMENT, PORT, RUN, WORKER, listen, parameters, sign_up_one, stack, visit, worker_environment
import fastcgi  # of tests/support, which shop.py finds

FEW, MANY = 50, 250
POSTGRES, READY = (sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1] + "/" + name for name in ("postgres", "pg_isready"))
POOLS = [["pool", name] for name in ("pages", "register", "login")]
DATA = ENVIRONMENT["STATE"] + "/postgresql"


def callgrind(out):
    return ["valgrind", "--tool=callgrind", "--trace-children=yes", "--callgrind-out-file=" + out]


def total(file):
    """What callgrind counted in one process; 0 while it is being written."""
    found = re.search(r"^(?:summary|totals): (\d+)", pathlib.Path(file).read_text(errors="replace"), re.M)
    return int(found.group(1)) if found else 0


def wait_for(condition, what):
    for _ in range(600):
        if given := condition():
            return given
        time.sleep(0.1)
    raise SystemExit(what)


def difference(count, *case):
    return (count(*case, MANY) - count(*case, FEW)) // (MANY - FEW)


class Case:
    """One request, in the form of each who answers it."""

    def __init__(self, method, path, browser, body=b""):
        self.name = "%s %s%s" % (method, path, " refused" if body else "")
        self.method, self.path, self.body = method, path, body
        self.pool = path.strip("/") if body else "pages"
        self.headers = {"Cookie": browser.cookie_header(), "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) bench",
                        "Accept": "application/json" if body else "text/html,*/*;q=0.8", "Accept-Language": "en-GB,en;q=0.5",
                        "Sec-Fetch-Site": "same-origin"}
        more = {}
        if body:
            self.headers |= {"Content-Type": "application/json", "X-CSRFToken": browser.cookies["csrftoken"]}
            more = {"CONTENT_TYPE": "application/json", "HTTP_ACCEPT": "application/json",
                    "HTTP_X_CSRFTOKEN": browser.cookies["csrftoken"]}
        self.parameters = parameters(method, path, browser.cookie_header(), len(body), **more)

    def ask(self, socket, times):
        """Sends it straight to a worker."""
        for _ in range(times):
            written = fastcgi.ask(socket, self.parameters, self.body)
            assert self.is_answered(written), written[:200]

    def is_answered(self, written):
        return written.startswith(b"Status: 400" if self.body else b"Status: 200")


@contextlib.contextmanager
def worker(pool, around=(), **more):
    """A worker of its own, and its socket; `around` is what it runs in."""
    with tempfile.TemporaryDirectory() as folder:
        listening, path = listen(folder)
        with listening:
            process = subprocess.Popen([*around, *WORKER], stdin=listening, stderr=subprocess.DEVNULL, env=worker_environment(pool) | more)
            yield path
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def count_worker(folder, case, times):
    """The instructions of one life of a worker that answers `times` times."""
    out = os.path.join(folder, "worker")
    with worker(case.pool, callgrind(out), STOREFRONT_SECCOMP="off") as path:  # valgrind needs more calls than a worker
        case.ask(path, times)
    return total(out)


def count_nginx(folder, case, times):
    """The same of nginx as one process, before the stack's own workers."""
    out, port = os.path.join(folder, "nginx"), PORT + 1
    text = pathlib.Path(RUN, "nginx", "nginx.conf").read_text()
    text = text.replace(":%d;" % PORT, ":%d;" % port).replace("metrics.sock", "metrics-counted.sock", 1)
    text = re.sub(r"pid .*?;", "pid %s/nginx.pid; master_process off;" % folder, text, count=1)
    own = pathlib.Path(folder, "nginx.conf")
    own.write_text(text)
    with subprocess.Popen([*callgrind(out), "nginx", "-e", "stderr", "-c", str(own)], stderr=subprocess.DEVNULL) as process:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        wait_for(lambda: answers(connection), "nginx does not start under callgrind")
        for _ in range(times):
            connection.request(case.method, case.path, case.body or None, case.headers | {"Host": "127.0.0.1:%d" % PORT})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (400 if case.body else 200), (case.name, answer.status)
        process.send_signal(signal.SIGTERM)
    return total(out)


def answers(connection):
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().read()
    connection.close()
    return None


@contextlib.contextmanager
def counted_database(folder):
    """PostgreSQL under callgrind in the place of the stack's, and nobody else who would talk to it."""
    os.chmod(folder, 0o777)
    for part in (["maintenance"], ["mailer"], *POOLS, ["database"]):
        stack("stop-" + part[0], *part[1:])
    # A shop's tables are too large to be read from end to end, which is the quickest way in the few rows of this one.
    settings = ("listen_addresses=", "unix_socket_directories=%s/database" % RUN, "shared_preload_libraries=", "autovacuum=off",
                "enable_seqscan=off")
    command = [*callgrind(folder + "/backend-%p"), POSTGRES, "-D", DATA, *(word for setting in settings for word in ("-c", setting))]
    owner = os.stat(DATA)
    with subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner.st_uid, group=owner.st_gid,
                          extra_groups=[]) as process:
        try:
            wait_for(lambda: subprocess.run([READY, "-q", "-h", RUN + "/database"]).returncode == 0, "PostgreSQL does not start under callgrind")
            time.sleep(3)  # until those who asked have ended
            yield
        finally:
            process.send_signal(signal.SIGINT)
    for part in (["database"], *POOLS, ["mailer"]):
        stack("start-" + part[0], *part[1:])


def count_database(folder, case, times):
    """The same of the backend that a worker of its own talks to, and which ends with it; nothing where it needed none."""
    before = set(glob.glob(folder + "/backend-*"))
    with worker(case.pool, STOREFRONT_DATABASE_DEADLINE_MS="60000") as path:
        case.ask(path, times)
    time.sleep(3)
    return max(map(total, set(glob.glob(folder + "/backend-*")) - before), default=0)


def cases():
    customer, visitor = sign_up_one(), visit()
    nobody = visit()
    nobody.cookies.clear()
    return [Case("GET", "/healthz", nobody), *(Case("GET", path, visitor) for path in ("/", "/register/", "/login/")),
            *(Case("GET", path, customer) for path in ("/dashboard/", "/session/")),
            Case("POST", "/register/", visitor, b'{"name": "", "username": "bench", "email": "bench@example.com", "password": ""}'),
            Case("POST", "/login/", visitor, b'{"username": "bench", "password": ""}')]


def row(name, worker_count, nginx_count, database_count):
    figure = "worker %s, nginx %s, PostgreSQL %s" % tuple(format(count, ",") for count in (worker_count, nginx_count, database_count))
    return {"case": "instructions of " + name, "goal": "none: a landmark", "figure": figure, "met": True,
            "worker": worker_count, "nginx": nginx_count, "postgresql": database_count}


def measure():
    asked = cases()
    with contextlib.ExitStack() as opened:
        folder = os.environ.get("PROFILE") or opened.enter_context(tempfile.TemporaryDirectory())
        alone = [(difference(count_worker, folder, case), difference(count_nginx, folder, case)) for case in asked]
        with counted_database(folder):
            count_database(folder, next(case for case in asked if case.path == "/session/"), FEW)  # makes what later backends find
            counts = [difference(count_database, folder, case) for case in asked]
    return [row(case.name, *two, database) for case, two, database in zip(asked, alone, counts)]


if __name__ == "__main__":
    from bench import main
    main(["instructions"])
