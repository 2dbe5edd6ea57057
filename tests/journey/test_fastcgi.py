"""A worker by itself: what nginx would never send does not stop it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import os
import struct
import time

import fastcgi
from browser import parse, together
from journey import Journey, main, unique
from stack import eventually


class AWorker(Journey):
    def setUp(self):
        worker = self.stack.worker("pages")
        self.path = worker.__enter__()
        self.addCleanup(lambda: worker.__exit__(None, None, None))
        eventually(lambda: self.lives(), what="the worker's start")

    def lives(self):
        return self.ask(DOCUMENT_URI="/healthz").status == 200

    def ask(self, body=b"", **parameters):
        own = {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/", "REMOTE_ADDR": "127.1.2.3",
               "HTTP_HOST": f"127.0.0.1:{self.stack.port}"} | parameters
        return parse(fastcgi.ask(self.path, {name: value for name, value in own.items() if value is not None}, body))

    def test_answers_requests_without_what_nginx_always_sends(self):
        """No method, no path, no host, empty and absurd values: a refusal each, never silence."""
        for parameters, status in (({"REQUEST_METHOD": None}, 405), ({"REQUEST_METHOD": ""}, 405),
                                   ({"REQUEST_METHOD": "get"}, 405),
                                   ({"DOCUMENT_URI": None}, 301), ({"DOCUMENT_URI": ""}, 301),
                                   ({"DOCUMENT_URI": "register/"}, 404),
                                   ({"DOCUMENT_URI": "//register/"}, 404), ({"DOCUMENT_URI": "/register/\x00"}, 404),
                                   ({"DOCUMENT_URI": "/register/../login/"}, 404), ({"HTTP_HOST": None}, 421),
                                   ({"HTTP_HOST": ""}, 421),
                                   ({"HTTP_HOST": "evil.example"}, 421), ({"QUERY_STRING": "language=%"}, 200),
                                   ({"QUERY_STRING": b"\xff\xfe=\xff"}, 200),
                                   ({"HTTP_ACCEPT_LANGUAGE": b"\xff" * 9000}, 200),
                                   ({"HTTP_COOKIE": "sessionid=" + "A" * 60000}, 200),
                                   ({"HTTP_ACCEPT": ";" * 60000}, 200),
                                   ({"REQUEST_ID": '"}\n{"x'}, 200), ({"HTTP_ORIGIN": b"\x00"}, 200)):
            with self.subTest(parameters=str(parameters)[:80]):
                answer = self.ask(**parameters)
                if parameters.get("DOCUMENT_URI") == "/register/\x00":
                    self.assertIn(answer.status, (200, 404))  # libfcgi's values end at a NUL
                else:
                    self.assertEqual(answer.status, status, answer)
                self.is_well_headed(answer)

    def test_believes_no_length_that_is_not_true(self):
        """CONTENT_LENGTH below, above and beside the truth."""
        body = b"csrfmiddlewaretoken=x"
        for length, status in (("", 403), (str(len(body)), 403), ("0", 403), ("5", 403), ("22", 400), ("65536", 400),
                               ("65537", 413),
                               ("99999999999999999999", 413), ("-1", 413), ("0x15", 413), ("abc", 413), (" 21", 413),
                               ("21 ", 413),
                               ("1e2", 413)):
            with self.subTest(length=length):
                answer = self.ask(body, REQUEST_METHOD="POST", DOCUMENT_URI="/logout/", CONTENT_LENGTH=length,
                                  CONTENT_TYPE="application/x-www-form-urlencoded")
                self.assertEqual(answer.status, status, answer)

    def test_outlives_connections_that_say_nothing_or_rubbish(self):
        """Closed at once, cut in the middle, records that lie about their length, other roles and versions."""
        good = fastcgi.request({"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz"}, b"")
        begin = fastcgi.record(fastcgi.BEGIN, struct.pack("!HB5x", 1, 0))
        for written in (b"", b"\x01", good[:9], good[:-8], os.urandom(2000), b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 64,
                        begin + fastcgi.record(fastcgi.ABORT),
                        begin + struct.pack("!BBHHBB", 1, 4, 1, 65535, 255, 0) + b"x" * 10,
                        begin + fastcgi.record(fastcgi.PARAMETERS, b"\xff\xff\xff\xff\xff\xff\xff\xff"),
                        begin + fastcgi.record(fastcgi.PARAMETERS,
                                               b"\x7f\x7f" + b"x" * 20) + fastcgi.record(fastcgi.PARAMETERS),
                        fastcgi.record(fastcgi.BEGIN, struct.pack("!HB5x", 2, 0)), fastcgi.record(fastcgi.BEGIN, b""),
                        fastcgi.record(9, struct.pack("!BB", 14, 0) + b"FCGI_MAX_CONNS"), good + good):
            with self.subTest(written=written[:24]):
                with fastcgi.connect(self.path) as connection:
                    connection.sendall(written)
                self.assertTrue(self.lives())

    def test_outlives_clients_that_do_not_wait(self):
        """Fifty requests whose answers nobody reads."""
        whole = fastcgi.request({"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/register/", "REMOTE_ADDR": "127.1.2.3",
                                 "HTTP_HOST": f"127.0.0.1:{self.stack.port}"}, b"")
        for _ in range(50):
            with fastcgi.connect(self.path) as connection:
                connection.sendall(whole)
        self.assertTrue(self.lives())

    def test_writes_one_line_for_a_request_whatever_it_holds(self):
        """Nobody writes lines of his own into the log."""
        before = len(self.stack.log("by-hand").splitlines())
        forged = 'x\n{"level":"info","event":"forged"}\r\n\x1b[2J'
        self.ask(REQUEST_ID=forged, DOCUMENT_URI="/" + forged, HTTP_COOKIE=forged, HTTP_HOST=forged,
                 QUERY_STRING=forged)
        self.assertTrue(self.lives())
        lines = self.stack.log("by-hand").splitlines()[before:]
        self.assertEqual(len(lines), 1, lines)
        self.assertNotIn("\x1b", lines[0])

    def marked_lines(self, path):
        """What is written of a page that goes well, of one that there is not, and of a deed that is refused."""
        def of(name, **parameters):
            mark = unique()
            parse(fastcgi.ask(path, {"REQUEST_METHOD": "GET", "REMOTE_ADDR": "127.1.2.3", "REQUEST_ID": mark,
                                     "HTTP_HOST": f"127.0.0.1:{self.stack.port}"} | parameters))
            return name, sum(mark in line for line in self.stack.log("by-hand").splitlines())
        return dict((of("view", DOCUMENT_URI="/login/"), of("head", REQUEST_METHOD="HEAD", DOCUMENT_URI="/login/"),
                     of("missing", DOCUMENT_URI="/missing/"), of("health", DOCUMENT_URI="/healthz"),
                     of("refused", REQUEST_METHOD="POST", DOCUMENT_URI="/logout/")))

    def test_leaves_views_that_went_well_to_the_log_of_nginx(self):
        """Deeds, refusals and faults have a line each; LOG_VIEWS gives views one too."""
        self.assertEqual(self.marked_lines(self.path), {"view": 0, "head": 0, "missing": 1, "health": 0, "refused": 1})
        with self.stack.worker("pages", LOG_VIEWS="on") as path:
            self.assertEqual(self.marked_lines(path), {"view": 1, "head": 1, "missing": 1, "health": 1, "refused": 1})


class WhoHasWaitedLong(Journey):
    def after(self, seconds):
        """Somebody whose requests have waited for a worker for `seconds`, as nginx would say it."""
        visitor = self.visitor()
        visitor.token()
        late = self.direct(parameters={"REQUEST_TIME": f"{time.time() - seconds:.3f}"})
        late.cookies = dict(visitor.cookies)
        return late

    def test_is_told_so_at_once(self):
        """Pages after 1.4 seconds, registration and sign-in after 3.5: as page and as JSON."""
        late = self.after(2)
        self.fails(late.get("/session/"), 503, "unavailable")
        page = late.get("/dashboard/")
        self.assertEqual((page.status, page.is_page), (503, True))
        self.is_well_headed(page)
        self.fails(late.login("nobody", "wrong-password-1"), 400, "invalid_credentials")
        late = self.after(4)
        self.fails(late.register(), 503, "unavailable")
        self.fails(late.login("nobody", "wrong-password-1"), 503, "unavailable")
        self.assertEqual(self.stack.count("customer", "email = :'email'", email=late.email), 0)

    def test_is_answered_where_it_was_not_long_or_is_not_known(self):
        """A clock that was put back, rubbish, nothing: no reason to send anybody away. And operators always hear."""
        for said in (f"{time.time() - 1:.3f}", f"{time.time() + 3600:.3f}", "", "x", "1.5", "-5.000", "9" * 30 + ".000", None):
            self.assertEqual(self.direct(parameters={"REQUEST_TIME": said}).get("/session/").status, 200, said)
        self.assertEqual(self.after(60).get("/healthz").status, 200)
        self.assertEqual(self.after(60).get("/nowhere/").status, 404)


class ItsStart(Journey):
    def test_that_cannot_succeed_says_why_and_takes_its_time(self):
        """No key, no words, no pool: refused in words, and slowly, so that nobody restarts it in a circle."""
        starts = [lambda settings=settings: self.stack.program("storefront", "serve", **settings) for settings in (
            {"POOL": "nonsense"}, {"POOL": "pages", "SECRET_KEY_FILE": "/nonexistent"},
            {"POOL": "pages", "WWW_FOLDER": "/nonexistent"},
            {"POOL": "pages", "PUBLIC_URL": "ftp://x"}, {"POOL": "pages", "MAILS_PER_HOUR": "many"})]
        for done in together(*starts):
            self.assertNotEqual(done.returncode, 0)
            self.assertIn('"level":"error"', done.stderr)

    def test_does_not_need_the_database(self):
        """It may come later: until then 503, then answers."""
        with self.stack.worker("pages", DATABASE_URL="host=/nonexistent dbname=shop") as path:
            browser = self.direct(sockets={"pages": path})
            self.assertEqual(browser.get("/register/").status, 200)
            self.assertEqual(browser.get("/healthz").status, 200)
            self.fails(browser.get("/readyz"), 503, "unavailable")
            browser.cookies["sessionid"] = "A" * 43
            self.fails(browser.get("/session/"), 503, "unavailable")


if __name__ == "__main__":
    main()
