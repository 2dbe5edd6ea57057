"""The floors: bench/floor.c behind the shop's own nginx, with a recorded answer of the shop."""
import contextlib
import os
import re
import signal
import subprocess
import time

from shop import BUILT, ENVIRONMENT, HERE, PORT, RUN, WORKER_DATABASE

CONNECTIONS = 32
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
LOOK_UP = open(os.path.join(HERE, "look_up_session.sql")).read()


def record_answer(browser, path, name):
    """Writes the answer to `path` as a FastCGI program would send it: the file, and the bytes of its body."""
    answer, body = browser.request("GET", path)
    assert answer.status == 200, (path, answer.status)
    own = {"server", "date", "connection"}
    lines = ["%s: %s" % header for header in answer.getheaders() if header[0].lower() not in own]
    file = "%s/%s.answer" % (RUN, name)
    with open(file, "wb") as out:
        out.write(("Status: 200 OK\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + body)
    return file, len(body)


def arguments(answer, looks_up):
    return [answer, WORKER_DATABASE] if looks_up else [answer]


def start_floor(name, answer, looks_up):
    """Four floors on a socket, at the path /floor-NAME/; the process above them."""
    socket = "%s/floor-%s.sock" % (RUN, name)
    with open("%s/log/floor.log" % ENVIRONMENT["STATE"], "ab") as log:
        process = subprocess.Popen(
            ["spawn-fcgi", "-n", "-s", socket, "-M", "0666", "-b", "256", "--", "/usr/bin/multiwatch", "-f", "4", "--",
             BUILT + "/floor", *arguments(answer, looks_up)],
            stdout=log, stderr=log, start_new_session=True, env=os.environ | {"FLOOR_STATEMENT": LOOK_UP})
    write_location("floor-" + name, "= /floor-%s/" % name, socket)
    return process


def write_location(name, match, socket, first=""):
    """A place of nginx that is as the shop's own but for the socket; `first` stands before all else."""
    with open("%s/nginx/storefront-site.conf" % RUN) as file:
        location = re.search(r"location / \{(.*?)\n\}", file.read(), re.S).group(1)
    location = first + re.sub(r"fastcgi_pass .*?;", "fastcgi_pass unix:%s;" % socket, location)
    with open("%s/nginx/beside-%s.conf" % (RUN, name), "w") as out:
        out.write("location %s {%s\n}\n" % (match, location))


def forget_location(name):
    os.remove("%s/nginx/beside-%s.conf" % (RUN, name))


def reload_nginx():
    os.kill(int(open("%s/pid/nginx" % RUN).read()), signal.SIGHUP)
    time.sleep(1)


@contextlib.contextmanager
def floors(wanted):
    """Floors by name, for as long as they are needed: {"page": (answer, whether it looks up), ...}."""
    started = {name: start_floor(name, *how) for name, how in wanted.items()}
    reload_nginx()
    try:
        yield {name: process.pid for name, process in started.items()}
    finally:
        for name, process in started.items():
            os.killpg(process.pid, signal.SIGKILL)  # libfcgi would wait for one more request
            process.wait()
            forget_location("floor-" + name)


def rate(path, cookie):
    """Requests a second that wrk gets out of `path`, and how many it made."""
    return run_wrk(path, ["-H", "Cookie: " + cookie], SECONDS)


def run_wrk(path, options, seconds, script_arguments=()):
    command = ["wrk", "-t2", "-c%d" % CONNECTIONS, "-d%ds" % seconds, *options, "http://127.0.0.1:%d%s" % (PORT, path), *script_arguments]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    assert not bad, "%s: %s" % (path, bad.group(0))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)), int(re.search(r"(\d+) requests in", output).group(1))
