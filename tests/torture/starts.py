"""Every start under torture: a program whose call fails ends with an error in words, or does as if nothing had been."""
import json
import signal
import tempfile

from torture import COUNTING_FROM_MAIN, Hangs, Program, choose, fastcgi, notes_of
from browser import parse
from requests import normal

# OpenSSL begins by filling tables, and looks into them whether they are there or not; so does the system's look-up of users.
DYING = ("libcrypto", "libc")
COMMANDS = [("config", "--check"), ("routes", "--nginx"), ("publish",), ("maintain",), ("migrate",), ("report",)]


def is_error(line):
    """Whether a line of the log says what is wrong."""
    try:
        return json.loads(line).get("level") == "error"
    except (ValueError, AttributeError):
        return "error" in line or "no memory" in line


def has_words(program):
    return any(is_error(line) for line in program.words().splitlines())


class Start:
    """One program's start."""

    def __init__(self, program, report, name):
        self.program = program
        self.report = report
        self.name = name

    def begin(self, fail_at, **more):
        return self.program.start(COUNTING_FROM_MAIN, fail_at, **more)

    def run(self, form, limit):
        good = self.outcome(0, notes=notes_of(form))
        assert good[0] == "started", (good, self.program.words())
        for number in choose(self.program.control.stacks(), form, limit):
            self.fail(number)

    def fail(self, number):
        try:
            outcome, problem = self.outcome(number)
        except (Hangs, OSError) as hanging:
            outcome, problem = "", str(hanging)
            self.program.process.kill()
            self.program.process.wait()
        if not self.program.control.get("has_failed"):
            return
        fault = self.program.control.fault()
        if problem:
            self.report.blame(self.name, number, fault, self.program.path, problem)
        else:
            self.report.note(self.name, fault, outcome)

    def ended(self):
        """What a program that has ended by itself said."""
        status = self.program.stop()
        if status < 0:
            fault = self.program.control.fault()
            is_theirs = status in (-signal.SIGSEGV, -signal.SIGABRT) and (fault.caller in DYING or fault.is_fragile)
            return "died", None if is_theirs else f"dies of signal {-status}"
        if status == 0:
            return "", "ends with 0"
        if has_words(self.program):
            return "refused", None
        # libseccomp may load a list that lacks even the call by which a line is written.
        if self.program.control.fault().is_within("libseccomp"):
            return "ended mute", None
        return "", f"ends without a word: {self.program.words()!r}"

    def outcome(self, fail_at, **more):
        """Of a program that stays."""
        if not self.begin(fail_at, **more):
            return self.ended()
        self.program.disarm()
        problem = self.works()
        status = self.program.stop()
        # libseccomp may load a list that lacks calls: then no signal can be caught.
        if not problem and status != 0 and not self.program.control.fault().is_fragile:
            problem = f"ends with {status} when it is told to"
        return "started", problem

    def works(self):
        return None


class WorkerStart(Start):
    pages = None

    def works(self):
        pages = []
        for path in ("/healthz", "/", "/register/", "/login/?language=de", "/logout/", "/nowhere/"):
            path, _, query = path.partition("?")
            pages.append(normal(parse(fastcgi.ask(self.program.socket, {
                "REQUEST_METHOD": "GET", "DOCUMENT_URI": path, "QUERY_STRING": query, "REMOTE_ADDR": "127.9.9.9",
                "HTTP_HOST": self.program.environment["STOREFRONT_PUBLIC_URL"].split("//")[1]}))))
        self.pages = self.pages or pages
        wrong = [page for page, good in zip(pages, self.pages) if page != good]
        return f"started, but answers {wrong[0]}" if wrong else None


class CommandStart(Start):
    """A program that ends by itself: with 0 only where it printed what it should."""

    expected = None

    def outcome(self, fail_at, **more):
        self.begin(fail_at, **more)
        status = self.program.process.wait(30)
        self.program.disarm()
        said = [line for line in self.program.words().splitlines() if not line.startswith("{")]
        if status != 0:
            return self.ended()
        if self.expected is None:
            self.expected = said
        return "started", None if said == self.expected else f"ends with 0, but says {said[:3]}"


def run(stack, report, form, limit, wanted):
    with tempfile.TemporaryDirectory() as folder:
        owner = stack.database_url("storefront_owner")
        for name, program, kind in [
                ("serve", Program(stack, "storefront", "serve", listens=True, POOL="pages"), WorkerStart),
                ("mailer", Program(stack, "storefront-mail", role="storefront_mailer"), Start),
                *((" ".join(words), Program(stack, "storefront", *words, STATIC_FOLDER=folder, **(
                    {"DATABASE_URL": owner} if words[0] == "migrate" else {})), CommandStart) for words in COMMANDS)]:
            try:
                if not wanted or any(word in name for word in wanted):
                    kind(program, report, "start: " + name).run(form, limit)
            finally:
                program.close()
