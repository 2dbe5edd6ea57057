"""What an unverified account holds and for how long, how its owner mends it, and how others take it over."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import threading

from browser import together
from journey import REGISTERED, VERIFIED, Journey, main, unique
from mailbox import code_of

OTHERS = "another-password-9"


class AnUnverifiedAccount(Journey):
    def test_holds_its_names_for_half_an_hour(self):
        """Username and e-mail, in any spelling; both are complained of."""
        visitor = self.pending()
        self.stack.travel(minutes=29, seconds=50)
        self.fails(self.visitor(username=visitor.username.upper()).register(), 400, "validation_error", "username")
        self.fails(self.visitor(email=visitor.email.upper()).register(), 400, "validation_error", "email")
        self.fails(self.visitor(username=visitor.username, email=visitor.email).register(), 400, "validation_error",
                   "username", "email")
        self.stack.travel(seconds=11)
        self.succeeds(self.visitor(username=visitor.username).register())

    def test_does_not_hold_them_longer_however_often_a_code_was_sent(self):
        """Resends, sign-ins and mended fields prolong nothing."""
        visitor = self.pending()
        self.mailed(visitor)
        for minutes, deed in ((9, visitor.resend), (9, self.elsewhere(visitor).login),
                              (9, lambda: visitor.register(password=OTHERS))):
            self.stack.travel(minutes=minutes)
            self.assertIn(deed().status, (200, 403))
        self.fails(self.visitor(email=visitor.email).register(), 400, "validation_error", "email")
        self.stack.travel(minutes=3, seconds=5)
        self.succeeds(self.visitor(email=visitor.email).register())

    def test_does_not_hold_them_once_its_code_has_died_of_wrong_tries(self):
        """A guesser keeps nobody out."""
        visitor = self.pending()
        self.lock(visitor, self.mailed(visitor))
        other = self.visitor(username=visitor.username, email=visitor.email)
        self.succeeds(other.register())
        self.awaits_nothing(visitor)
        self.succeeds(other.verify(self.mailed(other, 2)))

    def test_can_be_proved_for_a_day_while_nobody_took_over(self):
        """The old code is dead, a new one is a button away."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(hours=23, minutes=30)
        self.succeeds(visitor.resend())
        self.succeeds(visitor.verify(self.mailed(visitor, 2)), VERIFIED, "/")

    def test_is_gone_after_a_day(self):
        """Its session awaits nothing, its password opens nothing, its names are free; then its row is deleted."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(hours=24, seconds=1)
        self.awaits_nothing(visitor)
        self.fails(visitor.resend(), 400, "no_pending_verification")
        self.fails(self.elsewhere(visitor).login(), 400, "invalid_credentials")
        other = self.pending()
        self.stack.travel(hours=24, seconds=1)
        self.assertEqual(self.stack.program("storefront", "maintain").returncode, 0)
        for gone in (visitor, other):
            self.assertIsNone(self.customer_row(gone, "id"))
        self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 0)
        self.succeeds(self.visitor(username=visitor.username, email=visitor.email).register())


class ATakeover(Journey):
    def test_leaves_nothing_of_the_old_account(self):
        """Password, name, code and the right of its session: all of it is the newcomer's now."""
        old = self.pending(name="Old Name")
        code = self.mailed(old)
        self.stack.travel(minutes=30, seconds=1)
        new = self.visitor(name="New Name", username=old.username, email=old.email, password=OTHERS)
        self.succeeds(new.register(), REGISTERED)
        new_code = self.mailed(new, 2)
        self.awaits_nothing(old)
        for typed in {code, new_code}:
            self.fails(old.verify(typed), 400, "no_pending_verification")
        self.fails(old.resend(), 400, "no_pending_verification")
        self.assertNotIn("New Name", old.get("/register/").text)
        self.fails(self.elsewhere(old).login(), 400, "invalid_credentials")
        self.succeeds(new.verify(new_code))
        self.assertEqual(new.who()["name"], "New Name")
        self.is_signed_out(old)
        self.fails(self.elsewhere(old).login(), 400, "invalid_credentials")
        self.succeeds(self.elsewhere(new).login())

    def test_takes_username_and_e_mail_from_two_accounts(self):
        """Both are dead, both make room."""
        first, second = self.pending(), self.pending()
        self.mailed(first), self.mailed(second)
        self.stack.travel(minutes=31)
        new = self.visitor(username=first.username, email=second.email)
        self.succeeds(new.register())
        self.awaits_nothing(first)
        self.awaits_nothing(second)
        self.succeeds(new.verify(self.mailed(new, 2)))

    def test_needs_all_that_it_takes_to_be_free(self):
        """One dead and one held: refused, and the dead one is still there."""
        dead = self.pending()
        self.stack.travel(minutes=31)
        held = self.pending()
        self.fails(self.visitor(username=dead.username, email=held.email).register(), 400, "validation_error", "email")
        self.awaits_code(dead)

    def test_never_happens_to_a_customer(self):
        """A year later the names are taken still."""
        customer = self.customer()
        self.stack.travel(days=365)
        self.fails(self.visitor(username=customer.username).register(), 400, "validation_error", "username")
        self.fails(self.visitor(email=customer.email).register(), 400, "validation_error", "email")
        self.succeeds(self.elsewhere(customer).login())

    def test_has_one_winner(self):
        """Eight newcomers at once for one dead name."""
        dead = self.pending()
        self.stack.travel(minutes=31)
        newcomers = [self.visitor(username=dead.username) for _ in range(8)]
        for visitor in newcomers:
            visitor.token()
        answers = together(*[visitor.register for visitor in newcomers])
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [400] * 7)
        for answer in answers:
            if answer.status == 400:
                self.fails(answer, 400, "validation_error", "username")

    def test_and_the_old_code_at_the_same_moment_make_one_account(self):
        """Either the old one is proved or the new one registered; never both, never an error."""
        for _ in range(5):
            old = self.pending()
            code = self.mailed(old)
            self.stack.travel(minutes=9)
            self.succeeds(old.resend())
            code = self.mailed(old, 2)
            self.stack.sql("UPDATE storefront.customer SET held_until = storefront.now() WHERE username = :'name'",
                           name=old.username)
            new = self.visitor(username=old.username)
            new.token()
            proved, registered = together(lambda: old.verify(code), new.register)
            with self.subTest(proved=proved.status, registered=registered.status):
                self.assertEqual(sorted((proved.status, registered.status)), [200, 400])
                self.assertEqual(self.stack.count("customer", "username = :'name'", name=old.username), 1)


class Mending(Journey):
    def test_the_e_mail_makes_a_new_code_and_kills_the_old(self):
        """The code of the first mailbox does not prove the second."""
        visitor = self.pending()
        first = visitor.email
        old = self.mailed(visitor)
        self.succeeds(visitor.register(email=f"{unique()}@example.com"), REGISTERED)
        new = self.mailed(visitor)
        if old != new:
            self.assertIn(visitor.verify(old).json["code"], ("otp_invalid", "otp_expired"))
        self.succeeds(visitor.verify(new))
        self.assertEqual(visitor.who()["email"], visitor.email)
        self.assertEqual(self.stack.count("customer", "email_key = lower(:'first')", first=first), 0)

    def test_username_or_password_makes_a_new_code_too(self):
        """Any of them; the old password then opens nothing."""
        for change in ({"username": "mended" + unique()}, {"password": OTHERS}):
            with self.subTest(change=change):
                visitor = self.pending()
                old_person = dict(visitor.person)
                old = self.mailed(visitor)
                self.succeeds(visitor.register(**change))
                new = self.mailed(visitor, 2)
                if old != new:
                    self.fails(visitor.verify(old), 400, "otp_expired")
                self.succeeds(visitor.verify(new))
                self.fails(self.visitor().login(old_person["username"], old_person["password"]), 400,
                           "invalid_credentials")
                self.succeeds(self.elsewhere(visitor).login())

    def test_the_name_alone_leaves_the_code_as_it_is(self):
        """Nothing that the code proves has changed."""
        visitor = self.pending()
        code = self.mailed(visitor)
        self.succeeds(visitor.register(name="Mended Name"))
        self.stack.settle_mails()
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)
        self.succeeds(visitor.verify(code))
        self.assertEqual(visitor.who()["name"], "Mended Name")

    def test_cuts_other_sessions_off(self):
        """Whoever signed in with the old password awaits nothing any more."""
        visitor = self.pending()
        self.mailed(visitor)
        other = self.elsewhere(visitor)
        self.fails(other.login(), 403, "not_verified")
        self.awaits_code(other)
        self.succeeds(visitor.register(password=OTHERS))
        self.awaits_nothing(other)
        self.fails(other.verify(self.mailed(visitor, 2)), 400, "no_pending_verification")
        self.awaits_code(visitor)

    def test_can_be_done_from_the_login_as_well(self):
        """The session that knew the password may mend; the first is then cut off."""
        visitor = self.pending()
        other = self.elsewhere(visitor)
        self.fails(other.login(), 403, "not_verified")
        self.succeeds(other.register(email=f"{unique()}@example.com"))
        self.awaits_nothing(visitor)
        self.succeeds(other.verify(self.mailed(other)))

    def test_to_what_somebody_else_has_is_refused_and_changes_nothing(self):
        """The registration of before stays as it was."""
        holder, visitor = self.pending(), self.pending()
        code = self.mailed(visitor)
        own = dict(visitor.person)
        self.fails(visitor.register(email=holder.email), 400, "validation_error", "email")
        self.fails(visitor.register(**own | {"username": holder.username}), 400, "validation_error", "username")
        visitor.person = own
        self.succeeds(visitor.verify(code))

    def test_prolongs_the_hold_of_no_name_that_stays(self):
        """Half an hour from the registration for a username or an e-mail that was kept; anew where both are new."""
        kept, mended, both = self.pending(), self.pending(), self.pending()
        self.stack.travel(minutes=20)
        self.succeeds(kept.register(email=f"{unique()}@example.com"))
        self.succeeds(mended.register(username="mended" + unique()))
        self.succeeds(both.register(username="mended" + unique(), email=f"{unique()}@example.com"))
        self.stack.travel(minutes=9, seconds=50)
        for name in ({"username": kept.username}, {"email": mended.email}):
            self.fails(self.visitor(**name).register(), 400, "validation_error", *name)
        self.stack.travel(seconds=11)
        for name in ({"username": kept.username}, {"email": mended.email}):
            self.succeeds(self.visitor(**name).register())
        self.fails(self.visitor(username=both.username).register(), 400, "validation_error", "username")
        self.stack.travel(minutes=20)
        self.succeeds(self.visitor(username=both.username).register())

    def test_takes_names_that_are_held_no_longer(self):
        """As a new registration does: after half an hour, or once the holder's code has died, and not before."""
        holder = self.pending()
        self.stack.travel(minutes=29, seconds=50)
        visitor = self.pending()
        own = dict(visitor.person)
        self.fails(visitor.register(username=holder.username), 400, "validation_error", "username")
        self.stack.travel(seconds=11)
        self.succeeds(visitor.register(**own | {"username": holder.username}))
        guessed = self.pending()
        code = self.mailed(guessed)
        self.fails(visitor.register(email=guessed.email), 400, "validation_error", "email")
        # Those of other tests: it must be the holder's code that is dead.
        self.stack.sql("UPDATE storefront.one_time_code SET replaced_at = storefront.now() WHERE attempts >= attempts_allowed")
        self.lock(guessed, code)
        self.succeeds(visitor.register())
        for gone in (holder, guessed):
            self.awaits_nothing(gone)
        self.succeeds(visitor.verify(self.mailed(visitor, 2)))
        self.is_signed_in(visitor, holder.username)

    def test_shows_the_form_filled_with_what_was_typed(self):
        """But for the password."""
        visitor = self.pending(name="Typed Name")
        fields = visitor.get("/register/").form("/register/").fields
        self.assertEqual((fields["name"], fields["username"], fields["email"], fields["password"]),
                         ("Typed Name", visitor.username, visitor.email, ""))

    def test_before_the_mail_was_sent_sends_none_to_the_first_e_mail(self):
        """A mail whose code is dead stays in the house."""
        with self.stack.without("mailer"):
            visitor = self.pending()
            first = visitor.email
            self.succeeds(visitor.register(email=f"{unique()}@example.com"))
        code = self.mailed(visitor)
        self.assertEqual(self.mailbox.all(first), [])
        self.succeeds(visitor.verify(code))

    def test_while_the_mail_is_being_handed_over_kills_the_code_in_it(self):
        """The mail server has it in hand; what it brings is dead on arrival."""
        in_hand, mended = threading.Event(), threading.Event()

        def hold(mail):
            if not in_hand.is_set():
                in_hand.set()
                mended.wait(10)
            return "250 OK"

        with self.own_mail_server(on_mail=hold) as server:
            visitor = self.visitor()
            first = visitor.email
            registering = threading.Thread(target=visitor.register)
            registering.start()
            self.assertTrue(in_hand.wait(10))
            registering.join()
            self.succeeds(visitor.register(email=f"{unique()}@example.com"))
            mended.set()
            self.stack.settle_mails()
            old, new = code_of(server.to(first)[0]), code_of(server.to(visitor.email)[0])
        if old != new:
            self.assertIn(visitor.verify(old).json["code"], ("otp_invalid", "otp_expired"))
        self.succeeds(visitor.verify(new))

    def test_and_verifying_at_the_same_moment_proves_one_e_mail(self):
        """Two tabs of one session: never is an e-mail proved to which no code went."""
        for _ in range(5):
            visitor = self.pending()
            first = visitor.email
            code = self.mailed(visitor)
            second = f"{unique()}@example.com"
            tab = visitor.copy()
            proved, mended = together(lambda: visitor.verify(code), lambda: tab.register(email=second))
            with self.subTest(proved=proved.status, mended=mended.status):
                row = self.customer_row(visitor, "is_verified, email")
                self.assertEqual(row, ["t", first] if proved.status == 200 else ["f", second])
                self.assertLess(mended.status, 500)


if __name__ == "__main__":
    main()
