"""How many mails a mailbox and a session can cause: five an hour, ten a day; beyond, nothing is made."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from browser import together
from journey import Journey, main, unique


class AMailbox(Journey):
    def setUp(self):
        self.word = unique()

    def another(self, spelling="box-{0}+{1}@example.com"):
        """Somebody new with another spelling of the same mailbox."""
        return self.visitor(email=spelling.format(self.word, unique()))

    def test_gets_five_an_hour_from_whomever_and_however_it_is_spelt(self):
        """The sixth is throttled until the first is an hour old; tag and case make no other mailbox."""
        for spelling in ("box-{0}@example.com", "BOX-{0}@example.com.example", "box-{0}+{1}@example.com",
                         "Box-{0}+{1}@Example.COM", "box-{0}+a+{1}@example.com", "BOX-{0}+{1}@EXAMPLE.com"):
            self.succeeds(self.another(spelling).register())
            self.stack.travel(minutes=5)
        sixth = self.another()
        answer = sixth.register()
        self.fails(answer, 429, "throttled")
        self.assertAlmostEqual(answer.retry_after, 1800, delta=10)
        self.nothing_was_made(sixth)
        self.stack.travel(seconds=answer.retry_after + 1)
        self.succeeds(sixth.register())

    def test_is_told_when_the_next_one_may_be_asked_for(self):
        """resend_in after each mail: a minute, and with the last of the hour until the first is an hour old; mended ones too."""
        pending = self.pending(email=f"box-{self.word}@example.com")
        self.mailed(pending)
        for number in (2, 3, 4, 5):
            self.stack.travel(seconds=300)
            said = self.succeeds(pending.resend() if number % 2 else pending.register(name=f"Jo {number}", password=f"securepass{number}23"))
            self.assertAlmostEqual(said["resend_in"], 60 if number < 5 else 2400, delta=5)
            self.mailed(pending, number)
        refused = pending.resend()
        self.fails(refused, 429, "throttled")
        self.assertAlmostEqual(refused.retry_after, 2400, delta=10)

    def nothing_was_made(self, visitor):
        """No account, no mail, no session."""
        self.assertIsNone(self.customer_row(visitor, "id"))
        self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 0)
        self.assertNotIn("sessionid", visitor.cookies)
        self.awaits_nothing(visitor)

    def test_gets_ten_a_day(self):
        """The eleventh waits until the first is a day old, whatever the hour allows."""
        for _ in range(2):
            for _ in range(5):
                self.succeeds(self.another().register())
            self.stack.travel(hours=2)
        answer = self.another().register()
        self.fails(answer, 429, "throttled")
        self.assertAlmostEqual(answer.retry_after, 20 * 3600, delta=60)
        self.assertIn("in 20 hours", answer.json["message"])
        self.stack.travel(hours=20, minutes=1)
        self.succeeds(self.another().register())
        kept = "SELECT max(cardinality(events)) FROM storefront.rate_limit WHERE forget_at > storefront.now() + interval '2 hours'"
        self.assertEqual(self.stack.value(kept), "10", "no more events than the rule needs")

    def test_counts_resends_and_sign_ins_too(self):
        """Whatever caused them; a spent resend says when, and the code of before goes on working."""
        visitor = self.pending(email=f"box-{self.word}@example.com")
        self.mailed(visitor)
        for number in (2, 3, 4):
            self.stack.travel(seconds=61)
            self.succeeds(visitor.resend())
            self.mailed(visitor, number)
        self.stack.travel(seconds=61)
        other = self.elsewhere(visitor)
        self.fails(other.login(), 403, "not_verified")
        code = self.mailed(visitor, 5)
        self.stack.travel(seconds=61)
        answer = visitor.resend()
        self.fails(answer, 429, "throttled")
        self.assertGreater(answer.retry_after, 3000)
        self.fails(other.login(), 403, "not_verified")
        self.stack.settle_mails()
        self.assertEqual(len(self.mailbox.all(visitor.email)), 5)
        self.succeeds(visitor.verify(code))

    def test_is_not_charged_for_what_was_refused(self):
        """Duplicates and bad fields cost no mail."""
        visitor = self.pending(email=f"box-{self.word}@example.com")
        for _ in range(6):
            self.fails(self.visitor(email=visitor.email).register(), 400, "validation_error", "email")
            self.fails(self.visitor(email=visitor.email, password="x").register(), 400, "validation_error", "password")
        self.stack.travel(seconds=61)
        self.succeeds(visitor.resend())

    def test_holds_when_ten_ask_at_once(self):
        """Exactly five of them get one."""
        visitors = [self.another() for _ in range(10)]
        for visitor in visitors:
            visitor.token()
        answers = together(*[visitor.register for visitor in visitors])
        self.assertEqual(sorted(answer.status for answer in answers), [200] * 5 + [429] * 5)
        self.stack.settle_mails()
        self.assertEqual(sum(len(self.mailbox.all(visitor.email)) for visitor in visitors), 5)

    def test_that_is_full_by_the_first_click_refuses_no_second_one(self):
        """Four clicks on the form that gets the last mail of the hour: one account, and all are sent to its code."""
        for _ in range(3):
            self.word = unique()
            for _ in range(4):
                self.succeeds(self.another().register())
            visitor = self.another()
            visitor.token()
            for answer in together(*[lambda: visitor.ajax("/register/", visitor.person, keeps=False)] * 4):
                self.succeeds(answer)
            self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 1)


class ASession(Journey):
    def test_causes_five_an_hour_whomever_they_go_to(self):
        """Mending the e-mail again and again is no way to mail the world; the sixth changes nothing."""
        visitor = self.pending()
        emails = [f"{unique()}@example.com" for _ in range(5)]
        for email in emails[:4]:
            self.succeeds(visitor.register(email=email))
        answer = visitor.register(email=emails[4])
        self.fails(answer, 429, "throttled")
        self.assertAlmostEqual(answer.retry_after, 3600, delta=30)
        self.assertEqual(self.customer_row(visitor, "email"), [emails[3]])
        visitor.person["email"] = emails[3]
        self.succeeds(visitor.verify())
        self.assertEqual(self.mailbox.all(emails[4]), [])

    def test_causes_ten_a_day(self):
        """Five, an hour's pause and five more; then a day goes by."""
        visitor = self.pending()
        for pause in (0, 61):
            self.stack.travel(minutes=pause)
            for _ in range(4 if pause == 0 else 5):
                self.succeeds(visitor.register(email=f"{unique()}@example.com"))
        self.stack.travel(minutes=61)
        answer = visitor.register(email=f"{unique()}@example.com")
        self.fails(answer, 429, "throttled")
        self.assertGreater(answer.retry_after, 20 * 3600)

    def test_that_was_thrown_away_is_not_remembered(self):
        """The limit is the session's; a new one begins at nought, and the mailbox has its own."""
        visitor = self.pending()
        for _ in range(4):
            self.succeeds(visitor.register(email=f"{unique()}@example.com"))
        self.fails(visitor.register(email=f"{unique()}@example.com"), 429, "throttled")
        self.succeeds(self.visitor().register())


class TheCoolDown(Journey):
    def test_does_not_hold_a_mended_registration_back(self):
        """Who mends a typing error is mailed at once."""
        visitor = self.pending()
        self.mailed(visitor)
        self.fails(visitor.resend(), 429, "throttled")
        self.succeeds(visitor.register(email=f"{unique()}@example.com"))
        self.succeeds(visitor.verify(self.mailed(visitor)))

    def test_is_not_passed_by_signing_in_or_registering_again(self):
        """Inside it they answer the same and mail nothing."""
        visitor = self.pending()
        self.mailed(visitor)
        other = self.elsewhere(visitor)
        for _ in range(3):
            self.fails(other.login(), 403, "not_verified")
            self.succeeds(visitor.register())
        self.stack.settle_mails()
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)
        self.stack.travel(seconds=61)
        self.fails(other.login(), 403, "not_verified")
        self.mailed(visitor, 2)
        self.stack.travel(seconds=61)
        self.succeeds(visitor.register())
        self.mailed(visitor, 3)


if __name__ == "__main__":
    main()
