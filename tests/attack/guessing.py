"""Passwords and codes guessed as fast as can be, by one address and by many, through ten minutes and a day of the shop's clock.

What got through: guesses that were judged. The bound is what the limits of the README allow.
"""
import subprocess

from browser import own_address
from field import word

WRONG = "wrong-password-%d"
MINUTES = 10
JUDGED = ("done", "otp_invalid")  # outcomes of codes that were compared
CODES_AN_HOUR, CODES_A_DAY, TRIES, LONGER_AFTER = 5, 10, 5, 10


def judged(field, since):
    """Sign-ins that were answered by a hash since the log was so long."""
    return sum(line["route"] == "/login/" and line["hash"] > 0 for line in field.lines_of("login", since))


def hydra(field, visitor, path, secret, words):
    """hydra with `words` as the field `secret` of a form and the visitor's cookies; it has one address, 127.0.0.1."""
    listed = field.folder / (secret + "s")
    listed.write_text("\n".join(words) + "\n")
    token = visitor.token()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    form = f"{path}:username=^USER^&{secret}=^PASS^:H=Cookie\\: {cookies}:H=X-CSRFToken\\: {token}:F=alert"
    done = subprocess.run(["hydra", "-I", "-t", "4", "-l", visitor.username, "-P", str(listed), "-s", str(field.stack.port),
                           "127.0.0.1", "http-post-form", form],
                          capture_output=True, text=True, timeout=900, cwd=field.folder)
    with open(field.folder / "hydra.log", "a") as log:
        log.write(done.stdout + done.stderr)


def passwords_by_hydra(field, customer):
    """300 passwords, the right one the last."""
    since = field.log_size("login")
    stranger = field.elsewhere(customer)
    hydra(field, stranger, "/login/", "password", [WRONG % i for i in range(299)] + [customer.person["password"]])
    tried = sum(line["route"] == "/login/" for line in field.lines_of("login", since))
    field.row("hydra, one account, one address, 15 minutes", tried, judged(field, since), 5, least=250)


def codes_by_hydra(field):
    """The session that registered, and nobody else: another mail each minute, thirty codes for each, for ten minutes."""
    thief = field.pending()
    since, digits = field.log_size("pages"), 4
    for minute in range(MINUTES):
        hydra(field, thief, "/register/verify/", "otp", [str(30 * minute + guess).zfill(digits) for guess in range(30)])
        field.stack.travel(seconds=61)
        answer = thief.resend()
        digits = answer.json["code_length"] if answer.status == 200 else digits
    outcomes = [line["outcome"] for line in field.lines_of("pages", since)
                if (line["method"], line["route"]) == ("POST", "/register/verify/")]
    field.row("hydra, codes of one session, ten minutes", len(outcomes), sum(said in JUDGED for said in outcomes),
              CODES_AN_HOUR * TRIES, least=250)


def one_address(field):
    """One address over many names: what a list of stolen passwords is tried with."""
    since, address = field.log_size("login"), own_address()
    field.many([lambda i=i: field.direct(address).login(f"nobody{i}-{word()}", WRONG % i) for i in range(300)])
    field.row("one address, 300 names, one hour", 300, judged(field, since), 100)


def many_addresses(field, customer):
    """A hundred addresses at one account: five each in 15 minutes. Nothing may keep its owner out."""
    since = field.log_size("login")

    def guess(i):
        thief = field.direct(own_address())
        return [thief.login(customer.username, WRONG % (10 * i + j)).status for j in range(8)]

    field.many([lambda i=i: guess(i) for i in range(100)])
    field.row("one account, 100 addresses, 15 minutes", 800, judged(field, since), 500)
    field.row("its owner is kept out meanwhile", 1, int(field.elsewhere(customer).login().status != 200), 0)


class CodeGuesser:
    """Somebody who registered another's mailbox and owns the sessions; he cannot read its mail."""

    def __init__(self, field, mailbox):
        self.field = field
        self.mailbox = mailbox
        self.sessions = []
        self.short = self.judged = self.tried = 0

    def register(self, number):
        """Another session for the mailbox, by another address; the code's length if there is one."""
        thief = self.field.visitor(email=self.mailbox.format(f"+{number}-{word()}"))
        answer = thief.register()
        if answer.status == 200:
            self.sessions.append((thief, answer.json["code_length"]))

    def guess(self, most):
        """All that each session may try, and then some, up to `most` that are judged; then another mail for each."""
        for thief, digits in self.sessions:
            for _ in range(TRIES + 2):
                if self.judged == most:
                    return
                self.tried += 1
                answer = thief.verify(str(self.tried % 10 ** digits).zfill(digits))
                if answer.status == 200 or answer.json["code"] == "otp_invalid":
                    self.judged += 1
                    self.short += digits == 4
        for index, (thief, _) in enumerate(self.sessions):
            answer = thief.resend()
            if answer.status == 200:
                self.sessions[index] = (thief, answer.json["code_length"])


def codes(field, title, steps, minutes, bound, first):
    """Five codes at once, before the first wrong try makes the next ones longer; `first` guesses in the first step."""
    guesser = CodeGuesser(field, "box-" + word() + "{}@example.com")
    for step in range(steps):
        for number in range(CODES_AN_HOUR):
            guesser.register(CODES_AN_HOUR * step + number)
        guesser.guess(first if step == 0 else None)
        guesser.sessions = guesser.sessions[-10:]
        field.stack.travel(minutes=minutes)
    field.row(f"codes of one mailbox, many sessions and addresses, {title}", guesser.tried, guesser.judged, bound)
    field.row(f"of these at codes of four digits, {title}", guesser.tried, guesser.short, bound)


def attack(field):
    customer = field.customer()
    passwords_by_hydra(field, customer)
    one_address(field)
    many_addresses(field, field.customer())
    codes_by_hydra(field)
    codes(field, "ten minutes", 10, 1, CODES_AN_HOUR * TRIES, None)
    codes(field, "a day", 48, 30, CODES_A_DAY * TRIES, LONGER_AFTER - 1)
