"""What an operator relies on: health and readiness, one stack, static files, and roles that may do little."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import gzip
import os
import re
import signal
import socket
import subprocess

import fastcgi
from browser import parse, together
from journey import Journey, main, unique
from stack import ROOT, DatabaseRefused, eventually


class HealthAndReadiness(Journey):
    def test_say_that_all_is_well(self):
        """As JSON, to whomever and under any Host: a load balancer asks by address."""
        for host in (None, "10.0.0.7", "evil.example", "localhost"):
            visitor = self.visitor()
            visitor.host = host or visitor.host
            health, ready = visitor.get("/healthz"), visitor.get("/readyz")
            self.assertEqual((health.status, health.json), (200, {"status": "ok"}))
            self.assertEqual((ready.status, set(ready.json.values())), (200, {"ok"}))
            self.assertEqual(set(ready.json), {"database", "pages", "register", "login"})
            for answer in (health, ready):
                self.assertTrue(answer.is_json)
                self.assertEqual(answer.cookies, {})
                self.is_well_headed(answer)

    def test_say_which_part_is_away(self):
        """A pool that was stopped is named; the process itself goes on being healthy."""
        visitor = self.visitor()
        for pool in ("register", "login"):
            with self.stack.without(pool):
                answer = visitor.get("/readyz")
                said = self.fails(answer, 503, "unavailable")
                self.assertEqual((said[pool], said["database"]), ("away", "ok"))
                self.assertEqual(visitor.get("/healthz").status, 200)
        with self.stack.without("database"):
            before = len(self.stack.log("pages"))
            said = self.fails(visitor.get("/readyz"), 503, "unavailable")
            self.assertEqual(said["database"], "away")
            self.assertEqual(visitor.get("/healthz").status, 200)
            eventually(lambda: '"event":"database is away","reason":"connection to server' in self.stack.log("pages")[before:],
                       what="the reason")

    def test_and_who_is_signed_in_are_json_also_where_nginx_answers(self):
        """Scripts ask, whatever they say that they accept."""
        with self.stack.without("pages"):
            for path in ("/session/", "/healthz", "/readyz"):
                self.fails(self.visitor().get(path), 503, "unavailable")
            self.assertTrue(self.visitor().get("/login/").is_page)
        eventually(lambda: self.visitor().get("/readyz").status == 200)

    def test_keep_no_page_from_being_shown(self):
        """A pool that is slow holds up who asks for it: two at once, each for its time, and pages go on."""
        workers = self.stack.children("register")
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            paths = ["/readyz"] * 6 + ["/register/"]
            answers = together(*(lambda path=path, visitor=self.visitor(): visitor.get(path).status for path in paths))
            self.assertEqual(answers[-1], 200)
            self.assertEqual(sorted(answers[:-1]), [429] * 4 + [503] * 2)
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        eventually(lambda: self.visitor().get("/readyz").status == 200)


class AProgramAndItsTables(Journey):
    def ask(self, path, uri):
        return parse(fastcgi.ask(path, {"REQUEST_METHOD": "GET", "DOCUMENT_URI": uri,
                                        "HTTP_HOST": f"127.0.0.1:{self.stack.port}"}))

    def test_that_do_not_fit_are_not_ready(self):
        """A worker has a statement read when it first runs it; who asks whether it is ready has all of them read."""
        name = "bare" + unique()
        self.stack.sql(f"CREATE DATABASE {name}")
        url = self.stack.database_url("storefront_worker").replace("dbname=shop", "dbname=" + name)
        before = len(self.stack.log("by-hand"))
        try:
            with self.stack.worker("pages", DATABASE_URL=url) as path:
                self.assertEqual(self.ask(path, "/healthz").status, 200)
                said = self.fails(self.ask(path, "/readyz"), 503, "unavailable")
                self.assertEqual(said["database"], "away")
            lines = [line for line in self.stack.log("by-hand")[before:].splitlines() if "statement cannot be prepared" in line]
            self.assertTrue(lines)
            self.assertIn('"sqlstate":"42P01"', lines[0])
        finally:
            self.stack.sql(f"DROP DATABASE {name} WITH (FORCE)")


    def test_a_turn_that_fails_before_all_of_it_was_read_is_read_again(self):
        """What the server has skipped is not taken for read: no worker asks for a statement that is not there."""
        name = "refuse" + unique()
        with self.stack.without("register"):
            self.stack.sql(f"CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS "
                           "$$ BEGIN RAISE EXCEPTION 'once more' USING ERRCODE = '40001'; END $$; "
                           f"CREATE TRIGGER {name} BEFORE INSERT ON storefront.customer FOR EACH ROW EXECUTE FUNCTION public.{name}()")
        before = len(self.stack.log("register"))
        try:
            eventually(lambda: self.visitor().post("/register/", {}).status == 403, what="the pool's start")
            for _ in range(4):
                visitor = self.visitor()
                self.fails(visitor.register(), 503, "unavailable")
        finally:
            self.stack.sql(f"DROP FUNCTION public.{name} CASCADE")
        self.succeeds(visitor.register())
        lines = self.stack.log("register")[before:]
        self.assertIn('"sqlstate":"40001"', lines)
        self.assertNotIn('"sqlstate":"26000"', lines)


class StartedAgain(Journey):
    def parts(self):
        return {path.name: path.read_text() for path in (self.stack.run / "pid").iterdir()}

    def again(self):
        return subprocess.run([ROOT / "tests" / "support" / "stack.sh", "again", self.stack.name, self.stack.build],
                              capture_output=True, text=True, timeout=120, check=True).stderr

    def test_it_stays_one(self):
        """One after the other and both at once: the same processes on the same port."""
        customer = self.customer()
        before = self.parts()
        self.assertIn("up already", self.again())
        together(self.again, self.again)
        self.assertEqual(self.parts(), before)
        self.stack.read()
        self.is_signed_in(customer)


class AStackThatIsToldNonsense(Journey):
    def test_goes_on(self):
        """Settings and port are judged before anything is stopped."""
        before = self.stack.children("pages")
        with self.assertRaises(subprocess.CalledProcessError):
            self.stack.do("up", PORT=str(self.stack.port), STOREFRONT_OTP_DIGITS="99")
        with socket.socket() as somebody, self.assertRaises(subprocess.CalledProcessError):
            somebody.bind(("127.0.0.1", 0))
            somebody.listen()
            self.stack.do("up", PORT=str(somebody.getsockname()[1]))
        self.assertEqual(self.stack.children("pages"), before)
        self.assertEqual(self.visitor().get("/readyz").status, 200)


class Processors(Journey):
    def weight(self, pool):
        """How much a worker yields: within its session and, where the kernel weighs sessions, as one."""
        worker = self.stack.children(pool)[0]
        session = pathlib.Path(f"/proc/{worker}/autogroup")
        shown = re.search(r"nice (-?\d+)", session.read_text()) if session.exists() else None
        nice = os.getpriority(os.PRIO_PROCESS, worker)
        return nice, int(shown.group(1)) if shown else nice

    def test_are_pages_first_then_sign_ins_then_sign_ups(self):
        """A flood of newcomers does not keep customers waiting."""
        pages, login, register = (self.weight(pool) for pool in ("pages", "login", "register"))
        for kind in range(2):
            self.assertLess(pages[kind], login[kind])
            self.assertLess(login[kind], register[kind])


class StaticFiles(Journey):
    def files(self):
        visitor = self.visitor()
        pages = "".join(visitor.get(path).text for path in ("/", "/register/", "/login/", "/nosuch/"))
        return sorted(set(re.findall(r'["\'](/static/[^"\'?#]+)', pages)))

    def test_are_cached_for_a_year_under_names_that_change_with_their_content(self):
        """Every file that a page names is there, typed, and never to be asked for again."""
        files = self.files()
        self.assertTrue([name for name in files if name.endswith(".css")])
        for name in files:
            with self.subTest(name=name):
                answer = self.visitor().get(name)
                self.assertEqual(answer.status, 200)
                self.assertRegex(name, r"[.-][0-9a-f]{8,}\.[a-z0-9]+$")
                self.assertIn("max-age=31536000", answer.headers["Cache-Control"])
                self.assertIn("immutable", answer.headers["Cache-Control"])
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(answer.headers["Content-Security-Policy"],
                                 "default-src 'none'; frame-ancestors 'none'; sandbox")
                kind = {"css": "text/css", "js": "application/javascript",
                        "svg": "image/svg+xml"}.get(name.split(".")[-1])
                if kind:
                    self.assertEqual(answer.headers["Content-Type"], kind + "; charset=utf-8")
                self.assertEqual(answer.cookies, {})

    def test_are_compressed_for_who_takes_it(self):
        """The same bytes in less, for what is text."""
        for name in self.files():
            if not name.endswith((".css", ".js", ".svg")):
                continue
            with self.subTest(name=name):
                plain = self.visitor().get(name)
                packed = self.visitor().get(name, Accept_Encoding="gzip")
                self.assertIsNone(plain.headers["Content-Encoding"])
                if packed.headers["Content-Encoding"] == "gzip":
                    self.assertEqual(gzip.decompress(packed.body), plain.body)
                    self.assertLess(len(packed.body), len(plain.body))
                else:
                    self.assertLess(len(plain.body), 1024)

    def test_are_nothing_but_themselves(self):
        """No folder is listed, nothing outside is reached, nothing is written."""
        visitor = self.visitor()
        for path in ("/static/", "/static/nosuch.css", "/static/../secret.key", "/static/..%2f..%2fsecret.key",
                     "/static../secret.key", "/static/%2e%2e/errors/503.en.json", "/static../errors/503.en.json",
                     "/static/.gitignore", "/errors/503.en.html"):
            with self.subTest(path=path):
                self.assertIn(visitor.get(path).status, (403, 404, 400))
        for method in ("POST", "PUT", "DELETE"):
            refused = visitor.send(method, self.files()[0])
            self.assertEqual((refused.status, refused.headers["Allow"]), (405, "GET, HEAD"))

    def test_are_not_what_errors_are(self):
        """nginx's own pages cannot be asked for directly."""
        self.assertEqual(self.visitor().get("/storefront-errors/503").status, 404)


class TheRolesOfTheDatabase(Journey):
    def may(self, role, statement):
        self.stack.sql(f"BEGIN; {statement}; ROLLBACK", role=role)

    def may_not(self, role, statement):
        with self.subTest(role=role, statement=statement), self.assertRaisesRegex(DatabaseRefused,
                                                                                  "permission denied|must (be|have)"):
            self.stack.sql(f"BEGIN; {statement}; ROLLBACK", role=role)

    def test_of_the_mailer_sees_mails_and_codes_and_no_person(self):
        """No password, no session, no limit; it settles mails and makes none."""
        mailer = "storefront_mailer"
        for statement in ("SELECT id, state FROM storefront.outbox", "SELECT nonce FROM storefront.one_time_code",
                          "UPDATE storefront.outbox SET state = state, due_at = due_at",
                          "UPDATE storefront.one_time_code SET handed_over_at = handed_over_at"):
            self.may(mailer, statement)
        for statement in ("SELECT password_hash FROM storefront.customer", "SELECT email FROM storefront.customer",
                          "SELECT 1 FROM storefront.session", "SELECT 1 FROM storefront.rate_limit",
                          "SELECT 1 FROM storefront.mailbox_caution",
                          "UPDATE storefront.one_time_code SET attempts = 0",
                          "UPDATE storefront.one_time_code SET email = 'a'",
                          "UPDATE storefront.one_time_code SET nonce = ''",
                          "DELETE FROM storefront.outbox",
                          "INSERT INTO storefront.outbox SELECT * FROM storefront.outbox",
                          "UPDATE storefront.outbox SET code_id = NULL",
                          "UPDATE storefront.customer SET is_verified = true",
                          "DELETE FROM storefront.one_time_code", "CREATE TABLE storefront.mine (x int)",
                          "CREATE TABLE public.mine (x int)",
                          "CREATE TEMPORARY TABLE mine (x int)"):
            self.may_not(mailer, statement)

    def test_of_the_workers_changes_rows_and_no_tables(self):
        """Nothing is dropped, altered, emptied or made; mails are not settled."""
        worker = "storefront_worker"
        for statement in ("SELECT password_hash FROM storefront.customer",
                          "UPDATE storefront.session SET used_at = used_at",
                          "DELETE FROM storefront.rate_limit"):
            self.may(worker, statement)
        for statement in ("DROP TABLE storefront.session", "ALTER TABLE storefront.customer ADD x int",
                          "TRUNCATE storefront.session",
                          "CREATE TABLE storefront.mine (x int)", "CREATE TABLE public.mine (x int)",
                          "CREATE TEMPORARY TABLE mine (x int)",
                          "UPDATE storefront.outbox SET state = 'sent'", "SELECT 1 FROM storefront.migration",
                          "CREATE OR REPLACE FUNCTION storefront.now() RETURNS timestamptz LANGUAGE sql RETURN now()",
                          "CREATE ROLE mine", "GRANT storefront_owner TO storefront_worker",
                          "SET ROLE storefront_owner",
                          "SELECT pg_read_file('/etc/passwd')", "COPY storefront.session TO PROGRAM 'cat'"):
            self.may_not(worker, statement)

    def test_are_no_administrators(self):
        """And give up what hangs."""
        for role in ("storefront_owner", "storefront_worker", "storefront_mailer"):
            rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            rows = self.stack.sql(f"SELECT {rights} FROM pg_roles WHERE rolname = '{role}'")
            self.assertEqual(rows, [["f"] * 5])
        self.assertEqual(self.stack.sql("SHOW statement_timeout", role="storefront_worker"), [["5s"]])

    def test_is_durable(self):
        """fsync and synchronous commit are on."""
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self.assertEqual(self.stack.value(f"SHOW {setting}"), "on")

    def test_a_managed_server_without_a_superuser_is_enough(self):
        """Its administrator has CREATEROLE and a database; the owner migrates, the others work."""
        name = "managed" + unique()
        self.stack.sql(f"CREATE ROLE {name} LOGIN CREATEROLE NOSUPERUSER; "
                       f"GRANT storefront_owner, storefront_worker, storefront_mailer, storefront_metrics TO {name} WITH ADMIN OPTION")
        self.stack.sql(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
        url = self.stack.database_url("%s").replace("dbname=shop", "dbname=" + name)
        try:
            roles = subprocess.run([self.stack.postgresql / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f",
                                    ROOT / "sql" / "roles.sql", url % name], capture_output=True, text=True, timeout=60)
            self.assertEqual((roles.returncode, roles.stderr), (0, ""))
            for verb, role in (("migrate", "owner"), ("migrate", "owner"), ("maintain", "worker"), ("report", "metrics")):
                done = self.stack.program("storefront", verb, DATABASE_URL=url % ("storefront_" + role))
                self.assertEqual(done.returncode, 0, done.stderr)
        finally:
            self.stack.sql(f"DROP DATABASE {name} WITH (FORCE)")
            self.stack.sql(f"DROP ROLE {name}")


if __name__ == "__main__":
    main()
