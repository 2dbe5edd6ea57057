"""The mail as it arrives: its headers, its two parts, its code, and nothing of what a stranger typed."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import html.parser
import re

from journey import Journey, main, unique
from mailbox import text_of


class Links(html.parser.HTMLParser):
    """All addresses that a page or a mail points to."""

    def __init__(self):
        super().__init__()
        self.targets = []

    def handle_starttag(self, tag, attributes):
        self.targets += [value for name,
                         value in attributes if name in ("href", "src", "action", "background", "srcset")]


class TheMail(Journey):
    def setUp(self):
        self.owner = self.pending(name="Visit https://evil.example NOW", username="winner." + unique())
        self.mail = self.mailbox.wait(self.owner.email)

    def test_is_text_and_html_with_the_code_in_both(self):
        """multipart/alternative in UTF-8, text first."""
        self.assertEqual(self.mail.get_content_type(), "multipart/alternative")
        kinds = [(part.get_content_type(), part.get_content_charset()) for part in self.mail.iter_parts()]
        self.assertEqual(kinds, [("text/plain", "utf-8"), ("text/html", "utf-8")])
        code = self.owner.code()
        for part in self.mail.iter_parts():
            self.assertIn(code, part.get_content())

    def test_has_the_code_in_the_subject_and_alone_on_a_line(self):
        """Where a phone finds it; once, and no other number that looks like one."""
        code = self.owner.code()
        self.assertIn(code, self.mail["Subject"])
        lines = text_of(self.mail).replace("\r", "").split("\n")
        self.assertEqual([line for line in lines if re.fullmatch(r"\d{4,8}", line)], [code])

    def test_says_where_to_type_it_and_how_long_it_lives(self):
        """The shop's address from the settings, ten minutes, and the shop's name."""
        for part in self.mail.iter_parts():
            content = part.get_content()
            self.assertIn(f"http://127.0.0.1:{self.stack.port}/register/verify/", content)
            self.assertRegex(content, r"\b10\b")
            self.assertIn("Our Shop", content)

    def test_has_the_headers_that_it_needs(self):
        """From and To, Date, Message-ID, Auto-Submitted; help is one reply away."""
        self.assertEqual(self.mail["To"].addresses[0].addr_spec, self.owner.email)
        self.assertIn("shop@shop.example", self.mail["From"])
        self.assertEqual((self.mail["X-MailFrom"], self.mail["X-RcptTo"]), ("shop@shop.example", self.owner.email))
        self.assertEqual(self.mail["Auto-Submitted"], "auto-generated")
        self.assertRegex(self.mail["Message-ID"], r"^<[0-9a-f]{32}@shop\.example>$")
        self.assertEqual(self.mail["Reply-To"], "help@shop.example")
        self.assertEqual(self.mail["MIME-Version"], "1.0")
        self.assertIsNotNone(self.mail["Date"].datetime)
        for name in ("From", "To", "Subject", "Date", "Message-ID", "Content-Type"):
            self.assertEqual(len(self.mail.get_all(name)), 1, name)

    def test_has_no_word_of_the_customer(self):
        """The e-mail is not proved: what was typed could be somebody's advertisement."""
        whole = self.mail.as_string() + "".join(part.get_content() for part in self.mail.iter_parts())
        for word in ("evil", "NOW", "Visit", self.owner.username, "winner"):
            self.assertNotIn(word, whole)

    def test_points_nowhere_but_to_the_shop(self):
        """No picture that tells when it was read, no link from the request."""
        links = Links()
        links.feed(self.mail.get_body(("html",)).get_content())
        shop = f"http://127.0.0.1:{self.stack.port}"
        for target in links.targets:
            self.assertTrue(target == shop or target.startswith((shop + "/", "mailto:help@shop.example")), target)
        for address in re.findall(r"https?://\S+", text_of(self.mail)):
            self.assertTrue(address == shop or address.startswith(shop + "/"), address)

    def test_is_short_plain_lines(self):
        """ASCII within 76 columns in the parts, CR LF at every end: no server on the way changes it."""
        mails = (path.read_bytes() for path in self.stack.mail.glob("[!.]*.eml"))
        raw = next(mail for mail in mails if self.owner.email.encode() in mail)
        self.assertTrue(raw.isascii())
        self.assertNotIn(b"\n", raw.replace(b"\r\n", b""))
        self.assertNotIn(b"\r", raw.replace(b"\r\n", b""))
        for line in raw.split(b"\r\n"):
            self.assertLessEqual(len(line), 100, line)

    def test_keeps_its_message_id_and_another_mail_has_another(self):
        """A mail is known by it; a resend is a mail of its own."""
        self.stack.settle_mails()
        self.stack.travel(seconds=61)
        self.succeeds(self.owner.resend())
        second = self.mailbox.wait(self.owner.email, 2)
        self.assertNotEqual(second["Message-ID"], self.mail["Message-ID"])


class AMailOfAnotherShop(Journey):
    def test_has_names_and_links_from_the_settings(self):
        """Under https, with a name that must be encoded; the request's Host is not asked."""
        settings = {"PUBLIC_URL": "https://shop.example", "LOOPBACK_HOSTS": "off",
                    "SHOP_NAME": "Müllers \"Lädchen\", GmbH",
                    "MAIL_SENDER": "codes@shop.example", "SHOP_SUPPORT": ""}
        with self.stack.without("mailer"):
            visitor = self.pending()
            with self.stack.running("storefront-mail", role="storefront_mailer", **settings):
                mail = self.mailbox.wait(visitor.email)
                self.stack.settle_mails()
        self.assertIn("https://shop.example/register/verify/", text_of(mail))
        self.assertNotIn("127.0.0.1", text_of(mail))
        sender = mail["From"].addresses[0]
        self.assertEqual((sender.display_name, sender.addr_spec), (settings["SHOP_NAME"], "codes@shop.example"))
        self.assertIn(settings["SHOP_NAME"], text_of(mail))
        self.assertIsNone(mail["Reply-To"])
        self.assertRegex(mail["Message-ID"], "@shop.example>$")


class AnInternationalMail(Journey):
    def test_goes_to_the_ascii_form_of_its_domain(self):
        """And a German one is encoded, subject included."""
        word = unique()
        visitor = self.visitor(email=f"{word}@bücher.example")
        visitor.token()
        self.succeeds(visitor.ajax("/register/", visitor.person, Accept_Language="de"))
        mail = self.mailbox.wait(f"{word}@xn--bcher-kva.example")
        self.assertRegex(mail["Subject"], r"\d{4}")
        self.assertRegex(text_of(mail), r"[äöüß]")

    def test_of_signs_in_the_local_part_reaches_that_mailbox(self):
        """Nothing of it is taken for a command of SMTP."""
        email = f"o'hara!#$%&*+-/=?^_`{{|}}~{unique()}@example.com"
        visitor = self.pending(email=email)
        self.succeeds(visitor.verify(self.mailed(visitor)))


if __name__ == "__main__":
    main()
