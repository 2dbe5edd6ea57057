"""Caches between shop and customer: poisoned by what a request says, or deceived into keeping what is somebody's own.

What got through: a header of the request that shows in the answer, a page of a customer under a path that looks like a file, an
answer outside /static/ that may be kept, a range that makes more of a file than there is.
"""
import itertools
import re

from field import word

HEADERS = ("X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Port",
           "X-Forwarded-Prefix", "X-Forwarded-For",
           "X-Original-URL", "X-Original-Host", "X-Rewrite-URL", "X-Host", "X-HTTP-Host-Override", "Forwarded", "X-HTTP-Method-Override", "X-HTTP-Method",
           "X-Method-Override", "X-Wap-Profile", "X-Forwarded-Path", "X-Accel-Redirect", "X-Sendfile", "X-Accel-Buffering", "Proxy-Host", "X-Real-IP", "True-Client-IP",
           "CF-Connecting-IP", "Via", "Proxy", "X-Backend", "X-Original-Method", "X-Script-Name", "SCRIPT_NAME", "PATH_INFO", "Document-URI", "Request-URI",
           "X-Request-ID", "Range", "If-Range", "If-None-Match", "If-Modified-Since", "Upgrade", "Referer", "Origin", "User-Agent", "Pragma", "TE", "Expect")
PLANTED = ("evil.example", "https://evil.example/", "/dashboard/", "//evil.example", "host=evil.example;proto=https",
           "DELETE", "/storefront-errors/503", "bytes=0-1,0-1")
PATHS = ("/", "/register/", "/login/", "/register", "/nosuch", "/static/nosuch.css", "/session/")
SUFFIXES = ("x.css", "x.js", ";x.css", "%3bx.css", "%0ax.css", "%00x.css", "%23x.css", "%3fx.css", "..%2fstatic%2fx.css",
            "%2f..%2fstatic/x.css", ".css", "/x.png",
            "\\x.css", "%5cx.css", "~x.css", "?x.css", "#x.css", "../static/x.css", "..%252fstatic/x.css")


def without_chance(answer):
    """What an answer says, without what is another each time."""
    body = re.sub(rb'value="[\w-]{100,}"', b"", answer.body)
    headers = {name: value for name, value in answer.headers.items() if name not in ("Date", "Set-Cookie", "Connection")}
    return answer.status, headers, body


def poison(field):
    plain = {path: without_chance(field.visitor().get(path)) for path in PATHS}
    strange = []

    def one(path, name, value):
        answer = field.visitor().send("GET", path, b"", {name: value})
        if without_chance(answer) != plain[path] or b"evil" in answer.body:
            strange.append((path, name, value, answer.status, dict(answer.headers)))

    tries = list(itertools.product(PATHS, HEADERS, PLANTED))
    field.many([lambda each=each: one(*each) for each in tries])
    (field.folder / "poison").write_text("\n".join(map(repr, strange)))
    field.row("headers that could change an answer", len(tries), len(strange), 0)


def deceive(field):
    """A customer is sent to a path that a cache takes for a file: it must not show what is his."""
    customer = field.customer(name="Secret" + word())
    shown = tried = 0
    for path, suffix in itertools.product(("/dashboard/", "/dashboard", "/", "/session/", "/session"), SUFFIXES):
        answer = customer.copy().get(path + suffix)
        tried += 1
        keepable = answer.headers["Cache-Control"] != "no-store, private"
        shown += keepable and (customer.person["name"].encode() in answer.body or answer.status == 200)
    field.row("a customer's page at a file's path, to be kept", tried, shown, 0)


def static_files(field):
    """Whatever is published, by the address that pages give it."""
    page = field.visitor().get("/register/").text
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def ranges(field):
    """Many ranges of one file, on files and pages: no more bytes than two files."""
    larger = tried = 0
    for path in [*static_files(field), "/register/", "/healthz"]:
        whole = len(field.visitor().get(path).body)
        for value in ("bytes=" + ",".join(["0-"] * 1000), "bytes=" + ",".join(f"{i}-{i}" for i in range(800)),
                      "bytes=-1,-2,-3", "bytes=0-0,-1",
                      "bytes=99999999-", "bytes=5-1", "bytes=0-18446744073709551615", "bytes=-9223372036854775608", "bytes=--1", "lines=1-2"):
            answer = field.visitor().send("GET", path, b"", {"Range": value})
            tried += 1
            amplified = len(answer.body) > 2 * whole + 100 * value.count(",")
            larger += amplified or answer.status not in (200, 206,
                                                         416) or (not path.startswith("/static/") and answer.status != 200)
    field.row("ranges that make more of a file", tried, larger, 0)


def keepable(field):
    """Answers outside /static/ that a shared cache might keep: those of a missing file too."""
    found = tried = 0
    for method, path in itertools.product(("GET", "HEAD", "POST", "OPTIONS"), (*PATHS, "/dashboard/", "/static/",
            "/static/../", "/static", "/healthz", "/favicon.ico", "/robots.txt")):
        answer = field.visitor().send(method, path)
        tried += 1
        found += answer.headers["Cache-Control"] != "no-store, private"
    field.row("answers but files that may be kept", tried, found, 0)


def attack(field):
    poison(field)
    deceive(field)
    ranges(field)
    keepable(field)
