"""The session: its cookie, its life, what the database knows of it, and what it keeps when somebody signs in."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import base64
import concurrent.futures

from journey import Journey, main
from stack import eventually

DAY = 24 * 60 * 60
CART = '{"cart": [{"id": 7, "count": 2}]}'


class TheCookie(Journey):
    def test_has_its_attributes(self):
        """HttpOnly, SameSite=Lax, Path=/, fourteen days, and no Domain."""
        visitor = self.visitor()
        visitor.token()
        cookie = visitor.register().cookies["sessionid"]
        self.assertEqual(cookie.attributes, {"path": "/", "samesite": "Lax", "httponly": "", "max-age": str(14 * DAY)})

    def test_is_secure_and_bound_to_the_host_under_https(self):
        """__Host-sessionid and Secure, for the token too; the plain name is then no session."""
        settings = {"PUBLIC_URL": "https://shop.example", "LOOPBACK_HOSTS": "off"}
        with self.stack.worker("pages", **settings) as pages, self.stack.worker("register", **settings) as register:
            visitor = self.direct(sockets={"pages": pages, "register": register})
            visitor.host = "shop.example"
            answer = visitor.get("/register/")
            self.assertIn("secure", answer.cookies["csrftoken"].attributes)
            answer = visitor.register()
            self.succeeds(answer)
            cookie = answer.cookies["__Host-sessionid"]
            self.assertEqual(cookie.attributes, {"path": "/", "samesite": "Lax", "httponly": "", "secure": "",
                                                 "max-age": str(14 * DAY)})
            self.awaits_code(visitor)
            self.assertEqual(visitor.ajax("/register/resend/", Origin="https://shop.example").status, 429)
            self.fails(visitor.ajax("/register/resend/", Origin="http://shop.example"), 403, "csrf_failed")
            visitor.cookies["sessionid"] = visitor.cookies.pop("__Host-sessionid")
            self.awaits_nothing(visitor)
            visitor.host = "127.0.0.1"
            self.assertEqual(visitor.get("/").status, 421)

    def test_is_in_the_database_as_a_hash_alone(self):
        """No column of no table holds it."""
        visitor = self.customer()
        self.assertEqual(self.stack.count("session", "key = decode(:'key', 'hex')", key=visitor.session_key()), 1)
        rows = self.stack.sql("SELECT to_jsonb(s) FROM storefront.session AS s")
        raw = base64.urlsafe_b64decode(visitor.cookies["sessionid"] + "=").hex()
        for (row,) in rows:
            self.assertNotIn(visitor.cookies["sessionid"], row)
            self.assertNotIn(raw, row)

    def test_is_read_among_others(self):
        """Whatever else the shop sets, in quotes or not; names that only resemble it do not count."""
        visitor = self.customer()
        good = visitor.cookies["sessionid"]
        for line, signed_in in ((f"a=b; sessionid={good}; c=d", True), (f'x="y; z"; sessionid="{good}"', True),
                                (f"xsessionid={good}", False), (f"SESSIONID={good}", False),
                                (f"sessionid2={good}", False),
                                (f"sessionid={good[:-1]}", False), (f"sessionid={good};", True),
                                (f";;;sessionid={good}", True),
                                (f"sessionid={good}" + "; a=b" * 300, True)):
            with self.subTest(line=line[:60]):
                answer = self.visitor().send("GET", "/session/", b"", {"Cookie": line})
                self.assertIs(answer.json["authenticated"], signed_in)


class ItsRow(Journey):
    def test_is_made_only_where_something_must_be_remembered(self):
        """A visitor who looks at pages, fails to register and fails to sign in has none."""
        before = self.stack.count("session")
        visitor = self.visitor()
        for path in ("/", "/register/", "/login/", "/session/", "/logout/"):
            self.assertEqual(visitor.get(path).status, 200)
        visitor.register(password="x")
        visitor.login("nobody", "nothing-right")
        visitor.logout()
        visitor.cookies["sessionid"] = "A" * 43
        visitor.get("/dashboard/")
        self.assertEqual(self.stack.count("session"), before)

    def test_keeps_what_an_anonymous_session_held(self):
        """A cart is there after registering, proving and signing in: only the id changes."""
        visitor = self.pending()
        self.plant(visitor, CART)
        session = self.session_row(visitor, "id")
        self.succeeds(visitor.register(password="mended-password-1"))
        self.assertEqual(self.session_row(visitor, "id, data"), session + [CART])
        self.succeeds(visitor.verify(self.mailed_last(visitor)))
        self.assertEqual(self.session_row(visitor, "id, data"), session + [CART])
        customer = self.customer()
        other = self.pending()
        self.plant(other, CART)
        other.person = dict(customer.person)
        self.succeeds(other.login())
        self.assertEqual(self.session_row(other, "data"), [CART])
        unverified, another = self.pending(), self.pending()
        self.plant(another, CART)
        another.person = dict(unverified.person)
        self.fails(another.login(), 403, "not_verified")
        self.assertEqual(self.session_row(another, "data"), [CART])

    def mailed_last(self, visitor):
        self.stack.settle_mails()
        return visitor.code(len(self.mailbox.all(visitor.email)) or 1)

    def test_loses_all_of_it_at_sign_out(self):
        """The next who uses the browser finds nothing."""
        visitor = self.customer()
        self.plant(visitor, CART)
        key = visitor.session_key()
        self.succeeds(visitor.logout())
        self.assertEqual(self.stack.count("session", "key = decode(:'key', 'hex')", key=key), 0)


class WhoIsSignedIn(Journey):
    """The session's row shows its customer by itself; it must never show anybody else, nor who he once was."""
    MIGRATION = pathlib.Path(__file__).resolve().parents[2] / "sql" / "migrations" / "0007_names_in_old_sessions.sql"
    COLUMNS = "username, name, email, verified_at"

    def shows_the_customer(self, visitor):
        shown = self.session_row(visitor, self.COLUMNS)
        self.assertEqual(shown, self.customer_row(visitor, self.COLUMNS))
        self.assertNotIn("", shown)

    def test_is_shown_as_his_own_row_has_it(self):
        """After a proof and after a sign-in; while a code is awaited and after signing out nobody is."""
        visitor = self.pending()
        self.assertEqual(self.session_row(visitor, self.COLUMNS), [""] * 4)
        self.succeeds(visitor.verify(visitor.code()))
        self.shows_the_customer(visitor)
        other = self.elsewhere(visitor)
        self.succeeds(other.login())
        self.shows_the_customer(other)

    def test_is_shown_as_he_is_called_now(self):
        """A change reaches every session in which he is signed in, and nobody else's."""
        visitor, stranger = self.customer(), self.customer()
        other = self.elsewhere(visitor)
        self.succeeds(other.login())
        self.stack.sql("UPDATE storefront.customer SET name = 'Joan Doe', email = 'joan@shop.example' WHERE username = :'username'",
                       username=visitor.username)
        for session in (visitor, other):
            self.assertEqual([session.who()[field] for field in ("name", "email")], ["Joan Doe", "joan@shop.example"])
            self.shows_the_customer(session)
        self.assertEqual(stranger.who()["name"], stranger.person["name"])

    def test_is_shown_as_he_is_called_by_a_change_that_is_under_way(self):
        """A sign-in waits for it: the change itself cannot see the new session."""
        visitor = self.customer()
        other = self.elsewhere(visitor)
        with concurrent.futures.ThreadPoolExecutor() as others:
            with self.stack.transaction("UPDATE storefront.customer SET name = 'Joan Doe' WHERE username = :'username'",
                                        username=visitor.username):
                answer = others.submit(other.login)
                eventually(lambda: self.stack.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "1",
                           what="waiting for the change")
            self.succeeds(answer.result())
        self.assertEqual([visitor.who()["name"], other.who()["name"]], ["Joan Doe"] * 2)

    def test_is_shown_in_sessions_from_before_there_were_names_in_them(self):
        """What an older version left is filled when the shop is brought up to date."""
        visitor, pending = self.customer(), self.pending()
        self.stack.sql("UPDATE storefront.session SET username = NULL, name = NULL, email = NULL, verified_at = NULL")
        self.stack.sql(self.MIGRATION.read_text())
        self.shows_the_customer(visitor)
        self.assertEqual(self.session_row(pending, self.COLUMNS), [""] * 4)


class ItsLife(Journey):
    def test_is_fourteen_days_from_the_last_use(self):
        """A second use within them prolongs it, and the cookie is then sent again."""
        idle, used = self.customer(), self.customer()
        self.stack.travel(days=13, hours=23)
        answer = used.get("/dashboard/")
        self.assertEqual(answer.status, 200)
        cookie = answer.cookies["sessionid"]
        self.assertEqual(cookie.value, used.cookies["sessionid"])
        self.assertEqual(cookie.attributes["max-age"], str(14 * DAY))
        self.assertIn("httponly", cookie.attributes)
        self.assertNotIn("sessionid", used.get("/dashboard/").cookies)
        self.stack.travel(hours=1, minutes=1)
        self.is_signed_out(idle)
        self.goes_to(idle.get("/dashboard/"), "/login/?next=/dashboard/", 302)
        self.is_signed_in(used)

    def test_is_thirty_days_in_all(self):
        """However often it is used; the cookie never promises more than is left."""
        visitor = self.customer()
        for _ in range(2):
            self.stack.travel(days=10)
            self.is_signed_in(visitor)
        self.stack.travel(days=9)
        cookie = visitor.get("/").cookies["sessionid"]
        self.assertAlmostEqual(int(cookie.attributes["max-age"]), DAY, delta=60)
        self.stack.travel(days=1, seconds=1)
        self.is_signed_out(visitor)
        self.succeeds(visitor.login())
        self.is_signed_in(visitor)

    def test_ends_in_the_database_too(self):
        """The purge deletes what has ended and leaves the others."""
        ended = self.customer()
        key = ended.session_key()
        self.stack.travel(days=14, seconds=1)
        living = self.customer()
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)
        self.assertEqual(self.stack.count("session", "key = decode(:'key', 'hex')", key=key), 0)
        self.is_signed_in(living)

    def test_of_a_pending_registration_ends_with_it(self):
        """Its session goes on, the code page does not."""
        visitor = self.pending()
        self.stack.travel(hours=24, seconds=1)
        self.awaits_nothing(visitor)
        visitor.person["username"] += "2"
        self.succeeds(visitor.register())
        self.awaits_code(visitor)

    def test_is_found_again_after_a_reload_in_a_second_tab_and_by_signing_in(self):
        """The way back to the code page."""
        visitor = self.pending()
        self.awaits_code(visitor)
        self.awaits_code(visitor.copy())
        other = self.elsewhere(visitor)
        self.fails(other.login(), 403, "not_verified")
        self.awaits_code(other)
        self.awaits_code(visitor)


if __name__ == "__main__":
    main()
