"""Customers who sign up, prove their e-mail, sign in and out without end, and the account of what they were told.

Every answer of 200 or 303 to a deed is written down; when an experiment is over, the database must know of each. Who was
told 503, or nothing at all, sends the same form again until it is taken, as people do.
"""
import collections
import email
import email.policy
import http.client
import threading
import time

import sandbox
from browser import Nginx
from journey import Visitor
from mailbox import code_of

TRY_AGAIN_SECONDS = 0.1
QUIET_SECONDS = 2.0
DEEDS = ("register", "verify", "login", "logout")

Request = collections.namedtuple("Request", "deed begun seconds status")


class Mails:
    """The codes in the mail folders of some stacks, by recipient; any thread may ask."""

    def __init__(self, *shops):
        self.folders = [shop.mail for shop in shops]
        self.names = set()
        self.mails = collections.defaultdict(list)
        self.lock = threading.Lock()

    def look(self):
        for folder in self.folders:
            for path in folder.glob("[!.]*.eml"):
                if path.name not in self.names:
                    self.names.add(path.name)
                    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                    self.mails[mail["X-RcptTo"]].append(mail)

    def to(self, address):
        """All mails to `address`."""
        with self.lock:
            self.look()
            return list(self.mails[address])


class Way(Nginx):
    """The way through the nginx of one host."""

    def exchange(self, method, target, headers, body):
        if self.stack.place:
            self.stack.place.enter()
        return super().exchange(method, target, headers, body)


class Account:
    """What customers were told: by username, and by the database's key of their sessions."""

    def __init__(self):
        self.registered = set()
        self.verified = set()
        self.open = {}
        self.ended = set()
        self.unsure = set()

    def acknowledged(self):
        return len(self.registered) + len(self.verified) + len(self.open) + len(self.ended)

    def lost(self, shop):
        """What was acknowledged and is not in the database of `shop`: a line for each."""
        customers = dict(shop.sql("SELECT username, is_verified FROM storefront.customer"))
        sessions = dict(shop.sql("""SELECT encode(key, 'hex'), coalesce(customer.username, '') FROM storefront.session
                                    LEFT JOIN storefront.customer ON customer.id = customer_id"""))
        lost = [f"registration of {name}" for name in self.registered if name not in customers]
        lost += [f"verification of {name}" for name in self.verified if customers.get(name) != "t"]
        lost += [f"session of {name}" for key, name in self.open.items()
                 if key not in self.ended | self.unsure and sessions.get(key) != name]
        lost += [f"logout from {key}" for key in self.ended if sessions.get(key)]
        return lost


class Load:
    """Customers at the doors of `shops` for as long as the block lasts; mail comes from there, or from `mailers`."""

    def __init__(self, *shops, customers=6, mailers=()):
        self.shops = shops
        self.mails = Mails(*(mailers or shops))
        self.account = Account()
        self.requests = []
        self.stuck = []
        self.refused_once = []
        self.faults = []
        self.is_over = False
        self.threads = [threading.Thread(target=self.live, args=(number,), daemon=True) for number in range(customers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for_all_deeds(time.monotonic(), 20)
        return self

    def __exit__(self, *reason):
        self.is_over = True
        for thread in self.threads:
            thread.join(40)
            if thread.is_alive():
                self.faults.append("a request hangs")

    def live(self, number):
        try:
            while not self.is_over:
                self.journey(self.shops[number % len(self.shops)], self.shops[(number + 1) % len(self.shops)])
        except Exception as fault:  # told when the experiment is judged
            self.faults.append(repr(fault))

    def ask(self, deed, call):
        """One request; its answer, or None where there was none."""
        begun = time.monotonic()
        try:
            answer = call()
        except (OSError, http.client.HTTPException):
            answer = None
        if answer and answer.status == 503 and answer.retry_after < 1:
            self.faults.append(f"{deed}: 503 without Retry-After")
        self.requests.append(Request(deed, begun, time.monotonic() - begun, answer.status if answer else 0))
        return answer

    def insist(self, deed, call):
        """Asks until it is done; None where it is refused, or where the time is over. Who was told 503 and is then
        refused tries once more."""
        failures = refusals = 0
        while not self.is_over:
            answer = self.ask(deed, call)
            if answer and answer.status in (200, 303):
                return answer
            if answer and answer.status != 503:
                refusals += 1
                words = f"{deed}: {answer.status} {answer.body[:160]!r} after {failures} failures"
                if refusals > 1 or failures == 0:
                    self.stuck.append(words)
                    return None
                self.refused_once.append(words)
            failures += 1
            # A proof is repeated when Retry-After says so: sooner, it counts as a double click, of which one is refused.
            time.sleep(max(2, answer.retry_after if answer else 0) + 0.2 if deed == "verify" else TRY_AGAIN_SECONDS)
        return None

    def wait_for_code(self, address):
        while not self.is_over:
            mails = self.mails.to(address)
            if mails:
                return code_of(mails[-1])
            time.sleep(0.05)
        return None

    def journey(self, shop, other_shop):
        visitor = Visitor(Way(shop), self.mails)
        account = self.account
        if not (self.insist("page", lambda: visitor.get("/register/")) and self.insist("register", visitor.register)):
            return
        account.registered.add(visitor.username)
        code = self.wait_for_code(visitor.email)
        if not code or not self.insist("verify", lambda: visitor.verify(code)):
            return
        account.verified.add(visitor.username)
        account.open[visitor.session_key()] = visitor.username
        again = Visitor(Way(other_shop), self.mails)
        again.person = visitor.person
        if not (self.insist("page", lambda: again.get("/login/")) and self.insist("login", again.login)):
            return
        key = again.session_key()
        account.open[key] = again.username
        self.insist("page", lambda: again.get("/dashboard/"))
        account.unsure.add(key)
        if self.insist("logout", again.logout):
            account.ended.add(key)

    # --- how it goes --------------------------------------------------------------------------------------------------

    def failed(self):
        return [request for request in list(self.requests) if request.status in (0, 503)]

    def all_deeds_since(self, moment):
        done = {request.deed for request in list(self.requests) if request.begun >= moment and
                request.status in (200, 303)}
        return done >= set(DEEDS)

    def wait_for_all_deeds(self, moment, seconds):
        sandbox.eventually(lambda: self.faults or self.all_deeds_since(moment), seconds, "a whole journey")

    def wait_until_normal(self, moment, within=20):
        """Waits until nothing has failed for a while and whole journeys get through; seconds from `moment` to the last
        failure."""
        def is_normal():
            begun = max([request.begun + request.seconds for request in self.failed()] + [moment])
            return self.faults or (time.monotonic() - begun > QUIET_SECONDS and self.all_deeds_since(begun))
        sandbox.eventually(is_normal, within + 5 * QUIET_SECONDS, "the end of failures")
        return max([request.begun + request.seconds - moment for request in self.failed()] + [0.0])

    def slowest(self):
        return max(request.seconds for request in list(self.requests))


class Table:
    """The rows of one test, and whether all of them are as promised."""

    def __init__(self):
        self.is_good = True
        print("%-50s %8s %7s %7s %5s %6s %8s %8s" % ("experiment", "requests", "failed", "acked", "lost", "stuck",
                                                    "slowest", "normal"), flush=True)

    def row(self, name, load, shop, normal_after, slowest=None, within=None):
        """Judges one experiment: nothing lost, nobody stuck, no answer slower than `slowest` seconds, and normal again
        `within` so many."""
        lost = load.account.lost(shop)
        print("%-50s %8d %7d %7d %5d %6d %7.1fs %7.1fs" % (name, len(load.requests), len(load.failed()),
              load.account.acknowledged(), len(lost), len(load.stuck), load.slowest(), normal_after), flush=True)
        if load.refused_once:
            self.note(f"{len(load.refused_once)} refused after a 503 and taken the next time: {load.refused_once[0]}")
        self.expect(not lost, "acknowledged and lost: " + "; ".join(lost[:5]))
        self.expect(not load.stuck, "refused: " + "; ".join(load.stuck[:5]))
        self.expect(not load.faults, "fault: " + "; ".join(load.faults[:5]))
        self.expect(slowest is None or load.slowest() <= slowest, f"an answer took longer than {slowest} s")
        self.expect(within is None or normal_after <= within, f"it was not normal within {within} s")

    def note(self, text):
        print("  " + text, flush=True)

    def expect(self, is_so, otherwise):
        if not is_so:
            self.is_good = False
            print("  NOT AS PROMISED: " + otherwise, flush=True)
