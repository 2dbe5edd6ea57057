"""What a name, a username, an e-mail and a password may be."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import time

from journey import Journey, main, unique


class Fields(Journey):
    def judged(self, **fields):
        """The names of the fields that are complained of; none where the registration succeeded."""
        visitor = self.visitor(**fields)
        answer = visitor.register()
        if answer.status == 200:
            return visitor
        self.fails(answer, 400, "validation_error")
        return sorted(answer.json["errors"])

    def is_taken(self, **fields):
        self.assertNotIsInstance(self.judged(**fields), list, fields)

    def is_refused(self, field, value, **more):
        with self.subTest(value=value if len(repr(value)) < 80 else repr(value)[:80]):
            self.assertEqual(self.judged(**{field: value} | more), [field])


class AUsername(Fields):
    def test_may_hold_letters_marks_and_digits_of_any_script(self):
        """And . + - _ ; three to 150 of them."""
        word = unique()
        for username in ("{}", "a.b+c-d_{}", "Jürgen{}", "Ольга{}", "田中太郎{}", "محمد{}", "अनिता{}", "สมชาย{}", "ñ{}",
                         "__{}", "...{}", "ٱ٣{}", "e\u0301{}", "x" * 140 + "{}", "ǅ{}", "한국{}"):
            with self.subTest(username=username):
                visitor = self.judged(username=username.format(word))
                self.assertNotIsInstance(visitor, list)
                self.succeeds(visitor.verify())

    def test_is_refused_with_anything_else(self):
        """Spaces, signs, symbols, controls and what cannot be seen."""
        for username in ("", " ", "ab", "é", "a", "x" * 151, "a b c", "a/b", "a\\b", "a'b", 'a"b', "<b>", "a&b", "a%b",
                         "a:b", "a;b", "a,b", "a*b", "a?b", "a#b", "a!b", "a~b", "a(b", "a|b", "a=b", "a^b", "a`b",
                         "a{b", "😀😀😀", "abc😀", "a\u200bb", "a\u200db", "a\u202eb", "a\u2066b", "abc\ufeff", "a\u00adb",
                         "a\tb", "a\nb", "a\x7fb", "a\x85b", "\ue000abc", "\U000e0041abc", "\ufffdabc", "½½½x"[:3],
                         "a\u2028b", "€€€", "abc\u3164", "@abc", "abc@", "a@b", "jo@example", "@", "@@@"):
            self.is_refused("username", username)

    def test_is_the_same_in_any_case_and_spelling(self):
        """Unique by NFKC case folding: whoever comes second is told."""
        for first, second in (("Strasse{}", "STRASSE{}"), ("straße{}", "STRASSE{}"),
                              ("Ångström{}", "A\u030angstro\u0308m{}"),
                              ("ﬁsch{}", "FISCH{}"), ("ｊｏｈｎ{}", "john{}"), ("ΣΊΣΥΦΟΣ{}", "σίσυφος{}"), ("x²{}", "x2{}"),
                              (" john.doe{} ", "John.Doe{}"), ("Ⅷabc{}", "viiiABC{}"), ("ǆ{}abc", "Ǆ{}ABC")):
            with self.subTest(first=first, second=second):
                word = unique()
                self.is_taken(username=first.format(word))
                self.is_refused("username", second.format(word))

    def test_is_stored_in_nfkc_with_its_case(self):
        """And found in any."""
        word = unique()
        visitor = self.judged(username=f"Ｊｏ\u212bn{word}")
        self.succeeds(visitor.verify())
        self.assertEqual(visitor.who()["username"], f"Jo\u00c5n{word}")
        self.succeeds(self.elsewhere(visitor).login(username=f"JO\u00e5N{word}".upper()))

    def test_is_counted_in_characters_not_bytes(self):
        """150 of three bytes each fit, 151 do not."""
        word = unique()
        self.is_taken(username="語" * (150 - len(word)) + word)
        self.is_refused("username", "語" * (151 - len(word)) + word)
        self.is_refused("username", "\ufdfa" * 60)

    def test_too_long_to_be_meant_is_refused_quickly(self):
        """Sixty thousand characters, in every field."""
        for field in ("username", "email", "name", "password"):
            begun = time.monotonic()
            self.is_refused(field, "ﷺ" * 15000)
            self.is_refused(field, "a" * 60000)
            self.assertLess(time.monotonic() - begun, 3)


class AnEMail(Fields):
    def test_may_be_what_a_mail_server_would_take(self):
        """Dots, tags, signs, long and international domains."""
        for email in ("{}@example.com", "{}+tag@example.com", "a.b.{}@sub.sub.example.co.uk", "o'hara{}@example.com",
                      "{}!#$%&'*+-/=?^_`|~@example.com", "{}@EXAMPLE.COM", "{}@ex-ample.museum", "{}@bücher.example",
                      "{}@xn--bcher-kva.example", "{}@1and1.com", " {}@example.com ", "{}@a.bc",
                      "x" * 50 + "{}@example.com", "{}@" + "a." * 100 + "example.com"):
            with self.subTest(email=email):
                self.is_taken(email=email.format(unique()))

    def test_is_refused_with_anything_else(self):
        """No quoted local part, comment, address literal, domain without a dot, nor what is longer than 254."""
        for email in ("", " ", "a", "@", "a@", "@example.com", "a@b", "a@localhost", "a@@example.com",
                      "a@b@example.com", "a b@example.com", "a@exam ple.com", ".a@example.com", "a.@example.com",
                      "a..b@example.com", '"a b"@example.com', '"a"@example.com', "a(comment)@example.com",
                      "a@example.com(comment)", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@127.0.0.1", "a@1.2",
                      "a@-example.com", "a@example-.com", "a@.example.com", "a@example..com", "a@example.com.",
                      "a@exam_ple.com", "a,b@example.com", "a;b@example.com", "a:b@example.com", "<a@example.com>",
                      "Jo <a@example.com>", "a\\b@example.com", "ä@example.com", "用户@example.com", "a@example.c*m",
                      "a@ex\u202eample.com", "a\u200b@example.com", "a\u00a0b@example.com",
                      "a@" + "b" * 64 + ".com", "x" * 65 + "@example.com", "a@" + "b." * 124 + "example.com",
                      "mailto:a@example.com", "a@example.com?x", "a@example.com/x", "a\tb@example.com",
                      "a\x01@example.com"):
            self.is_refused("email", email)

    def test_of_254_fits_and_one_more_does_not(self):
        """The longest that SMTP takes."""
        word = unique()
        domain = ".".join(["d" * 63] * 3) + ".com"
        local = word + "x" * (254 - len(domain) - 1 - len(word))
        self.is_taken(email=f"{local}@{domain}")
        self.is_refused("email", f"{local}x@{domain}")

    def test_is_one_without_regard_to_ascii_case_and_mail_goes_to_the_one_that_was_typed(self):
        """The first spelling is kept, and shown."""
        email = f"Jo.{unique()}@Example.COM"
        visitor = self.judged(email=email)
        self.assertEqual(len(self.mailbox.wait(email).get_all("To")), 1)
        self.is_refused("email", email.upper())
        self.is_refused("email", email.lower())
        self.succeeds(visitor.verify())
        self.assertEqual(visitor.who()["email"], email)

    def test_with_a_domain_of_letters_is_the_same_as_its_ascii(self):
        """bücher.example is xn--bcher-kva.example."""
        word = unique()
        self.is_taken(email=f"{word}@bücher.example")
        self.is_refused("email", f"{word}@xn--bcher-kva.example")
        self.is_refused("email", f"{word.upper()}@BÜCHER.example")


class AName(Fields):
    def test_may_be_in_any_script(self):
        """1 to 150 characters, apostrophes, dots and all."""
        for name in ("X", "Jo", "Anne-Marie d'Été O'Brien, Jr.", "李", "محمد علي", "Владимир", "नमस्ते", "Jo 🎉",
                     "x" * 150, "語" * 150, "1", "null", "<b>Jo</b>", "  padded  ", "Zo\u0308e"):
            with self.subTest(name=name):
                visitor = self.judged(name=name)
                self.assertNotIsInstance(visitor, list)
                self.succeeds(visitor.verify())
                self.assertEqual(visitor.who()["name"], name.strip())

    def test_is_refused_when_empty_too_long_or_with_control_characters(self):
        """What turns text around counts as one."""
        for name in ("", " ", "\u00a0\u2003", "\u200b", "x" * 151, "a\nb", "a\rb", "a\tb", "a\x1bb", "a\x7fb", "a\x85b",
                     "a\u202eb", "a\u2066b"):
            self.is_refused("name", name)


class APassword(Fields):
    def test_of_the_original_is_accepted_and_ones_own_words_are_not(self):
        """securepass123 for John Doe is good enough, johndoe123 is not."""
        word = unique()
        john = {"name": "John Doe", "username": "johndoe" + word, "email": f"john{word}@example.com"}
        self.is_refused("password", "johndoe123", **john)
        self.is_taken(password="securepass123", **john)

    def test_is_refused_when_short_common_or_made_of_own_words(self):
        """Eight characters at least, a million guesses at least."""
        own = {"username": "wolfgangamadeus" + unique(), "name": "Constanze Weber"}
        for password in ("", "a", "1234567", "passw0r", "éééé", "password", "12345678", "qwertyui", "aaaaaaaa",
                         "abcdefgh", "iloveyou1", "password1", "letmein123", own["username"], own["username"] + "1",
                         "Constanze1", "weberconstanze"):
            self.is_refused("password", password, **own)

    def test_needs_no_mixture_of_kinds(self):
        """Letters alone, digits alone, spaces, any script."""
        for password in ("correct horse battery", "749205816334", "tr0ub4dor&3x", "пароль-и-никто", "秘密の合言葉は海の向こう",
                         "        x1y2z3w4", "\u00e9\u00e8\u00ea\u00eb\u00fc\u00f6\u00e4\u00df"):
            with self.subTest(password=password):
                self.is_taken(password=password)

    def test_may_have_1024_characters_and_not_one_more(self):
        """Counted as characters; all of them count."""
        long = "".join(chr(ord("a") + (i * i * 7 + i // 26) % 26) for i in range(1024))
        for password in (long, "語" + "é" * 512 + "語" * 511):
            visitor = self.judged(password=password)
            self.succeeds(visitor.verify())
            other = self.elsewhere(visitor)
            self.fails(other.login(password=password[:-1] + "Z"), 400, "invalid_credentials")
            self.fails(other.login(password=password[:-1]), 400, "invalid_credentials")
            self.fails(other.login(password=password + "x"), 400, "invalid_credentials")
            self.succeeds(other.login(password=password))
            self.is_refused("password", password + "x")

    def test_is_compared_byte_for_byte_as_sent(self):
        """No trimming, folding or normalising."""
        password = " Geheim\u00e9s-Wort 77 "
        visitor = self.judged(password=password)
        self.succeeds(visitor.verify())
        for other in (password.strip(), password.upper(), password.lower(), password.replace("\u00e9", "e\u0301"),
                      password + " ",
                      password.replace(" ", "\u00a0"), password[:-1]):
            self.fails(self.elsewhere(visitor).login(password=other), 400, "invalid_credentials")
        self.succeeds(self.elsewhere(visitor).login(password=password))

    def test_is_stored_as_argon2id_alone(self):
        """With the settings of this stack; nothing of it stands elsewhere in the row."""
        visitor = self.pending(password="very-own-secret-8")
        row = self.stack.value("SELECT to_jsonb(c) FROM storefront.customer AS c WHERE username = :'name'",
                               name=visitor.username)
        self.assertNotIn("very-own-secret", row)
        self.assertRegex(self.customer_row(visitor, "password_hash")[0], r"^\$argon2id\$v=19\$m=8192,t=1,p=1\$")

    def test_that_is_made_to_be_judged_slowly_is_judged_quickly(self):
        """zxcvbn sees a hundred characters, whatever the other fields hold."""
        for password in ("a" * 1024, "ab" * 512, "password" * 128, "1q2w3e4r" * 100, "4@8({[</369&#!1|lø0$5" * 40,
                         "qwertyuiop" * 100):
            visitor = self.visitor(password=password, name="ab" * 75, username="ba" * 60 + unique())
            begun = time.monotonic()
            visitor.register()
            self.assertLess(time.monotonic() - begun, 1.5, password[:20])


class AllAtOnce(Fields):
    def test_are_complained_of_together(self):
        """Each field with its own words."""
        self.assertEqual(self.judged(name="", username="", email="", password=""),
                         ["email", "name", "password", "username"])
        self.assertEqual(self.judged(username="a b", email="x", password="short"), ["email", "password", "username"])


if __name__ == "__main__":
    main()
