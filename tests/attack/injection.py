"""sqlmap over every field of every form, as form and as JSON, over cookies, query and headers.

What got through: what sqlmap calls injectable, errors that PostgreSQL wrote, answers of 500.
"""
import re
import subprocess

import field as fields
from relay import Relay

REGISTER = {"name": "Jo March", "username": "joUNIQUE", "email": "mail-UNIQUE@example.com", "password": "securepass123"}
LOGIN = {"username": "joUNIQUE", "password": "wrong-password", "next": "/dashboard/"}
VERIFY = {"username": "nobody", "otp": "1234"}
FORMS = (("/register/", REGISTER), ("/login/", LOGIN), ("/register/verify/", VERIFY))
PLACES = (
    ("cookies", ["--cookie=sessionid=" + "A" * 43 + "; language=de; csrftoken=x", "-p", "sessionid,language,csrftoken"],
     "/session/"),
    ("query", ["-p", "language,next"], "/login/?language=de&next=/dashboard/"),
    ("headers", ["--headers=Accept-Language: de*\nX-Requested-With: a*\nUser-Agent: b*\nOrigin: c*\nX-Request-ID: d*"],
     "/session/"),
)


def as_form(values):
    return ["--data=" + "&".join(f"{name}={value}" for name, value in values.items()), "-p", ",".join(values)]


def as_json(values):
    pairs = ", ".join(f'"{name}": "{value}*"' for name, value in values.items())
    return ["--data={" + pairs + "}", "--headers=Content-Type: application/json"]


def sqlmap(field, relay, name, arguments, path):
    log = field.folder / (name + ".log")
    with open(log, "w") as out:
        subprocess.run(["sqlmap", "-u", relay.url + path, "--batch", "--disable-coloring", "--flush-session", "--level=2",
                        "--risk=2",
                        "--threads=4", "--timeout=20", "--retries=0", "--time-sec=3", "--dbms=PostgreSQL", "--ignore-code=*",
                        "--skip-waf", "--answers=custom injection=Y,JSON=N", f"--output-dir={field.folder}", *arguments],
                       stdin=subprocess.DEVNULL, stdout=out, stderr=out, timeout=900)
    said = log.read_text(errors="replace")
    return len(re.findall(r"^(?:Parameter: |.*is vulnerable)", said, re.MULTILINE))


def one(field, name, arguments, path, visitor=None):
    errors = field.database_errors()
    with Relay(field.stack, fields.word, visitor) as relay:
        found = sqlmap(field, relay, name.replace("/", "-"), arguments, path)
        tried = relay.count
        through = found + relay.faults + field.database_errors() - errors
    (field.folder / (name.replace("/", "-") + ".statuses")).write_text(repr(dict(relay.statuses)))
    # What the check for forged requests refused was no try.
    field.row(f"sqlmap on {name}", tried - relay.statuses[403], through, 0, least=100)


def attack(field):
    for path, values in FORMS:
        for kind, arguments in (("form", as_form(values)), ("JSON", as_json(values))):
            one(field, f"{path} as {kind}", arguments, path, field.pending() if path == "/register/verify/" else None)
    for name, arguments, path in PLACES:
        one(field, name, arguments, path)
