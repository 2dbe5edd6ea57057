"""The map of URLs from outside: every route with every method, slashes, strange paths, and what each answer carries."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from browser import Browser, Nginx, Pools
from journey import Journey, main

JSON = {"X-Requested-With": "XMLHttpRequest"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")


class Map(Journey):
    """The program's own table, and what follows from it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = cls.stack.routes()
        cls.methods = {}
        for method, path, _, _ in cls.rows:
            cls.methods.setdefault(path, []).extend(["GET", "HEAD"] if method == "GET" else [method])


class Routes(Map):
    def test_all_routes_of_the_contract_are_there_and_no_others(self):
        """The program's own table is the contract's."""
        expected = {"/": "GET HEAD", "/register/": "GET HEAD POST", "/register/verify/": "GET HEAD POST",
                    "/register/resend/": "POST", "/login/": "GET HEAD POST", "/logout/": "GET HEAD POST",
                    "/dashboard/": "GET HEAD", "/session/": "GET HEAD", "/healthz": "GET HEAD", "/readyz": "GET HEAD"}
        self.assertEqual({path: " ".join(methods) for path, methods in self.methods.items()}, expected)

    def test_another_method_is_405_and_names_those_that_there_are(self):
        """As JSON and as page, with Allow, for every path."""
        visitor = self.visitor()
        for path, methods in self.methods.items():
            for method in METHODS:
                if method in methods:
                    continue
                with self.subTest(method=method, path=path):
                    answer = visitor.send(method, path, headers=JSON)
                    self.assertEqual(answer.status, 405, answer)
                    self.assertEqual(answer.headers["Allow"].split(", "), methods)
                    self.is_well_headed(answer)
                    if method != "HEAD":
                        self.fails(answer, 405, "method_not_allowed")
                    page = visitor.send(method, path)
                    self.assertEqual((page.status, page.is_page), (405, path not in ("/session/", "/healthz", "/readyz")), page)
                    self.assertEqual(page.headers["Allow"].split(", "), methods)
                    self.is_well_headed(page)

    def test_head_says_what_get_says_without_the_body(self):
        """Same status and headers, for visitors and customers."""
        for browser in (self.visitor(), self.customer()):
            browser.get("/session/")
            for path, methods in self.methods.items():
                if "GET" not in methods:
                    continue
                with self.subTest(path=path):
                    whole, head = browser.get(path), browser.send("HEAD", path)
                    self.assertEqual((head.status, head.body, head.location), (whole.status, b"", whole.location))
                    for name in ("Content-Type", "Content-Length", "Cache-Control"):
                        self.assertEqual(head.headers[name], whole.headers[name], name)
                    self.is_well_headed(head)

    def test_a_missing_final_slash_redirects_on_this_host_and_keeps_the_query(self):
        """301 for GET and HEAD, 308 for all that may have a body; the Location is relative."""
        visitor = self.visitor()
        for path in self.methods:
            if not path.endswith("/") or path == "/":
                continue
            for method in METHODS:
                with self.subTest(method=method, path=path):
                    answer = visitor.send(method, path[:-1] + "?next=/a%20b&x=%C3%A4&y=%2F%2Fevil", headers=JSON)
                    self.goes_to(answer, path + "?next=/a%20b&x=%C3%A4&y=%2F%2Fevil",
                                 301 if method in ("GET", "HEAD") else 308)
                    self.is_well_headed(answer)

    def test_a_form_sent_without_the_slash_can_be_sent_again_where_it_points(self):
        """308 keeps method and body, so the second try succeeds."""
        visitor = self.visitor()
        answer = visitor.ajax("/register", visitor.person)
        self.goes_to(answer, "/register/", 308)
        self.succeeds(visitor.ajax(answer.location, visitor.person))

    def test_a_query_too_long_for_a_header_is_left_off(self):
        """And no 503, though every byte of it may need three."""
        visitor = self.visitor()
        for query, kept in (("a" * 2000, True), ("(" * 2000, True), ("a" * 7000, False), ("%22" * 2300, False)):
            with self.subTest(query=query[:9]):
                self.goes_to(visitor.get("/register?" + query), "/register/" + ("?" + query if kept else ""), 301)
        for count in (2000, 7000):
            raw = b"GET /register?" + b'"' * count + b" HTTP/1.1\r\nHost: " + visitor.host.encode() + b"\r\n\r\n"
            self.goes_to(visitor.way.raw(raw), "/register/" + ("?" + "%22" * count if count == 2000 else ""), 301)

    def test_an_unknown_path_is_404_with_any_method(self):
        """As JSON and as page."""
        visitor = self.visitor()
        for path in ("/nosuch", "/nosuch/", "/register/nosuch/", "/Register/", "/REGISTER/", "/register/;v=1/",
                     "/healthz/", "/registerx/", "/register/verif", "/static", "/.env", "/index.html",
                     "/register/%0d%0aX-Planted:%20yes", "/%E2%80%AE/", "/%ff/", "/storefront-errors/503"):
            for method in ("GET", "POST", "PUT", "OPTIONS"):
                with self.subTest(method=method, path=path):
                    self.fails(visitor.send(method, path, headers=JSON), 404, "not_found")
                    page = visitor.send(method, path)
                    self.assertEqual((page.status, page.is_page), (404, True), page)
                    self.assertNotIn("X-Planted", page.headers)
                    self.is_well_headed(page)

    def test_a_folder_of_static_files_is_404_as_well(self):
        """nginx has a refusal of its own for those, which must not look or be kept otherwise."""
        visitor = self.visitor()
        for path in ("/static/", "/static//", "/static/x/../", "/static/%2e/"):
            with self.subTest(path=path):
                self.fails(visitor.send("GET", path, headers=JSON), 404, "not_found")
                page = visitor.get(path)
                self.assertEqual((page.status, page.is_page), (404, True), page)
                self.is_well_headed(page)

    def test_one_path_has_many_spellings_and_all_reach_the_same_worker(self):
        """nginx's map and the worker route on the same normalised path."""
        visitor = self.visitor()
        for path in ("//register/", "/register//", "/%72egister/", "/x/../register/", "/./register/", "/register%2F",
                     "/static/../register/", "//login//", "/x//..//login/", "/%6Cogin/"):
            with self.subTest(path=path):
                self.assertEqual(visitor.get(path).status, 200)
                self.fails(visitor.send("POST", path, headers=JSON), 403, "csrf_failed")

    def test_a_double_slash_never_redirects_to_another_host(self):
        """//host/register would be another host's register."""
        visitor = self.visitor()
        for path in ("//evil.example/register", "/%2Fevil.example/register", "//evil.example/..//register",
                     "//evil.example/", "/%5Cevil.example/register", "//register", "/%2Fregister"):
            for method in ("GET", "POST"):
                with self.subTest(path=path, method=method):
                    answer = visitor.send(method, path)
                    self.assertIn(answer.status, (301, 308, 404, 403))
                    self.assertIn(answer.location, (None, "/register/"))

    def test_what_is_no_http_is_refused_with_the_headers_too(self):
        """Answers that nginx makes by itself follow the same rule."""
        way = Nginx(self.stack)
        host = f"Host: 127.0.0.1:{self.stack.port}\r\n".encode()
        long = b"a" * 40000
        for status, request in (
                ({400}, b"GET /register/%00 HTTP/1.1\r\n" + host + b"\r\n"),
                ({400}, b"GET /../../etc/passwd HTTP/1.1\r\n" + host + b"\r\n"),
                ({400}, b"GET / HTTP/1.1\r\n\r\n"),
                ({421}, b"GET / HTTP/1.0\r\n\r\n"),
                ({400}, b"GET / HTTP/1.1\r\n" + host + host + b"\r\n"),
                ({405}, b"TRACE / HTTP/1.1\r\n" + host + b"\r\n"),
                ({405}, b"TRACE /register/?a HTTP/1.1\r\n" + host + b"\r\n"),
                ({405}, b"TRACE /register/resend/ HTTP/1.1\r\n" + host + b"\r\n"),
                ({400, 405}, b"CONNECT shop:80 HTTP/1.1\r\n" + host + b"\r\n"),
                ({400, 414}, b"GET /" + long + b" HTTP/1.1\r\n" + host + b"\r\n"),
                ({400}, b"GET / HTTP/1.1\r\n" + host + b"Cookie: a=" + long + b"\r\n\r\n"),
                ({400}, b"POST / HTTP/1.1\r\n" + host + b"Content-Length: -5\r\n\r\n"),
                ({400}, b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"),
                ({400, 501}, b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: rubbish\r\n\r\n"),
                ({400, 505}, b"GET / HTTP/9.9\r\n" + host + b"\r\n")):
            with self.subTest(request=request[:60]):
                answer = way.raw(request)
                self.assertIn(answer.status, status)
                self.is_well_headed(answer)
                self.assertTrue(answer.is_page)
                if answer.status == 405 and request.startswith(b"TRACE"):
                    path = request.split()[1].decode().split("?")[0]
                    self.assertEqual(answer.headers["Allow"].split(", "), self.methods[path])


class EveryAnswer(Map):
    def all_answers(self, browser):
        for method, path, _, _ in self.rows:
            for headers in ({}, JSON, {"Origin": "https://evil.example"}):
                yield method, path, browser.send(method, path, headers=headers, keeps=False)

    def test_has_its_headers_for_whomever_it_is(self):
        """Visitors, those who await a code, and customers; pages, JSON and refusals."""
        for browser in (self.visitor(), self.pending(), self.customer()):
            for method, path, answer in self.all_answers(browser):
                with self.subTest(method=method, path=path):
                    self.is_well_headed(answer)
                    self.assertNotEqual(answer.status, 500)

    def test_names_neither_program_nor_version(self):
        """No Server version, no X-Powered-By."""
        for _, _, answer in self.all_answers(self.visitor()):
            self.assertNotRegex(answer.headers.get("Server", ""), r"\d")
            self.assertNotIn("X-Powered-By", answer.headers)

    def test_without_a_token_no_unsafe_route_does_anything(self):
        """Every POST of the map is 403, as JSON and as page, for all who may come."""
        for browser in (self.visitor(), self.pending(), self.customer()):
            for method, path, _, _ in self.rows:
                if method != "POST":
                    continue
                with self.subTest(path=path):
                    self.fails(browser.send("POST", path, headers=JSON, keeps=False), 403, "csrf_failed")
                    self.assertEqual(browser.send("POST", path, keeps=False).status, 403)

    def test_signed_in_routes_send_visitors_to_the_login_page(self):
        """And pending routes send those who await nothing to the form."""
        visitor = self.visitor()
        for method, path, audience, _ in self.rows:
            if method != "GET":
                continue
            with self.subTest(path=path):
                answer = visitor.get(path)
                if audience == "signed-in":
                    self.goes_to(answer, "/login/?next=" + path, 302)
                elif audience == "pending":
                    self.goes_to(answer, "/register/", 302)
                else:
                    self.assertEqual(answer.status, 200)

    def test_a_pool_refuses_another_pools_route(self):
        """Map and routes cannot drift: what comes to the wrong pool is 503 and does nothing."""
        for method, path, audience, pool in self.rows:
            for other in {"pages", "register", "login"} - {pool}:
                wrong = str(self.stack.run / "fcgi" / (other + ".sock"))
                browser = Browser(Pools(self.stack, sockets=dict.fromkeys(("pages", "register", "login"), wrong)))
                with self.subTest(method=method, path=path, pool=other):
                    answer = browser.send(method, path, headers=JSON)
                    if audience == "operators":
                        self.assertEqual(answer.status, 200, answer)
                    else:
                        self.fails(answer, 503, "unavailable")
                        self.is_well_headed(answer)

    def test_nginx_sends_every_route_to_its_pool(self):
        """None of them is answered by the wrong one."""
        visitor = self.visitor()
        for method, path, _, _ in self.rows:
            self.assertNotEqual(visitor.send(method, path, headers=JSON).status, 503, (method, path))


if __name__ == "__main__":
    main()
