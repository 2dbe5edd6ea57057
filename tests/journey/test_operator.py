"""What an operator asks on the first day: does our mail arrive, and what did the last weeks bring."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import os
import subprocess

from browser import own_address
from journey import Journey, main, unique


class TheReport(Journey):
    def setUp(self):
        """A domain of this test's own: others register too."""
        self.domain = f"{unique()}.example"

    def newcomer(self):
        visitor = self.visitor(email=f"{unique()}@{self.domain.upper()}")
        self.succeeds(visitor.register())
        return visitor, self.mailed(visitor)

    def maintain(self):
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)

    def report(self, *arguments):
        done = self.stack.program("storefront", "report", *arguments,
                                  DATABASE_URL=self.stack.database_url("storefront_metrics"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def row(self, *arguments):
        """Registrations begun, mails handed over, proofs and their share."""
        for line in self.report(*arguments).splitlines():
            if line.startswith(self.domain + " "):
                return line.split()[1:]
        return None

    def test_says_for_each_domain_what_was_begun_mailed_and_proved(self):
        """Once each, however often it is counted; a resend is a mail, no registration."""
        proved, code = self.newcomer()
        self.succeeds(proved.verify(code))
        waiting, _ = self.newcomer()
        self.stack.travel(seconds=61)
        self.succeeds(waiting.resend())
        self.mailed(waiting, 2)
        self.stack.travel(minutes=3)
        for _ in range(3):
            self.maintain()
            self.assertEqual(self.row(), ["2", "3", "1", "50%"])
        self.newcomer()
        self.stack.travel(minutes=3)
        self.maintain()
        self.assertEqual(self.row("--days", "2"), ["3", "4", "1", "33%"])

    def test_still_knows_when_the_accounts_were_deleted(self):
        """And forgets after the days that were asked for, and for good after 400."""
        self.newcomer()
        self.stack.travel(minutes=3)
        self.maintain()
        self.stack.travel(days=3)
        self.maintain()
        self.assertEqual(self.row("--days", "30"), ["1", "1", "0", "0%"])
        self.assertIsNone(self.row("--days", "2"))
        for days, kept in ((400, 1), (401, 0)):
            self.stack.sql("UPDATE storefront.daily_figure SET day = (storefront.now() AT TIME ZONE 'UTC')::date - :'days'::integer "
                           "WHERE domain = :'domain'", domain=self.domain, days=days)
            self.maintain()
            self.assertEqual(self.stack.count("daily_figure", "domain = :'domain'", domain=self.domain), kept, days)

    def test_counts_a_long_gap_piece_by_piece(self):
        """All of the hours in which nobody counted, each once."""
        for _ in range(3):
            self.newcomer()
            self.stack.travel(minutes=50)
        self.stack.travel(hours=3)
        self.maintain()
        self.assertEqual(self.row(), ["3", "3", "0", "0%"])
        self.maintain()
        self.assertEqual(self.row(), ["3", "3", "0", "0%"])

    def refused(self):
        self.maintain()
        return int(self.report("--days", "1").rsplit(" ", 1)[1])

    def test_counts_what_limits_refused(self):
        before = self.refused()
        visitor = self.visitor(own_address())
        visitor.token()
        for _ in range(5):
            visitor.login("nobody" + unique(), "wrong-password-1")
        name = "nobody" + unique()
        for _ in range(7):
            visitor.login(name, "wrong-password-1")
        self.assertEqual([self.refused() - before, self.refused() - before], [2, 2])

    def test_refuses_days_that_are_none(self):
        for arguments in (("--days",), ("--days", "0"), ("--days", "401"), ("--days", "many"), ("30",)):
            done = self.stack.program("storefront", "report", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn("usage", done.stderr)

    def test_cannot_be_had_without_the_right(self):
        """The mailer's role may not read it: a clear word and a status."""
        done = self.stack.program("storefront", "report", DATABASE_URL=self.stack.database_url("storefront_mailer"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))


class TheMailTest(Journey):
    def test_sends_one_like_a_customers(self):
        """By the mailer's settings alone: neither key nor database."""
        address = f"operator-{unique()}@example.com"
        done = self.stack.program("storefront", "mail-test", address, DATABASE_URL=None, SECRET_KEY_FILE=None)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("took the mail", done.stdout)
        mail = self.mailbox.wait(address)
        self.assertIn("0000", mail["Subject"])
        self.assertEqual(mail.get_content_type(), "multipart/alternative")

    def test_says_why_it_was_not_taken(self):
        """Refused, away, or a name that there is not."""
        refused = self.stack.program("storefront", "mail-test", f"never-{unique()}@example.com")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("550", refused.stdout)
        with self.stack.without("catcher"):
            away = self.stack.program("storefront", "mail-test", "operator@example.com")
        self.assertEqual(away.returncode, 1)
        self.assertIn("did not take", away.stdout)

    def test_wants_an_address(self):
        for arguments in ((), ("a@example.com", "b@example.com")):
            done = self.stack.program("storefront", "mail-test", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))


class TheLog(Journey):
    def logged(self, visitor, deed, pool="pages"):
        """The outcome and the customer that the line of a deed names."""
        mark = visitor.way.parameters["REQUEST_ID"] = f"deed-{unique()}"
        deed()
        line = self.stack.request_line(pool, mark)
        return line["outcome"], line.get("customer")

    def test_names_the_customer_of_each_deed(self):
        """The id that stays, from the registration on; also of who tries in vain, and nobody where nobody is meant."""
        visitor = self.direct()
        _, registered = self.logged(visitor, visitor.register, "register")
        code = self.mailed(visitor)
        deeds = [("otp_invalid", lambda: visitor.verify(visitor.wrong(code)), "pages"),
                 ("throttled", visitor.resend, "pages"),
                 ("done", lambda: visitor.register(name="Josephine March"), "register"),
                 ("done", lambda: visitor.register(username="j" + visitor.username), "register"),
                 ("done", lambda: visitor.verify(self.mailed(visitor, 2)), "pages"),
                 ("done", visitor.logout, "pages"),
                 ("invalid_credentials", lambda: visitor.login(password="not this one"), "login"),
                 ("done", visitor.login, "login")]
        for outcome, deed, pool in deeds:
            self.assertEqual(self.logged(visitor, deed, pool), (outcome, registered))
        self.assertEqual(visitor.who()["id"], registered)
        nobody = self.direct()
        self.assertEqual(self.logged(nobody, nobody.login, "login"), ("invalid_credentials", None))
        self.assertEqual(self.logged(nobody, lambda: nobody.register(username="x"), "register"), ("validation_error", None))

    def test_names_the_customer_of_a_double_click_and_of_a_lost_answer(self):
        """Whose session the request did not come with."""
        visitor, twin = self.direct(), self.direct()
        visitor.get("/register/")
        twin.person, twin.cookies = dict(visitor.person), dict(visitor.cookies)
        _, registered = self.logged(visitor, visitor.register, "register")
        self.assertEqual(self.logged(twin, twin.register, "register"), ("done", registered))
        before, code = dict(visitor.cookies), self.mailed(visitor)
        self.succeeds(visitor.verify(code))
        self.stack.travel(seconds=4)
        visitor.cookies = before
        self.assertEqual(self.logged(visitor, lambda: visitor.verify(code)), ("done", registered))


class TheCommand(Journey):
    def test_helps_who_asks_and_who_mistypes(self):
        """What was asked for goes to standard output."""
        for arguments, status in ((("help",), 0), (("--help",), 0), ((), 2), (("servce",), 2)):
            done = self.stack.program("storefront", *arguments)
            said, other = (done.stdout, done.stderr) if status == 0 else (done.stderr, done.stdout)
            self.assertEqual((done.returncode, other), (status, ""), arguments)
            self.assertTrue(said.startswith("usage: storefront VERB\n"), said)
            for verb in ("serve", "report", "mail-test"):
                self.assertIn(f"\n  {verb} ", said)
        done = self.stack.program("storefront-mail", "operator@example.com")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("usage: storefront-mail", done.stderr)

    def test_says_so_when_its_words_are_lost(self):
        """A full disk behind `storefront report > FILE` is no success."""
        for verb in (("routes",), ("config",)):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([self.stack.app / "bin" / "storefront", *verb], stdout=full, stderr=subprocess.PIPE,
                                      env=self.stack.environment(), text=True, check=False)
            self.assertEqual(done.returncode, 1, verb)
            self.assertIn("cannot print", done.stderr)

    def test_takes_no_setting_that_there_is_not(self):
        """A mistyped name is an error where an operator looks on, and named; a worker would go on with a warning."""
        done = self.stack.program("storefront", "config", "--check", OTP_DIGTS="6")
        self.assertEqual(done.returncode, 1)
        self.assertIn("OTP_DIGTS", done.stderr)
        done = self.stack.program("storefront", "maintain", OTP_DIGTS="6")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("OTP_DIGTS", done.stderr)

    def test_deletes_what_has_run_out_though_it_cannot_be_counted(self):
        """And says by its end that not all was done."""
        visitor = self.customer()
        self.stack.travel(days=2)
        self.stack.sql("REVOKE INSERT ON storefront.daily_figure FROM storefront_worker")
        try:
            self.assertEqual(self.stack.program("storefront", "maintain").returncode, 1)
        finally:
            self.stack.sql("GRANT INSERT ON storefront.daily_figure TO storefront_worker")
        self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 0)
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)

    def test_judges_what_a_mail_needs_before_there_is_one(self):
        """config --check names each of the two questions and of the words that are not understood."""
        for name, value in (("MAIL_SENDER", "nobody"), ("SMTP_URL", "mail.example"), ("SMTP_TLS", "banana"),
                            ("SHOP_SUPPORT", "x"), ("LOG_FORMAT", "xml")):
            done = self.stack.program("storefront", "config", "--check", **{name: value})
            self.assertEqual(done.returncode, 1, name)
            self.assertIn(name, done.stderr)

    def complaint(self, stderr=subprocess.PIPE, **settings):
        """How a refused setting is logged."""
        return subprocess.run([self.stack.app / "bin" / "storefront", "config", "--check"], stderr=stderr,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True, check=False,
                              env=self.stack.environment(OTP_DIGITS="3", **settings)).stderr

    def test_speaks_in_words_to_a_person_and_in_json_to_a_machine(self):
        """LOG_FORMAT decides; without it, whether there is a terminal."""
        words = "storefront: error: setting refused setting="
        self.assertIn('"event":"setting refused"', self.complaint())
        master, terminal = os.openpty()
        self.addCleanup(os.close, master)
        self.complaint(stderr=terminal)
        os.close(terminal)
        self.assertIn(words, os.read(master, 65536).decode())
        visible = self.stack.program("storefront", "maintain", LOG_FORMAT="words", OTP_DIGTS="6").stderr
        self.assertTrue(visible.startswith("storefront: warning: unknown setting"), visible)


if __name__ == "__main__":
    main()
