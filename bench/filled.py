"""Two shops of unlike size on the stack's PostgreSQL, filled by SQL, and PostgreSQL set up as for the larger one: shared_buffers
that hold all of it, on huge pages where the machine gives them.
"""
import contextlib
import os
import pathlib
import re
import subprocess
import time

from processes import postmaster, read
from shop import ENVIRONMENT, RUN, stack

BIN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
SCALE = float(os.environ.get("BENCH_SIZE", "1"))  # less for a try
SIZES = {"small": (10_000, 20_000), "large": (int(10_000_000 * SCALE), int(20_000_000 * SCALE))}
BUFFERS_MB = int(os.environ.get("BENCH_BUFFERS_MB", max(512, 11 * 1024 * SCALE)))
HUGE_PAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")
SPARE_PAGES = 300  # other servers of the machine take of them too
KIND = os.environ.get("BENCH_HUGE_PAGES", "try")  # or off
BUFFERS = f"-c shared_buffers={BUFFERS_MB}MB -c huge_pages={KIND}"
FILLING = f"{BUFFERS} -c wal_level=minimal -c max_wal_senders=0 -c fsync=off -c maintenance_work_mem=1GB -c synchronous_commit=off -c max_wal_size=30GB"
MEASURING = f"{BUFFERS} -c max_wal_size=16GB -c checkpoint_timeout=1h -c wal_compression=lz4"


def administer(database, *command):
    """psql as the administrator of the stack's PostgreSQL."""
    done = subprocess.run([BIN / "psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", RUN + "/database", "-U",
                           "administrator", "-d", database, *command], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def restart_database(options):
    stack("stop-database")
    os.environ["STACK_POSTGRES_OPTIONS"] = options
    stack("start-database")


def give_huge_pages(count):
    """Asks the kernel for them, which only root may; it finds more at each try, as it makes room in the page cache."""
    os.sync()
    with contextlib.suppress(OSError):
        for _ in range(10):
            HUGE_PAGES.write_text(str(count))
            if int(HUGE_PAGES.read_text()) == count:
                break


def has_huge_pages():
    """Whether the server that runs took them."""
    return "anon_hugepage" in read("/proc/%d/maps" % postmaster())


@contextlib.contextmanager
def large_server():
    """PostgreSQL with large buffers; afterwards it and the kernel are as they were."""
    before = os.environ.get("STACK_POSTGRES_OPTIONS", "")
    pages = HUGE_PAGES.read_text() if HUGE_PAGES.exists() else "0"
    restart_database(BUFFERS)
    try:
        if KIND != "off":
            give_huge_pages(int(pages) + int(administer("postgres", "-c", "SHOW shared_memory_size_in_huge_pages")) + SPARE_PAGES)
        yield
    finally:
        restart_database(before)
        give_huge_pages(int(pages))


def migrate(database):
    settings = dict(line.split("=", 1) for line in pathlib.Path(RUN, "env", "settings").read_text().splitlines())
    url = f"host={RUN}/database dbname={database} user=storefront_owner"
    subprocess.run([ENVIRONMENT["APP"] + "/bin/storefront", "migrate"], check=True, capture_output=True,
                   env=os.environ | settings | {"STOREFRONT_DATABASE_URL": url})


def fill(name, password_hash):
    """Makes the database anew; the seconds that it took."""
    customers, sessions = SIZES[name]
    begun = time.monotonic()
    administer("postgres", "-c", f"DROP DATABASE IF EXISTS {name}", "-c", f"CREATE DATABASE {name}")
    administer(name, "-f", "sql/roles.sql")
    migrate(name)
    administer(name, "-v", f"hash={password_hash}", "-v", f"customers={customers}", "-v", f"sessions={sessions}", "-f", "bench/fill_shop.sql")
    return time.monotonic() - begun


def forget():
    for name in SIZES:
        administer("postgres", "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def warm(name):
    """As after some hours of use: all that a request may touch is in PostgreSQL's own memory."""
    administer(name, "-c", "CREATE EXTENSION IF NOT EXISTS pg_prewarm", "-c", "SELECT sum(pg_prewarm(oid)) FROM pg_class "
               "WHERE relnamespace = 'storefront'::regnamespace AND relkind IN ('r', 'i')")


def table_sizes(name):
    """Bytes a row with its indexes, of the large tables, and of the whole database."""
    rows = administer(name, "-c", "SELECT relname, pg_total_relation_size(oid) / greatest(reltuples, 1), pg_table_size(oid) "
                      "/ greatest(reltuples, 1) FROM pg_class WHERE relnamespace = 'storefront'::regnamespace "
                      "AND relname IN ('customer', 'session', 'one_time_code', 'outbox')").splitlines()
    whole = int(administer(name, "-c", f"SELECT pg_database_size('{name}')"))
    return {"database": whole} | {table: {"bytes": round(float(total)), "of_them_table": round(float(own))}
                                  for table, total, own in (row.split("|") for row in rows)}
