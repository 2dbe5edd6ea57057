"""Every request under torture. A page joins by its row in the map; a deed (POST) by one line in DEEDS."""
import re
import time

from torture import ADDRESS, TORTURED, Fault, Mailbox, Pools, Program, Visitor, choose, fastcgi, notes_of
from browser import multipart, pools

UNAVAILABLE = (500, 503)
BUSY = "SELECT state, query FROM pg_stat_activity WHERE usename LIKE 'storefront%' AND state <> 'idle'"
HELD = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{TORTURED}'"


REPEATS = 20  # OpenSSL keeps its last sixteen errors


class Deed:
    """One request of somebody who is in a known state. `spends`: limits that it may take before it fails.
    `again`: the statuses that the same request may get where it was done and only its answer was lost.
    `connects`: its worker has lost its connection, and makes a new one in which nothing is prepared yet."""

    def __init__(self, name, state, method, path, act, spends=0, again=(), connects=False):
        self.name = f"{name} ({state})"
        self.state = state
        self.route = (method, path)
        self.act = act
        self.spends = spends
        self.again = again
        self.connects = connects


def form(visitor, path, fields):
    return visitor.post(path, fields | {"csrfmiddlewaretoken": visitor.token()}, keeps=False)


def upload(visitor, path, fields):
    body, kind = multipart(fields)
    return visitor.fetch(path, body, kind, keeps=False)


def json(visitor, path, fields=None):
    return visitor.ajax(path, fields, keeps=False)


def deed(name, state, path, act, **more):
    return Deed(name, state, "POST", path, act, **more)


DEEDS = [
    deed("register", "nobody", "/register/", lambda who: json(who, "/register/", who.person), spends=1),
    deed("register by form", "nobody", "/register/", lambda who: form(who, "/register/", who.person), spends=1),
    deed("register by upload", "nobody", "/register/", lambda who: upload(who, "/register/", who.person), spends=1),
    deed("register with a mistake", "nobody", "/register/",
         lambda who: form(who, "/register/", who.person | {"email": "nobody", "password": "short"}), spends=1),
    deed("register as somebody else", "customer elsewhere", "/register/",
         lambda who: json(who, "/register/", who.person), spends=1),
    deed("mend", "pending", "/register/",
         lambda who: json(who, "/register/", who.person | {"email": "mended@example.com"}), spends=1),
    deed("repeat a registration", "pending", "/register/", lambda who: json(who, "/register/", who.person), spends=1),
    deed("verify", "pending", "/register/verify/", lambda who: json(who, "/register/verify/", {"otp": who.typed})),
    deed("verify by form", "pending", "/register/verify/",
         lambda who: form(who, "/register/verify/", {"otp": who.typed})),
    deed("verify wrongly", "pending", "/register/verify/",
         lambda who: json(who, "/register/verify/", {"otp": who.wrong(who.typed)}), again=(400,)),
    deed("resend", "pending", "/register/resend/", lambda who: json(who, "/register/resend/"), again=(429,)),
    deed("login", "customer elsewhere", "/login/",
         lambda who: json(who, "/login/", {"username": who.username, "password": who.person["password"]}), spends=2),
    deed("login by form", "customer elsewhere", "/login/",
         lambda who: form(who, "/login/", {"username": who.email, "password": who.person["password"]}), spends=2),
    deed("login wrongly", "customer elsewhere", "/login/",
         lambda who: json(who, "/login/", {"username": who.username, "password": "wrong-password-1"}), spends=2),
    deed("login before the proof", "pending elsewhere", "/login/",
         lambda who: json(who, "/login/", {"username": who.username, "password": who.person["password"]}), spends=2),
    deed("register with a new connection", "nobody", "/register/", lambda who: json(who, "/register/", who.person), spends=1,
         connects=True),
    deed("login with a new connection", "customer elsewhere", "/login/",
         lambda who: json(who, "/login/", {"username": who.username, "password": who.person["password"]}), spends=2,
         connects=True),
    deed("logout", "customer", "/logout/", lambda who: json(who, "/logout/")),
    deed("logout by form", "customer", "/logout/", lambda who: form(who, "/logout/", {})),
]
SHORT = ("register (", "verify (", "verify wrongly", "login (", "login wrongly", "logout (", "resend", "/dashboard/ as page (customer",
         "/dashboard/ with a new connection", "/session/ as json (customer", "/register/ as page (nobody",
         "/register/verify/ as page (pending")


def views(stack):
    """A deed for each page and each who may come, as page and as JSON."""
    for method, path, audience, _ in stack.routes():
        if method != "GET":
            continue
        states = ("nobody",) if audience == "operators" else ("nobody", "pending", "customer")
        for state in states:
            for kind, accept in (("page", {}), ("json", {"Accept": "application/json"})):
                yield Deed(f"{path} as {kind}", state, "GET", path, lambda who, path=path, accept=accept: who.send(
                    "GET", path, headers=accept, keeps=False))
    yield Deed("/dashboard/ with a new connection", "customer", "GET", "/dashboard/",
               lambda who: who.send("GET", "/dashboard/", keeps=False), connects=True)
    yield Deed("a path that is not there", "customer", "GET", "/nowhere/",
               lambda who: who.send("GET", "/nowhere/", keeps=False))


def all_deeds(stack):
    """DEEDS and the pages; every POST of the map must be there."""
    missing = {(method, path) for method, path, _, _ in stack.routes() if method == "POST"} - {one.route for one in DEEDS}
    if missing:
        raise AssertionError(f"no deed in tests/torture/requests.py for {sorted(missing)}")
    return [*DEEDS, *views(stack)]


def normal(answer):
    """An answer without what is random."""
    hide = re.compile(r"[A-Za-z0-9_-]{43,}")
    headers = sorted((name, hide.sub("*", value)) for name, value in answer.headers.items())
    return answer.status, headers, hide.sub("*", answer.body.decode(errors="replace"))


def unclean(answer):
    """What is wrong with a 500 or 503, or None."""
    for name, value in (("Cache-Control", "no-store, private"), ("X-Content-Type-Options", "nosniff")):
        if answer.headers.get(name) != value:
            return f"a {answer.status} without {name}"
    if answer.retry_after < 1:
        return f"a {answer.status} without Retry-After"
    try:
        is_whole = answer.json["success"] is False if answer.is_json else answer.text.rstrip().endswith("</html>")
    except (ValueError, KeyError):
        is_whole = False
    return None if is_whole else f"a broken {answer.status}: {answer.body[:200]!r}"


class Requests:
    """Workers of all pools under torture, and the states that their requests begin in."""

    def __init__(self, stack, database, report):
        self.stack = stack
        self.database = database
        self.report = report
        self.workers = {}
        self.people = {}
        self.seen = set()
        self.most = {}  # allocations that lived after a request, by pool

    def prepare(self):
        """Brings about each state by the ordinary programs, two minutes ago, and keeps it."""
        mailbox = Mailbox(self.stack)
        self.database.clock(-120)
        for state in ("nobody", "pending", "customer", "pending elsewhere", "customer elsewhere"):
            self.database.empty()
            who = Visitor(Pools(self.stack, ADDRESS), mailbox, username="jo" + state.split()[0])
            who.person["email"] = state.replace(" ", "-") + who.person["email"]
            who.token()
            if state != "nobody":
                assert who.register().status == 200
                who.typed = who.code()
                self.stack.settle_mails()
            if state.startswith("customer"):
                assert who.verify(who.typed).status == 200
            if state.endswith("elsewhere"):
                who.cookies = {}
                who.token()
            self.database.keep(state.replace(" ", "_"))
            self.people[state] = who
        self.database.clock(0)

    def worker(self, pool):
        if pool not in self.workers:
            self.workers[pool] = Program(self.stack, "storefront", "serve", listens=True, POOL=pool)
            self.start(pool)
        return self.workers[pool]

    def start(self, pool):
        assert self.workers[pool].start(), self.workers[pool].words()
        fastcgi.ask(self.workers[pool].socket, {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz"})
        self.most.pop(pool, None)

    def close(self):
        for worker in self.workers.values():
            worker.close()

    def run(self, deed, form, limit):
        OneDeed(self, deed).run(form, limit)


class OneDeed:
    """One deed: done once in peace, then with each call of it failing."""

    def __init__(self, requests, deed):
        self.requests = requests
        self.database = requests.database
        self.deed = deed
        self.pool = pools(requests.stack).get(deed.route, "pages")
        self.worker = requests.worker(self.pool)
        self.who = requests.people[deed.state].copy()
        self.who.way = Pools(requests.stack, ADDRESS, {self.pool: self.worker.socket})

    def put_back(self):
        self.database.put_back(self.deed.state.replace(" ", "_"))
        if self.deed.connects:
            self.database.end_connections()

    def learn(self, form):
        """Does the deed in peace: what it answers and does, and the calls that it makes."""
        for _ in range(3):
            self.put_back()
            self.before = self.database.shape()
            self.expected = normal(self.deed.act(self.who))
            self.worker.settles()
        self.put_back()
        self.worker.arm(0, notes=notes_of(form))
        answer = self.deed.act(self.who)
        self.worker.settles()
        self.worker.disarm()
        self.after = self.database.shape()
        assert normal(answer) == self.expected, (self.deed.name, self.expected, answer)
        self.requests.most[self.pool] = self.worker.control.get("live")
        return self.worker.control.stacks()

    def run(self, form, limit):
        stacks = self.learn(form)
        # Pages come by the same places; a deed has each of its own.
        seen = self.requests.seen if self.deed.route[0] == "GET" else set()
        for number in choose(stacks, form, limit, seen):
            self.fail(number)
        seen.update(stacks)

    def ask(self):
        try:
            return self.deed.act(self.who)
        except (EOFError, ConnectionError):
            return None

    def fail_once(self, number):
        """The answer, and whether the worker lives."""
        self.put_back()
        self.worker.arm(number)
        answer = self.ask()
        lives = self.worker.settles()
        self.worker.disarm()
        return answer, lives

    def fail(self, number):
        report = self.requests.report
        answer, lives = self.fail_once(number)
        if not self.worker.control.get("has_failed"):
            return
        fault = self.worker.control.fault()
        outcome, problem, is_done = self.judge(answer, lives, fault)
        if not lives:
            self.requests.start(self.pool)
        problem = problem or self.judge_next(is_done) or (self.judge_leak(number) if lives else None)
        if problem:
            report.blame(self.deed.name, number, fault, self.worker.path, problem)
        else:
            report.note(self.deed.name, fault, outcome)

    def settle(self):
        """Waits until the server has ended what was under way when its client went, and what it had not even read by then.
        What it has not ended by itself: locks would be held until somebody comes."""
        end = time.monotonic() + 5
        held = sum(worker.connections() for worker in self.requests.workers.values())
        while int(self.database.value(HELD)) > held or self.database.run(BUSY):
            if time.monotonic() > end:
                return f"left open, of {self.database.value(HELD)} connections, {held} held: {self.database.run(BUSY)}"
            time.sleep(0.001)
        return None

    def judge(self, answer, lives, fault):
        """What came of the failure, what is wrong with that, and whether the deed was done."""
        left = self.settle()
        now = self.database.shape()
        if left:
            return "", left, False
        is_done, is_undone = now == self.after, now == self.before
        least, most = sorted((self.before.taken, self.after.taken))
        if not is_done and not is_undone:
            return "", f"half done, answered {answer}: {now.minus(self.before)}", False
        if not least <= now.taken <= most + self.deed.spends:
            return "", f"limits took {now.taken} instead of {least} to {most}", False
        if answer is None:
            return "ended", None if fault.is_fragile else "no answer, worker " + ("lives" if lives else "died"), is_done
        if normal(answer) == self.expected:
            return "answered", None if is_done else f"said to be done, but is not: {now.minus(self.after)}", True
        if answer.status in UNAVAILABLE:
            return str(answer.status), unclean(answer), is_done and not is_undone
        if fault.is_fragile and answer.status >= 400 and is_undone:
            return "refused", None, False
        return "", f"answers {answer.status}: {answer.body[:160]!r} {answer.location or ''}", is_done

    def judge_next(self, is_done):
        """The same request again, now in peace; what is wrong with its answer."""
        end = time.monotonic() + 5
        answer = self.ask()
        while (answer is None or answer.status == 503) and time.monotonic() < end:
            time.sleep(0.01)  # the database's back-off
            answer = self.ask()
        if is_done and not self.before == self.after:
            return self.judge_repeated(answer)
        if normal(answer) != self.expected:
            return f"then answers {answer}"
        now = self.database.shape()
        return None if now == self.after else f"then does {now.minus(self.after)}"

    def judge_repeated(self, answer):
        """It was done already, and its answer may have been lost."""
        if answer.status == 400 and self.expected[0] in (200, 303) and answer.is_json is not None:
            self.database.clock(4)  # a proof is answered again only when a double click is over
            answer = self.ask()
            self.database.clock(0)
        if answer.status != self.expected[0] and answer.status not in self.deed.again:
            return f"repeated, answers {answer}"
        now = self.database.shape()
        if self.deed.again or now.without_sessions() == self.after.without_sessions():
            return None
        return f"repeated, does {now.minus(self.after)}"

    def judge_leak(self, number):
        """More pieces of memory than ever: a leak when it is so each time."""
        most = self.requests.most
        self.worker.settles()
        first = live = self.worker.control.get("live")
        if live <= most.setdefault(self.pool, live):
            return None
        for _ in range(REPEATS):
            before = live
            _, lives = self.fail_once(number)
            self.judge_next(self.database.shape() == self.after)
            if not lives or not self.worker.settles():
                return None
            live = self.worker.control.get("live")
            if live <= before:
                most[self.pool] = max(first, live)
                return None
        most[self.pool] = live
        return f"leaks: {live - first} pieces in {REPEATS} times"


def run(stack, database, report, form, limit, wanted):
    requests = Requests(stack, database, report)
    try:
        requests.prepare()
        stack.do("stop-mailer")
        for deed in all_deeds(stack):
            is_chosen = any(word in deed.name for word in wanted) if wanted else \
                form != "short" or any(deed.name.startswith(name) for name in SHORT)
            if is_chosen:
                requests.run(deed, form, limit)
    finally:
        requests.close()
        stack.do("start-mailer")
