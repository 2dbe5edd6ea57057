"""Does the time of a refusal tell whether an account exists? Names of customers and made-up ones by turns.

What got through: how far the two are surely apart. With production's hash in thousandths of it, as the client sees it and by the
worker's own log beside the hash; with a cheap hash, which hides nothing, in microseconds of processor time that the worker and
its connection to the database took: the machine's other work is not in those. Sure is what is left of the median of the turns'
differences after three of its standard errors.
"""
import itertools
import pathlib
import random
import statistics
import time

from browser import own_address
from field import word
from records import youngest_child
from stack import eventually

ROUNDS, CHEAP_ROUNDS = 60, 300
PRODUCTION = {"PASSWORD_MEMORY_KIB": 65536, "PASSWORD_PASSES": 2}
CHEAP = {"PASSWORD_MEMORY_KIB": 1024, "PASSWORD_PASSES": 1}


class Clock:
    """A sign-in pool of one worker, and how long its refusals take."""

    def __init__(self, field, sockets):
        self.field = field
        self.sockets = sockets

    def refusal(self, name):
        """Microseconds that the client waited; and by the log: hash, what was beside it, and the database's part of that."""
        mark = "timing-" + word()
        visitor = self.field.direct(own_address(), self.sockets, {"REQUEST_ID": mark})
        visitor.token()
        begun = time.perf_counter_ns()
        visitor.login(name, "wrong-password-1")
        waited = (time.perf_counter_ns() - begun) // 1000
        line = self.field.stack.request_line("by-hand", mark)
        return waited, line["hash"], line["microseconds"] - line["hash"], line["database"]


class Meter:
    """Processor time of the youngest worker and of its connection to the database."""

    def __init__(self, clock):
        self.clock = clock
        worker = youngest_child()
        before = self.connections()
        clock.refusal("warm" + word())
        self.processes = [worker, *(self.connections() - before)]

    def connections(self):
        rows = self.clock.field.stack.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'storefront_worker'")
        return {int(row[0]) for row in rows}

    def spent(self):
        """Nanoseconds so far, once all of them wait again."""
        eventually(lambda: all(state_of(process) == "S" for process in self.processes), what="rest")
        return sum(int(read(process, "schedstat").split()[0]) for process in self.processes)

    def refusal(self, name):
        visitor = self.clock.field.direct(own_address(), self.clock.sockets)
        visitor.token()
        before = self.spent()
        visitor.login(name, "wrong-password-1")
        return (self.spent() - before) / 1000


def read(process, name):
    return pathlib.Path(f"/proc/{process}/{name}").read_text()


def state_of(process):
    return read(process, "stat").rpartition(")")[2].split()[0]


def surely(differences):
    """What is left of their median after three standard errors, as resampling them finds it; and those three."""
    chance = random.Random(1)
    medians = [statistics.median(chance.choices(differences, k=len(differences))) for _ in range(400)]
    blur = 3 * statistics.stdev(medians)
    return max(0.0, abs(statistics.median(differences)) - blur), blur


def turns_of(rounds, measure, known, unknown):
    """What each measured; `known` and `unknown` make a name each time, and take turns: other work falls on both."""
    turns = []
    for i in range(rounds):
        turn = {make: measure(make()) for make in ((known, unknown) if i % 2 else (unknown, known))}
        turns.append((turn[known], turn[unknown]))
    return turns


def by_time(field, clock, title, known, unknown):
    turns = turns_of(ROUNDS, clock.refusal, known, unknown)
    (field.folder / title.replace(" ", "-")).write_text("".join(f"{one} {other}\n" for one, other in turns))
    hash_ = statistics.median(one[1] for one, _ in turns)
    for i, what, bound in ((0, f"as the client sees it, the hash being {hash_ / 1000:.0f} ms", 20), (2, "beside the hash",
            5)):
        apart, blur = (1000 * part / hash_ for part in surely([one[i] - other[i] for one, other in turns]))
        field.row(f"{title}: ‰ of a hash, {what}; {blur:.1f} are blurred", 2 * ROUNDS, apart, bound)


def by_work(field, meter, title, known, unknown):
    turns = turns_of(CHEAP_ROUNDS, meter.refusal, known, unknown)
    apart, blur = surely([one - other for one, other in turns])
    usual = statistics.median(one for one, _ in turns)
    clear = 2 * CHEAP_ROUNDS if blur < 100 else 0
    field.row(f"{title}: µs of {usual:.0f} of work; {blur:.0f} are blurred", clear, apart, 100)


def registered(clock, is_verified):
    """A customer whose hash is production's."""
    visitor = clock.field.direct(own_address(), clock.sockets)
    clock.field.succeeds(visitor.register())
    if is_verified:
        clock.field.succeeds(visitor.verify(clock.field.mailed(visitor)))
    return visitor


def kinds(clock):
    """Each kind of name that is known, beside those that nobody has."""
    turn = itertools.count()
    customers = [registered(clock, True) for _ in range(3)]
    pending = registered(clock, False)
    yield "a customer's username", lambda: customers[next(turn) % 3].username, lambda: "jo" + word()
    yield "a customer's e-mail", lambda: customers[next(turn) % 3].email, lambda: f"mail-{word()}@example.com"
    yield "somebody's who has not proved it", lambda: pending.username, lambda: "jo" + word()


def attack(field):
    for settings in (CHEAP, PRODUCTION):
        with field.stack.worker("pages") as pages, field.stack.worker("register", **settings) as register, \
                field.stack.worker("login", **settings) as login:
            clock = Clock(field, {"pages": pages, "register": register, "login": login})
            meter = Meter(clock)
            for title, known, unknown in kinds(clock):
                if settings is CHEAP:
                    by_work(field, meter, title, known, unknown)
                else:
                    by_time(field, clock, title, known, unknown)
