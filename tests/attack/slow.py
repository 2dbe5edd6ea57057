"""Clients that are slow on purpose: slowhttptest's three ways from one address, and a thousand connections from fifty.

What got through: other people's requests that were not answered as they should be meanwhile.
"""
import contextlib
import socket
import subprocess

from browser import own_address

SECONDS = 15
WAYS = {"headers": ["-H"], "body": ["-B", "-s", "60000"], "reading": ["-X", "-w", "1", "-y", "2", "-n", "5", "-z", "1",
        "-k", "3"]}


class Bystander:
    """Somebody who looks around and signs in meanwhile, as often as he can, from other addresses."""

    def __init__(self, field, customer):
        self.field = field
        self.customer = customer
        self.tried = self.refused = 0

    def look(self):
        for path in ("/", "/session/", "/dashboard/", "/static/nosuch"):
            self.tried += 1
            visitor = self.field.visitor()
            visitor.cookies = dict(self.customer.cookies)
            try:
                self.refused += visitor.get(path).status not in (200, 404)
            except OSError:
                self.refused += 1
        self.tried += 1
        self.refused += self.field.elsewhere(self.customer).login().status != 200


def until(process, bystander):
    while process.poll() is None:
        bystander.look()


def one(field, name, arguments, customer):
    bystander = Bystander(field, customer)
    with open(field.folder / name, "w") as out:
        process = subprocess.Popen(["slowhttptest", "-c", "500", *arguments, "-i", "3", "-r", "200", "-l", str(SECONDS),
                                    "-p", "3",
                                    "-u", f"http://127.0.0.1:{field.stack.port}/register/"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until(process, bystander)
    field.row(f"slowhttptest, slow {name}: others are not served", bystander.tried, bystander.refused, 0, least=20)


def crowd(field, customer, first, name):
    """A thousand open connections from fifty addresses; each says a little and then waits."""
    bystander = Bystander(field, customer)
    with contextlib.ExitStack() as held:
        for _ in range(50):
            address = own_address()
            for _ in range(20):
                connection = held.enter_context(socket.create_connection(("127.0.0.1", field.stack.port), 5, (address, 0)))
                connection.sendall(first)
        for _ in range(10):
            bystander.look()
    field.row(f"1,000 connections of 50 addresses, {name}: others are not served", bystander.tried, bystander.refused, 0,
              least=20)


def attack(field):
    customer = field.customer()
    host = b"127.0.0.1:%d" % field.stack.port
    for name, arguments in WAYS.items():
        one(field, name, arguments, customer)
    crowd(field, customer, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nX: ", "half a header")
    crowd(field, customer,
          b"POST /login/ HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 60000\r\nContent-Type: application/json\r\n\r\n{", "half a body")
