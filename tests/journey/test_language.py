"""Which language pages, messages and mails are in: the customer's cookie, then Accept-Language, then the shop's."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import re

from journey import REGISTERED, Journey, main
from mailbox import text_of


def language_of(answer):
    """What the page says it is in."""
    return re.search(r'<html[^>]*\blang="?([a-z]+)', answer.text).group(1)


class APage(Journey):
    def test_follows_accept_language(self):
        """With its qualities and regions; English where none fits."""
        for header, language in (("de", "de"), ("de-AT", "de"), ("DE", "de"), ("de-CH;q=0.9, fr;q=1", "de"),
                                 ("en;q=0.5, de;q=0.8", "de"),
                                 ("fr", "en"), ("fr, de;q=0.1", "de"), ("", "en"), ("*", "en"), ("de;q=0", "en"),
                                 ("en-GB, de", "en"),
                                 ("xx;;;q=,,", "en"), ("dex", "en"), ("nds", "en")):
            with self.subTest(header=header):
                answer = self.visitor().get("/register/", Accept_Language=header)
                self.assertEqual((language_of(answer), answer.headers["Content-Language"]), (language, language))

    def test_follows_the_cookie_first(self):
        """Which a link with ?language= sets, for a year; unknown ones change nothing."""
        visitor = self.visitor()
        answer = visitor.get("/login/?language=de", Accept_Language="en")
        self.assertEqual(language_of(answer), "de")
        self.assertEqual(answer.cookies["language"].value, "de")
        self.assertEqual(language_of(visitor.get("/register/", Accept_Language="en")), "de")
        self.assertEqual(language_of(visitor.get("/register/?language=en")), "en")
        answer = visitor.get("/register/?language=xx", Accept_Language="de")
        self.assertEqual((language_of(answer), "language" in answer.cookies), ("en", False))
        visitor.cookies["language"] = "../../etc"
        self.assertEqual(language_of(visitor.get("/register/", Accept_Language="de")), "de")

    def test_of_nginx_does_too(self):
        """What is too large is told in the visitor's language, as JSON and page."""
        visitor = self.visitor()
        for accept, cookie, language in (("de", None, "de"), ("fr", None, "en"), ("en", "de", "de"), ("de", "en", "en"),
                                         ("fr, de-AT;q=0.8, en;q=0.5", None, "de"), ("fr;q=1,en,de", "xx", "en"),
                                         ("fr, en;q=0.8, de;q=0.5", None, "en"),
                                         ("dex, nds", None, "en")):
            with self.subTest(accept=accept, cookie=cookie):
                headers = {"Accept-Language": accept, "Content-Type": "text/plain",
                           "Cookie": f"language={cookie}" if cookie else None}
                page = visitor.send("POST", "/register/", b"x" * 70000, headers)
                self.assertEqual((page.status, language_of(page), page.headers["Content-Language"]), (413, language, language))


class Messages(Journey):
    def test_follow_it_and_codes_do_not(self):
        """German words, the same code and the same fields."""
        english, german = self.visitor(), self.visitor()
        said = [self.fails(visitor.ajax("/register/", {}, Accept_Language=language), 400, "validation_error")
                for visitor, language in ((english, "en"), (german, "de"))]
        self.assertEqual(sorted(said[0]["errors"]), sorted(said[1]["errors"]))
        self.assertNotEqual(said[0]["message"], said[1]["message"])
        self.assertNotEqual(said[0]["errors"], said[1]["errors"])
        said = self.succeeds(german.ajax("/register/", german.person, Accept_Language="de"))
        self.assertNotEqual(said["message"], REGISTERED)

    def test_are_the_contracts_where_nothing_is_asked_for(self):
        """English is the shop's default."""
        visitor = self.visitor()
        self.succeeds(visitor.ajax("/register/", visitor.person), REGISTERED)


class Mails(Journey):
    def test_are_in_the_language_of_the_registration_whoever_asks_for_them_again(self):
        """The second like the first, though the browser's language changed meanwhile."""
        visitor = self.visitor()
        visitor.token()
        self.succeeds(visitor.ajax("/register/", visitor.person, Accept_Language="de"))
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        self.succeeds(visitor.ajax("/register/resend/", Accept_Language="en"))
        first, second = self.mailbox.wait(visitor.email, 1), self.mailbox.wait(visitor.email, 2)
        self.assertEqual((first["Content-Language"], second["Content-Language"]), ("de", "de"))
        self.assertEqual(first["Subject"], second["Subject"])
        english = self.pending()
        mail = self.mailbox.wait(english.email)
        self.assertEqual(mail["Content-Language"], "en")
        self.assertNotEqual(text_of(mail).splitlines()[0], text_of(first).splitlines()[0])


if __name__ == "__main__":
    main()
