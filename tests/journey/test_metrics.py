"""What an operator sees of it all: figures for Prometheus, at a socket of their own, and nothing of a customer in them."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import http.client
import os
import re
import signal
import socket
import threading

from browser import own_address
from journey import Journey, main
from stack import DatabaseRefused, eventually

LINE = re.compile(r'^([a-z_]+)(\{[a-z]+="[^"\\]*"(?:,[a-z]+="[^"\\]*")*\})? (-?[0-9]+(?:\.[0-9]+)?)$')


class Figures(Journey):
    def ask(self, target="/metrics", method="GET"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.stack.run / "metrics.sock"))
        connection.request(method, target)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()

    def figures(self):
        """Every figure by its name and labels; the form is checked on the way."""
        status, headers, text = self.ask()
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        told, family, found = set(), None, {}
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split()[2]
                self.assertNotIn(family, told, "a family is told twice")
                told.add(family)
            elif not line.startswith("# TYPE "):
                name, labels, value = LINE.match(line).groups()
                self.assertIn(name, [family + suffix for suffix in ("", "_bucket", "_sum", "_count")])
                self.assertNotIn(name + (labels or ""), found)
                found[name + (labels or "")] = float(value)
        return found

    def grown(self, deed):
        """What grew by how much while `deed` was done."""
        before = self.figures()
        deed()
        after = self.figures()
        return {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}

    def requests(self, method, route, status, outcome):
        return f'storefront_requests_total{{method="{method}",route="{route}",status="{status}",outcome="{outcome}"}}'


class WhatIsCounted(Figures):
    def test_a_journey_from_registration_to_log_out(self):
        """Each step by route, status and outcome; hashes, round trips and mails."""
        def journey():
            visitor = self.customer()
            self.succeeds(visitor.logout())
            self.fails(visitor.login(password="wrong-password-1"), 400, "invalid_credentials")
            self.stack.settle_mails()

        grown = self.grown(journey)
        for name in (self.requests("POST", "/register/", 200, "done"),
                     self.requests("POST", "/register/verify/", 200, "done"),
                     self.requests("POST", "/logout/", 200, "done"),
                     self.requests("POST", "/login/", 400, "invalid_credentials"),
                     'storefront_mails_total{outcome="sent"}', "storefront_mail_delay_seconds_count",
                     'storefront_request_seconds_count{pool="register"}', 'storefront_request_seconds_count{pool="login"}'):
            self.assertEqual(grown[name], 1, name)
        self.assertEqual(grown["storefront_password_hashes_total"], 2)
        self.assertGreater(grown["storefront_password_hash_seconds_total"], 0.001)
        self.assertGreater(grown["storefront_password_hash_processor_seconds_total"], 0.001)
        self.assertGreaterEqual(grown["storefront_database_round_trips_total"], 8)
        self.assertLess(grown["storefront_mail_delay_seconds_sum"], 5)

    def test_limits_that_were_spent(self):
        """A refusal has its own outcome."""
        visitor = self.visitor(own_address())
        visitor.token()
        for _ in range(5):
            visitor.login("nobody-" + visitor.username, "wrong-password-1")
        grown = self.grown(lambda: visitor.login("nobody-" + visitor.username, "wrong-password-1"))
        self.assertEqual(grown[self.requests("POST", "/login/", 429, "throttled")], 1)

    def test_mails_that_wait_and_for_how_long(self):
        """While the mail server is away."""
        with self.stack.without("catcher"):
            pending = self.pending()
            self.stack.travel(seconds=90)
            eventually(lambda: self.figures()['storefront_mails_total{outcome="put_off"}'] >= 1)
            figures = self.figures()
            self.assertGreaterEqual(figures["storefront_outbox_waiting"] + figures["storefront_outbox_in_hand"], 1)
            self.assertGreaterEqual(figures["storefront_outbox_oldest_seconds"], 90)
        self.stack.travel(minutes=5)
        self.mailed(pending)

    def test_runs_of_the_purge_and_how_they_ended(self):
        """An alert says so when none ends well."""
        maintain = lambda: self.stack.program("storefront", "maintain")
        self.assertEqual(self.grown(maintain)['storefront_maintenance_total{outcome="done"}'], 1)
        self.stack.sql("REVOKE DELETE ON storefront.rate_limit FROM storefront_worker")
        try:
            self.assertEqual(self.grown(maintain)['storefront_maintenance_total{outcome="failed"}'], 1)
        finally:
            self.stack.sql("GRANT DELETE ON storefront.rate_limit TO storefront_worker")

    def test_no_figure_names_a_customer(self):
        customer = self.customer()
        text = self.ask()[2]
        for word in (customer.username, customer.email, customer.person["name"], customer.way.address):
            self.assertNotIn(str(word), text)


class WhoIsThere(Figures):
    def test_workers_by_pool_and_those_that_were_killed_are_followed_by_others(self):
        """No seat stays taken by the dead."""
        settings = self.stack.settings()
        wanted = {pool: len(self.stack.children(pool)) for pool in ("pages", "register", "login")}
        for _ in range(3):
            os.kill(self.stack.children("pages")[0], signal.SIGKILL)
            eventually(lambda: all(self.figures()[f'storefront_workers{{pool="{pool}"}}'] == count
                                   for pool, count in wanted.items()), what="a new worker")
        self.assertTrue(settings["STOREFRONT_METRICS_FILE"])

    def test_who_is_busy_and_who_waits(self):
        """All workers of a pool are stopped: requests wait in its queue, and are busy once they go on."""
        visitors = [self.visitor(own_address()) for _ in range(6)]
        for visitor in visitors:
            visitor.token()
        workers = self.stack.children("login")
        threads = [threading.Thread(target=visitor.login, args=("nobody", "wrong-password-1")) for visitor in visitors]
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            for thread in threads:
                thread.start()
            eventually(lambda: self.figures()['storefront_queue{pool="login"}'] == 6, what="six in the queue")
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        for thread in threads:
            thread.join()
        self.assertEqual(self.figures()['storefront_queue{pool="login"}'], 0)
        eventually(lambda: self.figures()['storefront_workers_busy{pool="login"}'] == 0)


class TheSocket(Figures):
    def test_answers_for_metrics_alone(self):
        """And the shop's own address knows nothing of it."""
        self.assertEqual(self.ask("/")[0], 404)
        self.assertEqual(self.ask("/register/")[0], 404)
        status, headers, _ = self.ask(method="POST")
        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
        self.assertEqual(self.visitor().get("/metrics").status, 404)

    def test_goes_on_without_the_database(self):
        with self.stack.without("database"):
            figures = self.figures()
            self.assertEqual(figures["storefront_database_up"], 0)
            self.assertNotIn("storefront_outbox_waiting", figures)
        eventually(lambda: self.figures()["storefront_database_up"] == 1)

    def test_its_role_sees_no_customer(self):
        """It reads dates and states of mails; nothing else, and writes nothing."""
        self.stack.sql("SELECT state, queued_at FROM storefront.outbox", role="storefront_metrics")
        for refused in ("SELECT * FROM storefront.customer", "SELECT * FROM storefront.session", "SELECT * FROM storefront.outbox",
                        "SELECT * FROM storefront.one_time_code", "DELETE FROM storefront.outbox",
                        "SET default_transaction_read_only = off; UPDATE storefront.outbox SET state = 'sent'"):
            with self.subTest(refused=refused), self.assertRaises(DatabaseRefused):
                self.stack.sql(refused, role="storefront_metrics")


if __name__ == "__main__":
    main()
