"""The token against forged requests, as in Django; bound to the session; and whose page it was."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from journey import REGISTERED, VERIFIED, Journey, main


class TheToken(Journey):
    def test_is_accepted_as_cookie_value_and_masked_in_header_and_field(self):
        """Both forms in both places."""
        for masked in (False, True):
            for place in ("header", "field"):
                with self.subTest(masked=masked, place=place):
                    visitor = self.visitor()
                    in_page = visitor.get("/register/").form("/register/").fields["csrfmiddlewaretoken"]
                    self.assertNotEqual(in_page, visitor.cookies["csrftoken"])
                    token = in_page if masked else visitor.cookies["csrftoken"]
                    if place == "header":
                        answer = visitor.ajax("/register/", visitor.person, X_CSRFToken=token)
                    else:
                        answer = visitor.ajax("/register/", visitor.person | {"csrfmiddlewaretoken": token},
                                              X_CSRFToken=None)
                    self.succeeds(answer)

    def test_is_masked_anew_in_every_page_and_the_cookie_stays(self):
        """Compression cannot be used to guess it (BREACH)."""
        visitor = self.visitor()
        pages = [visitor.get("/register/") for _ in range(3)]
        masks = {page.form("/register/").fields["csrfmiddlewaretoken"] for page in pages}
        self.assertEqual(len(masks), 3)
        self.assertIn("csrftoken", pages[0].cookies)
        self.assertNotIn("csrftoken", pages[1].cookies)

    def test_cookie_has_djangos_attributes(self):
        """Scripts may read it; a year long; of this site alone."""
        cookie = self.visitor().get("/register/").cookies["csrftoken"]
        self.assertEqual(cookie.attributes, {"path": "/", "samesite": "Lax", "max-age": "31536000"})

    def test_that_is_missing_wrong_or_of_another_browser_is_refused(self):
        """And every refusal to our own page brings the token to try again with."""
        other = self.visitor().token()
        for token in (None, "", "x", "0" * 64, other, "A" * 64, "A" * 128, "é", other[:-1], other + "A", " "):
            for place in ("header", "field"):
                with self.subTest(token=token, place=place):
                    visitor = self.visitor()
                    visitor.token()
                    given = {"X_CSRFToken": token} if place == "header" else {"X_CSRFToken": None}
                    fields = visitor.person | ({"csrfmiddlewaretoken": token or ""} if place == "field" else {})
                    said = self.fails(visitor.ajax("/register/", fields, **given), 403, "csrf_failed")
                    self.assertEqual(said["csrf_token"], visitor.cookies["csrftoken"])
                    self.succeeds(visitor.ajax("/register/", visitor.person, X_CSRFToken=said["csrf_token"]))

    def test_needs_its_cookie(self):
        """A token without the cookie, or with another browser's cookie, opens nothing."""
        visitor, other = self.visitor(), self.visitor()
        token = visitor.token()
        visitor.cookies.clear()
        self.fails(visitor.ajax("/register/", visitor.person, X_CSRFToken=token, keeps=False), 403, "csrf_failed")
        other.token()
        self.fails(other.ajax("/register/", other.person, X_CSRFToken=token), 403, "csrf_failed")

    def test_that_somebody_made_up_is_worth_nothing_though_cookie_and_header_agree(self):
        """It is signed: whoever can plant cookies cannot plant this one."""
        for token in ("A" * 64, "0" * 32, "planted"):
            visitor = self.visitor()
            visitor.cookies["csrftoken"] = token
            self.fails(visitor.ajax("/register/", visitor.person, X_CSRFToken=token), 403, "csrf_failed")
            self.assertNotEqual(visitor.cookies["csrftoken"], token)

    def test_is_found_behind_others_of_its_name(self):
        """A sister domain's cookies with a longer path come first; they lock nobody out, and open nothing."""
        for planted in ("x", "", "A" * 64, self.visitor().token()):
            with self.subTest(planted=planted):
                visitor = self.visitor()
                before = f"csrftoken={planted}; csrftoken=y; "
                line = before + f"csrftoken={visitor.token()}"
                page = visitor.send("GET", "/register/", b"", {"Cookie": line})
                self.assertNotIn("csrftoken", page.cookies)
                masked = page.form("/register/").fields["csrfmiddlewaretoken"]
                for token in (visitor.cookies["csrftoken"], masked):
                    answer = visitor.ajax("/register/", visitor.person | {"name": ""}, X_CSRFToken=token, Cookie=line)
                    self.fails(answer, 400, "validation_error", "name")
                self.succeeds(visitor.ajax("/register/", visitor.person, X_CSRFToken=masked, Cookie=line))
                own = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
                self.fails(visitor.ajax("/logout/", X_CSRFToken=planted, Cookie=before + own), 403, "csrf_failed")
                self.succeeds(visitor.ajax("/logout/", Cookie=before + own))

    def test_is_rotated_with_the_session_and_bound_to_it(self):
        """At pending, verify, login and logout; every such answer says the new one."""
        visitor = self.visitor()
        seen = [visitor.token()]
        for deed in (visitor.register, visitor.verify, visitor.logout, visitor.login):
            said = self.succeeds(deed())
            self.assertEqual(said["csrf_token"], visitor.cookies["csrftoken"])
            self.assertNotIn(said["csrf_token"], seen)
            seen.append(said["csrf_token"])
        for old in seen[:-1]:
            self.fails(visitor.ajax("/logout/", X_CSRFToken=old), 403, "csrf_failed")
            thief = visitor.copy()
            thief.cookies["csrftoken"] = old
            self.fails(thief.ajax("/logout/", X_CSRFToken=old), 403, "csrf_failed")

    def test_of_one_session_does_not_open_another(self):
        """Cookie and header of another customer, in one's own session."""
        visitor, other = self.customer(), self.customer()
        visitor.cookies["csrftoken"] = other.cookies["csrftoken"]
        self.fails(visitor.ajax("/logout/"), 403, "csrf_failed")
        anonymous = self.visitor().token()
        visitor.cookies["csrftoken"] = anonymous
        self.fails(visitor.ajax("/logout/", X_CSRFToken=anonymous), 403, "csrf_failed")
        self.is_signed_in(visitor)

    def test_of_before_the_session_stays_good_until_the_sign_in(self):
        """A second tab's form can be sent, and a script that has read the token once, from its cookie or its form, registers and
        proves with it, as it may with Django; a logout with it cannot be had."""
        for read in (lambda who: who.token(),
                     lambda who: who.get("/register/").form("/register/").fields["csrfmiddlewaretoken"]):
            visitor = self.visitor()
            old = read(visitor)
            self.succeeds(visitor.ajax("/register/", visitor.person, X_CSRFToken=old), REGISTERED)
            self.fails(visitor.ajax("/logout/", X_CSRFToken=old), 403, "csrf_failed")
            self.succeeds(visitor.ajax("/register/", visitor.person, X_CSRFToken=old))
            self.fails(visitor.ajax("/login/", {"username": "nobody", "password": "nothing"}, X_CSRFToken=old), 400,
                       "invalid_credentials")
            self.fails(visitor.ajax("/register/resend/", X_CSRFToken=old), 429, "throttled")
            self.succeeds(visitor.ajax("/register/verify/", {"username": visitor.username, "otp": visitor.code()},
                                       X_CSRFToken=old), VERIFIED, "/")
            self.fails(visitor.ajax("/logout/", X_CSRFToken=old), 403, "csrf_failed")
            self.is_signed_in(visitor)

    def test_of_before_another_session_is_not_that_of_before_this_one(self):
        """Whoever hands out a token of his own knows no session that began with another."""
        visitor, stranger = self.pending(), self.visitor()
        self.fails(visitor.ajax("/register/resend/", X_CSRFToken=stranger.token()), 403, "csrf_failed")


class WhoseRequestItIs(Journey):
    def foreign(self):
        shop = f"127.0.0.1:{self.stack.port}"
        for origin in ("https://evil.example", "null", "", "http://evil.example", f"https://{shop}", "http://127.0.0.1",
                       f"http://{shop}.evil.example", f"http://evil.example/{shop}", "http://127.0.0.1:1",
                       f"http://{shop}/", f"http://{shop} ", f"http://evil.example@{shop}", f"HTTP//{shop}", shop,
                       f"ftp://{shop}", f"http://{shop}, http://{shop}"):
            yield {"Origin": origin}
        for site in ("cross-site", "same-site", "rubbish", "", "SAME-ORIGIN x"):
            yield {"Sec-Fetch-Site": site}
        yield {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{shop}"}
        yield {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}

    def test_must_be_ours_where_the_browser_says_so(self):
        """A foreign Origin or Sec-Fetch-Site is refused though cookie and token are right."""
        for headers in self.foreign():
            if headers.get("Origin", "x").endswith(" "):
                continue  # HTTP cuts the space off
            with self.subTest(headers=headers):
                visitor = self.visitor()
                said = self.fails(visitor.send("POST", "/register/", b"{}", {
                    "Content-Type": "application/json", "X-CSRFToken": visitor.token()} | headers), 403, "csrf_failed")
                self.assertNotIn("csrf_token", said)

    def test_from_elsewhere_brings_no_token_and_changes_no_cookie(self):
        """Neither JSON nor page: another site must not be able to replace the token of our open pages."""
        customer = self.customer()
        for headers in self.foreign():
            for as_json in ({"X-Requested-With": "XMLHttpRequest"}, {}):
                for path in ("/register/", "/login/", "/logout/", "/register/verify/", "/register/resend/"):
                    with self.subTest(headers=headers, path=path, as_json=bool(as_json)):
                        if headers.get("Origin", "x").endswith(" "):
                            continue
                        # A form on another site: the browser sends no SameSite cookie.
                        stranger = self.visitor(customer.way.address)
                        answer = stranger.send("POST", path, b"", headers | as_json)
                        self.assertEqual(answer.status, 403)
                        self.assertEqual(answer.cookies, {}, answer.headers)
                        self.assertNotIn("csrfmiddlewaretoken", answer.text)
                        self.assertNotIn("csrf_token", answer.text)

    def test_may_come_from_our_own_pages_in_all_spellings(self):
        """Origin and Sec-Fetch-Site as browsers send them from our pages, and from the address bar."""
        for headers in ({"Origin": f"http://127.0.0.1:{self.stack.port}"}, {"Sec-Fetch-Site": "same-origin"},
                        {"Sec-Fetch-Site": "none"},
                        {"Origin": f"http://127.0.0.1:{self.stack.port}", "Sec-Fetch-Site": "same-origin"}):
            with self.subTest(headers=headers):
                visitor = self.visitor()
                body = b'{"name": "Jo", "username": "%s", "email": "%s", "password": "securepass123"}' % (
                    visitor.username.encode(), visitor.email.encode())
                self.succeeds(visitor.send("POST", "/register/", body, {
                    "Content-Type": "application/json", "X-CSRFToken": visitor.token()} | headers))

    def test_page_that_was_open_too_long_can_try_once_more(self):
        """The page comes again with what was typed, a new token and its cookie; the second try succeeds."""
        visitor = self.visitor()
        visitor.cookies["csrftoken"] = "old"
        page = visitor.post("/register/", visitor.person | {"csrfmiddlewaretoken": "old"})
        self.assertEqual(page.status, 403)
        fields = page.form("/register/").fields
        self.assertEqual(fields["email"], visitor.email)
        self.goes_to(visitor.post("/register/", fields | visitor.person), "/register/verify/")
        visitor.cookies["csrftoken"] = "old"
        page = visitor.post("/register/verify/", {"otp": "1", "csrfmiddlewaretoken": "old"})
        self.assertEqual(page.status, 403)
        fields = page.form("/register/verify/").fields
        self.goes_to(visitor.post("/register/verify/", fields | {"otp": visitor.code()}), "/")

    def test_that_only_looks_needs_no_token_whoever_sent_it(self):
        """A link from another site opens our pages."""
        customer = self.customer()
        for headers in self.foreign():
            if not headers.get("Origin", "x").endswith(" "):
                self.assertEqual(customer.send("GET", "/dashboard/", b"", headers).status, 200)


if __name__ == "__main__":
    main()
