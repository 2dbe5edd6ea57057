#!/usr/bin/python3 -B
"""mutate.py [COUNT [SEED [PART OF A PATH[,PART...]]]] | again: breaks COUNT rules, one at a time, and says which test saw it.

`again` takes those that survived last time. What survives and is not in tests/mutate/accepted makes it fail. It promises
that what it says of a mutant was said of the whole tree with all tests green; it refuses to know what the rules are.
"""
import collections
import json
import pathlib
import random
import signal
import sys
import time

import workshop
from places import ROOT, SCHEMA, Place, find

HERE = pathlib.Path(__file__).resolve().parent
OUTPUT = ROOT / "build" / "mutate"


class Report:
    """What is said of mutants, on the terminal and in build/mutate/report."""

    def __init__(self):
        self.file = open(OUTPUT / "report", "w", encoding="utf-8")
        self.counts = collections.Counter()

    def say(self, line):
        print(line, flush=True)
        print(line, file=self.file, flush=True)

    def tell(self, place, verdict, by=""):
        self.counts[verdict] += 1
        self.say(f"{verdict}: {place.path}:{place.line}{' by ' + by if by else ''}")
        if verdict not in ("KILLED", "EQUAL"):
            self.say(f"    - {place.before}\n    + {place.after}")


class Memory:
    """What was found before of this very tree: a run that was stopped goes on where it was."""

    def __init__(self, digest):
        self.path = OUTPUT / "judged"
        kept = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.kept = kept if kept.get("digest") == digest else {"digest": digest, "verdicts": []}

    def find(self, place):
        return next((told for *key, told in self.kept["verdicts"] if tuple(key) == place.key), None)

    def keep(self, place, verdict, by):
        self.kept["verdicts"].append([*place.key, [verdict, by]])
        self.path.write_text(json.dumps(self.kept))


def accepted():
    """Survivors that are no gap, each with its reason, by what Place.key says."""
    found, lines = {}, []
    for line in [*(HERE / "accepted").read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("#"):
            continue
        if line.strip():
            lines.append(line)
        elif lines:
            path, before, after, *reason = lines
            found[path, before.removeprefix("- "), after.removeprefix("+ ")] = " ".join(part.strip() for part in reason)
            lines = []
    return found


def journey_failure(name):
    """The test of a journey that fails twice, or None: what fails once only was chance, and all of them are run again."""
    for _ in range(3):
        done, printed = workshop.run_journey(name)
        if done:
            return None
        (OUTPUT / "last-failure").write_text(printed, encoding="utf-8")
        test = workshop.failed_test(printed)
        if not test or not workshop.run_journey(name, test)[0]:
            return test or "hang"
    return None


def first_failure(path):
    """The first test that fails: its kind, its file and its name; None where all succeed."""
    units, fuzzers = workshop.units_for(path)
    kinds = [("unit", workshop.run_unit, units), ("fuzz", workshop.run_fuzzer, fuzzers)]
    for kind, runs, names in kinds:
        for name in names:
            done, printed = runs(name)
            if not done:
                return kind, name, workshop.failed_test(printed)
    if not workshop.replace_programs():
        return "start", "", ""
    for name in workshop.journeys_for(path):
        test = journey_failure(name)
        if test:
            return "journey", name, test
    return None


def try_out(place, original):
    """KILLED and by what, SURVIVED, EQUAL (the same program) or INVALID (no program at all)."""
    path = workshop.TREE / place.path
    text = path.read_text(encoding="utf-8")
    mutant = place.apply(text)
    if not workshop.is_statement(place.path, mutant):
        return "INVALID", None
    path.write_text(mutant, encoding="utf-8")
    try:
        if place.path == SCHEMA:
            if not workshop.define_limit_wait(mutant):
                return "INVALID", None
        elif not workshop.build(*workshop.units_for(place.path)):
            return "INVALID", None
        elif workshop.programs() == original:
            return "EQUAL", None
        failure = first_failure(place.path)
        return ("KILLED", failure) if failure else ("SURVIVED", None)
    finally:
        path.write_text(text, encoding="utf-8")
        if place.path == SCHEMA:
            workshop.define_limit_wait(text)


def succeeds_without(failure):
    """Whether the journey's test that saw the mutant succeeds where there is none."""
    _, name, test = failure
    return workshop.build() and workshop.replace_programs() and (test == "hang" or workshop.run_journey(name, test)[0])


def judge(place, original):
    """What try_out() says, of a stack on which the test that failed does succeed without the mutant."""
    for _ in range(3):
        verdict, failure = try_out(place, original)
        if failure is None or failure[0] != "journey" or succeeds_without(failure):
            return verdict, f"{failure[0]}.{failure[1]} {failure[2]}".strip(" .") if failure else ""
        workshop.build()
        workshop.raise_stack()
    raise workshop.Broken(f"without any mutant, {failure[1]} {failure[2]} fails")


def check_baseline(digest):
    """All tests are green before a rule is broken; once for each state of the tree."""
    known = OUTPUT / "green"
    if not workshop.build():
        raise workshop.Broken("the tree does not build")
    original = workshop.programs()
    workshop.raise_stack()
    if not known.exists() or known.read_text() != digest:
        failure = first_failure("src/account/every")
        if failure:
            raise workshop.Broken(f"without any mutant, {' '.join(failure)} fails")
        known.write_text(digest)
    return original


def choose(arguments):
    """The places to break: in an order that the seed decides, or those that survived last time."""
    if arguments[:1] == ["again"]:
        kept = {tuple(key) for key in json.loads((OUTPUT / "survivors").read_text())}
        chosen = [place for place in find() if place.key in kept]
        return chosen, len(chosen)
    count, seed, part = (arguments + ["30", "1", ""][len(arguments):])[:3]
    places = [place for place in find() if any(word in place.path for word in part.split(","))]
    random.Random(int(seed)).shuffle(places)
    return places, int(count)


def break_rules(places, count, original, report, memory):
    """Breaks rules until `count` mutants are judged; the survivors."""
    reasons, survivors, judged = accepted(), [], 0
    for place in places:
        if judged == count:
            break
        if place.key in reasons:
            report.tell(place, "ACCEPTED")
            continue
        known = memory.find(place)
        verdict, by = known or judge(place, original)
        report.tell(place, verdict, by)
        if not known:
            memory.keep(place, verdict, by)
        judged += verdict in ("KILLED", "SURVIVED")
        if verdict == "SURVIVED":
            survivors.append(place)
            (OUTPUT / "survivors").write_text(json.dumps([place.key for place in survivors]))
        if not known and (by == "start" or by.endswith("hang")):
            workshop.build()
            workshop.raise_stack()
    return survivors


def main(*arguments):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    begun = time.monotonic()
    workshop.TREE.mkdir(parents=True, exist_ok=True)
    digest = workshop.copy_tree()
    places, count = choose(list(arguments))
    report = Report()
    workshop.configure()
    try:
        original = check_baseline(digest)
        survivors = break_rules(places, count, original, report, Memory(digest))
    finally:
        workshop.lower_stack()
    if not survivors and arguments[:1] != ("again",):
        (OUTPUT / "survivors").write_text("[]")
    numbers = ", ".join(f"{report.counts[verdict]} {verdict.lower()}" for verdict in ("KILLED", "SURVIVED", "ACCEPTED", "EQUAL", "INVALID"))
    report.say(f"{numbers}; {len(places)} places, {time.monotonic() - begun:.0f} seconds")
    return 1 if survivors else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except workshop.Broken as broken:
        sys.exit(f"mutate: {broken}")
