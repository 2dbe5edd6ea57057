"""Tables that strangers make grow: limits under made-up names and addresses, sessions, sign-ups; and what is left of them.

What got through: rows.
"""
from browser import own_address
from field import word

NAMES = 2000
TABLES = ("rate_limit", "session", "customer", "one_time_code", "outbox", "mailbox_caution")


def sizes(field):
    return {table: field.stack.count(table) for table in TABLES}


def grown(field, before):
    now = sizes(field)
    return {table: max(0, now[table] - before[table]) for table in TABLES}


def looks(field):
    """Visits with made-up cookies leave nothing; an empty sign-up leaves a counter of nought under its address."""
    before = sizes(field)

    def look():
        visitor = field.visitor()
        visitor.cookies["sessionid"] = (word() * 5)[:43]
        for path in ("/", "/register/", "/login/", "/session/", "/dashboard/"):
            visitor.get(path)
        visitor.ajax("/logout/")
        visitor.ajax("/register/", {})

    field.many([look for _ in range(100)])
    field.row("rows of 100 strangers who look around and send an empty form", 700, sum(grown(field, before).values()), 100)


def sign_ins(field):
    before = sizes(field)
    field.many([lambda i=i: field.direct(own_address()).login(f"nobody{i}-{word()}", "wrong-password") for i in range(NAMES)])
    rows = grown(field, before)
    field.row("rows of made-up names and addresses at the sign-in", NAMES, sum(rows.values()), 2 * NAMES)
    bytes_ = int(field.stack.value("SELECT pg_total_relation_size('storefront.rate_limit') / greatest(1, count(*)) FROM storefront.rate_limit"))
    field.row("bytes of one such row with its indexes", NAMES, bytes_, 1024)
    again = own_address()
    name = "nobody" + word()
    before = sizes(field)
    field.many([lambda: field.direct(again).login(name, "wrong-password") for _ in range(300)])
    field.row("rows of one name from one address", 300, sum(grown(field, before).values()), 2)
    return bytes_


def sign_ups(field):
    before = sizes(field)
    field.many([lambda: field.direct(own_address()).register() for _ in range(200)])
    field.row("rows of 200 sign-ups that nobody proves", 200, sum(grown(field, before).values()), 200 * 7)


def left(field):
    """When all has run out, after one run of the purge."""
    field.stack.settle_mails()
    field.stack.travel(days=31)
    field.stack.program("storefront", "maintain")
    rest = {table: count for table, count in sizes(field).items() if table not in ("customer", "outbox", "one_time_code")}
    rest["customer"] = field.stack.count("customer", "NOT is_verified")
    rest["one_time_code"] = field.stack.count("one_time_code")
    rest["outbox"] = field.stack.count("outbox")
    (field.folder / "left").write_text(repr(rest))
    field.row("rows left a month later, after the purge", NAMES + 1200, sum(rest.values()), 0)


def attack(field):
    looks(field)
    sign_ins(field)
    sign_ups(field)
    left(field)
