"""The exchange of the Django flow that this service replaces, to the letter, and the same by pages alone."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import json
import subprocess
import tempfile
import time

from journey import REGISTERED, SIGNED_OUT, VERIFIED, Journey, main, newcomer

JOHN = {"name": "John Doe", "username": "johndoe", "email": "john@example.com", "password": "securepass123"}


class TheOriginalsExchange(Journey):
    def setUp(self):
        """Makes room for John, whom each run registers anew, and forgets the mails that he was sent."""
        self.stack.sql("""
            DELETE FROM storefront.customer WHERE username_key = 'johndoe' OR email_key = 'john@example.com';
            DELETE FROM storefront.rate_limit;
            DELETE FROM storefront.mailbox_caution""")

    def john(self):
        john = self.visitor()
        john.person = dict(JOHN)
        return john

    def test_registers_proves_and_signs_in_with_the_very_same_payloads(self):
        """Register, code by mail, verify: payloads and words of the original; then home, dashboard and Log out."""
        john = self.john()
        mails_before = len(self.mailbox.all(JOHN["email"]))
        page = john.get("/register/")
        self.assertEqual(page.status, 200)
        self.assertIn("csrftoken", john.cookies)
        self.assertNotIn("sessionid", john.cookies)

        registered = self.succeeds(john.ajax("/register/", JOHN), REGISTERED, "/register/verify/")
        self.assertEqual((registered["expires_in"], registered["resend_in"], registered["code_length"]), (600, 60, 4))
        begun = time.monotonic()
        code = self.mailbox.code(JOHN["email"], mails_before + 1)
        self.assertLess(time.monotonic() - begun, 1, "the mail arrives within a second")
        self.assertRegex(code, r"^\d{4}$")
        self.assertEqual(self.customer_row(john, "is_verified, name, email"), ["f", "John Doe", "john@example.com"])
        pending_session = john.cookies["sessionid"]
        self.is_signed_out(john)

        self.succeeds(john.ajax("/register/verify/", {"username": "johndoe", "otp": code}), VERIFIED, "/")
        self.assertNotEqual(john.cookies["sessionid"], pending_session)
        self.assertEqual(self.customer_row(john, "is_verified"), ["t"])
        self.is_signed_in(john)
        self.assertIn("John Doe", john.get("/").text)
        dashboard = john.get("/dashboard/")
        self.assertEqual(dashboard.status, 200)
        for word in ("John Doe", "johndoe", "john@example.com"):
            self.assertIn(word, dashboard.text)
        self.awaits_nothing_more(john)

        signed_in = john.copy()
        self.succeeds(john.logout(), SIGNED_OUT, "/")
        self.assertNotIn("sessionid", john.cookies)
        self.is_signed_out(signed_in)
        self.goes_to(signed_in.get("/dashboard/"), "/login/?next=/dashboard/", 302)

    def awaits_nothing_more(self, visitor):
        """The pending state is gone: the code page leads to the form, and that to the dashboard."""
        self.goes_to(visitor.get("/register/verify/"), "/register/", 302)
        self.goes_to(visitor.get("/register/"), "/dashboard/", 302)
        self.assertEqual(self.stack.count("session", "pending_registration_id IS NOT NULL AND customer_id IS NOT NULL"),
                         0)

    def test_by_curl(self):
        """The same with nothing but curl and its cookie jar."""
        mails_before = len(self.mailbox.all(JOHN["email"]))
        with tempfile.TemporaryDirectory() as folder:
            jar = pathlib.Path(folder) / "jar"
            self.curl(jar, "/register/")
            said = self.curl(jar, "/register/", "-d", json.dumps(JOHN))
            self.assertEqual(list(said)[:3], ["success", "message", "redirect"])
            self.assertEqual(said["message"], REGISTERED)
            code = self.mailbox.code(JOHN["email"], mails_before + 1)
            said = self.curl(jar, "/register/verify/", "-d", '{"username": "johndoe", "otp": "%s"}' % code)
            self.assertEqual(said["message"], VERIFIED)
            self.assertIs(self.curl(jar, "/session/")["authenticated"], True)

    def curl(self, jar, path, *arguments):
        """What curl got from `path`; the token is the one in the jar."""
        lines = jar.read_text().splitlines() if jar.exists() else []
        tokens = [line.split()[6] for line in lines if "\tcsrftoken\t" in line]
        headers = ["-H", "Content-Type: application/json", "-H", "X-CSRFToken: " + tokens[0]] if tokens else []
        done = subprocess.run(["curl", "-s", "-b", jar, "-c", jar, *headers, *arguments,
                               f"http://127.0.0.1:{self.stack.port}{path}"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout


class TheSameByPages(Journey):
    def test_registers_proves_signs_out_and_in_without_a_line_of_javascript(self):
        """Every step is a form and a redirect; the pages find their way by themselves."""
        visitor = self.visitor()
        person = visitor.person
        self.goes_to(visitor.submit("/register/", person), "/register/verify/")
        page = visitor.get("/register/verify/")
        self.assertEqual(page.status, 200)
        self.assertIn(person["email"], page.text)
        self.goes_to(visitor.submit("/register/verify/", {"otp": visitor.code()}), "/")
        self.assertIn(person["name"], visitor.get("/").text)
        self.goes_to(visitor.submit("/logout/", {}), "/")
        self.is_signed_out(visitor)
        self.goes_to(visitor.get("/dashboard/"), "/login/?next=/dashboard/", 302)
        page = visitor.get("/login/?next=/dashboard/")
        self.assertEqual(page.form("/login/").fields["next"], "/dashboard/")
        signed_in = visitor.submit("/login/", {"username": person["username"], "password": person["password"]},
                                   page="/login/?next=/dashboard/")
        self.goes_to(signed_in, "/dashboard/")
        self.assertIn(person["email"], visitor.get("/dashboard/").text)

    def test_asks_for_the_code_again_by_a_form(self):
        """Too early it is 429 with the form; later the page comes again and the mail with it."""
        visitor = self.pending()
        self.mailed(visitor)
        page = visitor.submit("/register/resend/", {}, "/register/verify/")
        self.assertEqual((page.status, 50 < page.retry_after <= 60), (429, True))
        page.form("/register/verify/")
        self.stack.travel(seconds=61)
        answer = visitor.submit("/register/resend/", {}, "/register/verify/")
        self.assertEqual((answer.status, answer.location.partition("?")[0]), (303, "/register/verify/"))
        self.assertEqual(visitor.get(answer.location).status, 200)
        self.goes_to(visitor.submit("/register/verify/", {"otp": self.mailed(visitor, 2)}), "/")

    def test_shows_what_is_wrong_with_a_code(self):
        """Wrong: 400 and the form. Locked: 429 and a way to another code. Nothing awaited: 400."""
        visitor = self.pending()
        code = self.mailed(visitor)
        for nth in range(1, 6):
            page = visitor.submit("/register/verify/", {"otp": visitor.wrong(code, nth=nth)})
            self.assertEqual(page.status, 400)
            page.form("/register/verify/" if nth < 5 else "/register/resend/")
        fields = visitor.get("/register/verify/").form("/register/resend/").fields
        page = visitor.post("/register/verify/", fields | {"otp": code})
        self.assertEqual((page.status, page.is_page), (429, True))
        stranger = self.visitor()
        page = stranger.post("/register/verify/", {"otp": code, "csrfmiddlewaretoken": stranger.token()})
        self.assertEqual((page.status, page.is_page), (400, True))

    def test_home_offers_what_can_be_done(self):
        """Signed out: Register and Log in. Signed in: a greeting, My Account and Log out."""
        visitor = self.visitor()
        home = visitor.get("/").text
        self.assertIn("/register/", home)
        self.assertIn("/login/", home)
        visitor = self.customer(name="Rosa Greet")
        home = visitor.get("/").text
        self.assertIn("Rosa Greet", home)
        self.assertIn("/dashboard/", home)
        self.assertIn("/logout/", home)
        self.assertNotIn('"/register/"', home)


class AfterSigningIn(Journey):
    def test_the_forms_lead_to_the_account(self):
        """Signed in, the forms of sign-up and sign-in redirect, and their JSON says so."""
        visitor = self.customer()
        for path in ("/register/", "/login/"):
            self.goes_to(visitor.get(path), "/dashboard/", 302)
            said = self.fails(visitor.ajax(path, newcomer()), 400, "already_signed_in")
            self.assertEqual(said["redirect"], "/dashboard/")
            self.goes_to(visitor.post(path, newcomer() | {"csrfmiddlewaretoken": visitor.token()}), "/dashboard/")


if __name__ == "__main__":
    main()
