"""What a request may bring and what it gets for it: three kinds of body, refusals in their order, JSON or a page."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import json
import os
import urllib.parse

from browser import PAGE, multipart
from journey import REGISTERED, Journey, main, newcomer

FORM = "application/x-www-form-urlencoded"
KIB_64 = 64 * 1024
BOUNDARY = "----boundary"


def part(name, value, more=b""):
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"".encode() + more
    return head + b"\r\n\r\n" + value + b"\r\n"


def urlencoded(fields):
    return urllib.parse.urlencode(fields).encode()


class ThreeKindsOfBody(Journey):
    def test_carry_the_same_fields(self):
        """JSON, a form and what fetch sends for a FormData register alike."""
        for kind in ("json", "form", "multipart"):
            with self.subTest(kind=kind):
                visitor = self.visitor()
                body, content_type = {"json": (json.dumps(visitor.person).encode(), "application/json"),
                                      "form": (urlencoded(visitor.person), FORM),
                                      "multipart": multipart(visitor.person)}[kind]
                self.succeeds(visitor.fetch("/register/", body, content_type), REGISTERED)
                body, content_type = {"json": (json.dumps({"otp": visitor.code()}).encode(), "application/json"),
                                      "form": (urlencoded({"otp": visitor.code()}), FORM),
                                      "multipart": multipart({"otp": visitor.code()})}[kind]
                self.succeeds(visitor.fetch("/register/verify/", body, content_type))

    def test_bring_the_token_in_a_field_too(self):
        """csrfmiddlewaretoken stands in any of them."""
        for kind in ("json", "form", "multipart"):
            with self.subTest(kind=kind):
                visitor = self.visitor()
                fields = visitor.person | {"csrfmiddlewaretoken": visitor.token()}
                body, content_type = {"json": (json.dumps(fields).encode(), "application/json"),
                                      "form": (urlencoded(fields), FORM), "multipart": multipart(fields)}[kind]
                self.succeeds(visitor.fetch("/register/", body, content_type, X_CSRFToken=None))

    def test_keep_signs_and_letters_of_all_scripts(self):
        """What was typed comes back as it was, escaped where a page needs it."""
        for kind in ("json", "form", "multipart"):
            with self.subTest(kind=kind):
                name = "Ænne <b>\"O'Hara\"</b> & Söhne 100% + 雪 ; = 🛒"
                visitor = self.visitor(name=name)
                body, content_type = {"json": (json.dumps(visitor.person).encode(), "application/json"),
                                      "form": (urlencoded(visitor.person), FORM),
                                      "multipart": multipart(visitor.person)}[kind]
                self.succeeds(visitor.fetch("/register/", body, content_type))
                self.succeeds(visitor.verify())
                self.assertEqual(visitor.who()["name"], name)
                self.assertNotIn("<b>", visitor.get("/").text)

    def test_may_have_fields_that_nobody_asked_for(self):
        """They are passed over: other scripts add theirs."""
        visitor = self.visitor()
        extra = {"remember": True, "cart": {"items": [1, 2, {"deep": None}]}, "is_verified": True, "id": 7, "x": 1.5}
        self.succeeds(visitor.ajax("/register/", visitor.person | extra))
        self.assertEqual(self.customer_row(visitor, "is_verified"), ["f"])

    def test_may_be_empty_and_then_need_no_type(self):
        """Resend and logout need no body; a form without one lacks its fields."""
        visitor = self.customer()
        self.succeeds(visitor.fetch("/logout/"))
        for kind in (None, "application/json", FORM, "multipart/form-data; boundary=x", "text/plain"):
            with self.subTest(kind=kind):
                self.fails(self.visitor().fetch("/register/", b"", kind), 400, "validation_error",
                           "name", "username", "email", "password")
                self.fails(self.visitor().fetch("/login/", b"", kind), 400, "validation_error", "username", "password")
        visitor = self.pending()
        self.fails(visitor.fetch("/register/verify/"), 400, "validation_error", "otp")
        self.stack.settle_mails()
        self.stack.travel(seconds=61)
        self.succeeds(visitor.fetch("/register/resend/"))

    def test_type_and_charset_are_read_as_http_means_them(self):
        """Case, spaces and utf-8 in any spelling."""
        for kind in ("Application/JSON", "application/json ; charset=UTF-8", 'application/json;charset="utf-8"'):
            with self.subTest(kind=kind):
                visitor = self.visitor()
                self.succeeds(visitor.fetch("/register/", json.dumps(visitor.person).encode(), kind))


class WhatCannotBeRead(Journey):
    def refused(self, visitor, body, kind, **headers):
        self.fails(visitor.fetch("/register/", body, kind, **headers), 400, "bad_request")

    def test_of_another_type_is_415(self):
        """Whatever it is: plain text is what another site's form can send without asking."""
        visitor = self.visitor()
        body = json.dumps(visitor.person).encode()
        for kind in (None, "", "text/plain", "text/json", "application/xml", "application/jsonx", "json", ";",
                     "application/json; charset=iso-8859-1", "application/x-www-form-urlencoded; charset=utf-16",
                     "multipart/mixed; boundary=x", "application/octet-stream", "text/plain; application/json"):
            with self.subTest(kind=kind):
                self.fails(visitor.fetch("/register/", body, kind), 415, "unsupported_media_type")
        page = visitor.send("POST", "/register/", body, {"Content-Type": "text/plain"})
        self.assertEqual((page.status, page.is_page), (415, True))

    def test_as_json_is_400(self):
        """Bad JSON, no object, double keys, wrong types, bad UTF-8 and NUL in all their spellings."""
        visitor = self.visitor()
        person = visitor.person
        for body in (b"{", b"}", b"nonsense", b"[]", b"null", b"true", b"1", b'"text"', b"{}{}", b"{} x", b" ",
                     b"{'a': 1}",
                     b'{"username": "a", "username": "b"}', b'{"other": 1, "other": 2}', b'{"username": "a",}',
                     b'{"username": null}', b'{"username": 1}', b'{"username": true}', b'{"username": ["a"]}',
                     b'{"username": {"a": "b"}}', b'{"username": 1.5}', b'{"csrfmiddlewaretoken": null}',
                     b'{"csrfmiddlewaretoken": 7}', b'{"password": 12345678}', b'{"email": []}', b'{"name": false}',
                     b'{"username": "a\x00b"}', b'{"username": "a\\u0000b"}', b'{"user\\u0000name": "a"}',
                     b'{"username": "\xff\xfe"}', b'{"username": "\xc0\xaf"}', b'{"username": "\xed\xa0\x80"}',
                     b'{"username": "\\ud800"}', b'{"\xff": 1}', b'{"username": "\xf5\x80\x80\x80"}',
                     b'\xef\xbb\xbf{"username": "a"}', b'{"username": "a\nb"}', b'{"x": NaN}', b'{"x": 1e999}',
                     b'{"x": ' + b"9" * 400 + b"}", b'{"x": ' + b"[" * 30000 + b"]" * 30000 + b"}",
                     b'{"x":' * 9000 + b"1" + b"}" * 9000, b'{"x": ' + b"[" * 20 + b"]" * 20 + b"}", b"[" * KIB_64,
                     b'"' * KIB_64, json.dumps(person).encode()[:-5], json.dumps(person).encode("utf-16")):
            with self.subTest(body=body[:60]):
                self.refused(visitor, body, "application/json")

    def test_as_a_form_is_400(self):
        """Bad escapes, bad UTF-8, NUL and double fields."""
        visitor = self.visitor()
        for body in (b"username=%zz", b"username=%", b"username=%4", b"username=a%00b", b"username=a\x00b",
                     b"username=%ff",
                     b"username=\xff", b"%ff=a", b"%00=a", b"username=a&username=b", b"username=a&user%6Eame=b",
                     b"username=%ed%a0%80", b"csrfmiddlewaretoken=a&csrfmiddlewaretoken=b", b"a=b&" * 300):
            with self.subTest(body=body[:60]):
                self.refused(visitor, body, FORM)

    def test_as_multipart_is_400(self):
        """No boundary, another one, cut off, files in the place of fields, and the same bad bytes."""
        visitor = self.visitor()
        good, kind = part("username", b"a"), "multipart/form-data; boundary=" + BOUNDARY
        end = f"--{BOUNDARY}--\r\n".encode()
        for body, given in ((good + end, "multipart/form-data"), (good + end, "multipart/form-data; boundary="),
                            (good + end, "multipart/form-data; boundary=another"),
                            (good + end, "multipart/form-data; boundary=" + "x" * 71), (good, kind), (good[:-1], kind),
                            (good + end[:-4], kind), (good + good + end, kind), (b"rubbish", kind), (b"--", kind),
                            (part("username", b"\xff") + end, kind), (part("username", b"a\x00b") + end, kind),
                            (part("username", b"a", b'; filename="a.txt"') + end, kind),
                            (part("username", b"a", b'; filename=""') + end, kind),
                            (f"--{BOUNDARY}\r\n\r\na\r\n".encode() + end, kind),
                            (good.replace(b"form-data", b"attachment") + end, kind),
                            (good.replace(b'; name="username"', b"") + end, kind),
                            (b"".join(part(f"x{i}", b"") for i in range(200)) + end, kind)):
            with self.subTest(body=body[:60], kind=given):
                self.refused(visitor, body, given)

    def test_over_64_kib_is_413_whoever_sees_it_first(self):
        """nginx by what is announced or by counting; the worker by what is announced to it."""
        nginx, direct = self.visitor(), self.direct()
        for visitor in (nginx, direct):
            for body in (b"x" * (KIB_64 + 1), b"x" * (1024 * 1024)):
                for kind in ("application/json", FORM, "text/plain", None):
                    with self.subTest(way=type(visitor.way).__name__, size=len(body), kind=kind):
                        answer = visitor.fetch("/register/", body, kind)
                        self.fails(answer, 413, "payload_too_large")
                        self.is_well_headed(answer)
            page = visitor.send("POST", "/register/", b"x" * (KIB_64 + 1), {"Content-Type": FORM})
            self.assertEqual((page.status, page.is_page), (413, True))
            self.is_well_headed(page)
        chunks = b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(17)) + b"0\r\n\r\n"
        answer = nginx.way.raw(b"POST /register/ HTTP/1.1\r\nHost: " + nginx.host.encode() + b"\r\nTransfer-Encoding: "
                               b"chunked\r\nContent-Type: application/json\r\n\r\n" + chunks)
        self.fails(answer, 413, "payload_too_large")

    def test_of_exactly_64_kib_is_read(self):
        """The limit is the last size that passes; chunks are put together by nginx."""
        for visitor in (self.visitor(), self.direct()):
            person = json.dumps(visitor.person).encode()
            body = person[:-1] + b', "padding": "' + b"x" * (KIB_64 - len(person) - 15) + b'"}'
            self.assertEqual(len(body), KIB_64)
            self.succeeds(visitor.ajax("/register/", body))
        visitor = self.visitor()
        person = json.dumps(visitor.person).encode()
        answer = visitor.way.raw(
            b"POST /register/ HTTP/1.1\r\nHost: " + visitor.host.encode() + b"\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\nCookie: csrftoken=" + visitor.token().encode() + b"\r\nX-CSRFToken: "
            + visitor.token().encode() + b"\r\n\r\n%x\r\n%s\r\n1\r\n%s\r\n0\r\n\r\n" % (len(person) - 1, person[:-1],
                                                                                        b"}"))
        self.succeeds(answer)

    def test_because_it_was_cut_off_is_400(self):
        """A body shorter than announced is not taken for the whole."""
        visitor = self.direct()
        token = visitor.token()
        for body, length in ((b'{"username": "a"}', 30), (b"", 10), (b"username=a", 60000)):
            for kind in ("application/json", FORM):
                with self.subTest(body=body, kind=kind):
                    cut = self.direct(parameters={"CONTENT_LENGTH": str(length)})
                    cut.cookies["csrftoken"] = token
                    self.refused(cut, body, kind)

    def test_is_never_500_even_if_it_is_64_kib_of_rubbish(self):
        """Random bytes under every type to every route, through nginx and straight at a worker."""
        rubbish = os.urandom(KIB_64)
        kinds = ("application/json", FORM, "multipart/form-data; boundary=x", rubbish[:200].hex(), None)
        bodies = (rubbish, b"--x\r\n" + rubbish[:60000], b"%" * KIB_64, b"&" * KIB_64, b"=" * KIB_64,
                  b'{"username": "' +
                  rubbish[:50000].replace(b'"', b"").replace(b"\\", b"") + b'"}', b"--x\r\n" * 13000)
        for visitor in (self.visitor(), self.direct()):
            for method, path, _, _ in self.stack.routes():
                for kind in kinds:
                    for body in bodies:
                        answer = visitor.send(method, path, body,
                                              {"Content-Type": kind, "X-CSRFToken": visitor.token()},
                                              keeps=False)
                        self.assertLess(answer.status, 500, (method, path, kind, body[:20], answer))

    def test_in_headers_is_never_500_either(self):
        """Rubbish where nginx lets it through, and where only FastCGI would."""
        for visitor in (self.visitor(), self.direct()):
            for value in ("\xff\xfe", "%00", ";;;=;,,", "a" * 6000, '"', "q=;q=1,q", "application/json;q=" + "9" * 300):
                for name in ("Accept", "Accept-Language", "Content-Type", "Cookie", "Origin", "X-CSRFToken",
                             "X-Requested-With", "Sec-Fetch-Site", "Referer", "User-Agent"):
                    for method in ("GET", "POST"):
                        with self.subTest(name=name, value=value[:20], method=method):
                            answer = visitor.send(method, "/register/?language=" + urllib.parse.quote(value[:500]), b"",
                                                  {name: value}, keeps=False)
                            self.assertLess(answer.status, 500, answer)
                            self.is_well_headed(answer)


class RefusalsComeInTheirOrder(Journey):
    def test_from_not_found_to_the_fields(self):
        """Each request is wrong in one thing and in all that would be looked at later."""
        plain, readable = "text/plain", "application/json"
        big, bad, empty = b"x" * (KIB_64 + 1), b"{", b"{}"
        pending, signed_in = self.pending(), self.customer()
        for method, path, body, kind, token, status, code in (
                ("POST", "/nosuch/", big, plain, False, 404, "not_found"),
                ("PUT", "/nosuch/", bad, readable, False, 404, "not_found"),
                ("PUT", "/register/", big, plain, False, 405, "method_not_allowed"),
                ("DELETE", "/register/", bad, readable, False, 405, "method_not_allowed"),
                ("POST", "/register/", big, plain, False, 413, "payload_too_large"),
                ("POST", "/register/", bad, plain, False, 415, "unsupported_media_type"),
                ("POST", "/register/", bad, readable, False, 400, "bad_request"),
                ("POST", "/register/", empty, readable, False, 403, "csrf_failed"),
                ("POST", "/register/", empty, readable, True, 400, "validation_error")):
            with self.subTest(method=method, path=path, status=status):
                visitor = self.direct()
                visitor.token()
                headers = {"Content-Type": kind, "X-Requested-With": "XMLHttpRequest"}
                headers |= {"X-CSRFToken": visitor.token()} if token else {}
                self.fails(visitor.send(method, path, body, headers), status, code)
        for visitor, path in ((signed_in, "/register/"), (signed_in, "/login/"), (self.visitor(), "/register/verify/"),
                              (self.visitor(), "/register/resend/")):
            with self.subTest(path=path, step="state"):
                self.fails(visitor.fetch(path, bad, readable), 400, "bad_request")
                self.fails(visitor.fetch(path, empty, readable, X_CSRFToken="x"), 403, "csrf_failed")
        self.fails(signed_in.fetch("/register/", empty, readable), 400, "already_signed_in")
        self.fails(signed_in.fetch("/login/", empty, readable), 400, "already_signed_in")
        self.fails(self.visitor().fetch("/register/verify/", empty, readable), 400, "no_pending_verification")
        self.fails(pending.fetch("/register/verify/", empty, readable), 400, "validation_error", "otp")

    def test_the_limit_of_the_client_address_before_the_state(self):
        """429 comes after the token and before all that is asked of session and fields."""
        signed_in = self.customer()
        address = signed_in.way.address
        for _ in range(19):
            self.succeeds(self.visitor(address).register())
        for visitor in (signed_in, self.visitor(address)):
            self.fails(visitor.fetch("/register/", b"{", "application/json"), 400, "bad_request")
            self.fails(visitor.fetch("/register/", b"{}", "application/json", X_CSRFToken="x"), 403, "csrf_failed")
            self.fails(visitor.fetch("/register/", b"{}", "application/json"), 429, "throttled")


class WhoGetsJson(Journey):
    def test_who_sent_it_asks_for_it_or_prefers_it(self):
        """Content-Type, X-Requested-With and Accept with its qualities; for the worker and for nginx alike."""
        for headers, is_json in (
                ({"Content-Type": "application/json"}, True),
                ({"Content-Type": "application/json; charset=utf-8", "Accept": PAGE}, True),
                ({"X-Requested-With": "XMLHttpRequest", "Accept": PAGE}, True),
                ({"X-Requested-With": "xmlhttprequest"}, True),
                ({"Accept": "application/json"}, True),
                ({"Accept": "application/json, text/plain, */*"}, True),
                ({"Accept": "application/json, text/html;q=0.9"}, True),
                ({"Accept": "text/html;q=0.5, application/json"}, True),
                ({"Accept": "APPLICATION/JSON"}, True),
                ({"Accept": "application/json;q=1.0"}, True),
                ({"Accept": "application/json;charset=utf-8"}, True),
                ({"Accept": "application/json;q=0.9, text/html;q=0.5"}, True),
                ({"Accept": "text/*;q=0.3,application/json;q=0.4"}, True),
                ({"Accept": "application/json;q=0.1"}, True),
                ({"Accept": "application/json; q=0.7, text/html; level=1; q=0.6"}, True),
                ({"Accept": "application/json; q=0.7, text/html; level=1"}, False),
                ({"Accept": "application/jsonp"}, False),
                ({"Accept": "application/json;q=0.5, text/html;q=0.5"}, False),
                ({"Accept": "application/json;q=0.000"}, False),
                ({"Accept": PAGE}, False),
                ({"Accept": None}, False),
                ({"Accept": ""}, False),
                ({"Accept": "*/*"}, False),
                ({"Accept": "text/html"}, False),
                ({"Accept": "application/json;q=0"}, False),
                ({"Accept": "application/json;q=0.5, text/html"}, False),
                ({"Accept": "application/json, text/html"}, False),
                ({"Accept": "text/html;q=0.8, application/json;q=0.5"}, False),
                ({"Accept": "text/html;q=0.9, application/json;q=0.85"}, False),
                ({"Content-Type": FORM, "Accept": PAGE}, False),
                ({"X-Requested-With": "fetch"}, False)):
            with self.subTest(headers=headers):
                visitor = self.visitor()
                kind = {"Content-Type": FORM} | headers
                refused = visitor.send("POST", "/register/", b"{}" if "json" in kind["Content-Type"] else b"", kind)
                self.assertEqual((refused.status, refused.is_json, refused.is_page), (403, is_json, not is_json))
                refused = visitor.send("POST", "/register/", b"x" * (KIB_64 + 1), kind)
                self.assertEqual((refused.status, refused.is_json, refused.is_page), (413, is_json, not is_json))

    def test_the_worker_weighs_every_quality(self):
        """To the thousandth, where nginx's own errors go by tenths."""
        for accepted, is_json in (("text/html;q=0.83, application/json;q=0.85", True),
                                  ("text/html;q=0.001, application/json;q=0.002", True),
                                  ("text/html;q=0.9, application/json;q=0.85", False)):
            refused = self.visitor().send("POST", "/register/", b"", {"Content-Type": FORM, "Accept": accepted})
            self.assertEqual((refused.status, refused.is_json), (403, is_json), accepted)

    def test_pages_can_be_had_as_json(self):
        """What a page would show, with a token, for a front end of one's own."""
        for path in ("/", "/register/", "/login/"):
            visitor = self.visitor()
            said = self.succeeds_as_data(visitor.get(path, Accept="application/json"))
            visitor.send("POST", "/logout/", b"", {"X-CSRFToken": said["csrf_token"]})

    def succeeds_as_data(self, answer):
        self.assertEqual((answer.status, answer.is_json, answer.json["success"]), (200, True, True))
        return answer.json


class Pages(Journey):
    def test_show_a_refused_form_again_with_the_status_json_would_have(self):
        """What was typed is kept but for the password; nothing is mailed."""
        visitor = self.visitor(username="x", email="not-an-email", password="short")
        page = visitor.submit("/register/", visitor.person)
        self.assertEqual((page.status, page.is_page), (400, True))
        form = page.form("/register/")
        self.assertEqual((form.fields["username"], form.fields["email"], form.fields["name"], form.fields["password"]),
                         ("x", "not-an-email", visitor.person["name"], ""))
        self.assertNotIn("short\"", page.text)

    def test_keep_the_name_of_who_could_not_sign_in(self):
        """The same for the login form and where it was to lead."""
        visitor = self.visitor()
        page = visitor.submit("/login/", {"username": "nobody<here>", "password": "wrong-password-1"},
                              page="/login/?next=/dashboard/")
        self.assertEqual(page.status, 400)
        form = page.form("/login/")
        self.assertEqual((form.fields["username"], form.fields["password"], form.fields["next"]),
                         ("nobody<here>", "", "/dashboard/"))
        self.assertNotIn("wrong-password-1", page.text)
        self.assertNotIn("<here>", page.text)

    def test_say_what_json_says(self):
        """One status for both, whatever was refused."""
        registered = self.pending()
        for path, fields in (("/register/", newcomer(username=registered.username)), ("/register/", {}),
                             ("/login/", {"username": "nobody", "password": "nothing-right"})):
            with self.subTest(path=path):
                in_json = self.visitor().ajax(path, fields)
                page = self.visitor().submit(path, fields)
                self.assertEqual((page.status, page.is_page), (in_json.status, True))
                for messages in in_json.json.get("errors", {}).values():
                    self.assertIn(messages[0], page.text.replace("&#39;", "'"))
        for typed in (registered.wrong(registered.code()), "12ab"):
            page = registered.submit("/register/verify/", {"otp": typed})
            self.assertEqual((page.status, page.form("/register/verify/").fields["otp"]), (400, typed))
        self.assertEqual(registered.get("/register/verify/").form("/register/verify/").fields["otp"], "")

    def test_can_hold_all_that_could_be_typed(self):
        """A form full of signs that need escaping comes back with them and is no 503."""
        for sign in ('"', "<", "&", "'", "ä"):
            with self.subTest(sign=sign):
                visitor = self.visitor()
                fields = {"name": sign * (62000 // len(sign.encode())), "username": "x", "email": "x", "password": "x"}
                body, kind = multipart(fields | {"csrfmiddlewaretoken": visitor.token()})
                page = visitor.send("POST", "/register/", body, {"Content-Type": kind})
                self.assertEqual((page.status, page.is_page), (400, True), page.body[:200])


if __name__ == "__main__":
    main()
