#!/usr/bin/python3
"""Page views through nginx, beside a bare libfcgi program that sends the same bytes and headers: ./dev bench.

Everything runs on one machine and takes turns (A B A B ...); a figure is the median of its turns. What is compared is a
ratio within one run: absolute rates say more about the machine than about the program.
"""
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import time

from shop import ENVIRONMENT, PORT, RUN, Browser, sign_up_one

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
CONNECTIONS = 32
# Django's own rates for the same two pages, measured elsewhere on 2 cores with 4 workers: a landmark, not a rival.
DJANGO = {"GET /register/": 840, "GET /dashboard/": 685}


def record_answer(browser, path, file):
    """Writes the answer to `path` as a FastCGI program would send it."""
    answer, body = browser.request("GET", path)
    assert answer.status == 200, (path, answer.status)
    own = {"server", "date", "connection"}
    lines = ["%s: %s" % header for header in answer.getheaders() if header[0].lower() not in own]
    with open(file, "wb") as out:
        out.write(("Status: 200 OK\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + body)
    return len(body)


def start_floor(name, answer, *arguments):
    socket = "%s/floor-%s.sock" % (RUN, name)
    log = open("%s/log/floor.log" % ENVIRONMENT["STATE"], "ab")
    process = subprocess.Popen(["spawn-fcgi", "-n", "-s", socket, "-M", "0666", "-b", "256", "--", "/usr/bin/multiwatch",
                                "-f", "4", "--", os.path.abspath("build/bench/bench/floor"), answer, *arguments],
                               stdout=log, stderr=log, start_new_session=True)
    with open("%s/nginx/beside-%s.conf" % (RUN, name), "w") as out:
        parameters = open("%s/nginx/storefront-site.conf" % RUN).read()
        location = re.search(r"location / \{(.*?)\n\}", parameters, re.S).group(1)
        location = re.sub(r"fastcgi_pass .*?;", "fastcgi_pass unix:%s;" % socket, location)
        out.write("location = /floor-%s/ {%s\n}\n" % (name, location))
    return process


def rate(path, cookie):
    command = ["wrk", "-t2", "-c%d" % CONNECTIONS, "-d%ds" % SECONDS, "--latency", "-H", "Cookie: " + cookie,
               "http://127.0.0.1:%d%s" % (PORT, path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    assert not bad, "%s: %s" % (path, bad.group(0))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def compare(cases):
    """Takes turns between all cases; the median rate of each."""
    rates = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (path, cookie) in cases.items():
            rates[name].append(rate(path, cookie))
    return {name: statistics.median(values) for name, values in rates.items()}


def main():
    browser = sign_up_one()
    fresh = Browser()
    fresh.request("GET", "/register/")
    visitor = "csrftoken=" + fresh.cookies["csrftoken"]
    customer = "sessionid=%(sessionid)s; csrftoken=%(csrftoken)s" % browser.cookies
    page, dashboard = "%s/page.answer" % RUN, "%s/dashboard.answer" % RUN
    bytes_of = {"GET /register/": record_answer(fresh, "/register/", page),
                "GET /dashboard/": record_answer(browser, "/dashboard/", dashboard)}
    os.environ["FLOOR_STATEMENT"] = open("bench/look_up_session.sql").read()
    database = "host=%s/database dbname=shop user=storefront_worker" % RUN
    floors = [start_floor("page", page), start_floor("look-up", dashboard, database)]
    os.kill(int(open("%s/pid/nginx" % RUN).read()), signal.SIGHUP)
    time.sleep(1)
    try:
        rates = compare({"GET /register/": ("/register/", visitor), "floor: fixed page": ("/floor-page/", visitor),
                         "GET /dashboard/": ("/dashboard/", customer),
                         "floor: one look-up": ("/floor-look-up/", customer)})
    finally:
        for floor in floors:
            os.killpg(floor.pid, signal.SIGKILL)  # libfcgi would wait for one more request
    report(rates, bytes_of)


def report(rates, bytes_of):
    rows = [("GET /register/", "floor: fixed page"), ("GET /dashboard/", "floor: one look-up")]
    result = {"machine": platform.machine(), "cores": os.cpu_count(), "rounds": ROUNDS, "seconds": SECONDS, "rows": []}
    print("%-18s %10s %12s %12s %9s %12s" % ("page", "bytes", "ours /s", "floor /s", "ratio", "Django's x"))
    for ours, floor in rows:
        row = {"page": ours, "bytes": bytes_of[ours], "ours": rates[ours], "floor": rates[floor],
               "ratio": rates[ours] / rates[floor], "django": rates[ours] / DJANGO[ours]}
        result["rows"].append(row)
        print("%(page)-18s %(bytes)10d %(ours)12.0f %(floor)12.0f %(ratio)9.2f %(django)12.1f" % row)
    os.makedirs("bench/results", exist_ok=True)
    with open("bench/results/pages.json", "w") as out:
        json.dump(result, out, indent=4)


main()
