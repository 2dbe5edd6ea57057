"""Tricks with paths: what ffuf can send, and what it cannot by a socket.

What got through: a status that is not one of the known, an answer without the headers that all have, a file's content that is
not one of those that are published.
"""
import itertools
import json
import subprocess

from browser import Nginx, own_address

KNOWN = {200, 301, 302, 303, 308, 400, 403, 404, 405, 413, 414, 421, 429}
TARGETS = ("etc/passwd", "etc/shadow", "proc/self/environ", "proc/self/maps", "secret.key", "run/env/settings", "stack.env",
           "nginx/nginx.conf", "www/templates/login.html", "templates/login.html", "language/en.json", "mail/code.html", "sql/roles.sql",
           "var/log/syslog", ".git/config", ".env", "index.php", "register.php", "app/bin/storefront", "errors/503.en.html",
           "storefront-errors/503", "metrics", "REGISTER/", "Dashboard/", "dashboard/.php", "dashboard/x.css", "dashboard;.css",
           "register/verify/..;/dashboard/", "WEB-INF/web.xml", "server-status", "nginx_status", "~root/", "files/site.css")
DOTS = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "%252e%252e%252f", "..;/", "..%5c", "..\\", "%c0%ae%c0%ae/",
        "%c0%ae%c0%ae%c0%af",
        "%e0%80%ae%e0%80%ae%e0%80%af", "%uff0e%uff0e/", "..%c0%af", "....//", "..%00/", ".%00./", "..%0d/", "..%09/", "./../",
        "%2e/%2e%2e/", "..%ef%bc%8f", "//../", "/..//")
BASES = ("", "static/", "static", "static/files/", "static/x/", "register/", "storefront-errors/", "dashboard/", "//",
         "healthz/")
TAILS = ("", "%00", "%00.css", ";.css", "%0a", "?.css", "%20", ".", "/", "%23", "%2f", ".bak", "~", "%3f", "::$DATA")
MARKS = (b"root:x:", b"PATH=", b"STOREFRONT_", b"fastcgi_pass", b"CREATE ROLE", b"\x7fELF", b"[core]", b"<?php", b"{{",
         b"-----BEGIN")


def paths():
    """Every combination that differs, of a size that can be tried."""
    found = {base + dots * depth + target
             for base, dots, depth, target in itertools.product(BASES, DOTS, (1, 3, 8), TARGETS[:14])}
    found |= {base + target + tail for base, target, tail in itertools.product(BASES, TARGETS, TAILS)}
    return sorted(found)


def raw_paths():
    """What no library would send: bytes of all kinds in many places."""
    for byte in range(256):
        if byte not in b"\r\n ":
            for before, after in ((b"/", b""), (b"/static/", b""), (b"/register", b"/"), (b"/static/..", b"/etc/passwd"),
                                  (b"/dashboard/", b".css")):
                yield before + bytes([byte]) + after
    for line in (b"*", b"http://127.0.0.1/etc/passwd", b"//etc/passwd", b"/static/" + b"../" * 2000, b"/" + b"%2e" * 6000,
                 b"/a" * 3900,
                 b"file:///etc/passwd", b"gopher://127.0.0.1", b"..", b"?", b"#", b"/%", b"/%2", b"/%zz", b"/static/%", b"\\..\\etc\\passwd"):
        yield line


class Judge:
    """Whether an answer may be as it is."""

    def __init__(self, field):
        self.field = field
        files = (field.stack.state / "published" / "files").rglob("*")
        self.published = {path.read_bytes() for path in files if path.is_file()}

    def is_known(self, answer):
        if answer.status == 200 and answer.body in self.published:
            return answer.headers["X-Content-Type-Options"] == "nosniff"
        try:
            self.field.is_well_headed(answer)
        except (AssertionError, KeyError):
            return False
        return answer.status in KNOWN and (answer.is_page or answer.is_json or not answer.body) and not any(mark in answer.body for mark in MARKS)


def ask(field, target):
    request = b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % field.stack.port
    return Nginx(field.stack, own_address()).raw(request)


def judged(field, targets, name):
    """How many were tried, and which answers were not as they may be."""
    judge = Judge(field)
    strange = []

    def one(target):
        answer = ask(field, target)
        if not judge.is_known(answer):
            strange.append((target[:200], answer.status, dict(answer.headers)))

    field.many([lambda target=target: one(target) for target in targets])
    (field.folder / (name + ".strange")).write_text("\n".join(map(repr, strange)))
    return len(targets), len(strange)


def ffuf(field, words):
    """ffuf's own view: the statuses that it saw, and those that are not known."""
    listed, result = field.folder / "words", field.folder / "ffuf.json"
    listed.write_text("\n".join(words) + "\n")
    subprocess.run(["ffuf", "-s", "-w", str(listed), "-u", f"http://127.0.0.1:{field.stack.port}/FUZZ", "-mc", "all", "-t",
                    "8", "-p", "0.15",
                    "-o", str(result), "-of", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=1200)
    answers = json.loads(result.read_text())["results"]
    large = [answer for answer in answers if answer["status"] not in KNOWN]
    return len(answers), len(large)


def attack(field):
    words = paths()
    field.row("ffuf, path tricks: unknown statuses", *ffuf(field, words[::3]), 0)
    targets = [b"/" + path.encode("latin-1") for path in words]
    field.row("path tricks by socket: status, headers, files outside", *judged(field, targets, "tricks"), 0)
    field.row("raw bytes in the path: status, headers, files outside", *judged(field, list(raw_paths()), "raw"), 0)
