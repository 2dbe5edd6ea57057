"""Writes what the benches said last into the README, between its marks. What stands there of a case that was not measured here
stays as it is."""
import re

BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->"
COUNTED = "instructions of "


def marked(case):
    """A case with the request in it, if any, in the form of code."""
    return re.sub(r"\b((?:GET|POST) /\S*?)(?=[:,]|\s|$)", r"`\1`", case)


def line(*cells):
    return "| %s |" % " | ".join(cells)


def tell(row):
    goal = "–" if row["goal"].startswith("none:") else row["goal"]
    met = "" if goal == "–" else "yes" if row["met"] else "no"
    return line(marked(row["case"]), goal, row["figure"].replace(" us)", " µs)"), met)


def tell_counted(row):
    return line(marked(row["case"].removeprefix(COUNTED)), *(format(row[kind], ",") for kind in ("worker", "nginx", "postgresql")))


def first_cell(text):
    return text.split("|")[1].strip()


def write(results, path):
    """Writes the rows of `results`, which bench.py kept, into the page at `path`."""
    with open(path, encoding="utf-8") as page:
        before, _, rest = page.read().partition(BEGIN)
    old, _, after = rest.partition(END)
    rows = [row for result in results for row in result["rows"]]
    told = [tell(row) for row in rows if not row["case"].startswith(COUNTED)]
    counted = [tell_counted(row) for row in rows if row["case"].startswith(COUNTED)]
    known = {first_cell(text) for text in told}
    told += [text for text in old.split("\n\n")[0].splitlines()[2:] if text.startswith("|") and first_cell(text) not in known]
    table = [line("case", "goal", "measured", "met"), line(*["---"] * 4), *told]
    if counted:
        table += ["", "Instructions for one request, by callgrind:", "", line("request", "worker", "nginx", "PostgreSQL"),
                  "| --- | ---: | ---: | ---: |", *counted]
    with open(path, "w", encoding="utf-8") as page:
        page.write(before + BEGIN + "\n".join(table) + "\n" + END + after)
