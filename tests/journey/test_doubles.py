"""Double clicks, second tabs and races: one account, one mail, one winner, and never an error of the server's."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import contextlib
import threading

from browser import together
from journey import REGISTERED, VERIFIED, Journey, main, newcomer, unique
from stack import eventually


class TwoEqualRegistrations(Journey):
    def one_of_all(self, visitor):
        """One account, one code, one mail."""
        self.assertEqual(self.stack.count("customer", "email = :'email'", email=visitor.email), 1)
        self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 1)
        code = self.mailed(visitor)
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)
        return code

    def each_can_be_proved(self, visitor, answers):
        """Whichever answer the browser took last, its cookies lead to the code page."""
        for answer in answers:
            tab = visitor.copy()
            tab.keep(answer)
            self.awaits_code(tab)
            self.assertEqual(tab.cookies["csrftoken"], answer.json["csrf_token"])

    def with_earlier_session(self):
        """A browser of which something is remembered: a registration that is to be mended."""
        visitor = self.pending()
        self.mailed(visitor)
        visitor.person = newcomer()
        return visitor

    def test_one_after_the_other_with_the_cookies_and_the_token_of_before(self):
        """The second click was made before the first was answered."""
        for begin in (self.visitor, self.with_earlier_session):
            with self.subTest(begin=begin.__name__):
                visitor = begin()
                visitor.token()
                tab = visitor.copy()
                first = visitor.register()
                second = tab.register()
                for answer in (first, second):
                    said = self.succeeds(answer, REGISTERED, "/register/verify/")
                    self.assertEqual(said["code_length"], 4)
                    self.assertAlmostEqual(said["resend_in"], 60, delta=5)
                code = self.one_of_all(visitor)
                self.each_can_be_proved(tab, [first, second])
                tab.keep(second)
                self.succeeds(tab.verify(code), VERIFIED)

    def test_one_after_the_other_with_the_new_cookies_and_the_old_token(self):
        """The browser took the first answer's cookies; the form still holds the token of before."""
        visitor = self.visitor()
        page = visitor.get("/register/").form("/register/").fields
        fields = visitor.person | {"csrfmiddlewaretoken": page["csrfmiddlewaretoken"]}
        self.goes_to(visitor.post("/register/", fields), "/register/verify/")
        self.goes_to(visitor.post("/register/", fields), "/register/verify/")
        self.succeeds(visitor.verify(self.one_of_all(visitor)))

    def test_at_the_same_moment(self):
        """With and without an earlier session, six of them, three times each."""
        for begin in (self.visitor, self.with_earlier_session):
            for _ in range(3):
                with self.subTest(begin=begin.__name__):
                    visitor = begin()
                    visitor.token()
                    answers = together(*[lambda: visitor.ajax("/register/", visitor.person, keeps=False)] * 6)
                    for answer in answers:
                        self.succeeds(answer, REGISTERED)
                    code = self.one_of_all(visitor)
                    self.each_can_be_proved(visitor, answers)
                    visitor.keep(answers[-1])
                    self.succeeds(visitor.verify(code))

    def test_from_another_browser_are_a_duplicate(self):
        """The same fields and password with another token are somebody else's."""
        visitor = self.pending()
        self.fails(self.elsewhere(visitor).register(), 400, "validation_error", "username", "email")
        self.one_of_all(visitor)

    def test_with_another_password_are_no_double_click(self):
        """The token of before opens nothing without the password: it is a mended form or a duplicate."""
        visitor = self.visitor()
        visitor.token()
        tab = visitor.copy()
        self.succeeds(visitor.register())
        self.fails(tab.register(password="quite-another-one"), 400, "validation_error", "username", "email")
        self.one_of_all(visitor)

    def test_after_a_minute_are_no_double_click(self):
        """Cookies and token of before then make a duplicate."""
        visitor = self.visitor()
        visitor.token()
        tab = visitor.copy()
        self.succeeds(visitor.register())
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        self.fails(tab.register(), 400, "validation_error", "username", "email")

    def test_cost_the_mailbox_one_mail(self):
        """Five double clicks are five mails, not ten: the limits allow them."""
        word = unique()
        for _ in range(5):
            visitor = self.visitor(email=f"double-{word}+{unique()}@example.com")
            visitor.token()
            tab = visitor.copy()
            self.succeeds(visitor.register())
            self.succeeds(tab.register())
            self.stack.travel(minutes=1)

    def test_keep_what_the_session_held(self):
        """A cart is there in whichever answer the browser took."""
        visitor = self.with_earlier_session()
        self.plant(visitor, '{"cart": [7]}')
        tab = visitor.copy()
        first, second = visitor.register(), tab.register()
        for answer in (first, second):
            browser = visitor.copy()
            browser.keep(answer)
            self.assertEqual(self.session_row(browser, "data"), ['{"cart": [7]}'])


class TwoEqualSignIns(Journey):
    def test_both_succeed(self):
        """One after the other and at the same moment, with and without an earlier session; each answer is signed in."""
        customer = self.customer()
        for begin in (self.visitor, self.pending):
            for at_once in (False, True, True, True):
                with self.subTest(begin=begin.__name__, at_once=at_once):
                    visitor = begin()
                    visitor.person = dict(customer.person)
                    visitor.token()
                    tab = visitor.copy()
                    answers = together(visitor.login, tab.login) if at_once else [visitor.login(), tab.login()]
                    for answer in answers:
                        self.succeeds(answer)
                    self.is_signed_in(visitor)
                    self.is_signed_in(tab)

    def test_second_tab_with_the_old_token_finds_itself_signed_in(self):
        """The form of before still has its token: it is told where to go on, not that it was forged."""
        customer = self.customer()
        visitor = self.elsewhere(customer)
        old = visitor.token()
        self.succeeds(visitor.login())
        said = self.fails(visitor.ajax("/login/", {"username": "x", "password": "y"}, X_CSRFToken=old), 400,
                          "already_signed_in")
        self.assertEqual(said["redirect"], "/dashboard/")
        self.fails(visitor.ajax("/logout/", X_CSRFToken=old), 403, "csrf_failed")


class TwoRightCodes(Journey):
    def test_at_the_same_moment_sign_in_once(self):
        """The other is refused without harm: no cookie of its answer takes the signed-in one away."""
        for _ in range(5):
            visitor = self.pending()
            code = self.mailed(visitor)
            answers = together(*[lambda: visitor.ajax("/register/verify/", {"otp": code}, keeps=False)] * 2)
            winner, loser = sorted(answers, key=lambda answer: answer.status)
            self.succeeds(winner, VERIFIED)
            self.assertIn(loser.json["code"], ("no_pending_verification", "otp_expired"))
            visitor.keep(winner)
            visitor.keep(loser)
            self.is_signed_in(visitor)
            self.succeeds(visitor.logout())

    def test_by_pages_leave_the_visitor_signed_in(self):
        """A double click on the button: whichever page the browser shows, the customer is signed in."""
        visitor = self.pending()
        fields = visitor.get("/register/verify/").form("/register/verify/").fields | {"otp": self.mailed(visitor)}
        answers = together(*[lambda: visitor.post("/register/verify/", fields, keeps=False)] * 2)
        for answer in answers:
            self.goes_to(answer, "/")
            shown = visitor.copy()
            shown.keep(answer)
            self.is_signed_in(shown)
        self.goes_to(shown.submit("/logout/", {}), "/")

    def test_by_pages_one_after_the_other_too(self):
        """The browser has dropped the first answer for the second click. What the session holds is in both."""
        visitor = self.pending()
        self.stack.sql("UPDATE storefront.session SET data = '{\"cart\": 3}' WHERE key = decode(:'key', 'hex')", key=visitor.session_key())
        form = visitor.get("/register/verify/").form("/register/verify/").fields
        code = self.mailed(visitor)
        first, second = visitor.copy(), visitor.copy()
        self.goes_to(first.post("/register/verify/", form | {"otp": code}), "/")
        wrong = second.copy().post("/register/verify/", form | {"otp": visitor.wrong(code)})
        self.assertEqual(wrong.status, 400)
        self.goes_to(second.post("/register/verify/", form | {"otp": code}), "/")
        for browser in (first, second):
            self.is_signed_in(browser)
            data = self.stack.value("SELECT data->>'cart' FROM storefront.session WHERE key = decode(:'key', 'hex')", key=browser.session_key())
            self.assertEqual(data, "3")
        self.succeeds(first.logout())
        self.is_signed_in(second)
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)


class Races(Journey):
    def test_twenty_for_one_username_have_one_winner(self):
        """Twenty sessions at once: one success, nineteen validation errors, no 500, one row, one mail."""
        username = "race" + unique()
        visitors = [self.visitor(username=username) for _ in range(20)]
        for visitor in visitors:
            visitor.token()
        answers = together(*[visitor.register for visitor in visitors])
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [400] * 19)
        for visitor, answer in zip(visitors, answers):
            if answer.status == 400:
                self.fails(answer, 400, "validation_error", "username")
                self.assertNotIn("sessionid", visitor.cookies)
                self.assertEqual(self.stack.count("one_time_code", "email = :'email'", email=visitor.email), 0)
            else:
                self.succeeds(visitor.verify(self.mailed(visitor)))
        self.assertEqual(self.stack.count("customer", "username = :'name'", name=username), 1)

    def test_twenty_for_one_e_mail_have_one_winner(self):
        """The same for the e-mail, in twenty spellings."""
        word = unique()
        emails = ["".join(c.upper() if i >> n & 1 else c for n, c in enumerate("race")) + f"{word}@example.com"
                  for i in range(16)]
        visitors = [self.visitor(email=email) for email in emails]
        for visitor in visitors:
            visitor.token()
        answers = together(*[visitor.register for visitor in visitors])
        self.assertEqual(sorted(answer.status for answer in answers), [200] + [400] * 15)

    def test_crossed_pairs_of_names_never_deadlock_into_an_error(self):
        """A's username with B's e-mail and the other way round, again and again."""
        for _ in range(5):
            a, b = newcomer(), newcomer()
            people = [a, b, a | {"email": b["email"]}, b | {"email": a["email"]}] * 2
            visitors = [self.visitor(**person) for person in people]
            for visitor in visitors:
                visitor.token()
            answers = together(*[visitor.register for visitor in visitors])
            self.assertLess(max(answer.status for answer in answers), 500, answers)
            self.assertIn(sum(answer.status == 200 for answer in answers), (1, 2))

    def test_two_dead_accounts_taken_over_crosswise_never_deadlock(self):
        """Both newcomers want one name of each dead account."""
        for _ in range(4):
            a, b = self.pending(), self.pending()
            self.stack.travel(minutes=31)
            visitors = [self.visitor(username=a.username, email=b.email),
                        self.visitor(username=b.username, email=a.email),
                        self.visitor(username=a.username), self.visitor(email=a.email)]
            for visitor in visitors:
                visitor.token()
            answers = together(*[visitor.register for visitor in visitors])
            self.assertLess(max(answer.status for answer in answers), 500, answers)
            self.assertGreaterEqual(sum(answer.status == 200 for answer in answers), 1)

    def test_a_sign_in_and_whoever_mends_its_registration_never_deadlock(self):
        """Both lock the customer before the code; who signs in waits, and is told the same as ever."""
        visitor = self.pending()
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        answers = []
        signs_in = threading.Thread(target=lambda: answers.append(self.elsewhere(visitor).login()))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'storefront_worker' AND wait_event_type = 'Lock'"
        with self.stack.transaction("SELECT FROM storefront.customer WHERE email = :'email' FOR UPDATE", email=visitor.email) as run:
            signs_in.start()
            eventually(lambda: self.stack.value(waiting) == "1", what="waiting for the customer")
            run("UPDATE storefront.one_time_code SET mailed_at = mailed_at WHERE email = :'email'")
        signs_in.join()
        self.fails(answers[0], 403, "not_verified")

    def test_everything_at_once_in_one_session_is_never_a_500(self):
        """Register, mend, verify, resend, sign in and log out by one browser at the same moment."""
        for _ in range(3):
            visitor = self.pending()
            code = self.mailed(visitor)
            self.stack.travel(seconds=61)
            calls = [lambda: visitor.ajax("/register/", visitor.person, keeps=False),
                     lambda: visitor.ajax("/register/", visitor.person | {"password": "mended-password"}, keeps=False),
                     lambda: visitor.ajax("/register/verify/", {"otp": code}, keeps=False),
                     lambda: visitor.ajax("/register/resend/", keeps=False),
                     lambda: visitor.ajax("/login/", visitor.person, keeps=False),
                     lambda: visitor.ajax("/logout/", keeps=False)]
            for answer in together(*calls * 2):
                self.assertLess(answer.status, 500, answer)


class AProofWhoseAnswerWasLost(Journey):
    """The code was right, and the browser does not know: it sends the same form with the cookies of before."""

    def proved(self):
        """A browser that still has the cookies of before its proof, the one that has those of after, and the code."""
        visitor = self.pending()
        code = self.mailed(visitor)
        unaware = visitor.copy()
        self.succeeds(visitor.verify(code))
        return unaware, visitor, code

    def test_is_answered_again_some_seconds_later(self):
        """As often as need be; the session that nobody has ends, the browser has one."""
        unaware, visitor, code = self.proved()
        self.fails(unaware.ajax("/register/verify/", {"otp": code}, keeps=False), 400, "no_pending_verification")
        self.is_signed_in(visitor)
        for _ in range(2):
            self.stack.travel(seconds=4)
            again = unaware.copy()
            self.succeeds(again.verify(code), VERIFIED, "/")
            self.is_signed_in(again)
            self.is_signed_out(visitor)
            visitor = again

    def test_is_answered_again_on_pages_too(self):
        """With the form as it stands in the tab."""
        visitor = self.pending()
        code = self.mailed(visitor)
        form = visitor.get("/register/verify/").form("/register/verify/").fields | {"otp": code}
        unaware = visitor.copy()
        self.goes_to(visitor.post("/register/verify/", form), "/")
        self.stack.travel(seconds=4)
        self.goes_to(unaware.post("/register/verify/", form), "/")
        self.is_signed_in(unaware)

    def test_cannot_be_guessed_at(self):
        """Five wrong codes, and the right one is refused too."""
        unaware, visitor, code = self.proved()
        self.stack.travel(seconds=4)
        for number in range(5):
            self.fails(unaware.verify(unaware.wrong(code, nth=number + 1)), 400, "no_pending_verification")
        self.fails(unaware.verify(code), 400, "no_pending_verification")
        self.is_signed_in(visitor)

    def test_is_not_answered_to_another_name_or_browser(self):
        unaware, visitor, code = self.proved()
        self.stack.travel(seconds=4)
        self.fails(unaware.verify(code, username="somebody-else"), 400, "no_pending_verification")
        self.fails(self.elsewhere(visitor).verify(code), 400, "no_pending_verification")
        self.is_signed_in(visitor)

    def test_is_not_answered_when_all_is_over(self):
        """After Log out, after the code's ten minutes, and after the session was used for a while."""
        for ending in (lambda visitor: self.succeeds(visitor.logout()),
                       lambda visitor: self.stack.travel(minutes=10),
                       lambda visitor: self.stack.sql("UPDATE storefront.session SET proof_key = NULL")):
            unaware, visitor, code = self.proved()
            self.stack.travel(seconds=4)
            ending(visitor)
            self.fails(unaware.verify(code), 400, "no_pending_verification")


class ALostRace(Journey):
    """PostgreSQL ends one of two transactions that are in each other's way, and asks for it once more."""

    @contextlib.contextmanager
    def losing(self, times):
        """Whoever spends of a limit loses so often; a sequence counts also what is rolled back."""
        self.stack.sql("""
            CREATE SEQUENCE races;
            CREATE FUNCTION lose_race() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF nextval('public.races') <= tg_argv[0]::bigint THEN
                    RAISE EXCEPTION 'could not serialize access' USING ERRCODE = 'serialization_failure';
                END IF;
                RETURN new;
            END $$;
            CREATE TRIGGER lose_race BEFORE INSERT ON storefront.rate_limit
            FOR EACH ROW EXECUTE FUNCTION lose_race(:'times')""", times=str(times))
        try:
            yield
        finally:
            self.stack.sql("DROP FUNCTION lose_race CASCADE; DROP SEQUENCE races")

    def test_is_run_again_and_nobody_notices(self):
        visitor = self.visitor()
        visitor.token()
        with self.losing(2):
            self.succeeds(visitor.register())
        self.mailed(visitor)

    def test_that_is_lost_three_times_is_told(self):
        """503 after the third time; the same form again succeeds."""
        visitor = self.visitor()
        visitor.token()
        with self.losing(3):
            answer = visitor.register()
            self.assertEqual(answer.status, 503)
            self.assertGreaterEqual(answer.retry_after, 1)
            self.succeeds(visitor.register())
        self.assertEqual(self.stack.count("customer", "email = :'email'", email=visitor.email), 1)


if __name__ == "__main__":
    main()
