"""Line ends of all kinds in every field, header, cookie and path, followed by a header that nobody may see again.

What got through: an answer with that header or cookie, a mail with a header or a recipient more than it should have.
"""
import urllib.parse


ENDS = ("\r\n", "\n", "\r", "%0d%0a", "%0a", "%0d", "\u560a\u560d", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\r\n ",
        "\r\n\t", "\\r\\n", "\x00\r\n",
        "%E5%98%8A%E5%98%8D", "=0D=0A", "=?utf-8?q?=0d=0a?=", "\x1e", "%250d%250a", "&#13;&#10;")
PLANTS = ("X-Planted: yes", "Bcc: thief@example.net", "Set-Cookie: planted=1", "\r\n\r\n<planted>",
          "RCPT TO:<thief@example.net>", ".\r\nMAIL FROM:<thief@example.net>")
FIELDS = ("name", "username", "email", "password")
HEADERS_OF_A_MAIL = {"X-Peer", "X-MailFrom", "X-RcptTo", "From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
                     "Content-Type", "Auto-Submitted",
                     "Content-Language", "X-Auto-Response-Suppress", "Reply-To", "Content-Transfer-Encoding"}


def is_split(answer):
    names = {name.lower() for name in answer.headers}
    return bool(names & {"x-planted",
                         "bcc"}) or "planted" in answer.cookies or any("\n" in value or "\r" in value for value in answer.headers.values())


def in_fields(field):
    """Every end and plant in every field, as form and as JSON."""
    split = tried = 0
    for end in ENDS:
        for plant in PLANTS:
            for name in FIELDS:
                visitor = field.visitor()
                value = visitor.person[name] + end + plant
                as_json = visitor.ajax("/register/", visitor.person | {name: value})
                as_form = visitor.submit("/register/", visitor.person | {name: value}) if as_json.status != 200 else as_json
                split += is_split(as_json) + is_split(as_form)
                tried += 2
    field.row("line ends in the fields of the sign-up: answers", tried, split, 0)


def in_sign_in(field):
    """The same in username, password, next and the code."""
    split = tried = 0
    pending = field.pending()
    for end in ENDS:
        for plant in PLANTS:
            value = "/x" + end + plant
            for path, fields, who in (("/login/", {"username": "nobody", "password": "x", "next": value}, field.visitor()),
                                      ("/login/", {"username": value, "password": value}, field.visitor()),
                                      ("/register/verify/", {"username": value, "otp": value}, pending)):
                split += is_split(who.ajax(path, fields))
                tried += 1
            split += is_split(field.visitor().get("/login/?next=" + urllib.parse.quote(value)))
            tried += 1
    field.row("line ends in sign-in, next and code", tried, split, 0)


def raw_requests(field):
    """By socket, where no library is in the way: path, query, cookies and headers."""
    host = f"127.0.0.1:{field.stack.port}"
    for end in ENDS:
        for plant in PLANTS[:3]:
            value = end + plant
            quoted = urllib.parse.quote(value)
            for path in ("/register", "/", "/login/", "/nosuch", "/static/x"):
                yield f"GET {path}?language=de{quoted}&next=/{quoted} HTTP/1.1\r\nHost: {host}\r\n\r\n"
                yield f"GET {path}{quoted} HTTP/1.1\r\nHost: {host}\r\n\r\n"
            bare = value.replace("\r\n", "\r").replace("\n", "\r")  # a true line end would be the sender's own header
            for header in ("Cookie: language", "Cookie: sessionid", "Cookie: csrftoken", "Accept-Language:",
                           "X-Request-ID:", "Origin:", "Referer:", "Accept:"):
                yield f"GET /session/ HTTP/1.1\r\nHost: {host}\r\n{header}={bare}\r\n\r\n"


def in_requests(field):
    requests = list(raw_requests(field))
    split = sum(field.many([lambda request=request: is_split(field.visitor().way.raw(request.encode())) for request in requests]))
    field.row("line ends in path, query, cookies and headers", len(requests), split, 0)


def in_mails(field):
    """Every mail since: the headers that ours have, one recipient, a sender from the settings."""
    field.stack.settle_mails()
    field.mailbox.look()
    strange = tried = 0
    for _, mail in field.mailbox.seen.values():
        tried += 1
        known = set(mail.keys()) <= HEADERS_OF_A_MAIL and all(len(mail.get_all(name)) == 1 for name in set(mail.keys()))
        own = "thief" not in mail.as_string() and "planted" not in mail.as_string().lower() and mail["X-RcptTo"].count("@") == 1
        if not (known and own):
            strange += 1
            (field.folder / f"mail-{strange}").write_text(mail.as_string())
    field.row("mails whose headers or recipients are not ours", tried, strange, 0, least=20)


def attack(field):
    in_fields(field)
    in_sign_in(field)
    in_requests(field)
    in_mails(field)
