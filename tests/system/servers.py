"""PostgreSQL on hosts of a sandbox: a primary, its synchronous standby, their deaths and promotions."""
import contextlib
import os
import pathlib
import shutil
import signal

import sandbox
from sandbox import ROOT, run

PROGRAMS = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]


class Server:
    """One PostgreSQL on the host `place`, with its data in `folder`."""

    def __init__(self, place, folder):
        self.place = place
        self.folder = folder
        self.empty()

    def empty(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        shutil.chown(self.folder, "postgres", "postgres")
        self.folder.chmod(0o700)

    def do(self, program, *arguments):
        return self.place.do("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", PROGRAMS / program,
                             *arguments, cwd="/")

    def make(self):
        """A fresh database for the shop, with its roles; everybody on the hosts' network is trusted."""
        self.do("initdb", "-D", self.folder, "-U", "administrator", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        with open(self.folder / "pg_hba.conf", "a") as rules:
            rules.write("host all all samenet trust\nhost replication all samenet trust\n")
        self.start()
        self.sql("CREATE DATABASE shop", "postgres")
        self.sql((ROOT / "sql" / "roles.sql").read_text())

    def start(self):
        self.do("pg_ctl", "-D", self.folder, "-s", "-w", "-l", self.folder / "server.log", "-o",
                f"-c listen_addresses=* -c unix_socket_directories='' -c cluster_name={self.place.name} "
                "-c max_connections=100 -c wal_keep_size=256MB -c wal_log_hints=on", "start")

    def sql(self, statements, database="shop"):
        return run(PROGRAMS / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
                   f"host={self.place.address} dbname={database} user=administrator connect_timeout=3",
                   *(argument for statement in self.parts(statements) for argument in ("-c", statement))).strip()

    @staticmethod
    def parts(statements):
        """A statement that must stand alone goes alone; a file goes as it is."""
        return statements if isinstance(statements, list) else [statements]

    def demand(self, standby):
        """From now on a commit is done when `standby` has it too; the empty name: when it is here."""
        self.sql([f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'", "SELECT pg_reload_conf()"])

    def follow(self, primary):
        """Becomes the synchronous standby of `primary`, from a fresh copy."""
        self.empty()
        self.do("pg_basebackup", "-h", primary.place.address, "-U", "administrator", "-D", self.folder, "-R", "-X",
                "stream", "--checkpoint=fast")
        # The copy has the primary's demand in it.
        with open(self.folder / "postgresql.auto.conf", "a") as settings:
            settings.write("synchronous_standby_names = ''\n")
        self.start()
        primary.demand(self.place.name)
        sandbox.eventually(lambda: primary.sql("SELECT sync_state FROM pg_stat_replication") == "sync",
                           what="synchronous replication")

    def kill(self):
        """As if the power had gone."""
        postmaster = int((self.folder / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        (self.folder / "postmaster.pid").unlink()

    def promote(self):
        self.do("pg_ctl", "-D", self.folder, "-s", "-w", "promote")

    def backends(self):
        """How many connections the workers have, and how many of these wait for the standby or for one that does."""
        return self.sql("""SELECT count(*), count(*) FILTER (WHERE wait_event = 'SyncRep'),
                                  count(*) FILTER (WHERE wait_event_type = 'Lock')
                           FROM pg_stat_activity WHERE usename = 'storefront_worker'""").split("|")
