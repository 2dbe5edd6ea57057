"""What somebody would try who is up to no good: others' codes and sessions, planted ids, foreign hosts."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import base64
import os
import urllib.parse

from journey import SIGNED_IN, Journey, main, unique
from mailbox import text_of


class AnothersCode(Journey):
    def test_cannot_even_be_tried_by_another_session(self):
        """Right name and right code from a visitor, from one who awaits another code and from a customer."""
        owner = self.pending()
        code = self.mailed(owner)
        for thief in (self.visitor(), self.pending(), self.customer()):
            answer = thief.ajax("/register/verify/", {"username": owner.username, "otp": code})
            self.fails(answer, 400, "no_pending_verification")
            self.assertNotIn("sessionid", answer.cookies)
        self.assertEqual(self.stack.value("SELECT attempts FROM storefront.one_time_code WHERE email = :'email'",
                                          email=owner.email), "0")
        self.is_signed_out(owner)
        self.succeeds(owner.verify(code))

    def test_does_not_work_for_ones_own_registration(self):
        """Two pending sessions with their codes exchanged; wrong tries count against the code that is awaited."""
        a, b = self.pending(), self.pending()
        codes = self.mailed(a), self.mailed(b)
        if codes[0] != codes[1]:
            self.fails(a.ajax("/register/verify/", {"otp": codes[1]}), 400, "otp_invalid")
            self.fails(b.ajax("/register/verify/", {"otp": codes[0]}), 400, "otp_invalid")
        self.succeeds(a.verify(codes[0]))
        self.succeeds(b.verify(codes[1]))

    def test_is_not_reset_or_resent_by_others(self):
        """Only the session that awaits it can ask for a mail."""
        owner = self.pending()
        self.mailed(owner)
        self.stack.travel(seconds=61)
        for thief in (self.visitor(), self.customer()):
            self.fails(thief.ajax("/register/resend/", {"username": owner.username}), 400, "no_pending_verification")
        self.stack.settle_mails()
        self.assertEqual(len(self.mailbox.all(owner.email)), 1)

    def test_copied_to_another_account_in_the_database_is_worthless(self):
        """A code is derived from whose it is: a row moved to another customer derives another one."""
        victim, thief = self.pending(), self.pending()
        self.mailed(victim)
        code = self.mailed(thief)
        self.stack.sql("""
            UPDATE storefront.one_time_code AS v SET nonce = t.nonce, key_number = t.key_number
            FROM storefront.one_time_code AS t WHERE v.email = :'victim' AND t.email = :'thief'""",
                       victim=victim.email, thief=thief.email)
        answer = victim.verify(code)
        if answer.status == 200:
            self.assertEqual(code, victim.code())
        else:
            self.fails(answer, 400, "otp_invalid")


class AnothersSession(Journey):
    def test_id_that_was_planted_is_not_taken_over(self):
        """Before registering, verifying and signing in: the id is always a new one of the server's own."""
        planted = [base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="), "planted", "A" * 43, ""]
        for value in planted:
            with self.subTest(value=value):
                visitor = self.visitor()
                visitor.cookies["sessionid"] = value
                visitor.cookies.pop("csrftoken", None)
                visitor.get("/register/")
                self.succeeds(visitor.register())
                self.assertNotEqual(visitor.cookies["sessionid"], value)
                attacker = self.visitor()
                attacker.cookies["sessionid"] = value
                self.awaits_nothing(attacker)
                self.succeeds(visitor.verify())
                self.is_signed_out(attacker)

    def test_that_was_planted_alive_is_left_behind_at_sign_in(self):
        """The attacker's own pending or anonymous session in the victim's browser: his copy is dead afterwards."""
        customer = self.customer()
        attacker = self.pending()
        victim = self.elsewhere(customer)
        victim.cookies.update(attacker.cookies)
        self.succeeds(victim.login(), SIGNED_IN)
        self.is_signed_in(victim)
        self.is_signed_out(attacker)
        self.awaits_nothing(attacker)

    def test_id_of_each_stage_is_dead_at_the_next(self):
        """Register, verify, logout, login: no cookie of before opens anything."""
        visitor = self.visitor()
        old = []
        for deed in (visitor.register, visitor.verify, visitor.logout, visitor.login):
            self.succeeds(deed())
            for copy in old:
                self.is_signed_out(copy)
                self.awaits_nothing(copy)
            if "sessionid" in visitor.cookies:
                old.append(visitor.copy())
        self.is_signed_in(old.pop())

    def test_ids_are_256_random_bits(self):
        """Well-formed, different, and only exactly this form is looked up."""
        visitors = [self.pending() for _ in range(20)]
        ids = {visitor.cookies["sessionid"] for visitor in visitors}
        self.assertEqual(len(ids), 20)
        for cookie in ids:
            self.assertEqual(len(base64.urlsafe_b64decode(cookie + "=")), 32)
        visitor = self.customer()
        good = visitor.cookies["sessionid"]
        for bad in (good + "=", good[:-1], good.lower(), good + "A", " " + good + "x", good.replace(good[0], "%41")):
            thief = self.visitor()
            thief.cookies["sessionid"] = bad
            if bad != good:
                self.is_signed_out(thief)


class AUsername(Journey):
    def test_that_is_anothers_e_mail_is_refused(self):
        """In every spelling, whether that account is there or not."""
        owner = self.customer()
        wide = owner.email.replace("@", "\uff20")
        for username in (owner.email, owner.email.upper(), " " + owner.email + " ", wide, f"{unique()}@example.com"):
            with self.subTest(username=username):
                self.fails(self.visitor(username=username).register(), 400, "validation_error", "username")

    def test_may_be_ones_own_e_mail(self):
        """Then both sign in, and nobody else can have either."""
        email = f"Own-{unique()}@Example.com"
        visitor = self.customer(username=email, email=email)
        self.fails(self.visitor(username=email.lower(), email=email).register(), 400, "validation_error", "username",
                   "email")
        for name in (email, email.lower(), email.upper()):
            self.succeeds(self.elsewhere(visitor).login(username=name))

    def test_cannot_become_anothers_e_mail_by_mending(self):
        """Name oneself by one's e-mail, then change the e-mail: the name must go with it."""
        email = f"{unique()}@example.com"
        visitor = self.pending(username=email, email=email)
        self.fails(visitor.register(email=f"{unique()}@example.com"), 400, "validation_error", "username")


class AnotherHost(Journey):
    FOREIGN = ("evil.example", "evil.example:80", "127.0.0.2", "127.0.0.1:0", "localhost.evil.example", "", " ", "a b",
               "127.0.0.1:{port}.evil.example", "evil.example/127.0.0.1:{port}", "127.0.0.1:{port}@evil.example",
               "[::1", "localhost.:{port}")

    def test_is_421_and_shows_up_nowhere(self):
        """As JSON and page; no redirect and no page names it."""
        for host in self.FOREIGN:
            host = host.format(port=self.stack.port)
            visitor = self.visitor()
            visitor.host = host
            for method, path in (("GET", "/"), ("GET", "/dashboard"), ("GET", "/dashboard/"), ("POST", "/register/"),
                                 ("GET", "/login/?next=//evil.example"), ("GET", "/nosuch"), ("POST", "/login")):
                with self.subTest(host=host, path=path):
                    for headers in ({"X-Requested-With": "XMLHttpRequest"}, {}):
                        answer = visitor.send(method, path, b"", headers)
                        self.assertIn(answer.status, (421, 400), answer)  # nginx refuses what is no host name
                        self.assertIsNone(answer.location)
                        self.assertNotIn("evil", answer.text)
                        self.assertEqual(answer.cookies, {})
                        if answer.status == 421 and headers:
                            self.fails(answer, 421, "unknown_host")

    def test_in_the_request_line_does_not_deceive_either(self):
        """GET http://evil.example/ with our Host, and the other way round."""
        ours = f"127.0.0.1:{self.stack.port}"
        way = self.visitor().way
        for line, host in ((b"http://evil.example/dashboard", ours), (b"http://evil.example/dashboard/", ours),
                           (b"http://" + ours.encode() + b"/dashboard/", "evil.example")):
            answer = way.raw(b"GET " + line + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n")
            self.assertNotIn("evil", answer.text)
            self.assertIn(answer.location, (None, "/dashboard/", "/login/?next=/dashboard/"))

    def test_in_forwarding_headers_is_not_read(self):
        """Only the Host counts, and only to be refused; mails and redirects come from the setting."""
        forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example",
                  "X-Original-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Original-URL": "/dashboard/",
                  "X-Rewrite-URL": "/dashboard/", "X-HTTP-Method-Override": "DELETE"}
        visitor = self.visitor()
        answer = visitor.ajax("/register/", visitor.person,
                              **{name.replace("-", "_"): value for name, value in forged.items()})
        self.succeeds(answer)
        mail = self.mailbox.wait(visitor.email)
        self.assertNotIn("evil", mail.as_string())
        self.assertIn(f"http://127.0.0.1:{self.stack.port}/register/verify/", text_of(mail))
        answer = visitor.send("GET", "/dashboard", b"", forged)
        self.goes_to(answer, "/dashboard/", 301)

    def test_names_the_developers_loopback_by_name_too(self):
        """localhost and [::1] are ours in this stack, at any port; a mail still has the setting's address."""
        for host in (f"localhost:{self.stack.port}", f"LOCALHOST:{self.stack.port}", f"[::1]:{self.stack.port}", "localhost",
                     "127.0.0.1:1"):
            visitor = self.visitor()
            visitor.host = host
            answer = visitor.get("/register/")
            self.assertEqual(answer.status, 200)
        visitor = self.visitor()
        visitor.host = f"localhost:{self.stack.port}"
        self.succeeds(visitor.register())
        self.assertIn(f"http://127.0.0.1:{self.stack.port}/", text_of(self.mailbox.wait(visitor.email)))


class TheWayOnAfterSigningIn(Journey):
    AWAY = ("//evil.example", "//evil.example/", "https://evil.example/", "http:evil.example", "javascript:alert(1)",
            "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "///evil.example", "/%2fevil.example",
            "/%2Fevil.example", "/%5cevil.example", "/%252fevil.example", "/%25252fevil.example", "evil.example", "",
            "/\tevil.example", "/\t/evil.example", "/\n/evil.example", "/%09/evil.example", "/%0a/evil.example",
            "/%0d%0aLocation:%20https://evil.example", "/\r\nSet-Cookie: a=b", " //evil.example", " /dashboard/",
            "\u00a0/x", "/%00/x", "/\x7fx", "data:text/html,x", "?next=//evil.example", "#//evil.example",
            ".//evil.example")

    def test_never_leads_away(self):
        """In JSON and by page, from form and address: anything that is not a path here is the home page."""
        customer = self.customer()
        for wanted in self.AWAY:
            with self.subTest(next=wanted):
                visitor = self.elsewhere(customer)
                self.succeeds(visitor.login(next=wanted), SIGNED_IN, "/")
                visitor = self.elsewhere(customer)
                page = visitor.get("/login/?next=" + urllib.parse.quote(wanted))
                self.assertEqual(page.form("/login/").fields.get("next", "/"), "/")
                hidden = page.form("/login/").fields
                self.goes_to(visitor.post("/login/", hidden | visitor.person | {"next": wanted}), "/")

    def test_leads_to_paths_on_this_host(self):
        """With query, fragment and letters of all scripts, which are encoded."""
        customer = self.customer()
        for wanted, location in (("/dashboard/", "/dashboard/"), ("/a?b=c&d=%2F", "/a?b=c&d=%2F"), ("/", "/"),
                                 ("/ä", "/%c3%a4"), ("/a//b", "/a//b"), ("/a b", "/a%20b")):
            with self.subTest(next=wanted):
                visitor = self.elsewhere(customer)
                said = self.succeeds(visitor.login(next=wanted), SIGNED_IN)
                self.assertEqual(said["redirect"].lower(), location.lower())
                visitor = self.elsewhere(customer)
                answer = visitor.submit("/login/", visitor.person, "/login/?next=" + urllib.parse.quote(wanted))
                self.assertEqual((answer.status, answer.location.lower()), (303, location.lower()))

    def test_cannot_be_made_to_hold_another_header(self):
        """Line ends in next, in the query of a redirect and in a language."""
        visitor = self.visitor()
        for path in ("/login?x=%0d%0aSet-Cookie:%20planted=1", "/?language=de%0d%0aSet-Cookie:%20planted=1",
                     "/register?%0d%0a%0d%0abody"):
            answer = visitor.get(path)
            self.assertNotIn("planted", answer.cookies)
            self.assertNotIn("\n", answer.location or "")


class Injection(Journey):
    def test_of_sql_finds_only_words(self):
        """Quotes, comments and escapes are letters like others."""
        customer = self.customer()
        for word in ("' OR 1=1 --", "\\'; DROP TABLE storefront.customer; --", "%", "_", "'||pg_sleep(5)||'", "$1",
                     ":'x'"):
            self.fails(self.elsewhere(customer).login(username=word), 400, "invalid_credentials")
            self.fails(self.elsewhere(customer).login(password=word), 400, "invalid_credentials")
            visitor = self.customer(name=word)
            self.assertEqual(visitor.who()["name"], word)

    def test_of_html_stays_text(self):
        """In name and fields, in page and title."""
        name = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{csrf_token}}{{{name}}}'
        visitor = self.customer(name=name)
        for path in ("/", "/dashboard/", "/logout/"):
            page = visitor.get(path).text
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img src=x", page)
        self.assertIn("{{csrf_token}}", visitor.get("/").text.replace("&#123;", "{").replace("&#125;", "}"))

    def test_of_mail_headers_is_refused(self):
        """No line end gets into an e-mail or a name."""
        for email in ("a@example.com\r\nBcc: b@example.com", "a@example.com\nX: y",
                      "a@example.com>\r\nRCPT TO:<b@example.com", "a@example.com,b@example.com", "a b@example.com",
                      "<a@example.com>", "a@example.com\x00"):
            answer = self.visitor(email=email).register()
            self.assertEqual(answer.status, 400)
        for name in ("a\r\nBcc: b@example.com", "a\nb", "a\x1bb", "a\x07b"):
            self.fails(self.visitor(name=name).register(), 400, "validation_error", "name")


if __name__ == "__main__":
    main()
