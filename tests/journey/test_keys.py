"""A change of secret keys, step by step: no code, token or session ends with it, and no limit forgets."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import contextlib
import os
import secrets
import tempfile

from browser import own_address
from journey import Journey, main, unique


class Keys(Journey):
    @contextlib.contextmanager
    def workers(self, change):
        """Workers of each pool whose file of keys is `change` of the stack's; the stack's own go on beside them."""
        lines = pathlib.Path(self.stack.settings()["STOREFRONT_SECRET_KEY_FILE"]).read_text().splitlines()
        with tempfile.NamedTemporaryFile("w") as file, contextlib.ExitStack() as workers:
            file.write("\n".join(change(lines)) + "\n")
            file.flush()
            os.chmod(file.name, 0o600)
            yield {pool: workers.enter_context(self.stack.worker(pool, SECRET_KEY_FILE=file.name))
                   for pool in ("pages", "register", "login")}

    def added(self, lines):
        """The first step: known, not yet used."""
        return lines + [f"2 {secrets.token_hex(32)}"]

    def taken(self, lines):
        """The second step: it signs, the old one still verifies."""
        return [f"2 {secrets.token_hex(32)}"] + lines

    def moved(self, visitor, sockets):
        """The same browser, at these workers."""
        other = self.direct(visitor.way.address, sockets)
        other.person, other.cookies = dict(visitor.person), dict(visitor.cookies)
        return other


class AChangeOfKeys(Keys):
    def test_ends_no_code_no_token_and_no_session(self):
        """What began under the old key goes on at workers that sign with the new one, and at those that only know it."""
        for step in (self.added, self.taken):
            with self.subTest(step=step.__name__), self.workers(step) as sockets:
                customer, pending = self.customer(), self.pending()
                code = self.mailed(pending)
                self.is_signed_in(self.moved(customer, sockets))
                self.succeeds(self.moved(customer, sockets).logout())
                there = self.moved(pending, sockets)
                self.assertEqual(self.fails(there.verify(there.wrong(code)), 400, "otp_invalid")["attempts_left"], 4)
                self.succeeds(there.verify(code))

    def test_forgets_no_failed_sign_in(self):
        """Five are five, wherever they were counted and whoever was named; and back again."""
        named = (self.customer(), None)
        for customer in named:
            with self.subTest(exists=customer is not None), self.workers(self.taken) as sockets:
                here = self.visitor(own_address())
                here.token()
                name = customer.username if customer else "nobody" + unique()
                for _ in range(3):
                    self.fails(here.login(name, "wrong-password-1"), 400, "invalid_credentials")
                there = self.moved(here, sockets)
                for _ in range(2):
                    self.fails(there.login(name, "wrong-password-1"), 400, "invalid_credentials")
                self.fails(there.login(name, "wrong-password-1"), 429, "throttled")

    def test_stops_no_sign_in_where_both_keys_count_nothing(self):
        """Whoever signed in under each of them has been given both counts back; they are carried over as nothing."""
        address = own_address()
        with self.workers(self.taken) as sockets:
            customer = self.customer()
            here = self.visitor(address)
            here.person = dict(customer.person)
            self.succeeds(here.login())
            for _ in range(2):
                there = self.moved(here, sockets)
                there.cookies.clear()
                there.token()
                self.succeeds(there.login())
                here.cookies.clear()
                here.token()
                self.succeeds(here.login())

    def test_forgets_no_mail(self):
        """Five an hour for a mailbox, some before and some after."""
        with self.workers(self.added) as sockets:
            pending = self.pending()
            for number in range(2, 5):
                self.mailed(pending, number - 1)
                self.stack.travel(seconds=61)
                self.succeeds(pending.resend())
            self.mailed(pending, 4)
            self.stack.travel(seconds=61)
            self.succeeds(self.moved(pending, sockets).resend())
            self.mailed(pending, 5)
            self.stack.travel(seconds=61)
            self.fails(self.moved(pending, sockets).resend(), 429, "throttled")
        with self.workers(self.taken) as sockets:
            self.fails(self.moved(pending, sockets).resend(), 429, "throttled")

    def test_forgets_no_guess_at_a_mailbox(self):
        """Ten wrong tries under the old key: the next code under the new one has eight digits."""
        visitor = self.pending()
        for number in (1, 2):
            self.lock(visitor, self.mailed(visitor, number))
            self.stack.travel(seconds=61)
            if number == 1:
                self.succeeds(visitor.resend())
        with self.stack.without("mailer"), self.workers(self.taken) as sockets:
            self.assertEqual(self.succeeds(self.moved(visitor, sockets).resend())["code_length"], 8)
            self.stack.sql("DELETE FROM storefront.outbox WHERE state = 'queued'")


class AKeyThatIsGone(Keys):
    def test_ends_its_codes_and_tokens_alone(self):
        """Sessions go on: they hang on no key. A resend gives a code under the new one."""
        pending, customer = self.pending(), self.customer()
        code = self.mailed(pending)
        with self.workers(lambda lines: [f"2 {secrets.token_hex(32)}"]) as sockets:
            there = self.moved(customer, sockets)
            self.is_signed_in(there)
            self.succeeds(there.logout())
            there = self.moved(pending, sockets)
            there.cookies["csrftoken"] = self.fails(there.verify(code), 403, "csrf_failed")["csrf_token"]
            self.fails(there.verify(code), 400, "otp_invalid")
        self.succeeds(pending.verify(code))


if __name__ == "__main__":
    main()
