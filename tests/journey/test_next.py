"""Where a customer wanted to go stays with him from page to page, until he is signed in; and leads nowhere else."""
import html
import pathlib
import re
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from journey import REGISTERED, VERIFIED, Journey, main
from stack import eventually

WANTED = "/checkout/?step=2&gift=a%26b+c#pay"
QUERY = "?next=/checkout/?step=2%26gift=a%2526b%2bc%23pay"
VERIFY = "/register/verify/"


def links(page, path):
    """The page's links to `path`, as a browser reads them."""
    addresses = [html.unescape(address) for address in re.findall(r'href="([^"]*)"', page.text)]
    return [address for address in addresses if address.partition("?")[0] == path]


class TheWayOn(Journey):
    def is_held(self, form):
        """By the form, and by the address that the browser shows once it was sent."""
        self.assertEqual((form.fields["next"], form.action.partition("?")[2]), (WANTED, QUERY[1:]))

    def test_leads_by_pages_from_the_sign_in_over_a_new_account_to_what_was_wanted(self):
        """Every link, form and redirect between the two brings it along; so do the mail that is asked for again and the languages."""
        visitor = self.visitor()
        page = visitor.get("/login/" + QUERY)
        self.assertEqual(page.form("/login/").fields["next"], WANTED)
        self.assertEqual(set(links(page, "/register/")), {"/register/" + QUERY})
        self.assertEqual(links(page, "/login/")[1:], [f"/login/{QUERY}&language={tag}" for tag in ("de", "en")])
        refused = visitor.submit("/register/", {}, page="/register/" + QUERY)
        self.assertEqual(refused.status, 400)
        self.is_held(refused.form("/register/"))
        self.assertEqual(set(links(refused, "/login/")), {"/login/" + QUERY})
        self.goes_to(visitor.submit("/register/", visitor.person, page="/register/" + QUERY), VERIFY + QUERY)
        self.mailed(visitor)
        self.stack.travel(seconds=61)
        again = visitor.submit("/register/resend/", {}, page=VERIFY + QUERY)
        self.goes_to(again, VERIFY + "?sent=again&" + QUERY[1:])
        page = visitor.get(again.location)
        self.assertEqual(links(page, "/register/")[-1], "/register/" + QUERY)
        self.assertEqual(links(visitor.get("/register/" + QUERY), VERIFY), [VERIFY + QUERY])
        self.is_held(page.form("/register/resend/"))
        wrong = visitor.post(VERIFY, page.form(VERIFY).fields | {"otp": visitor.wrong(visitor.code())})
        self.assertEqual(wrong.status, 400)
        self.is_held(wrong.form(VERIFY))
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

    def test_is_open_to_who_is_signed_in_already(self):
        """By another tab, say."""
        customer = self.customer()
        for path in ("/login/", "/register/"):
            self.goes_to(customer.get(path + QUERY), WANTED, 302)
            self.goes_to(customer.get(path), "/dashboard/", 302)
            self.goes_to(customer.get(path + "?next=//evil.example/"), "/dashboard/", 302)

    def test_is_not_lost_in_trouble(self):
        """Who tries again gets there: on our own page without the database, on nginx's without a worker."""
        pending = self.pending()
        page = pending.get(VERIFY + QUERY)
        with self.stack.without("database"):
            for answer in (pending.get(VERIFY + QUERY),
                           pending.post("/register/resend/", page.form("/register/resend/").fields)):
                self.assertEqual((answer.status, links(answer, VERIFY)[0]), (503, VERIFY + QUERY))
        with self.stack.without("pages"):
            answer = pending.get(VERIFY + QUERY)
            self.assertIn(answer.status, (502, 503))
            self.assertEqual(len(links(answer, "")), 1)
        eventually(lambda: pending.get("/readyz").status == 200)

    def test_may_be_long(self):
        """The longest that is taken, of what is dearest to carry along."""
        longest = "/" + "&" * 1999
        visitor = self.visitor()
        query = "?next=/" + "%26" * 1999
        self.goes_to(visitor.submit("/register/", visitor.person, page="/register/" + query), VERIFY + query)
        self.goes_to(visitor.submit(VERIFY, {"otp": visitor.code()}, page=VERIFY + query), longest)
        self.goes_to(self.visitor().get(VERIFY + query + "%26"), "/register/", 302)

    def test_is_home_where_nothing_was_wanted(self):
        visitor = self.visitor()
        page = visitor.get("/login/")
        self.assertEqual(set(links(page, "/register/")), {"/register/"})
        self.assertEqual(links(page, "/login/")[1:], ["/login/?language=de", "/login/?language=en"])
        self.goes_to(visitor.submit("/register/", visitor.person), VERIFY)
        self.goes_to(visitor.submit(VERIFY, {"otp": visitor.code()}), "/")

    def test_never_leaves_the_shop(self):
        """Another host is dropped at every step on which it could come in, by script and by page, form and address."""
        for evil in ("//evil.example/", "/\\evil.example", "/%2fevil.example", "https://evil.example/", "/\t/evil.example"):
            with self.subTest(next=evil):
                query = "?next=" + urllib.parse.quote(evil)
                visitor = self.visitor()
                self.assertNotIn("evil", visitor.get("/register/" + query).text)
                self.succeeds(visitor.ajax("/register/" + query, visitor.person | {"next": evil}), REGISTERED, VERIFY)
                self.assertNotIn("evil", visitor.get(VERIFY + query).text)
                said = self.fails(self.elsewhere(visitor).login(next=evil), 403, "not_verified")
                self.assertEqual(said["redirect"], VERIFY)
                self.mailed(visitor)
                self.stack.travel(seconds=61)
                self.goes_to(visitor.submit("/register/resend/", {"next": evil}, page=VERIFY + query), VERIFY + "?sent=again")
                self.goes_to(self.visitor().get(VERIFY + query), "/register/", 302)
                self.goes_to(visitor.submit(VERIFY, {"otp": visitor.code(2), "next": evil}, page=VERIFY + query), "/")


if __name__ == "__main__":
    main()
