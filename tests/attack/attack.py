#!/usr/bin/python3
"""Every attack, or those that are named: ./dev attack [PART ...].

A part is a module beside this one with a function attack(field) that calls field.row() for each thing tried. The lines are
printed and kept in build/attack/report, those of a part until it is run again. Anything that got through in greater number
than its bound makes the command fail.
"""
import importlib
import pathlib
import sys
import time

from field import Field

REPORT = pathlib.Path(__file__).resolve().parents[2] / "build" / "attack" / "report"
ORDER = ["injection", "guessing", "paths", "smuggling", "lines", "redirects", "cache", "records", "slow", "names", "sessions",
         "origins", "bombing", "squatting", "growth", "cost", "timing"]
TITLE = ("part", "attack", "tries", "got through", "bound", "")


def kept():
    """The lines of the parts that were run before."""
    lines = REPORT.read_text().splitlines()[1:] if REPORT.exists() else []
    return [tuple(field.strip() for field in line.split("|")) for line in lines]


def keep(rows):
    rows = sorted(rows, key=lambda row: ORDER.index(row[0]))
    widths = [max(len(row[i]) for row in [TITLE, *rows]) for i in range(len(TITLE))]
    text = "".join(" | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() + "\n" for row in [TITLE,
            *rows])
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text)
    return text


def run(name):
    """The lines of one part; one that breaks is one that was lost."""
    field = Field(name)
    begun = time.monotonic()
    print(f"--- {name}", flush=True)
    try:
        importlib.import_module(name).attack(field)
    except Exception as fault:
        field.row(f"the part itself: {fault!r}"[:150].replace("|", "/"), 1, 1, 0)
    print(f"    {time.monotonic() - begun:.0f} s", flush=True)
    return field.rows


def main(wanted):
    unknown = [name for name in wanted if name not in ORDER]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(ORDER)}")
    rows = []
    for name in wanted or ORDER:
        rows += run(name)
        keep(rows + [row for row in kept() if row[0] in ORDER and row[0] not in {own[0] for own in rows}])
    print(keep(kept()), end="")
    return 1 if any(row[5] != "held" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
