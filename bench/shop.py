"""The shop that the benches run against, and a customer in it."""
import http.client
import json
import os
import re
import subprocess
import time


def stack(*command):
    return subprocess.run(["./dev", "stack", "bench", *command], check=True, capture_output=True, text=True).stdout


ENVIRONMENT = dict(line.split("=", 1) for line in stack("env").splitlines())
PORT, RUN, MAIL = int(ENVIRONMENT["PORT"]), ENVIRONMENT["RUN"], ENVIRONMENT["MAIL"]


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
                                            "email": username + "@example.com", "password": "securepass123"})
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
