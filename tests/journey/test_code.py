"""The one-time code: how it may be typed, how long it lives, what wrong tries cost, and when it grows."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from browser import together
from journey import VERIFIED, Journey, main


class TypingTheCode(Journey):
    def test_works_with_spaces_dashes_and_full_width_digits(self):
        """Wherever they stand, in every kind of dash and space that a phone may add."""
        for spelling in ("{0}{1}{2}{3}", " {0}{1}{2}{3} ", "{0}{1} {2}{3}", "{0}-{1}-{2}-{3}", "-{0}{1}\u2013{2}{3}-",
                         "{0}\u00a0{1}\u2009{2}\u3000{3}", "\t{0}{1}{2}{3}\r\n", "{0}\u2011{1}\u2014{2}\uff0d{3}"):
            with self.subTest(spelling=spelling):
                visitor = self.pending()
                self.succeeds(visitor.verify(spelling.format(*visitor.code())), VERIFIED, "/")
        visitor = self.pending()
        wide = "".join(chr(ord(digit) - ord("0") + 0xff10) for digit in visitor.code())
        self.succeeds(visitor.verify(wide), VERIFIED, "/")

    def test_works_as_a_json_number_that_lost_its_zeros(self):
        """42 stands for 0042; a number of any code works."""
        visitor = self.pending()
        self.succeeds(visitor.verify(int(visitor.code()) or "0000"), VERIFIED, "/")
        visitor = self.zero_coded()
        self.succeeds(visitor.verify(int(visitor.code())), VERIFIED, "/")

    def zero_coded(self):
        """Somebody whose code begins with a zero: one in ten."""
        for _ in range(200):
            visitor = self.pending()
            if visitor.code()[0] == "0":
                return visitor
        raise AssertionError("no code begins with a zero")

    def test_needs_no_username_but_the_right_one_if_any(self):
        """The session knows whom it awaits; spelling does not matter, another's name is refused and costs nothing."""
        visitor = self.pending()
        self.fails(visitor.verify(username="somebody-else"), 400, "no_pending_verification")
        self.fails(visitor.verify(visitor.wrong(visitor.code()), username="somebody-else"), 400,
                   "no_pending_verification")
        self.fails(visitor.verify(visitor.wrong(visitor.code()), username=visitor.username.upper()), 400, "otp_invalid")
        self.succeeds(visitor.ajax("/register/verify/", {"otp": visitor.code()}), VERIFIED, "/")

    def test_costs_no_attempt_where_it_is_not_as_long_as_the_code(self):
        """A slip of the finger is a validation error."""
        visitor = self.pending()
        code = visitor.code()
        for typed in ("", " ", "-", code[:3], code + "0", "abcd", "12a4", "١٢٣٤", "12.4", "1" * 300, "+123", "12345678",
                      123456, "½234", code + "\u200d" + code, {"a": 1}, None, True, -1, 1.5):
            with self.subTest(typed=typed):
                answer = visitor.ajax("/register/verify/", {"otp": typed})
                if isinstance(typed, str) or typed == 123456:
                    self.fails(answer, 400, "validation_error", "otp")
                else:
                    self.fails(answer, 400, "bad_request")
        said = self.fails(visitor.verify(visitor.wrong(code)), 400, "otp_invalid")
        self.assertEqual(said["attempts_left"], 4)
        self.succeeds(visitor.verify(code))


class TheLifeOfACode(Journey):
    def test_is_ten_minutes_from_when_its_mail_was_handed_over(self):
        """A second before, it signs in; a second after, it is otp_expired and no attempt is counted."""
        early, late = self.pending(), self.pending()
        codes = self.mailed(early), self.mailed(late)
        self.stack.travel(minutes=9, seconds=50)
        self.succeeds(early.verify(codes[0]), VERIFIED, "/")
        self.stack.travel(seconds=11)
        self.fails(late.verify(codes[1]), 400, "otp_expired")
        self.fails(late.verify(late.wrong(codes[1])), 400, "otp_expired")
        self.assertEqual(self.stack.value("SELECT max(attempts) FROM storefront.one_time_code WHERE email = :'email'",
                                          email=late.email), "0")

    def test_is_told_in_seconds_and_a_reload_finds_it_again(self):
        """expires_in and resend_in count down."""
        visitor = self.visitor()
        said = self.succeeds(visitor.register())
        self.assertEqual((said["expires_in"], said["resend_in"], said["code_length"]), (600, 60, 4))
        self.mailed(visitor)
        self.stack.travel(seconds=100)
        said = visitor.get("/register/verify/", Accept="application/json").json
        self.assertAlmostEqual(said["expires_in"], 500, delta=5)
        self.assertEqual((said["resend_in"], said["attempts_left"], said["code_length"]), (0, 5, 4))

    def test_waits_a_day_for_its_mail(self):
        """Mailed almost a day late, it has its ten minutes; after a day it is dead and not mailed."""
        with self.stack.without("mailer"):
            late = self.pending()
            self.stack.travel(minutes=2)
            never = self.pending()
            self.stack.travel(hours=23, minutes=57, seconds=30)
        code = self.mailed(late)
        self.succeeds(late.verify(code))
        with self.stack.without("mailer"):
            gone = self.pending()
            self.stack.travel(hours=24, seconds=1)
        self.stack.settle_mails()
        self.mailed(never)
        self.assertEqual(self.mailbox.all(gone.email), [])
        self.awaits_nothing(gone)

    def test_is_not_prolonged_by_a_second_mail_with_it(self):
        """The ten minutes run from the first hand-over."""
        visitor = self.pending()
        code = self.mailed(visitor)
        self.stack.travel(minutes=4)
        self.assertAlmostEqual(self.succeeds(visitor.resend())["expires_in"], 360, delta=5)
        self.assertEqual(self.mailed(visitor, 2), code)
        self.stack.travel(minutes=6, seconds=5)
        self.fails(visitor.verify(code), 400, "otp_expired")

    def test_ends_with_its_use(self):
        """Who is signed in awaits nothing; the code is worth nothing afterwards."""
        visitor = self.pending()
        before = visitor.copy()
        code = visitor.code()
        self.succeeds(visitor.verify(code))
        self.fails(visitor.verify(code), 400, "no_pending_verification")
        self.fails(before.ajax("/register/verify/", {"otp": code}), 400, "no_pending_verification")

    def test_has_ended_where_it_is_gone(self):
        """An operator has deleted it: nobody is signed in by whatever is typed, and the next mail brings a new one."""
        visitor = self.pending()
        code = self.mailed(visitor)
        self.stack.sql("DELETE FROM storefront.one_time_code WHERE email = :'email'", email=visitor.email)
        self.fails(visitor.verify(code), 400, "otp_expired")
        self.is_signed_out(visitor)
        self.succeeds(visitor.resend())
        self.succeeds(visitor.verify(self.mailed(visitor, 2)))


class SendingItAgain(Journey):
    def test_repeats_the_live_code_and_gives_no_attempts_back(self):
        """While it has five minutes; a late first mail works as well as the second."""
        visitor = self.pending()
        code = self.mailed(visitor)
        for nth in (1, 2):
            self.fails(visitor.verify(visitor.wrong(code, nth=nth)), 400, "otp_invalid")
        self.stack.travel(minutes=4, seconds=50)
        said = self.succeeds(visitor.resend(), "We have sent the code again.", "/register/verify/")
        self.assertEqual((said["resend_in"], said["code_length"]), (60, 4))
        self.assertEqual(self.mailed(visitor, 2), code)
        said = self.fails(visitor.verify(visitor.wrong(code, nth=3)), 400, "otp_invalid")
        self.assertEqual(said["attempts_left"], 2)
        self.succeeds(visitor.verify(code))

    def test_makes_a_new_code_when_the_old_one_has_less_than_five_minutes(self):
        """The old one is then dead and says so, without a try being counted."""
        visitor = self.pending()
        old = self.mailed(visitor)
        self.stack.travel(minutes=5, seconds=5)
        said = self.succeeds(visitor.resend(), "We have sent a new code. The one before no longer works.", "/register/verify/")
        self.assertEqual(said["expires_in"], 600)
        new = self.mailed(visitor, 2)
        if new != old:
            said = self.fails(visitor.verify(old), 400, "otp_expired")
            self.assertNotIn("attempts_left", said)
        said = self.fails(visitor.verify(visitor.wrong(new, old)), 400, "otp_invalid")
        self.assertEqual(said["attempts_left"], 4)
        self.succeeds(visitor.verify(new))

    def test_makes_a_new_code_when_the_old_one_has_run_out(self):
        """An hour later the registration can still be proved."""
        visitor = self.pending()
        old = self.mailed(visitor)
        self.stack.travel(hours=1)
        self.fails(visitor.verify(old), 400, "otp_expired")
        self.succeeds(visitor.resend())
        self.succeeds(visitor.verify(self.mailed(visitor, 2)))

    def test_repeats_a_code_whose_mail_was_never_handed_over(self):
        """However old it is; and there is one mail, not two."""
        with self.stack.without("mailer"):
            visitor = self.pending()
            self.stack.travel(minutes=30)
            self.assertEqual(self.succeeds(visitor.resend())["expires_in"], 600)
        code = self.mailed(visitor)
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)
        self.succeeds(visitor.verify(code))

    def test_takes_a_minute_between_two(self):
        """Sooner it is throttled with the seconds that are left, and nothing is mailed."""
        visitor = self.pending()
        self.mailed(visitor)
        answer = visitor.resend()
        self.fails(answer, 429, "throttled")
        self.assertLessEqual(answer.retry_after, 60)
        self.assertGreater(answer.retry_after, 50)
        self.stack.travel(seconds=61)
        self.succeeds(visitor.resend())
        self.mailed(visitor, 2)
        self.fails(visitor.resend(), 429, "throttled")
        self.stack.settle_mails()
        self.assertEqual(len(self.mailbox.all(visitor.email)), 2)

    def test_is_one_mail_however_often_the_button_was_pressed_at_once(self):
        """Ten at the same moment."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        answers = together(*[visitor.resend] * 10)
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [429] * 9)
        self.mailed(visitor, 2)
        self.assertEqual(len(self.mailbox.all(visitor.email)), 2)


    def test_of_a_registration_whose_code_is_dead_promises_no_time(self):
        """The form sent again within the minute, with another name: the code stays dead, and lives no second."""
        visitor = self.pending()
        self.lock(visitor, self.mailed(visitor))
        self.assertEqual(self.succeeds(visitor.register(name="Josephine March"))["expires_in"], 0)
        self.stack.travel(seconds=61)
        self.assertEqual(self.succeeds(visitor.register())["expires_in"], 600)

    def test_by_page_says_which_of_the_two_it_was(self):
        visitor = self.pending()
        self.mailed(visitor)
        for minutes, words in ((1.1, "We have sent the code again."), (9, "We have sent a new code.")):
            self.stack.travel(minutes=minutes)
            answer = visitor.submit("/register/resend/", {}, page="/register/verify/")
            self.assertIn(words, visitor.get(answer.headers["Location"]).text)


class WrongCodes(Journey):
    def test_end_the_code_at_the_fifth(self):
        """Then even the right one is otp_locked, with the seconds until a resend; that brings a new one."""
        visitor = self.pending()
        code = self.mailed(visitor)
        self.lock(visitor, code)
        answer = visitor.verify(code)
        self.fails(answer, 429, "otp_locked")
        self.assertLessEqual(answer.retry_after, 60)
        self.fails(visitor.resend(), 429, "throttled")
        self.stack.travel(seconds=61)
        self.fails(visitor.verify(code), 429, "otp_locked")
        self.succeeds(visitor.resend())
        new = self.mailed(visitor, 2)
        self.succeeds(visitor.verify(new))

    def test_in_parallel_are_counted_one_by_one(self):
        """Fifty at once: exactly five were tries, the others came too late."""
        visitor = self.pending()
        code = self.mailed(visitor)
        guesses = [visitor.wrong(code, nth=nth) for nth in range(1, 51)]
        answers = together(*[lambda guess=guess: visitor.verify(guess) for guess in guesses])
        codes = sorted(answer.json["code"] for answer in answers)
        self.assertEqual(codes, ["otp_invalid"] * 5 + ["otp_locked"] * 45)
        left = sorted(answer.json["attempts_left"] for answer in answers if answer.status == 400)
        self.assertEqual(left, [0, 1, 2, 3, 4])
        self.fails(visitor.verify(code), 429, "otp_locked")

    def test_with_the_right_one_among_them_sign_in_once_or_not_at_all(self):
        """Four wrong and the right one at once: the right one always wins."""
        visitor = self.pending()
        code = self.mailed(visitor)
        guesses = [visitor.wrong(code, nth=nth) for nth in range(1, 5)] + [code]
        answers = together(*[lambda guess=guess: visitor.ajax("/register/verify/", {"otp": guess}, keeps=False)
                             for guess in guesses])
        self.succeeds(answers[-1])
        for answer in answers[:-1]:
            self.assertIn(answer.json["code"], ("otp_invalid", "otp_expired", "no_pending_verification"))

    def test_ten_in_a_day_make_the_next_codes_longer_until_a_day_without(self):
        """Eight digits for the mailbox, whoever registers with it; the owner's right code is never refused."""
        visitor = self.pending()
        old = []
        for number in (1, 2):
            code = self.mailed(visitor, number)
            self.lock(visitor, code)
            old.append(code)
            self.stack.travel(seconds=61)
            said = self.succeeds(visitor.resend())
        self.assertEqual(said["code_length"], 8)
        code = self.mailed(visitor, 3)
        self.assertRegex(code, r"^\d{8}$")
        self.assertEqual(visitor.get("/register/verify/", Accept="application/json").json["code_length"], 8)
        self.fails(visitor.verify("1234"), 400, "validation_error", "otp")
        self.assertEqual(self.fails(visitor.verify(visitor.wrong(code)), 400, "otp_invalid")["attempts_left"], 4)
        name, domain = visitor.email.split("@")
        tagged = self.visitor(email=f"{name.upper()}+tag@{domain}")
        self.assertEqual(self.succeeds(tagged.register())["code_length"], 8)
        self.succeeds(tagged.verify(self.mailed(tagged)))
        other = self.visitor()
        self.assertEqual(self.succeeds(other.register())["code_length"], 4)
        self.stack.travel(hours=23)
        again = self.visitor(email=f"{name}+again@{domain}")
        self.assertEqual(self.succeeds(again.register())["code_length"], 8)
        self.succeeds(again.verify(int(self.mailed(again))))
        self.stack.travel(hours=1, minutes=1)
        calm = self.visitor(email=f"{name}+calm@{domain}")
        self.assertEqual(self.succeeds(calm.register())["code_length"], 4)

    def test_at_codes_that_were_made_before_find_them_as_short_as_they_were(self):
        """What an hour allows at most for one mailbox: five codes, five tries each. Then they have eight digits."""
        first = self.pending()
        name, domain = first.email.split("@")
        visitors = [first] + [self.pending(email=f"{name}+{tag}@{domain}") for tag in range(4)]
        codes = [self.mailed(visitor) for visitor in visitors]
        self.fails(self.visitor(email=f"{name}+more@{domain}").register(), 429, "throttled")
        for visitor, code in zip(visitors, codes):
            self.assertRegex(code, r"^\d{4}$")
            self.lock(visitor, code)
        self.stack.travel(hours=1, minutes=1)
        later = self.visitor(email=f"{name}+later@{domain}")
        self.assertEqual(self.succeeds(later.register())["code_length"], 8)

    def test_spread_over_two_days_change_nothing(self):
        """Nine, then a day's pause, then five: never ten within a day."""
        visitor = self.pending()
        code = self.mailed(visitor)
        self.lock(visitor, code)
        self.stack.travel(hours=23)
        said = self.succeeds(visitor.resend())
        self.assertEqual(said["code_length"], 4)
        name, domain = visitor.email.split("@")
        self.stack.travel(hours=2)
        other = self.visitor(email=f"{name}+b@{domain}")
        self.succeeds(other.register())
        self.lock(other, self.mailed(other))
        self.stack.travel(seconds=61)
        self.assertEqual(self.succeeds(other.resend())["code_length"], 4)


class ASetting(Journey):
    def test_makes_codes_longer(self):
        """STOREFRONT_OTP_DIGITS, OTP_ATTEMPTS and OTP_MINUTES are fixed in the code when it is made."""
        with self.stack.worker("register", OTP_DIGITS=6, OTP_ATTEMPTS=2, OTP_MINUTES=20) as socket:
            visitor = self.direct(sockets={"register": socket})
            said = self.succeeds(visitor.register())
        self.assertEqual((said["code_length"], said["expires_in"]), (6, 1200))
        code = self.mailed(visitor)
        self.assertRegex(code, r"^\d{6}$")
        self.fails(visitor.verify(code[:4]), 400, "validation_error", "otp")
        self.assertEqual(self.fails(visitor.verify(visitor.wrong(code)), 400, "otp_invalid")["attempts_left"], 1)
        self.stack.travel(minutes=19)
        self.succeeds(visitor.verify(code))


class TheCodeAtRest(Journey):
    def test_stands_nowhere_in_the_database(self):
        """Neither the code nor a digest of it: every column of its row and of its mail is looked through."""
        visitor = self.pending()
        code = self.mailed(visitor)
        columns = self.stack.sql("SELECT column_name FROM information_schema.columns WHERE table_schema = 'storefront' "
                                 "AND table_name IN ('one_time_code', 'outbox')")
        self.assertFalse([name for (name,) in columns if name in ("code", "otp", "digest", "hash")])
        row = self.stack.value("""
            SELECT to_jsonb(c) - ARRAY['id', 'customer_id', 'registration_id', 'nonce', 'issued_at', 'mailed_at',
                                       'handed_over_at', 'expires_at', 'email']
            FROM storefront.one_time_code AS c WHERE email = :'email'""", email=visitor.email)
        self.assertNotIn(code, row)

    def test_is_one_live_code_for_a_registration(self):
        """The database itself refuses a second one."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(minutes=6)
        self.succeeds(visitor.resend())
        live = "email = :'email' AND used_at IS NULL AND replaced_at IS NULL"
        self.assertEqual(self.stack.count("one_time_code", live, email=visitor.email), 1)

    def test_is_random(self):
        """Sixty codes are not alike, and their first digits neither."""
        visitors = [self.pending() for _ in range(60)]
        codes = [visitor.code() for visitor in visitors]
        self.assertGreater(len(set(codes)), 50)
        self.assertGreater(len({code[0] for code in codes}), 5)


if __name__ == "__main__":
    main()
