"""Where a customer wanted to go stays with him from page to page, until he is signed in; and leads nowhere else."""
import html
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from journey import REGISTERED, VERIFIED, Journey, main

WANTED = "/checkout/?step=2&gift=a%26b+c#pay"
QUERY = "?next=/checkout/?step=2%26gift=a%2526b%2bc%23pay"
VERIFY = "/register/verify/"


def links(page, path):
    """The page's links to `path`, as a browser reads them."""
    addresses = [html.unescape(address) for address in re.findall(r'href="([^"]*)"', page.text)]
    return [address for address in addresses if address.partition("?")[0] == path]


class TheWayOn(Journey):
    def test_leads_by_pages_from_the_sign_in_over_a_new_account_to_what_was_wanted(self):
        """Every link, form and redirect between the two brings it along; so do the mail that is asked for again and the languages."""
        visitor = self.visitor()
        page = visitor.get("/login/" + QUERY)
        self.assertEqual(page.form("/login/").fields["next"], WANTED)
        self.assertEqual(set(links(page, "/register/")), {"/register/" + QUERY})
        self.assertEqual(links(page, "/login/")[1:], [f"/login/{QUERY}&language={tag}" for tag in ("de", "en")])
        refused = visitor.submit("/register/", {}, page="/register/" + QUERY)
        self.assertEqual((refused.status, refused.form("/register/").fields["next"]), (400, WANTED))
        self.assertEqual(set(links(refused, "/login/")), {"/login/" + QUERY})
        self.goes_to(visitor.submit("/register/", visitor.person, page="/register/" + QUERY), VERIFY + QUERY)
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        again = visitor.submit("/register/resend/", {}, page=VERIFY + QUERY)
        self.goes_to(again, VERIFY + "?sent=again&" + QUERY[1:])
        page = visitor.get(again.location)
        self.assertEqual(links(page, "/register/")[-1], "/register/" + QUERY)
        self.assertEqual(links(visitor.get("/register/" + QUERY), VERIFY), [VERIFY + QUERY])
        hidden = page.form(VERIFY).fields
        wrong = visitor.post(VERIFY, hidden | {"otp": visitor.wrong(visitor.code())})
        self.assertEqual((wrong.status, wrong.form(VERIFY).fields["next"]), (400, WANTED))
        self.goes_to(visitor.post(VERIFY, wrong.form(VERIFY).fields | {"otp": visitor.code(2)}), WANTED)
        self.is_signed_in(visitor)

    def test_leads_by_scripts_over_the_code_to_what_was_wanted(self):
        visitor = self.visitor()
        self.succeeds(visitor.ajax("/register/", visitor.person | {"next": WANTED}), REGISTERED, VERIFY + QUERY)
        other = self.elsewhere(visitor)
        said = self.fails(other.login(next=WANTED), 403, "not_verified")
        self.assertEqual(said["redirect"], VERIFY + QUERY)
        self.succeeds(visitor.verify(next=WANTED), VERIFIED, WANTED)

    def test_is_not_lost_where_no_code_is_awaited(self):
        self.goes_to(self.visitor().get(VERIFY + QUERY), "/register/" + QUERY, 302)

    def test_is_home_where_nothing_was_wanted(self):
        visitor = self.visitor()
        page = visitor.get("/login/")
        self.assertEqual(set(links(page, "/register/")), {"/register/"})
        self.assertEqual(links(page, "/login/")[1:], ["/login/?language=de", "/login/?language=en"])
        self.goes_to(visitor.submit("/register/", visitor.person), VERIFY)
        self.goes_to(visitor.submit(VERIFY, {"otp": visitor.code()}), "/")

    def test_never_leaves_the_shop(self):
        """Another host is dropped at every step on which it could come in."""
        evil = "//evil.example/"
        visitor = self.visitor()
        self.assertNotIn("evil", visitor.get("/register/?next=" + evil).text)
        self.succeeds(visitor.ajax("/register/", visitor.person | {"next": evil}), REGISTERED, VERIFY)
        self.assertNotIn("evil", visitor.get(VERIFY + "?next=" + evil).text)
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        self.succeeds(visitor.ajax("/register/resend/", {"next": evil}), redirect=VERIFY)
        self.goes_to(self.visitor().get(VERIFY + "?next=" + evil), "/register/", 302)
        self.succeeds(visitor.verify(visitor.code(2), next=evil), VERIFIED, "/")


if __name__ == "__main__":
    main()
