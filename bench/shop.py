"""The shop that the benches run against, a customer in it, and the form of what a case says."""
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "support"))

PASSWORD = "securepass123"


def stack(*command):
    return subprocess.run(["./dev", "stack", "bench", *command], check=True, capture_output=True, text=True).stdout


ENVIRONMENT = dict(line.split("=", 1) for line in stack("env").splitlines())
PORT, RUN, MAIL = int(ENVIRONMENT["PORT"]), ENVIRONMENT["RUN"], ENVIRONMENT["MAIL"]
BUILT = os.path.abspath("build/bench/bench")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
WORKER_DATABASE = "host=%s/database dbname=shop user=storefront_worker" % RUN


def figure(name):
    """What the shop's own figures say of `name`."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(RUN + "/metrics.sock")
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return float(re.search(r"^%s (\S+)$" % name, text, re.M).group(1))


def at_least(case, least, value, figure, unit="", **numbers):
    """A row whose `value` shall be no less than `least`."""
    return {"case": case, "goal": "at least %g%s" % (least, unit), "figure": figure, "met": value >= least,
            "value": value, "least": least, **numbers}


def at_most(case, most, value, figure, unit="", **numbers):
    """A row whose `value` shall be no more than `most`."""
    return {"case": case, "goal": "at most %s%s" % (format(round(most, 1 if most < 100 else 0), ",g"), unit), "figure": figure, "met": value <= most,
            "value": value, "most": most, **numbers}


def percentile(values, percent):
    """The smallest of `values` that `percent` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def sql(statement):
    """What `statement` says to the database's administrator, unaligned."""
    return stack("psql", "-At", "-c", statement).strip()


def settings():
    """The environment of the stack's programs."""
    with open("%s/env/settings" % RUN) as lines:
        return dict(line.rstrip("\n").split("=", 1) for line in lines)


class Browser:
    """Cookies, and the JSON exchange of the shop's front end."""

    def __init__(self):
        self.cookies = {}

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        headers = {"Cookie": self.cookie_header()}
        if body is not None:
            headers.update({"Content-Type": "application/json", "X-CSRFToken": self.cookies["csrftoken"]})
            body = json.dumps(body)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.update([value.split(";")[0].split("=", 1)])
        return answer, answer.read()

    def cookie_header(self):
        return "; ".join("%s=%s" % cookie for cookie in self.cookies.items())

    def sign_up(self, username):
        self.request("GET", "/register/")
        self.request("POST", "/register/", {"name": "Bench", "username": username,
                                            "email": username + "@example.com", "password": PASSWORD})
        for _ in range(100):
            for name in os.listdir(MAIL):
                text = open(os.path.join(MAIL, name), "rb").read()
                code = re.search(rb"^\r?$\r?\n(\d{4})\r?$", text, re.M)
                if username.encode() in text and code and not name.startswith("."):
                    answer, body = self.request("POST", "/register/verify/", {"otp": code.group(1).decode()})
                    assert answer.status == 200, body
                    return
            time.sleep(0.05)
        raise SystemExit("no mail came")


def sign_up_one():
    """A browser in which a new customer is signed in."""
    browser = Browser()
    browser.sign_up("bench%d" % int(time.time() * 1000))
    return browser


def visit():
    """A browser with the cookie of somebody who is not signed in."""
    browser = Browser()
    browser.request("GET", "/register/")
    return browser


# --- one worker, spoken to directly ---------------------------------------------------------------------------------------

WORKER = [ENVIRONMENT["APP"] + "/bin/storefront", "serve"]


def worker_environment(pool="pages"):
    return os.environ | settings() | {"STOREFRONT_POOL": pool, "STOREFRONT_METRICS_FILE": RUN + "/metrics/bench",
                                      "STOREFRONT_DATABASE_URL": WORKER_DATABASE, "STOREFRONT_LOG_FORMAT": "json"}


def parameters(method, path, cookies, length=0, **more):
    """What nginx passes on for a request of a browser."""
    page, _, query = path.partition("?")
    return {"REQUEST_METHOD": method, "DOCUMENT_URI": page, "QUERY_STRING": query, "CONTENT_TYPE": "",
            "CONTENT_LENGTH": str(length) if length else "", "REMOTE_ADDR": "127.0.0.1", "REQUEST_ID": "0" * 32,
            "HTTP_PROXY": "", "HTTP_HOST": "127.0.0.1:%d" % PORT, "HTTP_COOKIE": cookies,
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) bench", "HTTP_ACCEPT": "text/html,*/*;q=0.8",
            "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5", "HTTP_SEC_FETCH_SITE": "same-origin", **more}


def listen(folder):
    """A listening Unix socket in `folder`, for a program to have as its standard input; and its path."""
    path = os.path.join(folder, "socket")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    return listening, path
