"""Sessions planted, tossed and doubled, as from a sister domain that can set cookies for this one, over http and https.

What got through: a customer who found himself in another's session, was locked out by planted cookies, or a session of before
that still opened something.
"""
JUNK = ("x", "", "A" * 64, "A" * 86, '"', "a=b", "A" * 3000)


class Tossed:
    """A browser's Cookie line: planted cookies with a longer path come first."""

    def __init__(self, visitor, planted):
        self.visitor = visitor
        self.planted = planted

    @property
    def line(self):
        return "; ".join(self.planted + [f"{name}={value}" for name, value in self.visitor.cookies.items()])

    def ajax(self, path, data, token):
        return self.visitor.ajax(path, data, X_CSRFToken=token, Cookie=self.line)

    def get(self, path):
        return self.visitor.send("GET", path, b"", {"Cookie": self.line})


def tokens(field):
    """csrftoken planted before the right one, junk and an attacker's own valid one: nobody may be locked out by it, and
    nobody may be forged by it."""
    thief = field.visitor().token()
    locked = tried = 0
    for planted in (*JUNK, thief):
        visitor = field.visitor()
        visitor.token()
        tossed = Tossed(visitor, [f"csrftoken={planted}"])
        page = tossed.get("/register/").form("/register/").fields["csrfmiddlewaretoken"]
        tried += 1
        locked += tossed.ajax("/register/", visitor.person, page).status != 200
    field.row("planted csrftoken before one's own: locked out", tried, locked, 0)
    forged = 0
    customer = field.customer()
    for token in (*JUNK[:4], thief):
        tossed = Tossed(customer.copy(), [f"csrftoken={token}"])
        forged += tossed.ajax("/logout/", None, token).status == 200
    forged += not customer.who()["authenticated"]
    field.row("a customer signed out by a planted token", 5, forged, 0)


def https(field):
    """Under https only the name with __Host- is read, which no sister can set."""
    url = f"https://127.0.0.1:{field.stack.port}"
    settings = {"PUBLIC_URL": url, "LOOPBACK_HOSTS": "off"}
    thief, victim = field.customer(), field.customer()
    entered = tried = 0
    own, foreign = victim.cookies["sessionid"], thief.cookies["sessionid"]
    with field.stack.worker("pages", **settings) as pages:
        visitor = field.direct(sockets={"pages": pages})
        for line in (f"sessionid={foreign}", f"sessionid={foreign}; __Host-sessionid={own}", f"__host-sessionid={foreign}",
                     f" __Host-sessionid ={foreign}", f"=__Host-sessionid={foreign}", f"__Host-sessionid\x00={foreign}",
                     f"__Secure-sessionid={foreign}", f"x=__Host-sessionid={foreign}", f"x,__Host-sessionid={foreign}",
                     f"\u2000__Host-sessionid={foreign}".encode().decode("latin-1")):
            said = visitor.send("GET", "/session/", b"", {"Cookie": line}, keeps=False).json
            tried += 1
            entered += said.get("username") == thief.username
    field.row("https: another's session by a cookie that a sister can set", tried, entered, 0)


def fixed(field):
    """A thief's live session of each stage in the victim's browser, before each deed: his copy is dead after it."""
    entered = tried = 0
    for stage in (lambda: field.visitor(), lambda: field.pending(), lambda: field.customer()):
        for deed in ("register", "login"):
            thief = stage()
            victim = field.visitor() if deed == "register" else field.elsewhere(field.customer())
            thief.token()
            victim.cookies = dict(thief.cookies)
            if deed == "register":
                if victim.register().status == 200:
                    victim.verify()
            else:
                victim.login()
            tried += 1
            entered += thief.who().get("username") == victim.username
    field.row("a planted session of each stage, then used by its owner", tried, entered, 0)


def attack(field):
    tokens(field)
    https(field)
    fixed(field)
