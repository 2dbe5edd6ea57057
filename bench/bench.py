#!/usr/bin/python3
"""Every case of the bench, or those that are named: ./dev bench [--all] [CASE ...].

A case is a module beside this one with a function measure() that gives rows: {"case", "goal", "figure", "met", numbers ...}.
They are printed as a table, written to bench/results/CASE.json, drawn into docs/benchmark.svg and told in the README. Everything runs on one
machine; what is compared is a ratio within one run, for absolute rates say more about the machine than about the program.
"""
import datetime
import glob
import importlib
import json
import os
import platform
import subprocess
import sys
import time

import book
import picture

HERE = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(HERE, "results")
ORDER = ["pages", "flows", "overload", "mail", "memory", "start", "instructions", "size"]
SLOW = {"size"}  # minutes, and gigabytes: only when named, or with --all


def cases():
    """Those that are there."""
    return [name for name in ORDER if os.path.exists(os.path.join(HERE, name + ".py"))]


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    version = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {"processor": models[0] if models else platform.machine(), "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20, "version": version,
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


def print_table(rows):
    lines = [("case", "goal", "met", "figure")] + [(row["case"], row["goal"], "yes" if row["met"] else "NO", row["figure"]) for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(3)]
    for line in lines:
        print("  ".join(field.ljust(width) for field, width in zip(line, widths)) + "  " + line[3])


def keep(name, rows, seconds):
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".json"), "w") as out:
        json.dump({"machine": machine(), "seconds": round(seconds, 1), "rows": rows}, out, indent=1)
        out.write("\n")


def kept():
    """What the last run of each case said."""
    files = [os.path.join(RESULTS, name + ".json") for name in ORDER]
    return [json.load(open(file)) for file in files if os.path.exists(file)]


def run(name):
    begun = time.monotonic()
    print("measuring: %s" % name, file=sys.stderr, flush=True)
    rows = importlib.import_module(name).measure()
    keep(name, rows, time.monotonic() - begun)
    return rows


def main(arguments):
    wanted = [argument for argument in arguments if argument != "--all"]
    unknown = set(wanted) - set(cases())
    if unknown:
        raise SystemExit("no such case: %s; there are %s" % (", ".join(sorted(unknown)), ", ".join(cases())))
    wanted = wanted or [name for name in cases() if "--all" in arguments or name not in SLOW]
    print_table([row for name in wanted for row in run(name)])
    picture.draw(kept(), os.path.join(HERE, "..", "docs", "benchmark.svg"))
    book.write(kept(), os.path.join(HERE, "..", "README.md"))


if __name__ == "__main__":
    main(sys.argv[1:])
