#!/usr/bin/python3
"""The same pages and deeds over HTTP with ten thousand customers and with ten million: two databases on one PostgreSQL, each with its
own long-lived workers behind the same nginx, asked in turns with cookies and names drawn at random from all. Takes some minutes
and half of 24 GB of memory, so ./dev bench runs it only when it is named, or with --all.

BENCH_SIZE=0.1 is a try with a tenth. BENCH_KEEP=1 leaves the databases for the next run, which then does not fill them; with it,
BENCH_ONLY takes one of the parts: views, sign-ins, sign-ups, statements. BENCH_BUFFERS_MB and BENCH_HUGE_PAGES=off set PostgreSQL up otherwise.
"""
import asyncio
import os
import random
import statistics
import time

import statements
from filled import BUFFERS_MB, FILLING, MEASURING, SIZES, administer, fill, forget, has_huge_pages, large_server, restart_database, table_sizes, warm
from flows import TOGETHER, sign_in_as, sign_up
from load import Mails, keep_busy, new_name
from processes import Meter, postmaster, root
from shop import PASSWORD, ROUNDS, at_most, sql, visit
from twins import look, twins, visitor, write_cookies

SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
GOAL = 1.3
VIEWS = ("/dashboard/", "/session/")
KEEP, ONLY = "BENCH_KEEP" in os.environ, os.environ.get("BENCH_ONLY")


def meter(processes):
    return Meter({"worker": [processes[pool] for pool in ("pages", "register", "login")], "nginx": [root("nginx")],
                  "postgresql": [postmaster()], "mailer": [processes["mailer"]]})


def summary(turns):
    return {field: statistics.median(turn[field] for turn in turns) for field in turns[0]}


def microseconds(medians):
    return " + ".join("%.0f" % medians[kind] for kind in ("worker", "nginx", "postgresql"))


def judge(case, turns):
    """The times, which at the same number of requests at once are as one to the rates."""
    medians = {name: summary(values) for name, values in turns.items()}
    ratio = medians["small"]["rate"] / medians["large"]["rate"]
    figure = "%.2f (%.4g and %.4g a second; CPU of worker + nginx + PostgreSQL %s and %s µs)" % (
        ratio, medians["large"]["rate"], medians["small"]["rate"], microseconds(medians["large"]), microseconds(medians["small"]))
    return at_most("size: " + case, GOAL, ratio, figure, " times the time", **medians, turns=turns, customers=SIZES["large"][0], seconds=SECONDS, rounds=ROUNDS,
                   shared_buffers_mb=BUFFERS_MB, huge_pages=has_huge_pages())


async def measured(processes, deed, name):
    """Rate, and microseconds of processor time by kind, of a turn that gives its rate and how often it was done."""
    used = meter(processes)
    rate, done = await deed(name)
    return {"rate": rate, **{kind: seconds / done * 1e6 for kind, seconds in used.end().items()}}


async def take_turns(shops, deed):
    """Turns of deed(name), A B A B, after one of each that does not count."""
    turns = {name: [] for name in shops}
    for name in shops:
        await deed(name)
    for _ in range(ROUNDS):
        for name, processes in shops.items():
            turns[name].append(await measured(processes, deed, name))
    return turns


# --- views ----------------------------------------------------------------------------------------------------------------

async def check(name, cookies):
    """wrk takes a redirect for an answer: are these customers signed in, and are both cookies kept as they are?"""
    with open(cookies) as lines:
        drawn = random.sample(lines.read().splitlines(), 20)
    for line in drawn:
        client = visitor(name)()
        client.cookies = dict(pair.split("=", 1) for pair in line.split("; "))
        for path in VIEWS:
            status, head, body = await client.ask("GET", path)
            assert status == 200 and b"set-cookie" not in head.lower() and (path != "/session/" or b"customer" in body), (name, path, head, body)
        client.close()


async def views(shops):
    cookies = {name: write_cookies(name, SIZES[name][1]) for name in shops}
    for name in shops:
        await check(name, cookies[name])
    rows = []
    for path in VIEWS:
        async def turn(name):
            return look(name, path, cookies[name], SECONDS)
        rows.append(judge("GET " + path, await take_turns(shops, turn)))
    return rows


# --- deeds ----------------------------------------------------------------------------------------------------------------

async def busy(one):
    """Flows a second, and their number, of one() by as many visitors as keep every core busy."""
    begun = time.monotonic()
    flows = await keep_busy(one, TOGETHER, SECONDS)
    return flows / (time.monotonic() - begun), flows


async def sign_ins(shops):
    async def turn(name):
        return await busy(lambda: sign_in_as("customer%d" % random.randint(1, SIZES[name][0]), visitor(name)))
    return [judge("login", await take_turns(shops, turn))]


async def sign_ups(shops):
    async with Mails() as mails:  # one for all turns: both mailers keep their connections to it
        async def turn(name):
            return await busy(lambda: sign_up(mails, [], visitor(name)))
        return [judge("register + verify", await take_turns(shops, turn))]


# --- the whole ------------------------------------------------------------------------------------------------------------

def size_row(filled):
    sizes = table_sizes("large")
    return {"case": "size on disk, indexes included", "goal": "none: a landmark",
            "figure": "a customer %d bytes, a session %d, all %.1f GB; shared_buffers of %.1f GB on %s pages" % (
                sizes["customer"]["bytes"], sizes["session"]["bytes"], sizes["database"] / 1e9, BUFFERS_MB * 2**20 / 1e9,
                "huge" if has_huge_pages() else "small"),
            "met": True, "filled_seconds": filled} | sizes


def hash_of_password():
    """As the shop made it for a newcomer, whose mail nobody waits for."""
    browser, name = visit(), new_name()
    answer, body = browser.request("POST", "/register/", {"name": "Bench", "username": name, "email": name + "@example.com", "password": PASSWORD})
    assert answer.status == 200, body
    return sql("SELECT password_hash FROM storefront.customer WHERE username = '%s'" % name)


def make_shops(password_hash):
    """The seconds that it took to fill each; those that are there already stay."""
    there = administer("postgres", "-c", "SELECT count(*) FROM pg_database WHERE datname IN ('small', 'large')")
    if KEEP and there == "2":
        return {}
    restart_database(FILLING)
    return {name: fill(name, password_hash) for name in SIZES}


def measure():
    parts = {"views": views, "sign-ins": sign_ins, "sign-ups": sign_ups}
    password_hash = hash_of_password()  # while the workers' database has not been restarted
    with large_server():
        try:
            filled = make_shops(password_hash)
            restart_database(MEASURING)
            for name in SIZES:
                warm(name)
            with twins(SIZES) as shops:
                rows = [row for part, run in parts.items() if ONLY in (None, part) for row in asyncio.run(run(shops))]
            return rows + [size_row(filled)] + (statements.rows() if ONLY in (None, "statements") else [])
        finally:
            if not KEEP:
                forget()


if __name__ == "__main__":
    from bench import main
    main(["size"])
