"""What the contract says in minutes, hours and days holds to the second: the clock stands still, and the last second of a
span is told from the first one after it."""
import contextlib
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from journey import Journey, main, unique

HOUR = 60 * 60
DAY = 24 * HOUR
WRONG = "not-the-password"


class Moments(Journey):
    def setUp(self):
        standing = contextlib.ExitStack()
        standing.enter_context(self.stack.standing_clock())
        self.addCleanup(standing.close)
        self.word = unique()

    def another(self):
        """Somebody new with a mailbox that is the same in the whole test."""
        return self.visitor(email=f"box-{self.word}+{unique()}@example.com")

    def waits_one_second(self, answer):
        self.fails(answer, 429, "throttled")
        self.assertEqual(answer.retry_after, 1)

    def maintain(self):
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)


class OfACode(Moments):
    def test_it_lives_ten_minutes(self):
        early, late = self.pending(), self.pending()
        codes = self.mailed(early), self.mailed(late)
        self.stack.travel(seconds=599)
        self.succeeds(early.verify(codes[0]))
        self.stack.travel(seconds=1)
        self.fails(late.verify(codes[1]), 400, "otp_expired")

    def test_its_mail_is_a_minute_old_before_the_next(self):
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(seconds=59)
        self.waits_one_second(visitor.resend())
        self.stack.travel(seconds=1)
        self.succeeds(visitor.resend())

    def test_it_is_repeated_while_it_has_five_minutes(self):
        last, gone = self.pending(), self.pending()
        self.mailed(last), self.mailed(gone)
        self.stack.travel(seconds=300)
        self.assertEqual(self.succeeds(last.resend())["expires_in"], 300)
        self.stack.travel(seconds=1)
        self.assertEqual(self.succeeds(gone.resend())["expires_in"], 600)

    def test_its_proof_is_repeated_from_the_third_second_on_while_it_lives(self):
        for passed, is_repeated in ((2, False), (3, True), (599, True), (600, False)):
            with self.subTest(passed=passed):
                visitor = self.pending()
                code, before = self.mailed(visitor), visitor.copy()
                self.succeeds(visitor.verify(code))
                self.stack.travel(seconds=passed)
                answer = before.verify(code)
                if is_repeated:
                    self.succeeds(answer)
                else:
                    self.fails(answer, 400, "no_pending_verification")

    def test_it_is_deleted_a_day_after_its_use(self):
        visitor = self.customer()
        for passed, left in ((DAY - 1, 1), (1, 0)):
            self.stack.travel(seconds=passed)
            self.maintain()
            self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), left)


    def test_the_last_one_stays_while_its_registration_can_be_proved(self):
        """A shop that gives the proof two days: on the second, the password still leads to a new code."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(seconds=DAY + HOUR)
        self.assertEqual(self.stack.program("storefront", "maintain", UNVERIFIED_HOURS="48").returncode, 0)
        with self.stack.worker("login", UNVERIFIED_HOURS="48") as login:
            there = self.direct(sockets={"login": login})
            there.person = dict(visitor.person)
            self.fails(there.login(), 403, "not_verified")
        self.mailed(visitor, 2)
        self.maintain()
        self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 0)


class OfMails(Moments):
    def test_the_sixth_waits_until_the_first_is_an_hour_old(self):
        """By resend and by registration alike."""
        visitor, *_ = [self.registered() for _ in range(5)]
        self.stack.travel(seconds=HOUR - 1)
        self.waits_one_second(visitor.resend())
        self.waits_one_second(self.another().register())
        self.stack.travel(seconds=1)
        self.succeeds(visitor.resend())
        self.registered()

    def test_the_eleventh_waits_until_the_first_is_a_day_old(self):
        for _ in range(5):
            self.registered()
        self.stack.travel(seconds=HOUR)
        visitor, *_ = [self.registered() for _ in range(5)]
        self.stack.travel(seconds=DAY - HOUR - 1)
        self.maintain()
        self.waits_one_second(visitor.resend())
        self.waits_one_second(self.another().register())
        self.stack.travel(seconds=1)
        self.succeeds(visitor.resend())
        self.registered()

    def registered(self):
        visitor = self.another()
        self.succeeds(visitor.register())
        return visitor


class OfWrongTries(Moments):
    def wrong(self, visitor, code, times):
        for nth in range(1, times + 1):
            self.fails(visitor.verify(visitor.wrong(code, nth=nth)), 400, "otp_invalid")

    def next_length(self):
        return self.succeeds(self.another().register())["code_length"]

    def test_ten_count_when_the_first_is_less_than_a_day_old(self):
        for passed, length in ((DAY - 1, 8), (DAY, 4)):
            with self.subTest(passed=passed):
                self.word = unique()
                first, second = self.another(), self.another()
                self.succeeds(first.register())
                self.wrong(first, self.mailed(first), 5)
                self.stack.travel(seconds=HOUR)
                self.succeeds(second.register())
                self.wrong(second, self.mailed(second), 1)
                self.stack.travel(seconds=passed - HOUR)
                self.succeeds(second.resend())
                self.wrong(second, self.mailed(second, 2), 4)
                self.assertEqual(self.next_length(), length)

    def test_nine_change_nothing_and_ten_do_for_a_day(self):
        first, second = self.another(), self.another()
        for visitor, times in ((first, 5), (second, 4)):
            self.succeeds(visitor.register())
            self.wrong(visitor, self.mailed(visitor), times)
        self.assertEqual(self.next_length(), 4)
        self.wrong(second, self.mailed(second), 1)
        self.stack.travel(seconds=DAY - 1)
        self.assertEqual(self.next_length(), 8)
        self.stack.travel(seconds=1)
        self.assertEqual(self.next_length(), 4)
        self.maintain()
        self.assertEqual(self.stack.count("mailbox_caution", "forget_at <= storefront.now()"), 0)


class OfARegistration(Moments):
    def test_its_names_are_held_for_half_an_hour(self):
        holder, other = self.pending(), self.visitor()
        self.stack.travel(seconds=1799)
        self.fails(other.register(username=holder.username), 400, "validation_error", "username")
        self.stack.travel(seconds=1)
        self.succeeds(other.register())

    def test_it_lives_a_day(self):
        """Its page, its sign-in and its row."""
        visitor = self.pending()
        self.stack.travel(seconds=DAY - 1)
        self.awaits_code(visitor)
        self.fails(self.elsewhere(visitor).login(), 403, "not_verified")
        self.maintain()
        self.assertIsNotNone(self.customer_row(visitor, "id"))
        self.stack.travel(seconds=1)
        self.awaits_nothing(visitor)
        self.fails(self.elsewhere(visitor).login(), 400, "invalid_credentials")
        self.maintain()
        self.assertIsNone(self.customer_row(visitor, "id"))

    def test_an_equal_form_is_a_double_click_for_a_minute(self):
        visitor = self.visitor()
        visitor.token()
        early, late = visitor.copy(), visitor.copy()
        self.succeeds(visitor.register())
        self.stack.travel(seconds=59)
        self.succeeds(early.register())
        self.stack.travel(seconds=1)
        self.fails(late.register(), 400, "validation_error", "username", "email")


class OfASession(Moments):
    def has_row(self, visitor):
        self.maintain()
        return self.session_row(visitor, "id") is not None

    def test_it_ends_fourteen_days_after_its_last_use(self):
        used, idle = self.customer(), self.customer()
        self.stack.travel(seconds=14 * DAY - 1)
        self.is_signed_in(used)
        self.assertTrue(self.has_row(idle))
        self.stack.travel(seconds=1)
        self.is_signed_in(used)
        self.is_signed_out(idle)
        self.assertFalse(self.has_row(idle))

    def test_it_ends_thirty_days_after_its_beginning(self):
        visitor = self.customer()
        for passed in (10 * DAY, 10 * DAY, 10 * DAY - 1):
            self.stack.travel(seconds=passed)
            cookie = visitor.get("/").cookies["sessionid"]
        self.assertEqual(cookie.attributes["max-age"], "1")
        self.is_signed_in(visitor)
        self.assertTrue(self.has_row(visitor))
        self.stack.travel(seconds=1)
        key = visitor.session_key()
        self.is_signed_out(visitor)
        self.maintain()
        self.assertEqual(self.stack.count("session", "key = decode(:'key', 'hex')", key=key), 0)

    def test_its_use_is_written_down_after_ten_minutes(self):
        visitor = self.customer()
        self.stack.travel(seconds=599)
        self.assertNotIn("sessionid", visitor.get("/").cookies)
        self.stack.travel(seconds=1)
        self.assertIn("sessionid", visitor.get("/").cookies)


class OfSignIns(Moments):
    def test_failures_count_for_a_quarter_of_an_hour(self):
        visitor = self.elsewhere(self.customer())
        self.fail_to_sign_in(visitor, 5)
        self.stack.travel(seconds=899)
        self.maintain()
        self.waits_one_second(visitor.login())
        self.stack.travel(seconds=1)
        self.succeeds(visitor.login())

    def fail_to_sign_in(self, visitor, times):
        for _ in range(times):
            self.fails(visitor.login(password=WRONG), 400, "invalid_credentials")

    def test_failures_of_an_address_count_for_an_hour(self):
        with self.stack.worker("login", ADDRESS_SIGN_IN_FAILURES=2) as socket:
            visitor = self.direct(sockets={"login": socket})
            self.fail_to_sign_in(visitor, 2)
            self.stack.travel(seconds=HOUR - 1)
            self.maintain()
            self.waits_one_second(visitor.login())
            self.stack.travel(seconds=1)
            self.fail_to_sign_in(visitor, 1)
        self.stack.travel(seconds=HOUR)
        self.maintain()
        self.assertEqual(self.stack.count("rate_limit", "forget_at <= storefront.now()"), 0)


if __name__ == "__main__":
    main()
