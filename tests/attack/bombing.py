"""Strangers who want one mailbox full: from new addresses and sessions, in all spellings, through two days of the shop's clock.

What got through: mails that arrived.
"""
from field import word

STEPS, MINUTES = 288, 10
SPELLINGS = ("box-{0}@example.com", "BOX-{0}@Example.com", "box-{0}+{1}@example.com", "Box-{0}+a+{1}@EXAMPLE.COM",
             "box-{0}@EXAMPLE.com")


class Stranger:
    """One of many, who remembers whom he registered as."""

    def __init__(self, field, email):
        self.visitor = field.visitor(email=email)
        self.field = field

    def bother(self):
        """A registration, a mail again, a sign-in before the proof, a change of the name: whatever sends a mail."""
        if self.visitor.register().status == 200:
            self.field.stack.settle_mails()  # a mail whose code is replaced before it left is not sent
        self.visitor.resend()
        self.field.elsewhere(self.visitor).login()
        self.visitor.register(username="jo" + word())


def arrived(field, mark):
    """When each mail to the mailbox was settled, by the shop's clock."""
    rows = field.stack.sql("""
        SELECT extract(epoch FROM o.queued_at)
        FROM storefront.outbox AS o JOIN storefront.one_time_code AS c ON c.id = o.code_id
        WHERE lower(c.email) LIKE :'mark' || '%' AND o.state IN ('sent', 'queued',
                'sending') ORDER BY 1""", mark="box-" + mark)
    return [float(row[0]) for row in rows]


def worst(moments, seconds):
    """The most within any such time."""
    return max([sum(begin <= moment < begin + seconds for moment in moments) for begin in moments] or [0])


def attack(field):
    mark, strangers, moments = word(), [], set()
    for step in range(STEPS):
        strangers.append(Stranger(field, SPELLINGS[step % len(SPELLINGS)].format(mark, word())))
        for stranger in strangers[-3:]:
            stranger.bother()
        field.stack.settle_mails()
        moments |= set(arrived(field, mark))  # old rows are purged meanwhile
        field.stack.travel(minutes=MINUTES)
    field.mailbox.look()
    caught = sum(str(mail["X-RcptTo"]).lower().startswith("box-" + mark) for _, mail in field.mailbox.seen.values())
    tries = 3 * 4 * STEPS
    field.row("mails to one mailbox in two days", tries, max(caught, len(moments)), 20)
    field.row("most of them within 24 hours", tries, worst(sorted(moments), 86400), 10)
    field.row("most of them within an hour", tries, worst(sorted(moments), 3600), 5)
