"""Limits for a client address: what counts, what is one address, and what happens when it cannot be known."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import random
import socket

from browser import own_address
from journey import Journey, main, unique

WRONG = "not-the-password"


def network():
    """An IPv6 /64 that nobody else has."""
    return "2001:db8:%x:%x" % (random.randrange(1, 65536), random.randrange(1, 65536))


class Registrations(Journey):
    def register_until_refused(self, addresses):
        """How many were taken of one each from `addresses`, and the answer that refused."""
        for count, address in enumerate(addresses):
            answer = self.direct(address).register()
            if answer.status != 200:
                return count, answer
        return len(addresses), None

    def test_are_twenty_an_hour_for_an_address(self):
        """Through nginx; the 21st is 429 until the first is an hour old, and another address gets through."""
        address = own_address()
        for _ in range(20):
            self.succeeds(self.visitor(address).register())
        answer = self.visitor(address).register()
        self.fails(answer, 429, "throttled")
        self.assertAlmostEqual(answer.retry_after, 3600, delta=30)
        self.succeeds(self.visitor().register())
        page = self.visitor(address)
        refused = page.submit("/register/", page.person)
        self.assertEqual((refused.status, refused.retry_after > 3500), (429, True))
        self.assertEqual(refused.form("/register/").fields["email"], page.email)
        self.stack.travel(hours=1)
        self.succeeds(self.visitor(address).register())

    def test_are_not_forgotten_by_the_purge_while_they_count(self):
        """The first is more than an hour old, and the others are not."""
        address = own_address()
        self.succeeds(self.direct(address).register())
        self.stack.travel(minutes=50)
        for _ in range(19):
            self.succeeds(self.direct(address).register())
        self.stack.travel(minutes=11)
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)
        self.succeeds(self.direct(address).register())
        self.fails(self.direct(address).register(), 429, "throttled")

    def test_count_only_where_a_hash_was_spent(self):
        """Bad fields, bad tokens and taken names are free."""
        address = own_address()
        holder = self.pending()
        for _ in range(25):
            visitor = self.direct(address)
            self.fails(visitor.register(password="x"), 400, "validation_error", "password")
            self.fails(visitor.ajax("/register/", b"{"), 400, "bad_request")
            self.fails(visitor.ajax("/register/", visitor.person, X_CSRFToken="x"), 403, "csrf_failed")
            self.fails(self.direct(address, email=holder.email).register(), 400, "validation_error", "email")
        self.succeeds(self.direct(address).register())

    def test_from_one_ipv6_network_count_together(self):
        """All of a /64 is one client; the next /64 is another."""
        ours = network()
        count, answer = self.register_until_refused([f"{ours}::{i:x}:{random.randrange(65536):x}" for i in range(1,
                                                                                                                 23)])
        self.assertEqual(count, 20)
        self.fails(answer, 429, "throttled")
        self.succeeds(self.direct(network() + "::1").register())

    def test_from_an_ipv4_address_written_as_ipv6_count_with_it(self):
        """::ffff:a.b.c.d is a.b.c.d."""
        address = own_address()
        count, _ = self.register_until_refused([address, "::ffff:" + address] * 11)
        self.assertEqual(count, 20)

    def test_from_nowhere_are_unavailable(self):
        """Without an address that can be counted nobody registers or signs in; looking is free."""
        customer = self.customer()
        for address in (None, "", "unix:", "not-an-address", "1.2.3", "1.2.3.4, 5.6.7.8", "1.2.3.4:80", "fe80::1%eth0"):
            with self.subTest(address=address):
                visitor = self.direct("", parameters={"REMOTE_ADDR": address})
                self.fails(visitor.register(), 503, "unavailable")
                self.fails(visitor.login(customer.username, customer.person["password"]), 503, "unavailable")
                self.assertEqual(visitor.get("/login/").status, 200)

    def test_do_not_believe_what_the_client_says_of_its_address(self):
        """X-Forwarded-For and its kin change nothing."""
        address = own_address()
        for i in range(20):
            self.succeeds(self.visitor(address).register())
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP", "True-Client-IP", "REMOTE_ADDR",
                     "Remote-Addr"):
            visitor = self.visitor(address)
            self.fails(visitor.ajax("/register/", visitor.person,
                                    **{name.replace("-", "_"): f"for=10.0.0.{i};10.0.0.{i}"}), 429,
                       "throttled")


class FailedSignIns(Journey):
    def test_are_a_hundred_an_hour_for_an_address(self):
        """Over all names; who gets in is not counted; another address is not either."""
        address = own_address()
        customer = self.customer()
        visitor = self.direct(address)
        for i in range(100):
            self.fails(visitor.login(f"nobody{i}-{unique()}", WRONG), 400, "invalid_credentials")
            if i % 20 == 0:
                self.succeeds(self.direct(address).login(customer.username, customer.person["password"]))
        answer = visitor.login(customer.username, customer.person["password"])
        self.fails(answer, 429, "throttled")
        self.assertGreater(answer.retry_after, 3000)
        self.succeeds(self.elsewhere(customer).login())
        self.stack.travel(hours=1)
        self.succeeds(visitor.login(customer.username, customer.person["password"]))

    def test_of_one_account_are_counted_for_each_ipv6_network(self):
        """Five from a /64, whichever of its addresses they come from."""
        customer, ours = self.customer(), network()
        for i in range(5):
            self.fails(self.direct(f"{ours}::{i:x}").login(customer.username, WRONG), 400, "invalid_credentials")
        self.fails(self.direct(f"{ours}:1:2:3:4").login(customer.username, WRONG), 429, "throttled")
        self.succeeds(self.direct(network() + "::1").login(customer.username, customer.person["password"]))


class AFlood(Journey):
    def test_from_one_address_is_held_up_by_nginx(self):
        """Beyond the burst it is 429 with Retry-After, as JSON and page; other addresses notice nothing."""
        visitor = self.visitor()
        host = visitor.host.encode()
        with socket.create_connection(("127.0.0.1", self.stack.port), 30, (visitor.way.address, 0)) as connection:
            connection.sendall((b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n") * 699
                               + b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
            answers = b"".join(iter(lambda: connection.recv(65536), b""))
        self.assertGreaterEqual(answers.count(b"HTTP/1.1 200"), 400)
        self.assertGreater(answers.count(b"HTTP/1.1 429"), 100)
        answer = self.refusal(visitor, "application/json")
        self.fails(answer, 429, "throttled")
        page = self.refusal(visitor, "text/html")
        self.assertEqual((page.is_page, page.retry_after), (True, 1))
        for refusal in (answer, page):
            self.is_well_headed(refusal)
        self.assertEqual(self.visitor().get("/").status, 200)

    def refusal(self, visitor, accept):
        """The next 429: every 20 ms one more request is let through."""
        answers = (visitor.get("/", Accept=accept) for _ in range(1000))
        return next(answer for answer in answers if answer.status == 429)


class TheSwitch(Journey):
    def test_turns_limits_for_an_address_alone_off_and_no_others(self):
        """STOREFRONT_ADDRESS_LIMITS=off: thirty registrations, but five failures for an account."""
        with self.stack.worker("register", ADDRESS_LIMITS="off") as register, \
                self.stack.worker("login", ADDRESS_LIMITS="off") as login:
            sockets = {"register": register, "login": login}
            address = own_address()
            for _ in range(30):
                self.succeeds(self.direct(address, sockets).register())
            for _ in range(110):
                self.fails(self.direct(address, sockets).login("nobody" + unique(), WRONG), 400, "invalid_credentials")
            name = "nobody" + unique()
            for _ in range(5):
                self.fails(self.direct(address, sockets).login(name, WRONG), 400, "invalid_credentials")
            self.fails(self.direct(address, sockets).login(name, WRONG), 429, "throttled")

    def test_is_refused_where_the_shop_is_on_https(self):
        """By config --check and at the start of a worker."""
        settings = {"PUBLIC_URL": "https://shop.example", "LOOPBACK_HOSTS": "off", "ADDRESS_LIMITS": "off"}
        self.assertNotEqual(self.stack.program("storefront", "config", "--check", **settings).returncode, 0)
        self.assertNotEqual(self.stack.program("storefront", "serve", POOL="pages", **settings).returncode, 0)
        settings["ADDRESS_LIMITS"] = "on"
        self.assertEqual(self.stack.program("storefront", "config", "--check", **settings).returncode, 0)


if __name__ == "__main__":
    main()
