"""A copy of the tree in which rules are broken: its build, its tests, and the one stack that stays up from mutant to mutant.

Only what has changed is built, only the programs are put in the place of the stack's and their processes started again.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

from places import ROOT, SCHEMA, SETTINGS, limit_wait

TREE = ROOT / "build" / "mutate" / "tree"
BUILD = TREE / "build" / "mutate"
STACK = "mutate"
OPTIONS = ["-DCMAKE_C_COMPILER=gcc", "-DCMAKE_BUILD_TYPE=Mutate", "-DCMAKE_C_FLAGS=-O1"]
PROGRAMS = ("storefront", "storefront-mail")
UNITS = ("account", "csrf", "identity", "throttle_address", "verify_digits", "next", "guard", "settings")
FUZZERS = ("identity", "request")
POOLS = ("pages", "register", "login")
TABLES = "customer, session, rate_limit, mailbox_caution, one_time_code, outbox"
LONGEST = 240  # seconds; what takes longer has been made to hang


class Broken(Exception):
    """The workshop itself does not work: what it says of mutants would not be true."""


def run(*command, seconds=300, where=TREE, **environment):
    """Runs a command to its end, and what it has started; whether it succeeded, and what it printed."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("STOREFRONT_")}
    process = subprocess.Popen(command, cwd=where, env=variables | environment, stdin=subprocess.DEVNULL, text=True,
                               errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        printed, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return False, "FAIL: hang"
    return process.returncode == 0, printed


# --- the tree ---------------------------------------------------------------------------------------------------------

def copy_tree():
    """Makes the copy what the tree is; a file that is the same stays, so that it is not built again. What the copy is, but
    for what is only read, in one digest."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    wanted = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
    digest = hashlib.sha256()
    for name in sorted(wanted):
        content, target = (ROOT / name).read_bytes(), TREE / name
        if not name.endswith(".md") and not name.startswith(("docs/", "tests/mutate/")):
            digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            shutil.copymode(ROOT / name, target)
    for folder in ("src", "include", "sql", "tests", "conf", "www"):
        for path in (TREE / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc" and str(path.relative_to(TREE)) not in wanted:
                path.unlink()
    return digest.hexdigest()


def configure():
    done, printed = run("cmake", "-S", ".", "-B", str(BUILD), *OPTIONS)
    if not done:
        raise Broken(printed)


def build(units=UNITS, fuzzers=FUZZERS):
    """Builds the programs and some tests; whether the compiler took it."""
    targets = [*PROGRAMS, *("unit_" + name for name in units), *("fuzz_" + name for name in fuzzers)]
    return run("cmake", "--build", str(BUILD), "-j2", "--target", *targets)[0]


def programs():
    """What was built, for comparison: the same to the last byte does the same."""
    return [hashlib.sha256((BUILD / name).read_bytes()).digest() for name in PROGRAMS]


# --- the stack --------------------------------------------------------------------------------------------------------

def stack(*command):
    return run("./dev", "stack", STACK, *command, STACK_BUILD=STACK, seconds=60)


def facts():
    """Where the stack has what, as `./dev stack NAME env` says."""
    return dict(line.split("=", 1) for line in stack("env")[1].splitlines() if "=" in line)


def raise_stack():
    done, printed = run("tests/support/stack.sh", "up", STACK, STACK)
    if not done:
        raise Broken(printed)


def lower_stack():
    run("tests/support/stack.sh", "down", STACK, STACK)
    stack("wipe")


def is_ready(seconds):
    """Whether the whole stack answers before so many seconds have passed."""
    port, end = facts()["PORT"], time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def sql(statement):
    return stack("psql", "-c", statement)


def replace_programs():
    """Puts what was built into the stack, empties its tables and its mailbox and starts its processes again; whether they answer.
    Mails of hundreds of journeys would take longer to read than one is waited for."""
    parts = [("mailer",), *(("pool", name) for name in POOLS)]

    def each(verb):
        with concurrent.futures.ThreadPoolExecutor() as threads:
            list(threads.map(lambda part: stack(f"{verb}-{part[0]}", *part[1:]), parts))
    each("stop")
    folder = pathlib.Path(facts()["APP"]) / "bin"
    for name in PROGRAMS:
        fresh = folder / (name + ".new")
        shutil.copy(BUILD / name, fresh)
        fresh.rename(folder / name)
    for mail in pathlib.Path(facts()["MAIL"]).glob("*.eml"):
        mail.unlink()
    sql(f"TRUNCATE {', '.join('storefront.' + table.strip() for table in TABLES.split(','))} CASCADE")
    each("start")
    return is_ready(10)


# --- tests ------------------------------------------------------------------------------------------------------------

# The journeys that look at what a path holds, the likeliest first; the others follow in the order of their cost.
LIKELIEST = [
    (r"count_wrong_try|verify|find_code|repeat_code|find_replaced|/code\.c|settings_table", "code exchange"),
    (r"repeat_proof|repeated|outage", "exchange doubles"),
    (r"issue_code|purge|maintain", "code mail_limits operator"),
    (r"mail|limit_wait|0001", "mail_limits code"),
    (r"claim_mails|settle_mails", "mailer mail"),
    (r"carry", "keys"),
    (r"figures|throttled", "operator metrics"),
    (r"sign_in|login|password_hash", "login session address_limits"),
    (r"limit|throttle", "login address_limits mail_limits keys"),
    (r"session", "session csrf doubles"),
    (r"csrf", "csrf doubles"),
    (r"register|registration|name_holders|mend|purge_customers", "takeover doubles exchange mail_limits"),
    (r"identity", "identity"),
    (r"guard", "csrf session routes address_limits bodies"),
    (r"next", "login"),
]
JOURNEYS = "moments login session csrf address_limits mail_limits exchange takeover code doubles identity keys".split()


def journeys_for(path):
    first = [name for pattern, names in LIKELIEST if re.search(pattern, path) for name in names.split()]
    return list(dict.fromkeys(first + JOURNEYS))


def units_for(path):
    """Units and fuzzers to which a change of `path` can matter, its own first."""
    if path.startswith("sql/"):
        return [], []
    if path == SETTINGS:
        return ["settings"], []
    own = pathlib.Path(path).stem
    return sorted(UNITS, key=lambda name: own not in name), list(FUZZERS)


def run_unit(name):
    return run(str(BUILD / "tests" / f"unit_{name}"), seconds=LONGEST, where=TREE / "tests")


def run_fuzzer(name):
    folders = [f"{kind}/{name}" for kind in ("corpus", "crashes") if (TREE / "tests" / "fuzz" / kind / name).is_dir()]
    return run(str(BUILD / "tests" / "fuzz" / f"fuzz_{name}"), *folders, seconds=LONGEST, where=TREE / "tests" / "fuzz")


def run_journey(name, *tests):
    """All of a journey, or some tests of it, up to the first that fails."""
    return run("/usr/bin/python3", "-B", f"tests/journey/test_{name}.py", "-f", *tests, seconds=LONGEST, STACK=STACK, STACK_BUILD=STACK)


def failed_test(printed):
    """The name of the test that failed, as unittest (with its class) or cmocka prints it."""
    found = re.search(r"^(?:FAIL|ERROR): test\w+ \(__main__\.([\w.]+)\)|^\[  FAILED  \] (\w+)", printed, re.M)
    return next((name for name in found.groups() if name), "") if found else ""


def define_limit_wait(text):
    """Gives the stack's database the function of `text`; whether PostgreSQL took it."""
    first, last = limit_wait(text)
    return sql(text[first:last].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))[0]


def is_statement(path, text):
    """Whether PostgreSQL can prepare a statement."""
    if path == SCHEMA or not path.startswith("sql/"):
        return True
    return sql(f"PREPARE mutant AS {text}")[0]
