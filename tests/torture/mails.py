"""The mailer under torture: a mail is never lost, never half sent, and sent twice only as the same mail."""
import re
import time

from requests import REPEATS
from torture import Mailbox, Pools, Program, Visitor, ADDRESS, choose, notes_of
from mailbox import MailServer


class Mails:
    """A mailer, a mail server, and one mail that waits."""

    def __init__(self, stack, database, report):
        self.stack = stack
        self.database = database
        self.report = report
        self.mails = []
        self.most = None
        self.id = self.id_before = "none"
        self.mailer = Program(stack, "storefront-mail", role="storefront_mailer", MAIL_POLL_MS=100,
                              SMTP_TIMEOUT_SECONDS=2)

    def prepare(self):
        self.database.clock(-120)
        self.database.empty()
        who = Visitor(Pools(self.stack, ADDRESS), Mailbox(self.stack))
        assert who.register().status == 200
        self.database.keep("queued")
        self.database.clock(0)

    def start(self):
        self.database.empty()
        assert self.mailer.start(rounds=0), self.mailer.words()
        self.most = None

    def round(self):
        """Lets the mailer work until it has nothing to do; whether it lives."""
        self.mailer.control.set(is_idle=0)
        self.mailer.control.set(rounds=1)
        return self.mailer.settles()

    def state(self):
        return self.database.value("SELECT state FROM storefront.outbox")

    def fail_once(self, number, **more):
        self.database.put_back("queued")
        # What the mailer still has to say of the last one must not settle this one.
        self.database.run("UPDATE storefront.outbox SET id = gen_random_uuid()")
        self.id_before, self.id = self.id, self.database.value("SELECT encode(uuid_send(id), 'hex') FROM storefront.outbox")
        self.server.mails.clear()
        self.mailer.arm(number, **more)
        lives = self.round()
        self.mailer.disarm()
        return lives

    def learn(self, form):
        self.start()
        for notes in (0, 0, notes_of(form)):
            assert self.fail_once(0, notes=notes) and self.state() == "sent", (self.state(), self.mailer.words())
        self.expected = self.sent()[0]
        self.most = self.mailer.control.get("live")
        return self.mailer.control.stacks()

    def arrived(self):
        """The mails of this time; the last time's, which the mailer had given up, may come late."""
        return [mail for _, mail, _ in self.server.mails if self.id_before not in (mail["Message-ID"] or "")]

    def sent(self):
        hidden = ("X-Peer",)
        return [re.sub("[0-9a-f]{32}", "*", "\n".join(f"{name}: {value}" for name, value in mail.items() if name not in hidden) +
                       "".join(str(part.get_payload(decode=True)) for part in mail.iter_parts()))
                for mail in self.arrived()]

    def recover(self):
        """Time passes until the mail is sent; what is wrong if it is not."""
        end = time.monotonic() + 5
        seconds = 0
        while self.state() != "sent":
            if time.monotonic() > end:
                return f"the mail stays {self.state()}"
            seconds += 600
            self.database.clock(seconds)
            self.round()
            time.sleep(0.01)
        self.database.clock(0)
        return None

    def fail(self, number):
        lives = self.fail_once(number)
        if not self.mailer.control.get("has_failed"):
            return
        fault = self.mailer.control.fault()
        state, problem = self.state(), None
        count = len(self.arrived())
        if not lives:
            problem = f"died of {self.mailer.stop()}"
            self.mailer.start(rounds=0)
        elif state not in ("queued", "sending", "sent"):
            problem = f"the mail is {state}"
        elif state == "sent" and count != 1:
            problem = f"the mail is sent, but arrived {count} times"
        problem = self.recover() or problem or self.judge_copies() or self.judge_leak(number, lives)
        self.database.clock(0)
        if problem:
            self.report.blame("mailer", number, fault, self.mailer.path, problem)
        else:
            self.report.note("mailer", fault, f"{state}, {count} arrived")

    def judge_copies(self):
        copies = self.sent()
        if not 1 <= len(copies) <= 2:
            return f"arrived {len(copies)} times"
        if len({mail["Message-ID"] for mail in self.arrived()}) != 1:
            return "its copies have other Message-IDs"
        wrong = [copy for copy in copies if copy != self.expected]
        return f"another mail: {wrong[0]!r}" if wrong else None

    def judge_leak(self, number, lives):
        live = self.mailer.control.get("live")
        if not lives or self.most is None or live <= self.most:
            self.most = self.most or live
            return None
        first = live
        for _ in range(REPEATS):
            before = live
            self.fail_once(number)
            self.recover()
            live = self.mailer.control.get("live")
            if live <= before:
                self.most = max(first, live)
                return None
        self.most = live
        return f"leaks: {live - first} pieces in {REPEATS} times"


def run(stack, database, report, form, limit):
    mails = Mails(stack, database, report)
    with stack.without("mailer"), stack.without("catcher"):
        with MailServer(stack.smtp_port) as mails.server:
            try:
                mails.prepare()
                for number in choose(mails.learn(form), form, limit):
                    mails.fail(number)
            finally:
                mails.mailer.close()
