#!/usr/bin/python3
"""A customer of the installed shop, by HTTPS and JSON: runs inside the machine and needs nothing but Python.

shopper.py journey         registers, reads the code in /srv/mail, proves it, sees My Account, logs out, logs in
shopper.py sign-in SECONDS logs in and out with the journey's account, again and again; says how many requests failed
"""
import email
import email.policy
import http.client
import json
import pathlib
import re
import ssl
import sys
import time

HOST = "shop.example"
MAIL = pathlib.Path("/srv/mail")
ACCOUNT = {"name": "John Doe", "username": "john.doe", "email": "john@customer.example", "password": "securepass123"}


class Browser:
    """Cookies and the CSRF token, over one connection that is opened again when it was closed."""

    def __init__(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.connection = http.client.HTTPSConnection(HOST, 443, context=context, timeout=30)
        self.cookies = {}

    def ask(self, method, path, fields=None):
        headers = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest", "Origin": "https://" + HOST,
                   "Cookie": "; ".join("%s=%s" % pair for pair in self.cookies.items())}
        token = next((value for name, value in self.cookies.items() if name.endswith("csrftoken")), None)
        if token:
            headers["X-CSRFToken"] = token
        body = None if fields is None else json.dumps(fields)
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return response.status, content

    def must(self, method, path, fields=None):
        status, content = self.ask(method, path, fields)
        if status != 200:
            sys.exit("%s %s: %d %s" % (method, path, status, content[:300]))
        return content


def read_code():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for file in sorted(MAIL.glob("*.eml")):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            if message["To"] and ACCOUNT["email"] in message["To"]:
                code = re.search(r"^\s*(\d{4})\s*$", message.get_body(("plain",)).get_content(), re.M)
                if code:
                    return code.group(1)
        time.sleep(0.1)
    sys.exit("no mail with a code came")


def journey():
    browser = Browser()
    browser.must("GET", "/register/")
    browser.must("POST", "/register/", ACCOUNT)
    browser.must("POST", "/register/verify/", {"username": ACCOUNT["username"], "otp": read_code()})
    if ACCOUNT["name"].encode() not in browser.must("GET", "/dashboard/"):
        sys.exit("My Account does not name the customer")
    browser.must("POST", "/logout/", {})
    browser.must("GET", "/login/")
    browser.must("POST", "/login/", {"username": ACCOUNT["username"], "password": ACCOUNT["password"]})
    if not json.loads(browser.must("GET", "/session/"))["authenticated"]:
        sys.exit("not signed in after the log-in")
    print("registered, proved, seen, logged out and in")


def sign_in(seconds):
    sent = failed = 0
    end = time.monotonic() + seconds
    browser = Browser()
    steps = [("GET", "/login/", None), ("POST", "/login/", {"username": ACCOUNT["username"], "password": ACCOUNT["password"]}),
             ("GET", "/dashboard/", None), ("POST", "/logout/", {})]
    while time.monotonic() < end:
        for step in steps:
            sent += 1
            try:
                status, content = browser.ask(*step)
            except (OSError, http.client.HTTPException) as fault:
                status, content = 0, repr(fault).encode()
                browser.connection.close()
            if status != 200:
                failed += 1
                if failed <= 5:
                    print(*step[:2], status, content[:100], file=sys.stderr)
                time.sleep(0.1)
    print("%d sent, %d failed" % (sent, failed))


if sys.argv[1] == "journey":
    journey()
else:
    sign_in(float(sys.argv[2]))
