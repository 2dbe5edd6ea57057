#!/usr/bin/python3
"""Page views through nginx, beside a bare libfcgi program behind the same nginx that sends the same bytes and headers.

Ours and the floor take turns; what is compared is a ratio within one run, and processor time for each request. A page
view is one round trip to the database: pg_stat_statements says so.
"""
import statistics

from floors import CONNECTIONS, SECONDS, floors, rate, record_answer
from processes import Meter, postmaster, root
from shop import ROUNDS, at_least, at_most, sign_up_one, sql, visit

# Path, whether a customer looks, and the part of the floor that ours shall reach.
PAGES = {"register": ("/register/", False, 0.85), "dashboard": ("/dashboard/", True, 0.80), "session": ("/session/", True, 0.85)}
# Django's own rates for the same two pages, measured elsewhere on 2 cores with 4 workers: a landmark, not a rival.
DJANGO = {"register": 840, "dashboard": 685}
LOOKS = 1000


def turn(path, cookie, workers):
    """One turn of wrk: requests a second, and microseconds of processor time a request by kind of process."""
    meter = Meter({"worker": [workers], "nginx": [root("nginx")], "postgresql": [postmaster()]})
    requests_a_second, requests = rate(path, cookie)
    return {"rate": requests_a_second, **{name: seconds / requests * 1e6 for name, seconds in meter.end().items()}}


def median(turns):
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def take_turns(runs):
    """{(page, who): (path, cookie, workers)}: the medians of each, A B A B."""
    turns = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            turns[name].append(turn(*run))
    return {name: median(values) for name, values in turns.items()}


def count_round_trips(browser):
    """Statements that PostgreSQL counts for one view of the dashboard."""
    sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    for track in ("top", "none"):
        sql("ALTER SYSTEM SET pg_stat_statements.track = '%s'" % track)
        sql("SELECT pg_reload_conf(), pg_sleep(0.5)")
        if track == "top":
            browser.request("GET", "/dashboard/")  # a worker that was idle reads the new setting now
            sql("SELECT pg_stat_statements_reset()")
            for _ in range(LOOKS):
                browser.request("GET", "/dashboard/")
    return int(sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE userid = 'storefront_worker'::regrole")) / LOOKS


def microseconds(medians):
    return " + ".join("%.0f" % medians[name] for name in ("worker", "nginx", "postgresql"))


def compare(page, ours, floor, size):
    path, _, least = PAGES[page]
    ratio = ours["rate"] / floor["rate"]
    figure = "%.2f (%s of %s a second; CPU of worker + nginx + PostgreSQL %s of %s us)" % (
        ratio, format(round(ours["rate"]), ","), format(round(floor["rate"]), ","), microseconds(ours), microseconds(floor))
    django = {"django": ours["rate"] / DJANGO[page]} if page in DJANGO else {}
    return at_least("GET " + path, least, ratio, figure, " of the floor", bytes=size, ours=ours, floor=floor, seconds=SECONDS,
                    rounds=ROUNDS, connections=CONNECTIONS, **django)


def measure():
    browsers = {True: sign_up_one(), False: visit()}
    answers = {page: record_answer(browsers[signed_in], path, page) for page, (path, signed_in, _) in PAGES.items()}
    trips = count_round_trips(browsers[True])
    assert trips > 0, "nothing was counted"
    with floors({page: (answers[page][0], signed_in) for page, (_, signed_in, _) in PAGES.items()}) as started:
        runs = {}
        for page, (path, signed_in, _) in PAGES.items():
            cookie = browsers[signed_in].cookie_header()
            runs[page, "ours"] = path, cookie, root("pages")
            runs[page, "floor"] = "/floor-%s/" % page, cookie, started[page]
        medians = take_turns(runs)
    rows = [compare(page, medians[page, "ours"], medians[page, "floor"], answers[page][1]) for page in PAGES]
    return rows + [at_most("GET /dashboard/: round trips", 1, trips, "%.3g, by pg_stat_statements" % trips)]


if __name__ == "__main__":
    from bench import main
    main(["pages"])
