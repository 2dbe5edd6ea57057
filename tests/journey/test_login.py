"""Signing in and out: by either name, the same for who is there and who is not, five failures and no more."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import json

from browser import own_address, together
from journey import SIGNED_IN, SIGNED_OUT, Journey, main, unique

WRONG = "not-the-password"


class SigningIn(Journey):
    def test_works_by_username_and_by_e_mail_in_any_case(self):
        """With spaces around, too."""
        customer = self.customer()
        for name in (customer.username, customer.username.upper(), customer.email, customer.email.upper(),
                     f" {customer.username} ", f" {customer.email}\t",
                     customer.email.replace("example.com", "EXAMPLE.com")):
            with self.subTest(name=name):
                visitor = self.elsewhere(customer)
                self.succeeds(visitor.login(username=name), SIGNED_IN, "/")
                self.is_signed_in(visitor)

    def test_is_refused_in_the_same_words_whether_or_not_the_account_exists(self):
        """Status, body and headers are alike."""
        customer, pending = self.customer(), self.pending()
        answers = [self.visitor().login(name, WRONG) for name in (
            customer.username, customer.email, pending.username, pending.email, "nobody" + unique(),
            f"{unique()}@example.com",
            "\u202e", "x" * 5000, "not a name at all", "@")]
        for answer in answers:
            self.fails(answer, 400, "invalid_credentials")
            self.assertEqual(answer.body, answers[0].body)
            self.assertEqual(sorted(answer.headers), sorted(answers[0].headers))
            self.assertNotIn("sessionid", answer.cookies)

    def test_costs_the_same_whether_or_not_the_account_exists(self):
        """Both paths spend a hash of the same size; the worker's log line says how long."""
        customer = self.customer()

        def hash_times(name):
            times = []
            for i in range(8):
                visitor = self.direct(parameters={"REQUEST_ID": f"cost-{unique()}"})
                self.fails(visitor.login(name, WRONG), 400, "invalid_credentials")
                times.append(self.stack.request_line("login", visitor.way.parameters["REQUEST_ID"])["hash"])
            return sorted(times)

        known, unknown = hash_times(customer.username), hash_times("nobody" + unique())
        self.assertGreater(known[0], 0)
        self.assertGreater(unknown[0], 0)
        self.assertLess(max(known[1], unknown[1]), 2.5 * min(known[1], unknown[1]))

    def test_of_an_unverified_account_leads_to_the_code(self):
        """Right password: 403 not_verified, a pending session, and pages go there. Wrong: like everybody."""
        pending = self.pending()
        self.mailed(pending)
        visitor = self.elsewhere(pending)
        self.fails(visitor.login(password=WRONG), 400, "invalid_credentials")
        self.awaits_nothing(visitor)
        answer = visitor.login(username=pending.email)
        said = self.fails(answer, 403, "not_verified")
        self.assertEqual(said["redirect"], "/register/verify/")
        self.assertEqual(said["csrf_token"], visitor.cookies["csrftoken"])
        self.awaits_code(visitor)
        self.is_signed_out(visitor)
        by_page = self.elsewhere(pending)
        self.goes_to(by_page.submit("/login/", pending.person), "/register/verify/")
        self.succeeds(by_page.verify(self.mailed(pending)))
        self.awaits_nothing(visitor)
        self.awaits_nothing(pending)

    def test_of_an_unverified_account_mails_a_new_code_where_the_old_one_is_about_to_run_out(self):
        """As a resend would."""
        pending = self.pending()
        old = self.mailed(pending)
        self.stack.travel(minutes=6)
        visitor = self.elsewhere(pending)
        self.fails(visitor.login(), 403, "not_verified")
        new = self.mailed(pending, 2)
        if old != new:
            self.fails(visitor.verify(old), 400, "otp_expired")
        self.succeeds(visitor.verify(new))

    def test_makes_the_stored_hash_as_costly_as_the_settings(self):
        """A cheaper one is replaced at the next sign-in; one that is costly enough stays."""
        customer = self.customer()
        good = self.customer_row(customer, "password_hash")[0]
        self.succeeds(self.elsewhere(customer).login())
        self.assertEqual(self.customer_row(customer, "password_hash")[0], good)
        with self.stack.worker("register", PASSWORD_MEMORY_KIB=1024) as socket:
            cheap = self.direct(sockets={"register": socket})
            self.succeeds(cheap.register())
        self.succeeds(cheap.verify())
        before = self.customer_row(cheap, "password_hash")[0]
        self.assertIn("m=1024,", before)
        visitor = self.elsewhere(cheap)
        self.fails(visitor.login(password=WRONG), 400, "invalid_credentials")
        self.assertEqual(self.customer_row(cheap, "password_hash")[0], before)
        self.succeeds(visitor.login())
        self.assertIn("m=8192,", self.customer_row(cheap, "password_hash")[0])
        self.succeeds(self.elsewhere(cheap).login())

    def test_works_with_a_costlier_hash_than_the_settings_and_leaves_it(self):
        """A setting that was lowered weakens nobody."""
        with self.stack.worker("register", PASSWORD_MEMORY_KIB=16384, PASSWORD_PASSES=2) as socket:
            visitor = self.direct(sockets={"register": socket})
            self.succeeds(visitor.register())
        self.succeeds(visitor.verify())
        self.succeeds(self.elsewhere(visitor).login())
        self.assertIn("m=16384,t=2,", self.customer_row(visitor, "password_hash")[0])


class FailedSignIns(Journey):
    def fail(self, visitor, times, name=None):
        for _ in range(times):
            self.fails(visitor.login(name, WRONG), 400, "invalid_credentials")

    def test_are_five_for_an_account_from_one_address_over_both_its_names(self):
        """The sixth is 429 though the password is right; another address gets in; a quarter of an hour later all."""
        customer = self.customer()
        visitor = self.elsewhere(customer)
        self.fail(visitor, 3, customer.username.upper())
        self.fail(self.elsewhere(customer, visitor.way.address), 2, customer.email)
        for name in (customer.username, customer.email):
            answer = visitor.login(name)
            self.fails(answer, 429, "throttled")
            self.assertAlmostEqual(answer.retry_after, 900, delta=15)
        self.succeeds(self.elsewhere(customer).login())
        self.stack.travel(minutes=14, seconds=30)
        self.fails(visitor.login(), 429, "throttled")
        self.stack.travel(seconds=35)
        self.succeeds(visitor.login())

    def test_are_five_for_a_name_that_does_not_exist(self):
        """Nobody can tell by the limit either."""
        visitor = self.visitor()
        for name in ("nobody" + unique(), f"{unique()}@example.com"):
            self.fail(visitor, 3, name)
            self.fail(visitor, 2, name.upper())
            self.fails(visitor.login(name, WRONG), 429, "throttled")

    def test_are_given_back_on_success(self):
        """Who gets in does not use up his tries; the failures of before still count."""
        customer = self.customer()
        address = own_address()
        self.fail(self.elsewhere(customer, address), 4)
        for _ in range(6):
            self.succeeds(self.elsewhere(customer, address).login())
        self.fail(self.elsewhere(customer, address), 1)
        self.fails(self.elsewhere(customer, address).login(), 429, "throttled")
        pending = self.pending()
        for _ in range(7):
            self.fails(self.elsewhere(pending, address).login(), 403, "not_verified")

    def test_of_one_account_do_not_count_for_another(self):
        """From the same address."""
        first, second = self.customer(), self.customer()
        visitor = self.elsewhere(first)
        self.fail(visitor, 5)
        self.fails(visitor.login(), 429, "throttled")
        self.succeeds(self.elsewhere(second, visitor.way.address).login())

    def test_at_the_same_moment_are_counted_one_by_one(self):
        """Twenty at once: five get their answer, the others are throttled."""
        customer = self.customer()
        visitor = self.elsewhere(customer)
        visitor.token()
        answers = together(*[lambda: visitor.login(password=WRONG)] * 20)
        self.assertEqual(sorted(answer.json["code"] for answer in answers),
                         ["invalid_credentials"] * 5 + ["throttled"] * 15)

    def test_with_missing_fields_cost_nothing(self):
        """They try nothing."""
        customer = self.customer()
        visitor = self.elsewhere(customer)
        for fields in ({"username": customer.username}, {"username": customer.username, "password": ""},
                       {"password": "x"}, {}):
            for _ in range(3):
                self.fails(visitor.ajax("/login/", fields), 400, "validation_error")
        self.fail(visitor, 5)


class SigningOut(Journey):
    def test_ends_the_session_on_the_server_and_clears_the_cookie(self):
        """A copy of the cookie is worth nothing; other sessions of the customer go on."""
        customer = self.customer()
        elsewhere = self.elsewhere(customer)
        self.succeeds(elsewhere.login())
        copy = customer.copy()
        key = customer.session_key()
        answer = customer.logout()
        self.succeeds(answer, SIGNED_OUT, "/")
        cookie = answer.cookies["sessionid"]
        self.assertEqual((cookie.value, cookie.attributes["max-age"], cookie.attributes["path"]), ("", "0", "/"))
        self.assertEqual(self.stack.count("session", "key = decode(:'key', 'hex')", key=key), 0)
        self.is_signed_out(copy)
        self.is_signed_in(elsewhere)

    def test_works_twice_and_without_a_session(self):
        """Whoever presses the button is signed out."""
        customer = self.customer()
        tab = customer.copy()
        self.succeeds(customer.logout())
        self.succeeds(tab.logout())
        self.succeeds(self.visitor().logout(), SIGNED_OUT, "/")

    def test_is_a_button_and_no_link(self):
        """GET shows it and ends nothing."""
        customer = self.customer()
        page = customer.get("/logout/")
        self.assertEqual((page.status, page.form("/logout/").method), (200, "post"))
        self.is_signed_in(customer)
        self.goes_to(customer.submit("/logout/", {}), "/")
        self.is_signed_out(customer)

    def test_ends_a_pending_registrations_session_too(self):
        """The code page is gone; the account can still be proved by signing in."""
        visitor = self.pending()
        self.succeeds(visitor.logout())
        self.awaits_nothing(visitor)
        self.fails(visitor.login(), 403, "not_verified")
        self.succeeds(visitor.verify())


class TheSessionAsJson(Journey):
    def test_says_who_is_signed_in(self):
        """An id that never changes, username, name and e-mail; nothing for visitors and for who awaits a code."""
        visitor = self.visitor()
        self.is_signed_out(visitor)
        self.succeeds(visitor.register())
        self.is_signed_out(visitor)
        self.succeeds(visitor.verify())
        said = visitor.who()
        self.assertEqual(set(said), {"authenticated", "id", "username", "name", "email"})
        self.assertRegex(said["id"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        self.assertEqual((said["username"], said["name"], said["email"]),
                         (visitor.username, visitor.person["name"], visitor.email))
        again = self.elsewhere(visitor)
        self.succeeds(again.login(username=visitor.email))
        self.assertEqual(again.who()["id"], said["id"])

    def test_is_json_for_everybody(self):
        """Even for who asks for a page."""
        self.assertEqual(json.loads(self.visitor().get("/session/", Accept="text/html").body), {"authenticated": False})


if __name__ == "__main__":
    main()
