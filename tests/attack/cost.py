"""The dearest that one request can be: what each field, cookie and body can make a worker compute beside the hash.

A worker with the hash of production says itself, in its log line, how long each request took, and how much of it was the hash
and the database. What got through: that rest in microseconds, the best of three. The bound is one hash: nobody gets more out of
a trick than out of an honest sign-in.
"""
import itertools
import json
import random

from browser import multipart, own_address
from field import word

PRODUCTION = {"PASSWORD_MEMORY_KIB": 65536, "PASSWORD_PASSES": 2}
FORM = "application/x-www-form-urlencoded"
BOMBS = ("\ufdfa", "\u0344", "\u1f82", "\u0390", "e" + "\u0301" * 40, "\u0f73\u0f75" * 20, "\uac01", "\u1100\u1161\u11a8",
         "".join(map(chr, range(0x300, 0x34f))), "\u3300", "\U0001d160", "\u2126")
PASSWORDS = ("a" * 100, "ab" * 50, "abc" * 33, "password" * 12, "1q2w3e4r" * 12, "qwertyuiop" * 10, "19911991" * 12,
             "4@8({[</369&#!1|l0$5" * 5, "01012001" * 12, "aA1!" * 25,
             "correcthorsebatterystaple" * 4, "p4ssw0rdp@$$w0rd" * 6, "zxcvbn" * 16, "asdfghjkl;'" * 9, "0123456789" * 10, "iloveyou" * 12, "1.1.1991" * 12, "ⅷ" * 100, "語" * 1024, "aaaaaaab" * 128)


def json_bodies():
    yield "nested arrays", b"[" * 65000
    yield "nested objects", b'{"a":' * 13000
    yield "many keys", json.dumps({f"key{i}": "" for i in range(5000)}).encode()[:65000]
    yield "keys of one hash", json.dumps({"a" * i: 1 for i in range(1, 350)}).encode()
    yield "one long text of escapes", b'{"name": "' + b"\\u00e9" * 10800 + b'"}'
    yield "numbers", b'{"otp": ' + b"9" * 65000 + b"}"
    yield "exponents", b'{"otp": 1e' + b"9" * 300 + b"}"
    yield "white space", b" " * 65500 + b"{}"
    yield "a list of objects", b'{"name": [' + b'{"a":1},' * 8000 + b"1]}"
    yield "doubled keys", b"{" + b'"name": "x",' * 5000 + b'"name": "y"}'


def form_bodies():
    yield "many pairs", b"&".join(b"a=b" for _ in range(16000)), FORM
    yield "many separators", b"&" * 65000, FORM
    yield "percent signs", b"name=" + b"%41" * 21000, FORM
    yield "bad percent signs", b"name=" + b"%" * 65000, FORM
    body, kind = multipart({f"f{i}": "" for i in range(600)})
    yield "many parts", body[:65000], kind
    yield "boundaries that almost match", b"--b\r\n" * 13000, "multipart/form-data; boundary=b" + "b" * 60
    yield "a long boundary", (b"\r\n--" + b"x" * 69) * 880, "multipart/form-data; boundary=" + "x" * 70


def headers():
    yield "many cookies", {"Cookie": "; ".join(f"a{i}=b" for i in range(5000))}
    yield "many cookies of the name", {"Cookie": "; ".join("csrftoken=" + "A" * 64 for _ in range(800))}
    yield "many session cookies", {"Cookie": "; ".join("sessionid=" + "A" * 43 for _ in range(1000))}
    yield "semicolons", {"Cookie": ";" * 60000}
    yield "languages", {"Accept-Language": ",".join(f"a{i};q=0.{i % 10}" for i in range(6000))}
    yield "qualities", {"Accept": ",".join("a/b;q=0.123" for _ in range(5000))}
    yield "commas", {"Accept-Language": "," * 60000}
    yield "parameters of a type", {"Content-Type": "application/json" + ";a=b" * 15000}


def persons():
    for bomb, field in itertools.product(BOMBS, ("name", "username", "email", "password")):
        for size in (150, 440, 1300):
            yield f"{field} of {bomb[0]!r}", {field: bomb * (size // len(bomb) + 1)}
    words = " ".join("ab"[i % 2] * 3 for i in range(37))[:149]
    for password in PASSWORDS:
        for name in (words, password[:149], "a b c d e f g h i j k l"):
            yield f"password {password[:12]!r}", {"password": password, "name": name}
    chance = random.Random(7)
    for _ in range(60):
        pieces = "".join(chance.choice(("a", "@", "4", "1", "l", "!", "0", "o", "$", "5", "s", "3", "e", "password", "123",
                                        "qwe", "1991")) for _ in range(100))[:100]
        yield f"password {pieces[:12]!r}", {"password": pieces, "username": pieces[:20].replace("@", "a").replace("!",
                "").replace("$", "") + word()}


class Scales:
    """A worker of each pool with production's hash, and what requests cost there."""

    def __init__(self, field, sockets):
        self.field = field
        self.sockets = sockets

    def cost(self, send):
        """Microseconds beside hash and database, and the hash's: the cheapest of three, for the machine has other work."""
        costs = []
        for _ in range(3):
            mark = "cost-" + word()
            send(self.field.direct(own_address(), self.sockets, {"REQUEST_ID": mark}))
            line = self.field.stack.request_line("by-hand", mark)
            costs.append((line["microseconds"] - line["hash"] - line["database"], line["hash"]))
        return min(costs)


def register(changes):
    return lambda visitor: keep_token(visitor).ajax("/register/", visitor.person | changes)


def keep_token(visitor):
    """The page for the token has the same mark; it goes well, so no line tells of it."""
    visitor.token()
    return visitor


def cases():
    for name, changes in persons():
        yield name, register(changes)
    for name, body in json_bodies():
        yield "JSON: " + name, lambda visitor, body=body: keep_token(visitor).ajax("/register/", body)
    for name, body, kind in form_bodies():
        yield "form: " + name, lambda visitor, body=body, kind=kind: keep_token(visitor).fetch("/register/", body, kind)
    for name, more in headers():
        yield "header: " + name, lambda visitor, more=more: visitor.send("POST", "/register/", b"{}",
                {"Content-Type": "application/json"} | more)


def attack(field):
    with field.stack.worker("pages") as pages, field.stack.worker("register", **PRODUCTION) as sign_up:
        scales = Scales(field, {"pages": pages, "register": sign_up})
        one_hash = min(scales.cost(register({}))[1] for _ in range(3))
        costs = sorted(((scales.cost(send)[0], name) for name, send in cases()), reverse=True)
    (field.folder / "costs").write_text("\n".join(f"{cost:8} {name}" for cost, name in costs))
    for kind in ("name", "username", "email", "password", "JSON", "form", "header"):
        own = [(cost, name) for cost, name in costs if name.startswith(kind)]
        field.row(f"µs of the dearest {kind} beside its hash ({own[0][1]})".replace("|", "/"), 3 * len(own), own[0][0],
                  one_hash)
