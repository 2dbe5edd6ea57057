"""One shop twice behind the same nginx: pools of workers and a mailer for each of several databases of the stack's PostgreSQL, at
/NAME/..., everything else alike. Sessions are those of bench/fill_shop.sql, whose cookies follow from their numbers.
"""
import base64
import contextlib
import hashlib
import hmac
import os
import random
import signal
import struct
import subprocess
import time

from floors import forget_location, reload_nginx, run_wrk, write_location
from load import Client
from shop import ENVIRONMENT, HERE, RUN, worker_environment

WORKERS = {"pages": 4, "register": 2, "login": 2}
COOKIES = 200_000
# A session's use is written once in ten minutes; who asks ten thousand times a second would write it every time. Sessions were
# used within the last day, so that none is written at all.
TOUCH_MINUTES = "1440"


def as_base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token_key():
    """The subkey of the stack's first secret key that signs csrftokens."""
    with open("%s/secret.key" % ENVIRONMENT["STATE"]) as file:
        secret = bytes.fromhex(file.readline().split()[1])
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, b"storefront csrf tokens 1" + b"\1", "sha256")


def cookies_of(session, key):
    """What the browser of a session sends: both cookies, as the shop made them."""
    cookie, nonce = hashlib.sha256(str(session).encode()).digest(), os.urandom(16)
    parts = (b"csrftoken", nonce, hashlib.sha256(cookie).digest())
    mac = hmac.digest(key, b"".join(struct.pack(">I", len(part)) + part for part in parts), "sha256")
    return {"sessionid": as_base64url(cookie), "csrftoken": as_base64url(nonce + mac)}


def write_cookies(name, sessions):
    """A file of cookies of sessions that are spread over all, and its path."""
    key, path = token_key(), "%s/cookies-%s" % (RUN, name)
    with open(path, "w") as out:
        for session in random.sample(range(1, sessions + 1), min(sessions, COOKIES)):
            out.write("; ".join("%s=%s" % pair for pair in cookies_of(session, key).items()) + "\n")
    return path


def visitor(name):
    """A class of browsers that go to the shop `name`."""
    class Visitor(Client):
        def encode(self, method, path, body):
            return super().encode(method, "/" + name + path, body)
    return Visitor


def start(database, role, program, environment):
    log = open("%s/log/twins.log" % ENVIRONMENT["STATE"], "ab")
    url = "host=%s/database dbname=%s user=%s" % (RUN, database, role)
    return subprocess.Popen(program, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                            env=environment | {"STOREFRONT_DATABASE_URL": url, "STOREFRONT_SESSION_TOUCH_MINUTES": TOUCH_MINUTES})


def multiwatch(workers, *program):
    return ["/usr/bin/multiwatch", "-f", str(workers), "-r", "1000", "-t", "1000", "--", *program]


def start_pool(database, pool):
    program = multiwatch(WORKERS[pool], ENVIRONMENT["APP"] + "/bin/storefront", "serve")
    priority = {"pages": "0", "login": "5", "register": "10"}[pool]
    socket = "%s/twin-%s-%s.sock" % (RUN, database, pool)
    return start(database, "storefront_worker", ["nice", "-n", priority, "spawn-fcgi", "-n", "-s", socket, "-M", "0666", "-b", "256", "--", *program],
                 worker_environment(pool))


def start_twin(name):
    processes = {pool: start_pool(name, pool) for pool in WORKERS}
    processes["mailer"] = start(name, "storefront_mailer", multiwatch(1, ENVIRONMENT["APP"] + "/bin/storefront-mail"), worker_environment())
    write_location("twin-" + name, "^~ /%s/" % name, "%s/twin-%s-$storefront_pool.sock" % (RUN, name),
                   "\n    rewrite ^/%s(/.*)$ $1 break;" % name)
    return processes


@contextlib.contextmanager
def twins(names):
    """The processes of each shop by kind, for as long as they are needed: {"small": {"pages": 123, ...}, ...}."""
    started = {name: start_twin(name) for name in names}
    reload_nginx()
    time.sleep(1)
    try:
        yield {name: {kind: process.pid for kind, process in processes.items()} for name, processes in started.items()}
    finally:
        for name, processes in started.items():
            for process in processes.values():
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            forget_location("twin-" + name)


def look(name, path, cookies, seconds):
    """Requests a second that wrk gets out of `path` of the shop `name`, and how many it made."""
    return run_wrk("/" + name + path, ["-s", os.path.join(HERE, "cookies.lua")], seconds, ["--", cookies])
