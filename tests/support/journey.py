"""The words of the journeys: visitors who register, prove their e-mail and sign in, and what answers are held to."""
import base64
import contextlib
import hashlib
import secrets
import sys
import threading
import unittest

from browser import Browser, Nginx, Pools
from mailbox import Mailbox, MailServer
from stack import Stack

REGISTERED = "Registration successful. Please verify OTP."
VERIFIED = "OTP verified successfully. You are now logged in!"
SIGNED_IN = "Login successful."
SIGNED_OUT = "You have been logged out."

PASSWORD = "securepass123"


def unique():
    """Letters that no other test has."""
    return secrets.token_hex(5)


def newcomer(**changes):
    """What somebody types who was never here before."""
    word = unique()
    return {"name": "Jo March", "username": "jo" + word, "email": f"mail-{word}@example.com",
            "password": PASSWORD} | changes


class Visitor(Browser):
    """A browser with somebody before it."""

    def __init__(self, way, mailbox, **changes):
        super().__init__(way)
        self.mailbox = mailbox
        self.person = newcomer(**changes)

    @property
    def username(self):
        return self.person["username"]

    @property
    def email(self):
        return self.person["email"]

    def register(self, **changes):
        """Registers by fetch, as the original's front end."""
        self.person = self.person | changes
        return self.ajax("/register/", self.person)

    def code(self, number=1):
        """The code of the mail number `number` to this person."""
        return self.mailbox.code(self.email, number)

    def verify(self, code=None, **changes):
        return self.ajax("/register/verify/", {"username": self.username, "otp": code or self.code()} | changes)

    def resend(self):
        return self.ajax("/register/resend/")

    def login(self, username=None, password=None, **more):
        return self.ajax("/login/", {"username": username or self.username,
                                     "password": password or self.person["password"], **more})

    def logout(self):
        return self.ajax("/logout/")

    def wrong(self, *codes, nth=1):
        """A code of the same length that is none of `codes`; another one for each `nth`."""
        others = (str((int(codes[0]) + step) % 10 ** len(codes[0])).zfill(len(codes[0])) for step in range(1, 9999))
        return [other for other, _ in zip((other for other in others if other not in codes), range(nth))][-1]

    def session_key(self):
        """What the database keeps of the session's cookie, in hexadecimal."""
        cookie = self.cookies["sessionid"]
        return hashlib.sha256(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))).hexdigest()

    def who(self):
        return self.get("/session/").json


class Journey(unittest.TestCase):
    """What all journeys share."""

    maxDiff = None
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.addClassCleanup(cls.stack.close)
        cls.mailbox = Mailbox(cls.stack)

    def visitor(self, address=None, **changes):
        """Somebody new, from an address of his own."""
        return Visitor(Nginx(self.stack, address), self.mailbox, **changes)

    def direct(self, address=None, sockets=None, parameters=None, **changes):
        """Somebody new who speaks straight to the workers."""
        return Visitor(Pools(self.stack, address, sockets, **(parameters or {})), self.mailbox, **changes)

    def pending(self, **changes):
        """A visitor who has registered and awaits the code."""
        visitor = self.visitor(**changes)
        self.succeeds(visitor.register())
        return visitor

    def customer(self, **changes):
        """A visitor who has registered, proved the e-mail and is signed in."""
        visitor = self.pending(**changes)
        self.succeeds(visitor.verify())
        return visitor

    def mailed(self, visitor, number=1):
        """Waits until the mail number `number` is in the mailbox and known to be handed over; its code."""
        code = visitor.code(number)
        self.stack.settle_mails()
        return code

    def lock(self, visitor, code):
        """Tries five wrong codes."""
        for left in (4, 3, 2, 1, 0):
            said = self.fails(visitor.verify(visitor.wrong(code, nth=5 - left)), 400, "otp_invalid")
            self.assertEqual(said["attempts_left"], left)

    @contextlib.contextmanager
    def own_mail_server(self, **settings):
        """A mail server of the test's in the place of the catcher."""
        with self.stack.without("catcher"), MailServer(self.stack.smtp_port, **settings) as server:
            yield server

    def elsewhere(self, visitor, address=None):
        """The same person before a browser that was never here."""
        other = self.visitor(address)
        other.person = dict(visitor.person)
        return other

    # --- what answers are held to -------------------------------------------------------------------------------------

    def succeeds(self, answer, message=None, redirect=None):
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.is_json, answer)
        said = answer.json
        self.assertIs(said["success"], True)
        self.assertIsInstance(said["message"], str)
        self.assertTrue(said["redirect"].startswith("/"), said)
        if message is not None:
            self.assertEqual(said["message"], message)
        if redirect is not None:
            self.assertEqual(said["redirect"], redirect)
        return said

    def fails(self, answer, status, code, *fields):
        """A refusal in JSON with `status` and `code`; where fields are named, exactly those are complained of."""
        self.assertEqual((answer.status, answer.is_json), (status, True), answer)
        said = answer.json
        self.assertEqual((said["success"], said["code"]), (False, code), answer)
        self.assertTrue(said["message"])
        if code == "validation_error":
            for messages in said["errors"].values():
                self.assertTrue(messages and all(isinstance(message, str) and message for message in messages))
        else:
            self.assertNotIn("errors", said)
        if fields:
            self.assertEqual(sorted(said["errors"]), sorted(fields), answer)
        if status in (429, 503):
            self.assertGreaterEqual(answer.retry_after, 1, answer)
        return said

    def is_well_headed(self, answer):
        """Every answer outside /static/ has these headers, whoever made it."""
        headers = answer.headers
        self.assertEqual(headers["Cache-Control"], "no-store, private", answer)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff", answer)
        self.assertEqual(headers["Referrer-Policy"], "same-origin", answer)
        self.assertEqual(headers["Cross-Origin-Opener-Policy"], "same-origin", answer)
        self.assertEqual(headers["Cross-Origin-Resource-Policy"], "same-origin", answer)
        self.assertFalse([name for name in headers if name.lower().startswith("access-control-")], answer)
        for name in ("Cache-Control", "Content-Security-Policy", "Retry-After", "Content-Type"):
            self.assertLessEqual(len(headers.get_all(name) or []), 1, answer)
        if answer.is_page:
            self.is_strict_policy(headers["Content-Security-Policy"])

    def is_strict_policy(self, policy):
        parts = [part.strip() for part in policy.split(";")]
        for part in ("frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "object-src 'none'"):
            self.assertIn(part, parts)
        self.assertTrue(any(part.startswith("default-src ") for part in parts))
        self.assertNotIn("unsafe", policy)

    def goes_to(self, answer, location, status=303):
        self.assertEqual((answer.status, answer.location), (status, location), answer)

    def is_signed_in(self, visitor, as_whom=None):
        said = visitor.who()
        self.assertIs(said["authenticated"], True, said)
        self.assertEqual(said["username"], as_whom or visitor.username)

    def is_signed_out(self, visitor):
        self.assertEqual(visitor.who(), {"authenticated": False})

    def awaits_code(self, visitor):
        self.assertEqual(visitor.get("/register/verify/").status, 200)

    def awaits_nothing(self, visitor):
        self.goes_to(visitor.get("/register/verify/"), "/register/", 302)

    def plant(self, visitor, data):
        """Puts something into the visitor's session, as the shop would a cart."""
        self.stack.sql("UPDATE storefront.session SET data = :'data' WHERE key = decode(:'key', 'hex')", data=data,
                       key=visitor.session_key())

    def session_row(self, visitor, columns):
        rows = self.stack.sql(f"SELECT {columns} FROM storefront.session WHERE key = decode(:'key', 'hex')",
                              key=visitor.session_key())
        return rows[0] if rows else None

    def customer_row(self, visitor, columns):
        rows = self.stack.sql(f"SELECT {columns} FROM storefront.customer WHERE username = :'username'",
                              username=visitor.username)
        return rows[0] if rows else None


def main():
    """Runs the tests of the file that was started."""
    threading.stack_size(512 * 1024)
    unittest.main(module="__main__", argv=sys.argv)
