"""Names and mail addresses held by strangers: for how long, by the moved clock, if a stranger does it once and if he never stops.

What got through: minutes in which the owner could not register.
"""
from field import word

STEP = 5
DAY = 24 * 60


def once(field, **names):
    """Somebody registers it once and then does what he can with his session; the owner tries every minute. Minutes until the
    names are no longer held, and until he has registered: the squatter's mails may have spent those of the mailbox."""
    squatter = field.pending(**names)
    held = 0
    for minute in range(90):
        answer = field.visitor(**names).register()
        if answer.status == 200:
            return held, minute
        held = minute + 1 if answer.status == 400 else held
        if minute % 5 == 0:
            squatter.resend()
            squatter.register(name="Jo " + word())
            field.elsewhere(squatter).login()
        field.stack.travel(minutes=1)
    return held, 90


def for_ever(field, hours, **names):
    """Every five minutes strangers try first, from new addresses and sessions, and then the owner; minutes he was kept out."""
    shut = 0
    for _ in range(hours * 60 // STEP):
        field.visitor(**names).register()
        if field.visitor(**names).register().status == 200:
            return shut
        shut += STEP
        field.stack.travel(minutes=STEP)
    return shut


def by_mails(field):
    """The mailbox's mails of a day are spent in two hours under tags; minutes until the owner gets one."""
    mark = word()
    for burst in range(2):
        for _ in range(5):
            field.visitor(email=f"box-{mark}+{word()}@example.com").register()
        field.stack.travel(minutes=61 if burst == 0 else 0)
    for minutes in range(0, 2 * DAY, 15):
        if field.visitor(email=f"box-{mark}@example.com").register().status == 200:
            return minutes
        field.stack.travel(minutes=15)
    return 2 * DAY


def attack(field):
    held, shut = once(field, username="jo" + word())
    field.row("minutes that one registration holds a username", 90, held, 30)
    held, shut = once(field, email=word() + "@example.com")
    field.row("minutes that one registration holds an e-mail", 90, held, 30)
    field.row("minutes that its mails keep the owner from his own", 90, shut, 60)
    field.row("minutes of six hours, strangers at an e-mail who never stop", 72, for_ever(field, 6,
            email=word() + "@example.com"), 6 * 60)
    field.row("minutes until a mailbox whose mails of a day were spent gets one", 192, by_mails(field), DAY)
