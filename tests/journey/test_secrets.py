"""After a whole journey neither the database's dump nor any log holds a code, a password, a cookie or a token."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import base64
import binascii
import re
import subprocess

from browser import together
from journey import Journey, main, unique
from stack import eventually


class Secrets(Journey):
    def setUp(self):
        """A journey in which every secret is known: also wrong ones, races, refusals and outages."""
        self.secrets = {}
        self.owner = self.visitor(password="a-Secret-Password-" + unique())
        self.careful()
        self.walk()
        self.stack.settle_mails()

    def careful(self):
        """Codes of eight digits: one of four stands by chance in many a number."""
        owner = self.pending()
        for number in (1, 2):
            self.lock(owner, self.mailed(owner, number))
            self.stack.travel(seconds=61)
            self.succeeds(owner.resend())
        name, domain = owner.email.split("@")
        self.owner.person["email"] = f"{name}+secret@{domain}"

    def know(self, word, value):
        if value:
            self.secrets.setdefault(value, word)

    def gather(self, browser, answer=None):
        for name, value in browser.cookies.items():
            if name != "language":
                self.know("cookie " + name, value)
        if answer is not None:
            for cookie in answer.cookies.values():
                self.know("cookie " + cookie.name, cookie.value)
            for token in re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text):
                self.know("token in a page", token)
            if answer.is_json:
                self.know("token in JSON", answer.json.get("csrf_token"))

    def walk(self):
        visitor = self.owner
        send = visitor.send

        def watched(*arguments, **more):
            answer = send(*arguments, **more)
            self.gather(visitor, answer)
            return answer

        visitor.send = watched
        visitor.get("/register/")
        self.succeeds(visitor.register())
        self.know("password", visitor.person["password"])
        code = visitor.code()
        self.assertEqual(len(code), 8)
        self.know("code", code)
        for wrong in (visitor.wrong(code), visitor.wrong(code, nth=2)):
            self.know("wrong code", wrong)
            visitor.verify(wrong)
        visitor.register(password="a-mended-Password-" + unique())
        self.know("mended password", visitor.person["password"])
        new = visitor.code(2)
        self.know("new code", new)
        visitor.verify(code)
        self.succeeds(visitor.verify(new))
        visitor.get("/dashboard/")
        self.succeeds(visitor.logout())
        self.know("wrong password", "a-wrong-Password-" + unique())
        visitor.login(password=next(value for value, word in self.secrets.items() if word == "wrong password"))
        visitor.submit("/login/", visitor.person)
        self.refusals(visitor, code, new)

    def refusals(self, visitor, *codes):
        """What goes wrong must not be talkative either."""
        password = visitor.person["password"]
        visitor.ajax("/register/", b'{"password": "' + password.encode() + b'", ')
        visitor.ajax("/login/", {"username": password, "password": password})
        visitor.ajax("/register/", visitor.person, X_CSRFToken="x", Origin="https://evil.example")
        together(*[self.visitor(password=password, email=visitor.email).register for _ in range(3)])
        with self.stack.without("database", "immediate"):
            visitor.get("/dashboard/")
            visitor.ajax("/login/", {"username": visitor.username, "password": password})
        with self.stack.without("login"):
            visitor.ajax("/login/", {"username": visitor.username, "password": password})
        eventually(lambda: self.visitor().get("/readyz").status == 200)
        last = "/the-last-" + unique()
        visitor.get(last)
        eventually(lambda: last in self.stack.log("nginx-access"), what="nginx's writing of its log")

    def shapes(self):
        """Every secret as it is, and the bytes behind it in hexadecimal and base64."""
        for value, word in self.secrets.items():
            yield word, value
            raw = [value.encode()]
            if re.fullmatch(r"[A-Za-z0-9_-]{43,}", value):
                raw.append(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            for content in raw:
                yield word + " in hexadecimal", binascii.hexlify(content).decode()
                if len(content) > 8:
                    yield word + " in base64", base64.b64encode(content).decode().rstrip("=")

    def test_are_in_no_dump_and_in_no_log(self):
        """pg_dump by the administrator; all logs but the catcher's, which is the mailbox."""
        words = set(self.secrets.values())
        for word in ("password", "code", "new code", "cookie sessionid", "cookie csrftoken", "token in a page"):
            self.assertIn(word, words)
        dump = subprocess.run([self.stack.postgresql / "pg_dump", "--inserts",
                               self.stack.database_url("administrator")],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn(self.owner.username, dump)
        texts = {"the dump": dump}
        for path in (self.stack.state / "log").glob("*.log"):
            if path.stem != "catcher":
                texts[path.name] = path.read_text(errors="replace")
        for name in ("nginx-access.log", "nginx.log", "pages.log", "register.log", "login.log", "mailer.log",
                     "postgresql.log"):
            self.assertTrue(texts.get(name), name)
        for place, text in texts.items():
            for word, shape in self.shapes():
                self.assertFalse(shape in text, f"{word} is in {place}")

class TheKey(Journey):
    def test_is_in_no_command_line(self):
        """Others could read it there."""
        key = (self.stack.state / "secret.key").read_text().split()[1]
        for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.assertNotIn(key, entry.read_text(errors="replace"))
            except OSError:
                continue


if __name__ == "__main__":
    main()
