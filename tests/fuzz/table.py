"""Adds runs of the fuzzers to the table of docs/fuzzing.md: what each harness was ever given, and for how long."""
import pathlib
import sys

TOOLS = {"libfuzzer": "libFuzzer", "afl": "AFL++"}
HEAD = "| harness | tool | executions | CPU minutes | crashes | edges |"


def read_table(lines):
    """{(harness, tool): [executions, CPU minutes, crashes, edges]} of the lines of a table."""
    rows = [[cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines]
    return {(row[0], row[1]): [int(row[2].replace(",", "")), float(row[3]), int(row[4]), int(row[5])] for row in rows}


def add_runs(table, runs):
    for line in runs:
        tool, harness, executions, seconds, crashes, edges = line.split()
        row = table.setdefault((harness, TOOLS[tool]), [0, 0.0, 0, 0])
        row[0] += int(executions)
        row[1] += int(seconds) / 60
        row[2] += int(crashes)
        row[3] = int(edges)


def main(spent, target):
    target = pathlib.Path(target)
    before, _, rest = target.read_text(encoding="utf-8").partition(HEAD)
    rule, *lines = rest.strip("\n").split("\n")
    rows = [line for line in lines if line.startswith("| `")]
    table = read_table(rows)
    add_runs(table, pathlib.Path(spent).read_text().splitlines())
    told = ["| `%s` | %s | %s | %.1f | %d | %s |" % (*key, format(row[0], ","), row[1], row[2], row[3]) for key, row in sorted(table.items())]
    target.write_text("\n".join([before + HEAD, rule, *told, *lines[len(rows):]]) + "\n", encoding="utf-8")


main(*sys.argv[1:])
