#!/usr/bin/python3
"""Instructions that a worker spends on one request of each route, counted by callgrind: the same on a busy machine as on a
quiet one, so that a regression shows. Run by ./dev bench instructions; PROFILE=folder keeps callgrind's files.

Each case is run twice, with few and with many requests: the difference is what the requests cost, without the start.
"""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import fastcgi
from shop import ENVIRONMENT, RUN, Browser, sign_up_one

FEW, MANY = 100, 600


def parameters(method, path, cookies, length=0):
    """What nginx passes on for a request of a browser."""
    page, _, query = path.partition("?")
    return {"REQUEST_METHOD": method, "DOCUMENT_URI": page, "QUERY_STRING": query, "CONTENT_TYPE": "",
            "CONTENT_LENGTH": str(length) if length else "", "REMOTE_ADDR": "127.0.0.1", "REQUEST_ID": "0" * 32,
            "HTTP_PROXY": "", "HTTP_HOST": "127.0.0.1:" + ENVIRONMENT["PORT"], "HTTP_COOKIE": cookies,
            "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) bench", "HTTP_ACCEPT": "text/html,*/*;q=0.8",
            "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5", "HTTP_SEC_FETCH_SITE": "same-origin"}


def settings():
    lines = pathlib.Path(RUN, "env", "settings").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def count(program, environment, asked, times):
    """The instructions of one life of `program` that answers `asked` `times` times."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening, \
            tempfile.TemporaryFile("w+") as said:
        path, out = os.path.join(folder, "socket"), os.path.join(os.environ.get("PROFILE", folder), "callgrind.out")
        listening.bind(path)
        listening.listen(64)
        process = subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, *program],
                                   stdin=listening, stderr=said, env=environment)
        for _ in range(times):
            written = fastcgi.ask(path, asked, b"")
            assert written.startswith((b"Status: 200", b"HTTP")), written[:200]
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        said.seek(0)
        return int(re.search(r"Collected : (\d+)", said.read()).group(1))


def main():
    customer, visitor = sign_up_one(), Browser()
    visitor.request("GET", "/register/")
    worker = os.environ | settings() | {"STOREFRONT_POOL": "pages", "STOREFRONT_METRICS_FILE": RUN + "/metrics/bench",
                                        "STOREFRONT_DATABASE_URL": f"host={RUN}/database dbname=shop user=storefront_worker"}
    program = [ENVIRONMENT["APP"] + "/bin/storefront", "serve"]
    signed_in, signed_out = customer.cookie_header(), visitor.cookie_header()
    cases = [("GET /healthz", "/healthz", ""), ("GET /register/", "/register/", signed_out), ("GET /login/", "/login/", signed_out),
             ("GET /dashboard/", "/dashboard/", signed_in), ("GET /session/", "/session/", signed_in)]
    rows = []
    for name, path, cookies in cases:
        asked = parameters("GET", path, cookies)
        few, many = (count(program, worker, asked, times) for times in (FEW, MANY))
        rows.append({"route": name, "instructions": (many - few) // (MANY - FEW)})
        print("%-18s %10d" % (name, rows[-1]["instructions"]), flush=True)
    os.makedirs("bench/results", exist_ok=True)
    with open("bench/results/instructions.json", "w") as out:
        json.dump(rows, out, indent=4)


main()
