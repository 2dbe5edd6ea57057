"""What the backend alone pays: the statements of each deed asked by pgbench, two databases in turns, for customers and sessions taken
at random from all; and which statements read a large table as a whole. A backend of pgbench is young: it meets every page of the
shared memory for the first time. Commits do not wait for the disk, which would hide the difference.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

from filled import BIN, SIZES, administer
from shop import ROUNDS, RUN

STATEMENTS = pathlib.Path("sql/statements")
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
LARGE_TABLES = {"customer", "session", "one_time_code", "outbox"}


def without_comments(text):
    return re.sub(r"--[^\n]*", "", text).strip()


def text_of(name, *parameters):
    """A statement of the shop with its parameters in place, for a script of psql or pgbench."""
    text = without_comments((STATEMENTS / f"{name}.sql").read_text())
    return re.sub(r"\$(\d+)", lambda match: parameters[int(match.group(1)) - 1], text)


def number_of_parameters(text):
    return max(map(int, re.findall(r"\$(\d+)", without_comments(text))), default=0)


SESSION = text_of("find_session", "sha256(sha256(:session::text::bytea))", ":days", ":most_days", ":touch", ":hours")
PICK = r"""\set customer random(1, :customers)
\set session random(1, :sessions)
\set days 14
\set most_days 30
\set touch 10
\set hours 24
\set tries 5
\set seconds 900
"""
NEW = """SELECT gen_random_uuid() AS one, gen_random_uuid() AS two, gen_random_uuid() AS three, gen_random_uuid() AS four,
       gen_random_uuid() AS five \\gset
"""
DIGEST = "sha256(:%s::text::bytea)"


def scripts():
    one, two, three, four, five = (f":{name}" for name in ("one", "two", "three", "four", "five"))
    register = [
        text_of("find_name_holders", f"{one}::text", f"{one}::text", "NULL", DIGEST % "one", "60", ":hours"),
        "BEGIN",
        text_of("take_mail_limits", DIGEST % "one", DIGEST % "two", "5", "10"),
        text_of("register_customer", one, one, one, one, one, "'Bench'", "'hash'", "'en'", two, DIGEST % "one", "30", ":hours"),
        text_of("issue_code", three, two, DIGEST % "three", "4", "8", DIGEST % "one", "1", "5", "600", four, "0"),
        text_of("open_pending_session", five, DIGEST % "five", two, DIGEST % "one", "false", DIGEST % "four", five),
        "COMMIT",
        text_of("find_code", two, DIGEST % "one", DIGEST % "two", "60", "5", "10"),
        text_of("verify_customer", three, DIGEST % "three", two, five, DIGEST % "two", DIGEST % "five")]
    login = [
        text_of("begin_sign_in", "('customer' || :customer)::text", "('customer' || :customer)::text", DIGEST % "customer",
                DIGEST % "one", ":tries", ":seconds", ":hours") + " \\gset found_",
        text_of("sign_in", one, DIGEST % "two", ":found_id", DIGEST % "three", ":found_key", DIGEST % "four", five)]
    return {"GET /dashboard/ and GET /session/": PICK + SESSION + ";\n",
            "register and verify": PICK + NEW + ";\n".join(register) + ";\n",
            "login": PICK + NEW + ";\n".join(login).replace(" \\gset found_;", " \\gset found_") + ";\n"}


def latency(database, script, seconds):
    """Microseconds of one run of `script`."""
    customers, sessions = SIZES[database]
    done = subprocess.run([BIN / "pgbench", "-n", "-M", "prepared", "-c", "2", "-j", "1", "-T", str(seconds), "-h",
                           RUN + "/database", "-U", "storefront_worker", "-D", f"customers={customers}",
                           "-D", f"sessions={sessions}", "-f", script, database], check=True, capture_output=True, text=True,
                          env=os.environ | {"PGOPTIONS": "-c synchronous_commit=off"})
    assert "number of failed transactions: 0 " in done.stdout, done.stdout
    return float(re.search(r"latency average = ([\d.]+) ms", done.stdout)[1]) * 1000


def compare(script):
    """The median latency with each size, in turns."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        os.chmod(file.name, 0o644)
        taken = {name: [] for name in SIZES}
        for name in SIZES:
            latency(name, file.name, SECONDS * 2)  # what is asked for often is then in memory
        for _ in range(ROUNDS):
            for name in SIZES:
                taken[name].append(latency(name, file.name, SECONDS))
    return {name: statistics.median(values) for name, values in taken.items()}


def scans(plan):
    """The large tables that a plan reads as a whole."""
    own = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" and plan["Relation Name"] in LARGE_TABLES else []
    return own + [table for part in plan.get("Plans", []) for table in scans(part)]


def whole_reads(database):
    """Every statement that reads a large table as a whole, by the plan that serves all parameters."""
    found = {}
    for path in sorted(STATEMENTS.glob("*.sql")):
        text = path.read_text()
        if "storefront." not in text or "Run by: migration" in text:
            continue
        nothing = ", ".join(["NULL"] * number_of_parameters(text))
        said = administer(database, "-c", "SET plan_cache_mode = force_generic_plan", "-c",
                          "PREPARE asked AS " + without_comments(text), "-c",
                          "EXPLAIN (FORMAT JSON) EXECUTE asked" + (f"({nothing})" if nothing else ""))
        tables = scans(json.loads(said)[0]["Plan"])
        if tables:
            found[path.stem] = tables
    return found


def rows():
    """A landmark for each deed, and whether any statement reads a whole table."""
    found = whole_reads("large")
    given = [{"case": "statements that read a large table as a whole", "goal": "none", "figure": ", ".join(found) or "none",
              "met": not found, "found": found}]
    for case, script in scripts().items():
        taken = compare(script)
        ratio = taken["large"] / taken["small"]
        given.append({"case": "size, statements alone: " + case, "goal": "none: a landmark", "met": True, "ratio": ratio,
                      "figure": "%.2f times the time (%.0f and %.0f µs)" % (ratio, taken["large"], taken["small"]),
                      "large_us": taken["large"], "small_us": taken["small"]})
    return given
