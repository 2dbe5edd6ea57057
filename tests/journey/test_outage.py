"""When parts go away: the database stopped or frozen, workers killed, pools stopped or full; and nothing is lost."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import contextlib
import os
import re
import signal
import threading
import time

from browser import own_address, together
from journey import Journey, main, newcomer
from stack import eventually


def timed(call):
    """What `call` returns and the seconds that it took."""
    begun = time.monotonic()
    answer = call()
    return answer, time.monotonic() - begun


class Outage(Journey):
    def all_workers(self):
        return [worker for pool in ("pages", "register", "login") for worker in self.stack.children(pool)]

    def cut_connections(self):
        """Ends all connections of workers to the database, as its server."""
        self.stack.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'storefront_worker'")

    def ready(self, visitor):
        """Who has opened a form already."""
        visitor.token()
        return visitor

    def is_unavailable(self, visitor, deed, seconds=2):
        """503 with Retry-After in time, as JSON."""
        answer, took = timed(deed)
        self.fails(answer, 503, "unavailable")
        self.is_well_headed(answer)
        self.assertLess(took, seconds)
        self.assertEqual({name: cookie.value for name, cookie in answer.cookies.items() if name == "sessionid"}, {})

    def page_is_unavailable(self, answer):
        self.assertEqual((answer.status, answer.is_page), (503, True), answer)
        self.assertGreaterEqual(answer.retry_after, 1)
        self.is_well_headed(answer)


class WithoutTheDatabase(Outage):
    def everything_is_unavailable(self, customer, pending):
        """All that needs it is 503, all that does not goes on."""
        visitor = self.visitor()
        for path in ("/", "/register/", "/login/", "/logout/", "/session/"):
            self.assertEqual(visitor.get(path).status, 200, path)
        self.goes_to(visitor.get("/dashboard/"), "/login/?next=/dashboard/", 302)
        self.assertEqual(visitor.get("/healthz").status, 200)
        self.assertEqual(visitor.get("/readyz").status, 503)
        visitor.token()
        self.is_unavailable(visitor, visitor.register)
        self.is_unavailable(visitor, lambda: visitor.login("somebody", "some-password"))
        self.is_unavailable(pending, lambda: pending.verify("1234"))
        self.is_unavailable(pending, pending.resend)
        self.is_unavailable(customer, customer.logout)
        for path in ("/", "/dashboard/", "/session/", "/register/verify/"):
            self.is_unavailable(customer, lambda path=path: customer.get(path, X_Requested_With="XMLHttpRequest"))
        answer, took = timed(lambda: customer.get("/dashboard/"))
        self.page_is_unavailable(answer)
        self.assertLess(took, 2)
        page = visitor.post("/register/", visitor.person | {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]})
        self.page_is_unavailable(page)
        self.assertEqual(page.form("/register/").fields["email"], visitor.email)

    def everything_is_there_again(self, customer, pending, code):
        """Without a restart: the sessions of before, the code of before, and newcomers."""
        eventually(lambda: all(self.visitor().get("/readyz").status == 200 for _ in range(4)), what="readiness")
        for deed in (lambda: customer.get("/dashboard/"), lambda: pending.get("/register/verify/")):
            eventually(lambda: deed().status == 200, 3)
        eventually(lambda: self.visitor().register().status == 200, 3)
        self.is_signed_in(customer)
        self.succeeds(pending.verify(code))
        self.succeeds(self.elsewhere(customer).login())

    def test_stopped_everything_says_so_within_two_seconds_and_comes_back_by_itself(self):
        """In an orderly way and as if the power had gone; no worker dies of it."""
        for how in ("fast", "immediate"):
            with self.subTest(how=how):
                customer, pending = self.customer(), self.pending()
                code = self.mailed(pending)
                workers = self.all_workers()
                with self.stack.without("database", how):
                    self.everything_is_unavailable(customer, pending)
                self.everything_is_there_again(customer, pending, code)
                self.assertEqual(self.all_workers(), workers)

    def test_frozen_everything_says_so_within_two_seconds(self):
        """It takes connections and never answers."""
        customer, pending = self.customer(), self.pending()
        code = self.mailed(pending)
        workers = self.all_workers()
        frozen = self.stack.server_processes()
        for process in frozen:
            os.kill(process, signal.SIGSTOP)
        try:
            for deed in (pending.resend, lambda: customer.get("/dashboard/", Accept="application/json"),
                         lambda: self.ready(self.visitor()).register()):
                self.is_unavailable(customer, deed, 2.2)
            answer, took = timed(lambda: self.visitor().get("/readyz"))
            self.assertEqual(answer.status, 503)
            self.assertLess(took, 2.2)
            self.assertEqual(self.visitor().get("/register/").status, 200)
        finally:
            for process in reversed(frozen):
                os.kill(process, signal.SIGCONT)
        self.everything_is_there_again(customer, pending, code)
        self.assertEqual(self.all_workers(), workers)

    def test_restarted_while_nobody_looked_nobody_notices(self):
        """The first request afterwards is answered: a dead connection is found out before it is used."""
        customer = self.customer()
        visitors = [self.ready(self.visitor()) for _ in range(4)]
        with self.stack.without("database"):
            pass
        for _ in range(8):
            self.assertEqual(customer.get("/dashboard/").status, 200)
        for visitor in visitors:
            self.succeeds(visitor.register())

    def test_losing_connections_again_and_again_loses_nothing_that_was_acknowledged(self):
        """Backends are cut while people register; who got 503 sends the same form again and gets in."""
        stop = threading.Event()

        def cut():
            while not stop.is_set():
                self.cut_connections()
                time.sleep(0.03)

        cutter = threading.Thread(target=cut)
        visitors = [self.ready(self.visitor()) for _ in range(24)]
        cutter.start()
        try:
            answers = [answer for i in range(0, 24, 6)
                       for answer in together(*[visitor.register for visitor in visitors[i:i + 6]])]
        finally:
            stop.set()
            cutter.join()
        for visitor, answer in zip(visitors, answers):
            self.assertIn(answer.status, (200, 503), answer)
            if answer.status == 503:
                eventually(lambda: visitor.register().status == 200, 5, "the same form's success")
            self.awaits_code(visitor)
            self.succeeds(visitor.verify(self.mailed(visitor)))


class WithoutItsStandby(Outage):
    """A commit that waits for a synchronous standby which is away."""

    @contextlib.contextmanager
    def standby_is_away(self):
        self.set_standby("nobody")
        try:
            yield
        finally:
            self.set_standby("")

    def set_standby(self, name):
        self.stack.sql(f"SET synchronous_commit = local; ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.stack.sql("SELECT pg_reload_conf()")
        eventually(lambda: self.stack.value("SHOW synchronous_standby_names") == name)
        time.sleep(0.1)

    def test_a_commit_that_waits_is_not_acknowledged_and_the_same_form_succeeds_later(self):
        """Registration, proof and sign-in: 503 in time; it may have happened, and nothing is doubled."""
        newcomer_, pending, customer = self.ready(self.visitor()), self.pending(), self.elsewhere(self.customer())
        code = self.mailed(pending)
        self.ready(customer)
        deeds = (newcomer_.register, lambda: pending.verify(code), customer.login)
        with self.standby_is_away():
            for deed in deeds:
                self.is_unavailable(customer, deed, 2.2)
        self.stack.travel(seconds=4)
        for deed in deeds:
            eventually(lambda: deed().status == 200, 3, "the same form's success")
        self.is_signed_in(pending)
        self.is_signed_in(customer)
        self.succeeds(newcomer_.verify(self.mailed(newcomer_)))
        self.assertEqual(len(self.mailbox.all(newcomer_.email)), 1)

    def bring_standby_back(self):
        """While somebody waits for it; whether that was in time for him. A busy machine may be too slow."""
        begun = time.monotonic()
        time.sleep(0.4)
        self.set_standby("")
        return time.monotonic() - begun < 1.4

    def test_a_proof_that_waits_behind_its_own_earlier_try_succeeds_with_it(self):
        """The first was told 503 and waits on in the database; it is done while the second one looks."""
        for _ in range(5):
            pending = self.pending()
            code = self.mailed(pending)
            with self.standby_is_away():
                self.is_unavailable(pending, lambda: pending.verify(code), 2.2)
                time.sleep(2)
                answer, is_in_time = together(lambda: pending.verify(code), self.bring_standby_back)
            if is_in_time:
                break
        self.succeeds(answer)
        self.is_signed_in(pending)

    def test_a_wait_that_was_cancelled_is_no_success(self):
        """The server then says "done" with a warning, and may lose it."""
        visitor = self.ready(self.visitor())
        cancel = ("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity "
                  "WHERE usename = 'storefront_worker' AND wait_event = 'SyncRep'")
        with self.standby_is_away():
            answers = together(visitor.register,
                               lambda: eventually(lambda: self.stack.value(cancel) != "0", 5, "a commit that waits"))
            self.fails(answers[0], 503, "unavailable")
        self.succeeds(visitor.register())


class WithoutWorkers(Outage):
    def test_killed_under_load_the_next_request_is_answered_and_nothing_acknowledged_is_missing(self):
        """kill -9 at random moments while people register; with sanitizers, too, some workers live to serve."""
        stop = threading.Event()
        _, start = timed(lambda: self.stack.program("storefront", "config"))
        pause = max(0.07, 2 * start)

        def kill():
            while not stop.is_set():
                for pool in ("register", "pages"):
                    for worker in self.stack.children(pool)[:1]:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(worker, signal.SIGKILL)
                time.sleep(pause)

        killer = threading.Thread(target=kill)
        visitors = [self.ready(self.visitor()) for _ in range(30)]
        killer.start()
        try:
            answers = [answer for i in range(0, 30, 5)
                       for answer in together(*[visitor.register for visitor in visitors[i:i + 5]])]
        finally:
            stop.set()
            killer.join()
        self.assertEqual(self.visitor().get("/register/").status, 200)
        for visitor, answer in zip(visitors, answers):
            if answer.status == 200:
                self.awaits_code(visitor)
            else:
                self.fails(answer, 503, "unavailable")
                self.is_well_headed(answer)
                self.succeeds(visitor.register())
            self.succeeds(visitor.verify(self.mailed(visitor)))
            self.assertEqual(len(self.mailbox.all(visitor.email)), 1)

    def test_of_one_pool_nginx_says_so_and_the_others_go_on(self):
        """503 as JSON and page, with Retry-After and the headers; then it answers again."""
        customer = self.customer()
        deeds = {"pages": ("GET", "/"), "register": ("POST", "/register/"), "login": ("POST", "/login/")}
        for pool, (method, path) in deeds.items():
            with self.subTest(pool=pool):
                visitor = self.visitor()
                visitor.token()
                with self.stack.without(pool):
                    self.is_unavailable(visitor,
                                        lambda: visitor.send(method, path, b"", {"Accept": "application/json"}))
                    page = visitor.send(method, path)
                    self.page_is_unavailable(page)
                    self.assertNotIn("Set-Cookie", page.headers)
                    if pool != "pages":
                        self.assertEqual(customer.get("/dashboard/").status, 200)
                        self.fails(visitor.get("/readyz"), 503, "unavailable")
                        self.assertEqual(visitor.get("/healthz").status, 200)
                    if pool != "register":
                        self.succeeds(visitor.register(**newcomer()))
                    if pool != "login":
                        self.assertEqual(self.elsewhere(customer).login().status, 200) if pool != "pages" else None
                eventually(lambda: visitor.get("/readyz").status == 200)
                self.assertLess(visitor.send(method, path).status, 500)

    def test_that_are_all_busy_the_queue_fills_and_who_comes_then_is_told_at_once(self):
        """The flood waits in its own queue; pages and registrations go on; who waited is served in the end."""
        customer = self.customer()
        workers = self.stack.children("login")
        visitors = [self.elsewhere(customer, own_address()) for _ in range(90)]
        token = self.visitor()
        token.token()
        for visitor in visitors:
            visitor.cookies = dict(token.cookies)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            answers = [None] * len(visitors)
            threads = []
            for i, visitor in enumerate(visitors):
                thread = threading.Thread(target=lambda i=i,
                                          visitor=visitor: answers.__setitem__(i, timed(visitor.login)))
                thread.start()
                threads.append(thread)
            eventually(lambda: sum(answer is not None for answer in answers) >= 15, 5, "refusals")
            refused = [answer for answer in answers if answer is not None]
            for answer, took in refused:
                self.fails(answer, 503, "unavailable")
                self.assertLess(took, 2)
            self.assertEqual(customer.get("/dashboard/").status, 200)
            self.succeeds(self.visitor().register())
            self.assertEqual(self.visitor().get("/readyz").status, 503)
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        for thread in threads:
            thread.join()
        statuses = [answer.status for answer, _ in answers]
        # All who stood in the queue are served, but for who waited longer there than anybody shall.
        longest = int(self.stack.environment().get("STOREFRONT_HASH_WAIT_MS", 3500)) / 1000
        queued = [answer for answer, took in answers if answer.status == 200 or took > longest]
        self.assertGreaterEqual(len(queued), 32, statuses)
        self.assertGreater(statuses.count(200), 0)
        self.assertLessEqual(statuses.count(200), 40, statuses)
        self.assertEqual(statuses.count(200) + statuses.count(503), 90)
        eventually(lambda: self.visitor().get("/readyz").status == 200)

    def test_ends_gently_when_told_to_and_loses_no_request(self):
        """Workers are asked to end, one after the other, while requests come in: each is answered."""
        statuses, ended = [], []

        def listens(worker):
            # Before it is a worker it is multiwatch, whose handler would swallow the signal; a worker blocks it, and reads it.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                status = dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(f"/proc/{worker}/status").read_text(), re.M))
                return status["Name"] == "storefront" and int(status["SigBlk"], 16) >> (signal.SIGTERM - 1) & 1
            return False

        listeners = lambda: [worker for worker in self.stack.children("pages") if listens(worker)]
        workers = len(self.stack.children("pages"))

        def end():
            # The next one when the last one's heir has begun: with all at once nobody would be left to answer in time.
            while len(ended) < 10 * workers:
                ended.append(listeners()[len(ended) % workers])
                os.kill(ended[-1], signal.SIGTERM)
                eventually(lambda: ended[-1] not in self.stack.children("pages") and len(listeners()) == workers, 60)

        ender = threading.Thread(target=end)
        customer = self.customer()

        def look():
            visitor = self.elsewhere(customer, own_address())  # for from one address so many are too many
            visitor.cookies = dict(customer.cookies)
            statuses.append(visitor.get("/dashboard/").status)

        ender.start()
        while ender.is_alive():
            together(*[look] * 8)
        ender.join()
        self.assertEqual(len(ended), 10 * workers)
        self.assertGreaterEqual(len(statuses), len(ended))
        self.assertEqual(set(statuses), {200}, statuses)


class AReader(Outage):
    def test_of_a_database_that_cannot_be_written_to_is_told_so(self):
        """Read-only is not ready; registrations are 503, not 500."""
        self.stack.sql("ALTER ROLE storefront_worker SET default_transaction_read_only = on")
        self.cut_connections()
        try:
            visitor = self.visitor()
            visitor.token()
            self.fails(visitor.register(), 503, "unavailable")
        finally:
            self.stack.sql("ALTER ROLE storefront_worker RESET default_transaction_read_only")
            self.cut_connections()
        eventually(lambda: self.visitor().register().status == 200, 3)


if __name__ == "__main__":
    main()
