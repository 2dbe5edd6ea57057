"""What an account's life should be, as simply as it can be said: customers, codes, sessions and limits in lists.

It follows the contract, not the program: a step says what the answer must be and changes the lists. It knows no HTTP.
"""
import itertools

MINUTE, HOUR, DAY = 60, 3600, 86400
HOLD, UNVERIFIED = 30 * MINUTE, 24 * HOUR
RESEND, LIFE, REPEAT, DOUBLE_CLICK, REPEATED_PROOF = 60, 10 * MINUTE, 5 * MINUTE, 60, 3
ATTEMPTS, DIGITS, RAISED_DIGITS, RAISED_AFTER = 5, 4, 8, 10
MAILS, MAILS_DAY = 5, 10
FAILURES, FAILURE_WINDOW = 5, 15 * MINUTE
SESSION_LIFE, SESSION_MAXIMUM, TOUCH = 14 * DAY, 30 * DAY, 10 * MINUTE

numbers = itertools.count(1)


class Thing:
    """Something with an identity and facts; equal things are the same thing."""

    def __init__(self, **facts):
        self.number = next(numbers)
        self.__dict__.update(facts)


def key_of(username):
    return username.lower()


def mailbox_of(email):
    local, domain = email.lower().split("@")
    return local.split("+")[0] + "@" + domain


class Model:
    """The whole shop."""

    def __init__(self, now=0):
        self.now = now
        self.customers = []
        self.codes = []
        self.sessions = []
        self.limits = {}
        self.forget_at = {}  # of each limit
        self.cautions = {}

    # --- limits -------------------------------------------------------------------------------------------------------

    def wait(self, key, most, window):
        events = self.limits.get(key, [])
        return 0 if len(events) < most else max(0, events[-most] + window - self.now)

    def take(self, key, most, windows, keeps):
        """Counts one more event where each of `windows` (most, seconds) allows it."""
        if any(self.wait(key, allowed, window) for allowed, window in windows):
            return False
        self.limits[key] = (self.limits.get(key, []) + [self.now])[-keeps:]
        self.forget_at[key] = self.now + max(window for _, window in windows)
        return True

    def mail_wait(self, customer, session_id):
        return max(max(self.wait(key, MAILS, HOUR), self.wait(key, MAILS_DAY, DAY))
                   for key in (("mailbox", mailbox_of(customer.email)), ("session", session_id)))

    def take_mail(self, email, session_id):
        keys = [("mailbox", mailbox_of(email)), ("session", session_id)]
        if any(self.wait(key, MAILS, HOUR) or self.wait(key, MAILS_DAY, DAY) for key in keys):
            return False
        for key in keys:
            self.limits[key] = (self.limits.get(key, []) + [self.now])[-MAILS_DAY:]
            self.forget_at[key] = self.now + DAY
        return True

    # --- sessions -----------------------------------------------------------------------------------------------------

    def session_of(self, cookie):
        for session in self.sessions:
            if session.cookie == cookie and cookie is not None and session.used_at > self.now - SESSION_LIFE and \
                    session.begun_at > self.now - SESSION_MAXIMUM:
                return session
        return None

    def pending_of(self, session):
        """The customer whose code may be typed in a session."""
        customer = session.pending if session else None
        alive = customer is not None and customer in self.customers and customer.registration == session.registration
        return customer if alive and customer.registered_at > self.now - UNVERIFIED else None

    def visit(self, browser):
        """A request of a browser arrives: its session, and whether it is to be touched at the end."""
        return self.session_of(browser.cookie)

    def touch(self, session):
        if session and session in self.sessions and session.used_at <= self.now - TOUCH:
            session.used_at = self.now
            session.proof = None

    def renew(self, browser, session, **facts):
        """Gives the browser a new cookie for its session, or for a new one."""
        if session is None:
            session = Thing(proof=None, customer=None, pending=None, registration=None, twin=None)
            self.sessions.append(session)
        session.__dict__.update({"begun_at": self.now, "used_at": self.now} | facts)
        session.cookie = next(numbers)
        browser.cookie = session.cookie
        return session

    def session_id(self, session):
        return session.number if session else None

    # --- codes --------------------------------------------------------------------------------------------------------

    def live(self, customer):
        for code in self.codes:
            if code.customer is customer and not code.used_at and not code.replaced_at and \
                    code.registration == customer.registration:
                return code
        return None

    def is_locked(self, customer):
        code = self.live(customer)
        return code is not None and code.attempts >= ATTEMPTS

    def expires_in(self, code):
        return max(0, code.expires_at - self.now)

    def issue(self, customer):
        old = self.live(customer) or next((code for code in self.codes if code.customer is customer and
                                           not code.used_at and not code.replaced_at), None)
        if old:
            old.replaced_at = self.now
        caution = self.cautions.get(mailbox_of(customer.email))
        is_raised = caution is not None and caution.is_raised and caution.forget_at > self.now
        # The mailer hands it over before the clock moves on.
        self.codes.append(Thing(customer=customer, registration=customer.registration, attempts=0, used_at=None,
                                replaced_at=None, issued_at=self.now, mailed_at=self.now, expires_at=self.now + LIFE,
                                length=RAISED_DIGITS if is_raised else DIGITS, digits=None))

    def resend_in(self, customer, session):
        code = self.live(customer)
        return max(code.mailed_at + RESEND - self.now if code else 0, self.mail_wait(customer, self.session_id(session)), 0)

    def send_again(self, customer, session):
        if self.resend_in(customer, session) > 0 or not self.take_mail(customer.email, self.session_id(session)):
            return False
        code = self.live(customer)
        if code and code.attempts < ATTEMPTS and self.expires_in(code) >= REPEAT:
            code.mailed_at = self.now
        else:
            self.issue(customer)
        return True

    def count_wrong(self, customer):
        mailbox = mailbox_of(customer.email)
        known = self.cautions.get(mailbox)
        if known is None or known.forget_at <= self.now:
            known = self.cautions[mailbox] = Thing(tries=[], is_raised=False)
        known.tries = (known.tries + [self.now])[-RAISED_AFTER:]
        known.is_raised = known.is_raised or (len(known.tries) == RAISED_AFTER and known.tries[0] + DAY > self.now)
        known.forget_at = self.now + DAY

    # --- deeds --------------------------------------------------------------------------------------------------------

    def is_held(self, customer):
        return customer.is_verified or (customer.held_until > self.now and
                                        customer.registered_at > self.now - UNVERIFIED and
                                        not self.is_locked(customer))

    def delete(self, customer):
        self.customers.remove(customer)
        self.codes = [code for code in self.codes if code.customer is not customer]
        self.sessions = [session for session in self.sessions if session.customer is not customer]
        for session in self.sessions:
            if session.pending is customer:
                session.pending = None

    def register(self, browser, username, email, password, token):
        session = self.visit(browser)
        if session and session.customer:
            return self.end(session, (400, "already_signed_in"))
        own = self.pending_of(session)
        others = [customer for customer in self.customers if customer is not own and
                  (customer.username_key == key_of(username) or customer.email == email)]
        for other in others:
            is_twin = other.token == token and other.registered_at > self.now - DOUBLE_CLICK and \
                (other.username, other.email, other.password) == (username, email, password)
            if is_twin:
                self.renew(browser, session, customer=None, pending=other, registration=other.registration)
                return 200, "done"
        held = [other for other in others if self.is_held(other)]
        if held:
            errors = {name for other in held for name, is_it in (
                ("username", other.username_key == key_of(username)), ("email", other.email == email)) if is_it}
            return self.end(session, (400, "validation_error", tuple(sorted(errors))))
        if own and (own.username, own.email, own.password) == (username, email, password):
            if own.registered_at <= self.now - DOUBLE_CLICK:
                self.send_again(own, session)
            return self.end(session, (200, "done"))
        return self.write(browser, session, own, others, username, email, password, token)

    def write(self, browser, session, own, others, username, email, password, token):
        new_session = session or Thing(proof=None, customer=None, pending=None, registration=None)
        if not self.take_mail(email, new_session.number):
            return self.end(session, (429, "throttled"))
        for other in others:
            self.delete(other)
        changes = {"username": username, "username_key": key_of(username), "email": email, "password": password,
                   "registration": next(numbers), "token": token, "registered_at": self.now}
        if own:
            keeps_a_name = own.username_key == key_of(username) or own.email == email
            if own.held_until <= self.now or not keeps_a_name:
                changes["held_until"] = self.now + HOLD
            own.__dict__.update(changes)
        else:
            own = Thing(is_verified=False, held_until=self.now + HOLD, **changes)
            self.customers.append(own)
        self.issue(own)
        if session is None:
            self.sessions.append(new_session)
        self.renew(browser, new_session, customer=None, pending=own, registration=own.registration)
        return 200, "done"

    def end(self, session, answer):
        self.touch(session)
        return answer

    def resend(self, browser):
        session = self.visit(browser)
        customer = self.pending_of(session)
        if customer is None:
            return self.end(session, (400, "no_pending_verification"))
        return self.end(session, (200, "done") if self.send_again(customer, session) else (429, "throttled"))

    def verify(self, browser, digits, keeps=True):
        session = self.visit(browser)
        if session is None and browser.cookie is not None:
            return self.repeat_proof(browser, digits, keeps)
        customer = self.pending_of(session)
        if customer is None:
            return self.end(session, (400, "no_pending_verification"))
        code = self.live(customer)
        if code is None:
            return self.end(session, (400, "otp_expired"))
        if len(digits) != code.length:
            return self.end(session, (400, "validation_error", ("otp",)))
        if code.attempts >= ATTEMPTS:
            return self.end(session, (429, "otp_locked"))
        if self.expires_in(code) == 0:
            return self.end(session, (400, "otp_expired"))
        if digits == code.digits:
            return self.prove(browser, session, customer, code, keeps)
        if any(old.digits == digits and old.customer is customer and old.replaced_at and
               old.replaced_at > self.now - DAY for old in self.codes):
            return self.end(session, (400, "otp_expired"))
        code.attempts += 1
        self.count_wrong(customer)
        return self.end(session, (400, "otp_invalid", ATTEMPTS - code.attempts))

    def prove(self, browser, session, customer, code, keeps):
        code.used_at = self.now
        customer.is_verified = True
        customer.registration = None
        customer.token = None
        was = browser.cookie
        for other in self.sessions:
            if other.pending is customer:
                other.pending = None
        self.renew(browser, session, customer=customer, pending=None, proof=was, proved=code)
        if not keeps:
            browser.cookie = was
        return 200, "done"

    def repeat_proof(self, browser, digits, keeps):
        for session in self.sessions:
            if session.proof == browser.cookie:
                code = session.proved
                if code not in self.codes or code.used_at != session.begun_at or \
                        code.used_at > self.now - REPEATED_PROOF or code.expires_at <= self.now or \
                        code.attempts >= ATTEMPTS:
                    return 400, "no_pending_verification"
                if digits != code.digits:
                    code.attempts += 1
                    return 400, "no_pending_verification"
                was = browser.cookie
                session.cookie = browser.cookie = next(numbers)
                if not keeps:
                    browser.cookie = was
                return 200, "done"
        return 400, "no_pending_verification"

    def login(self, browser, name, password, address):
        session = self.visit(browser)
        if session and session.customer:
            return self.end(session, (400, "already_signed_in"))
        named = next((customer for customer in self.customers if name in (customer.email, customer.username) and
                      (customer.is_verified or customer.registered_at > self.now - UNVERIFIED)), None) or \
            next((customer for customer in self.customers if key_of(name) == customer.username_key and
                  (customer.is_verified or customer.registered_at > self.now - UNVERIFIED)), None)
        limit = ("sign-in", named.number if named else name.lower(), address)
        if not self.take(limit, FAILURES, [(FAILURES, FAILURE_WINDOW)], FAILURES):
            return self.end(session, (429, "throttled"))
        if named is None or named.password != password:
            return self.end(session, (400, "invalid_credentials"))
        self.limits[limit].pop()
        if named.is_verified:
            self.renew(browser, session, customer=named, pending=None)
            return 200, "done"
        session = self.renew(browser, session, customer=None, pending=named, registration=named.registration)
        self.send_again(named, session)
        return 403, "not_verified"

    def logout(self, browser):
        session = self.visit(browser)
        if session:
            self.sessions.remove(session)
        browser.cookie = None
        return 200, "done"

    def who(self, browser):
        session = self.visit(browser)
        self.touch(session)
        return session.customer.username if session and session.customer else None

    def maintain(self):
        """What has run out is deleted."""
        self.limits = {key: events for key, events in self.limits.items() if self.forget_at[key] > self.now}
        self.sessions = [session for session in self.sessions if self.session_of(session.cookie)]
        for customer in [one for one in self.customers if not one.is_verified and
                         one.registered_at <= self.now - UNVERIFIED]:
            self.delete(customer)
        self.codes = [code for code in self.codes if (code.used_at or code.replaced_at or code.expires_at) > self.now - DAY]

    def secrets(self, tabs):
        """What no answer and no picture shows, in words: two models that agree in it will go on alike."""
        held = [self.session_of(tab.cookie) for tab in tabs]
        names = {customer.number: "customer " + customer.username for customer in self.customers}
        names.update({session.number: f"tab {i}" for i, session in enumerate(held) if session})
        limits = sorted(str((key[0], names.get(key[1], "?") if isinstance(key[1], int) else key[1], key[2:], events,
                             self.forget_at[key])) for key, events in self.limits.items())
        customers = sorted(str((one.username, one.password, one.token, one.registered_at, one.held_until))
                           for one in self.customers)
        return limits, customers, [session and (session.begun_at, session.used_at, session.proof is None,
                                                session.pending and session.pending.username) for session in held]

    # --- what is compared with the database ---------------------------------------------------------------------------

    def picture(self):
        """Each customer, with its live code, each session that says something, and each limit that was used of late: a
        sign-in that looked twice may have touched one of a customer who is gone."""
        rows = [f"limit {' '.join(map(str, events))}" for key, events in self.limits.items()
                if events and events[-1] > self.now - FAILURE_WINDOW]
        for customer in self.customers:
            code = self.live(customer)
            rows.append(f"customer {customer.username} {customer.email} "
                        f"{'verified' if customer.is_verified else 'unverified'} " +
                        (f"code {code.length} {code.attempts} {code.expires_at}" if code else "no code"))
        for session in self.sessions:
            pending = session.pending if session.pending in self.customers and not session.pending.is_verified and \
                session.pending.registration == session.registration else None
            if session.customer or pending:
                rows.append(f"session {session.customer.username if session.customer else '-'} "
                            f"{pending.username if pending else '-'}")
        return sorted(rows)
