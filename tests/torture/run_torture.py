#!/usr/bin/python3 -B
"""run_torture.py [all[@N]|places|ways|short] [requests|starts|mailer [PART OF A NAME...]]: fails call after call (torture.py) and writes
what came of it to build/torture/report. STACK and STACK_BUILD name the stack."""
import signal
import sys
import time

import mails
import requests
import starts
from torture import ROOT, Database, Report, Stack

LIMITS = {"requests": 16, "starts": 10, "mailer": 40}  # calls that fail in the short form, of one request or start


def main(form="places", what=None, *wanted):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what was stopped is started again
    stack, report = Stack(), Report()
    database = Database(stack)
    begun = time.monotonic()
    try:
        if what in (None, "requests"):
            requests.run(stack, database, report, form, LIMITS["requests"], wanted)
        if what in (None, "mailer"):
            mails.run(stack, database, report, form, LIMITS["mailer"])
        if what in (None, "starts"):
            starts.run(stack, report, form, LIMITS["starts"], wanted)
    finally:
        database.close()
        (ROOT / "build" / "torture").mkdir(parents=True, exist_ok=True)
        (ROOT / "build" / "torture" / "report").write_text(report.table())
        print(report.table(), f"{time.monotonic() - begun:.0f} seconds", sep="")
    return 1 if report.findings or not report.outcomes else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
