#!/usr/bin/python3
"""What customers notice while sign-ups arrive at three times the rate at which passwords can be hashed, whether or not the
earlier ones are answered: the slowest views of My Account and sign-ins, beside those of a quiet shop; and what the excess
is told, and when.

Quiet and flooded turns alternate. The one who measures runs at a higher priority than the shop, as if on another machine.
"""
import asyncio
import contextlib
import itertools
import multiprocessing
import os
import statistics
import time

from flows import hash_cost, sign_up
from load import Client, Mails, arrive, keep_busy, new_name
from shop import at_most, percentile, sign_up_one, visit

ROUNDS = int(os.environ.get("BENCH_OVERLOAD_ROUNDS", "3"))
SECONDS = int(os.environ.get("BENCH_OVERLOAD_SECONDS", "8"))
TIMES = 3  # what can be hashed
VIEWS, SIGN_INS = 100, 10  # a second
CUSTOMERS = 40
AT_ONCE_MS, WAIT_MS = 100, 5000


def hurry():
    with contextlib.suppress(PermissionError):
        os.nice(-15)


async def flood(rate, token):
    """Sign-ups that arrive at `rate`: status, whether it says when to come again, seconds."""
    async def one():
        client = Client()
        client.cookies["csrftoken"] = token
        status, head, _ = await client.register(new_name())
        client.close()
        return status, b"\r\nretry-after:" in head.lower()

    async with Mails():
        return [(*given, seconds) for given, seconds in await arrive(one, rate, SECONDS + 2)]


def flood_apart(rate, token, pipe):
    hurry()
    # The names of this process are its own.
    import load
    load.RUN_NAME = "f%x" % time.time_ns()
    pipe.send(asyncio.run(flood(rate, token)))


@contextlib.contextmanager
def flooded(rate, token):
    """A flood from another process while the block runs; a list that holds its answers afterwards."""
    here, there = multiprocessing.Pipe()
    process, answers = multiprocessing.Process(target=flood_apart, args=(rate, token, there)), []
    process.start()
    time.sleep(1)
    yield answers
    answers += here.recv()
    process.join()
    time.sleep(1)  # until the last mails have gone


async def look(cookies):
    """Milliseconds of views of My Account that arrive evenly."""
    idle = []

    async def one():
        client = idle.pop() if idle else Client()
        client.cookies = dict(cookies)
        status, _, _ = await client.ask("GET", "/dashboard/")
        assert status == 200, status
        idle.append(client)

    return [seconds * 1000 for _, seconds in await arrive(one, VIEWS, SECONDS)]


async def sign_in(token, names):
    """Milliseconds of sign-ins that arrive evenly."""
    async def one():
        client = Client()
        client.cookies["csrftoken"] = token
        status, _, body = await client.sign_in(next(names))
        client.close()
        return status

    answers = await arrive(one, SIGN_INS, SECONDS)
    return [seconds * 1000 for status, seconds in answers if status == 200], sum(1 for status, _ in answers if status != 200)


async def make_customers():
    names = []
    async with Mails() as mails:
        while len(names) < CUSTOMERS:
            await keep_busy(lambda: sign_up(mails, names), 4, 0.3)
    return names


def take_turns(rate):
    """Times of both deeds, quiet and flooded, what the flood was told, and sign-ins that were refused."""
    cookies, token = sign_up_one().cookies, visit().cookies["csrftoken"]
    names = itertools.cycle(asyncio.run(make_customers()))
    times = {(deed, kind): [] for deed in ("view", "sign-in") for kind in ("quiet", "flooded")}
    told, refused = [], 0
    for _ in range(ROUNDS):
        for deed, measured in (("view", lambda: (asyncio.run(look(cookies)), 0)), ("sign-in", lambda: asyncio.run(sign_in(token, names)))):
            times[deed, "quiet"] += measured()[0]
            with flooded(rate, token) as answers:
                given, failed = measured()
            times[deed, "flooded"] += given
            told += answers
            refused += failed
    return times, told, refused


def judge(case, least, quiet, flooded, **numbers):
    """The 99th percentile beside that of a quiet shop; `least` milliseconds are always allowed."""
    calm, high = percentile(quiet, 99), percentile(flooded, 99)
    figure = "%.1f ms (quiet %.1f; median %.1f, quiet %.1f; %d of them)" % (
        high, calm, statistics.median(flooded), statistics.median(quiet), len(flooded))
    return at_most(case, max(3 * calm, least), high, figure, " ms", quiet_p99=calm, flooded_p99=high, **numbers)


def judge_flood(told, rate):
    """What the excess was told, and when; and the longest wait of all."""
    taken = [seconds for status, _, seconds in told if status == 200]
    excess = [seconds for status, says_when, seconds in told if status == 503 and says_when]
    strange = len(told) - len(taken) - len(excess)
    figure = "%.0f ms in the 99th of 100 (%d of %d told 503 with Retry-After; %d taken, %d told anything else)" % (
        percentile(excess, 99) * 1e3, len(excess), len(told), len(taken), strange)
    refusal = at_most("flood: the excess is told", AT_ONCE_MS, percentile(excess, 99) * 1e3, figure, " ms", arrivals_a_second=rate,
                      taken=len(taken), refused=len(excess), strange=strange)
    refusal["met"] = refusal["met"] and strange == 0
    most = max(seconds for _, _, seconds in told) * 1e3
    return [refusal, at_most("flood: the longest wait", WAIT_MS, most, "%.0f ms" % most, " ms", taken_p99_ms=percentile(taken, 99) * 1e3)]


def measure():
    hurry()
    _, can_be_hashed = hash_cost(2)
    rate = TIMES * can_be_hashed
    times, told, refused = take_turns(rate)
    rows = [judge("GET /dashboard/ in a flood: p99", 10, times["view", "quiet"], times["view", "flooded"], arrivals_a_second=rate),
            judge("POST /login/ in a flood: p99", 10, times["sign-in", "quiet"], times["sign-in", "flooded"], refused=refused)]
    rows[1]["met"] = rows[1]["met"] and refused == 0
    return rows + judge_flood(told, rate)


if __name__ == "__main__":
    from bench import main
    main(["overload"])
