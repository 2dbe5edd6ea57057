"""Where the stack's mail arrives, and mail servers of a test's own."""
import email
import email.policy
import logging
import re
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from stack import eventually

# What aiosmtpd says of clients that hang up, as they should here.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


class Mailbox:
    """The mails that the stack's catcher took, by recipient."""

    def __init__(self, stack):
        self.stack = stack
        self.seen = {}

    def look(self):
        for path in self.stack.mail.glob("[!.]*.eml"):
            if path.name not in self.seen:
                content = path.read_bytes()
                mail = email.message_from_bytes(content, policy=email.policy.default)
                self.seen[path.name] = (path.stat().st_mtime_ns, mail)

    def all(self, address):
        """The mails to `address`, oldest first."""
        self.look()
        mails = [(time, name, mail) for name, (time, mail) in self.seen.items() if mail["X-RcptTo"] == address]
        return [mail for _, _, mail in sorted(mails, key=lambda item: item[:2])]

    def wait(self, address, number=1):
        """The mail number `number` to `address`, once it is there."""
        return eventually(lambda: len(self.all(address)) >= number and self.all(address)[number - 1],
                          what=f"mail {number} to {address}")

    def code(self, address, number=1):
        return code_of(self.wait(address, number))


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def code_of(mail):
    """The code of a mail: alone on a line of its text."""
    return re.search(r"^(\d{4,8})$", text_of(mail).replace("\r", ""), re.MULTILINE).group(1)


class MailServer:
    """A mail server of the test's own in the place of the catcher: what it took, over how many connections."""

    def __init__(self, port, answer="250 2.0.0 OK", on_mail=None, user=None, password=None, **settings):
        self.mails = []
        self.connections = []
        self.log_ins = []
        self.answer = answer
        self.on_mail = on_mail
        if user:
            settings |= {"authenticator": lambda *given: self.check(given[-1], user, password), "auth_required": True}
        self.controller = Controller(self, hostname="127.0.0.1", port=port, **settings)
        warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")

    def check(self, given, user, password):
        right = given.login == user.encode() and given.password == password.encode()
        self.log_ins.append(right)
        return AuthResult(success=right, handled=False)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections.append((session.peer, hostname, session.ssl is not None))
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, mail, session.peer))
        return self.on_mail(mail) if self.on_mail else self.answer

    def to(self, address):
        return [mail for recipients, mail, _ in self.mails if recipients == [address]]

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *reason):
        self.controller.stop()
