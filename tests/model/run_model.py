#!/usr/bin/python3 -B
"""run_model.py [STEPS [SEED [alone]]] | replay FILE: random lives of accounts against the running
service and the model (model.py).

Several browsers act, some of them at the same moment: then the answers and the tables must be those of one order in which
the model could have done it; where several could be, all are kept until they differ. What
differs is made as small as it gets and written down to be replayed. STACK and STACK_BUILD name the stack; its clock stands
still but for the steps that move it. `alone`: one after the other, which goes the same way each time.
"""
import collections
import copy
import hmac
import itertools
import json
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "torture")]

from browser import Pools, together
from journey import Visitor
from model import Model
from torture import ROOT, Database, Stack

USERNAMES = ("anna", "Anna", "bert", "carla")
EMAILS = ("anna@example.com", "anna+shop@example.com", "bert@example.com", "carla@example.com")
PASSWORDS = ("securepass123", "another-good-one-9")
ADDRESSES = ("127.8.0.1", "127.8.0.1", "127.8.0.2", "127.8.0.3")  # of the browsers
CLOCK = (1, 4, 4, 61, 61, 61, 61, 301, 601, 901, 1801, 3601, 86401, 14 * 86400)
LENGTH = 40  # steps of one life
DEEDS = (("register", 10), ("verify", 14), ("resend", 5), ("login", 8), ("logout", 2), ("who", 2), ("lose", 3))


class Tab:
    """A browser as the model sees it: the number of its cookie."""

    def __init__(self):
        self.cookie = None


def choose_deed(chance, browser):
    deed = chance.choices([name for name, _ in DEEDS], [weight for _, weight in DEEDS])[0]
    person = chance.randrange(len(USERNAMES))
    if chance.random() < 0.7:
        person = browser % 2  # so that the same ones meet again
    if deed == "register":
        email = EMAILS[person] if chance.random() < 0.8 else chance.choice(EMAILS)
        return [deed, browser, USERNAMES[person], email, PASSWORDS[chance.random() < 0.15]]
    if deed == "login":
        name = chance.choice((USERNAMES[person], EMAILS[person]))
        return [deed, browser, name, PASSWORDS[chance.random() < 0.35]]
    if deed == "verify":
        return [deed, browser, chance.choices(("right", "wrong", "old", "short"), (8, 9, 3, 1))[0]]
    return [deed, browser]


def make_life(seed):
    """The steps of one life."""
    chance = random.Random(seed)
    steps = []
    for _ in range(LENGTH):
        what = chance.random()
        if what < 0.2:
            steps.append(["clock", chance.choice(CLOCK)])
        elif what < 0.22:
            steps.append(["maintain"])
        elif what < 0.4:
            browsers = chance.sample(range(len(ADDRESSES)), chance.choice((2, 2, 3)))
            steps.append(["together", [choose_deed(chance, browser) for browser in browsers]])
        else:
            steps.append(choose_deed(chance, chance.randrange(len(ADDRESSES))))
    return steps


class Codes:
    """Says a code from its row and the key, as whoever reads the mail would."""

    def __init__(self, key_file):
        secret = bytes.fromhex(key_file.read_text().split()[1])
        extracted = hmac.digest(bytes(32), secret, "sha256")
        self.key = hmac.digest(extracted, b"storefront one-time codes 1\x01", "sha256")

    def say(self, code, registration, email, nonce, digits):
        parts = [b"prove an address", b"\0", bytes.fromhex(code), bytes.fromhex(registration), email.encode(),
                 bytes.fromhex(nonce)]
        mac = hmac.digest(self.key, b"".join(len(part).to_bytes(4, "big") + part for part in parts), "sha256")
        return str(int.from_bytes(mac[:8], "big") % 10 ** int(digits)).zfill(int(digits))


PICTURE = """
    SELECT 'customer ' || username || ' ' || customer.email || CASE WHEN is_verified THEN ' verified' ELSE ' unverified' END ||
           coalesce(' code ' || digits || ' ' || attempts || ' ' || (extract(epoch FROM expires_at) - {epoch})::bigint, ' no code')
    FROM storefront.customer LEFT JOIN storefront.one_time_code AS code
         ON code.customer_id = customer.id AND used_at IS NULL AND replaced_at IS NULL
    UNION ALL
    SELECT 'session ' || coalesce(customer.username, '-') || ' ' || coalesce(pending.username, '-')
    FROM storefront.session LEFT JOIN storefront.customer ON customer.id = session.customer_id
         LEFT JOIN storefront.customer AS pending ON pending.registration_id = session.pending_registration_id
    WHERE customer.id IS NOT NULL OR pending.id IS NOT NULL
    UNION ALL
    SELECT 'limit ' || (SELECT string_agg((extract(epoch FROM event) - {epoch})::bigint::text, ' ' ORDER BY number)
                        FROM unnest(events) WITH ORDINALITY AS taken (event, number))
    FROM storefront.rate_limit WHERE events[cardinality(events)] > storefront.now() - interval '15 minutes'"""
LIVE = """
    SELECT encode(uuid_send(code.id), 'hex'), encode(uuid_send(code.registration_id), 'hex'), code.email,
           encode(nonce, 'hex'), digits, username
    FROM storefront.one_time_code AS code JOIN storefront.customer ON customer.id = customer_id
    WHERE used_at IS NULL AND replaced_at IS NULL"""
WAITING = "SELECT count(*) FROM storefront.outbox WHERE state = 'sending' OR state = 'queued' AND due_at <= storefront.now()"
INVARIANTS = {
    "a name has two owners": "SELECT lower(username) FROM storefront.customer GROUP BY 1 HAVING count(*) > 1",
    "an address has two owners": "SELECT lower(email) FROM storefront.customer GROUP BY 1 HAVING count(*) > 1",
    "a session without proof": "SELECT customer.username FROM storefront.session JOIN storefront.customer "
                               "ON customer.id = customer_id WHERE NOT is_verified",
    "a session shows somebody else": "SELECT session.id FROM storefront.session LEFT JOIN storefront.customer ON customer.id = customer_id "
                                     "WHERE (session.username, session.name, session.email, session.verified_at) IS DISTINCT FROM "
                                     "(customer.username, customer.name, customer.email, customer.verified_at)",
    "more tries than allowed": "SELECT id FROM storefront.one_time_code WHERE attempts > attempts_allowed",
    "pending though verified": "SELECT customer.username FROM storefront.session JOIN storefront.customer "
                               "ON registration_id = pending_registration_id WHERE is_verified",
    "verified without a used code": "SELECT username FROM storefront.customer WHERE is_verified AND verified_at > "
                                    "storefront.now() - interval '1 hour' AND NOT EXISTS (SELECT FROM "
                                    "storefront.one_time_code WHERE customer_id = customer.id AND used_at IS NOT NULL)",
}


class Differs(Exception):
    """The service does not do as the model says."""


class Life:
    """One run of steps, from nothing."""

    def __init__(self, shop):
        self.shop = shop
        shop.database.empty()
        shop.database.clock(0)
        self.worlds = [(Model(), [Tab() for _ in ADDRESSES])]
        self.visitors = [Visitor(Pools(shop.stack, address), None) for address in ADDRESSES]
        for visitor in self.visitors:
            visitor.token()
        self.past = [[] for _ in ADDRESSES]

    @property
    def model(self):
        return self.worlds[0][0]

    @property
    def tabs(self):
        return self.worlds[0][1]

    def run(self, steps):
        for number, step in enumerate(steps):
            try:
                self.step(step)
            except Differs as difference:
                raise Differs(f"step {number} {json.dumps(step)}: {difference}") from None

    def step(self, step):
        if step[0] == "clock":
            for model, _ in self.worlds:
                model.now += step[1]
            self.shop.database.clock(self.model.now)
        elif step[0] == "maintain":
            for model, _ in self.worlds:
                model.maintain()
            done = self.shop.stack.program("storefront", "maintain")
            if done.returncode != 0:
                raise Differs(done.stderr)
        else:
            deeds = step[1] if step[0] == "together" else [step]
            for some in [[deed] for deed in deeds] if self.shop.is_alone else [deeds]:
                self.deeds(some)
        self.shop.settle()
        self.check()

    # --- deeds --------------------------------------------------------------------------------------------------------

    def resolve(self, deed):
        """The deed with the code that it types, and the token that it sends."""
        name, browser, *rest = deed
        if name == "register":
            return (name, browser, *rest, self.visitors[browser].cookies["csrftoken"])
        if name == "login":
            return (name, browser, *rest, ADDRESSES[browser])
        if name in ("verify", "lose"):
            return (name, browser, self.code(browser, rest[0] if rest else "right"))
        return (name, browser)

    def code(self, browser, kind):
        model = self.model
        session = model.session_of(self.tabs[browser].cookie)
        customer = model.pending_of(session)
        code = model.live(customer) if customer else None
        known = [one.digits for one in model.codes]
        if kind == "old":
            older = [one.digits for one in model.codes if one.replaced_at and one.customer is customer and one.digits]
            return older[-1] if older else "0000"
        if code is None:
            # A proof whose answer was lost may be sent again.
            proofs = [one.proved.digits for one in model.sessions if one.proof and one.proof == self.tabs[browser].cookie]
            code_digits = proofs[0] if proofs else "1234"
        else:
            code_digits = code.digits
        if kind == "right":
            return code_digits
        if kind == "short":
            return code_digits[:-1]
        length = len(code_digits)
        return next(word for word in (str((int(code_digits) + step) % 10 ** length).zfill(length)
                                      for step in range(1, 99)) if word not in known)

    def ask(self, deed):
        """Does a deed at the service; what the model would call the answer."""
        name, browser, *rest = deed
        visitor = self.visitors[browser]
        if name == "register":
            answer = visitor.ajax("/register/", {"name": "Jo", "username": rest[0], "email": rest[1], "password": rest[2]})
        elif name == "login":
            answer = visitor.ajax("/login/", {"username": rest[0], "password": rest[1]})
        elif name in ("verify", "lose"):
            answer = visitor.ajax("/register/verify/", {"otp": rest[0]}, keeps=name == "verify")
        elif name == "who":
            return visitor.get("/session/").json.get("username")
        else:
            answer = visitor.ajax({"resend": "/register/resend/", "logout": "/logout/"}[name])
        return summary(answer)

    def imagine(self, model, tabs, deed):
        name, browser, *rest = deed
        if name == "lose":
            return model.verify(tabs[browser], rest[0], keeps=False)
        return getattr(model, name)(tabs[browser], *rest)

    def deeds(self, deeds):
        deeds = [self.resolve(deed) for deed in deeds]
        answers = together(*[lambda deed=deed: self.ask(deed) for deed in deeds]) if len(deeds) > 1 else \
            [self.ask(deeds[0])]
        self.shop.settle()
        picture = self.shop.picture()
        imagined, worlds = [], {}
        for world in self.worlds:
            for order in itertools.permutations(range(len(deeds))):
                model, tabs = copy.deepcopy(world)
                expected = [None] * len(deeds)
                for i in order:
                    expected[i] = self.imagine(model, tabs, deeds[i])
                if expected == answers and model.picture() == picture:
                    worlds.setdefault(str(model.secrets(tabs)), (model, tabs))
                imagined.append((expected, model.picture()))
        if not worlds:
            raise Differs(f"answers {answers}, should be {[one for one, _ in imagined]}\n  as it is:      {picture}\n"
                          f"  as it should be: {imagined[0][1]}")
        # Which of the orders it was may show only later.
        self.worlds = list(worlds.values())
        self.shop.seen.update(f"{deed[0]} {answer[0]} {answer[1]}" for deed, answer in zip(deeds, answers)
                              if deed[0] != "who")

    # --- what holds after each step -----------------------------------------------------------------------------------

    def check(self):
        picture = self.shop.picture()
        self.worlds = [world for world in self.worlds if world[0].picture() == picture] or self.worlds
        if picture != self.model.picture():
            raise Differs(f"tables\n  as they are:      {picture}\n  as they should be: {self.model.picture()}")
        for name, query in INVARIANTS.items():
            rows = self.shop.database.run(query)
            if rows:
                raise Differs(f"{name}: {rows}")
        codes = None
        for model, _ in self.worlds:
            for customer in model.customers:
                code = model.live(customer)
                if code and code.digits is None:
                    codes = codes or {row[-1]: self.shop.codes.say(*row[:-1]) for row in self.shop.database.run(LIVE)}
                    code.digits = codes[customer.username]


def summary(answer):
    said = answer.json
    if answer.status == 200:
        return 200, "done"
    if said["code"] == "validation_error":
        return answer.status, said["code"], tuple(sorted(said["errors"]))
    if said["code"] == "otp_invalid":
        return answer.status, said["code"], said["attempts_left"]
    return answer.status, said["code"]


class Shop:
    """The running service."""

    def __init__(self):
        self.stack = Stack()
        self.is_alone = False
        self.database = Database(self.stack)
        self.seen = collections.Counter()
        self.codes = Codes(self.stack.state / "secret.key")

    def settle(self):
        end = time.monotonic() + 20
        while self.database.value(WAITING) != "0":
            if time.monotonic() > end:
                raise Differs("the outbox does not settle")
            time.sleep(0.003)

    def picture(self):
        return sorted(row[0] for row in self.database.run(PICTURE.format(epoch=self.database.epoch)))

    def differs(self, steps):
        """What is wrong with a life, or None."""
        try:
            Life(self).run(steps)
            return None
        except Differs as difference:
            return str(difference)


def shrink(shop, steps, kind, tries=1):
    """Fewer steps that still go wrong: leaves pieces out, each half as long as the last."""
    size = max(len(steps) // 2, 1)
    while True:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size:]
            if any(shop.differs(fewer) for _ in range(tries)):
                steps = fewer
            else:
                at += size
        if size == 1:
            return steps
        size = max(size // 2, 1)


def report(shop, seed, steps, difference):
    print(f"seed {seed}: {difference}\nmaking it smaller ...", flush=True)
    again = sum(shop.differs(steps) is not None for _ in range(5))
    small = shrink(shop, steps, difference, tries=1 if again == 5 else 5) if again else steps
    path = ROOT / "build" / "model" / f"failure-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[" + ",\n ".join(json.dumps(step) for step in small) + "]\n")
    print(f"{again} of 5 times again; {len(small)} of {len(steps)} steps are in {path}: ./dev torture model replay {path}\n"
          + path.read_text() + (shop.differs(small) or difference), flush=True)


def main(first="400", *rest):
    shop = Shop()
    if first == "replay":
        difference = shop.differs(json.loads(pathlib.Path(rest[0]).read_text()))
        print(difference or "as the model says")
        return 1 if difference else 0
    shop.is_alone = rest[1:] == ("alone",)
    seed = int(rest[0]) if rest else random.randrange(10 ** 6)
    done, begun = 0, time.monotonic()
    while done < int(first):
        steps = make_life(seed)
        difference = shop.differs(steps)
        if difference:
            report(shop, seed, steps, difference)
            return 1
        done, seed = done + len(steps), seed + 1
    print(", ".join(f"{count} {answer}" for answer, count in shop.seen.most_common()))
    print(f"{done} steps as the model says; the next seed is {seed}; {time.monotonic() - begun:.0f} seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
