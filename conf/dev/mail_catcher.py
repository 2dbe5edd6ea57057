#!/usr/bin/python3
"""The mail server of ./dev and of the tests: takes every mail and writes it to a folder as one .eml file.

A file appears whole or not at all. The envelope is added in front as X-MailFrom and X-RcptTo. What it took is shown in
its log, codes included: it stands in for the customers' mailboxes. A recipient whose name begins with "later-" is put off
(451), one with "never-" refused (550): for tests of the mailer. With --pages it shows what it took in a browser too.
"""
import argparse
import datetime
import email
import email.policy
import html
import http.server
import itertools
import os
import re
import signal
import ssl
import sys
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Catcher:
    """Writes mails to `folder`."""

    def __init__(self, folder, delay):
        self.folder = folder
        self.delay = delay
        self.numbers = itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("later-"):
            return "451 4.2.0 Please try again later"
        if address.startswith("never-"):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        # To the microsecond: a catcher that was started anew counts from one again.
        name = "%s-%06d.eml" % (datetime.datetime.now().strftime("%Y%m%dT%H%M%S.%f"), next(self.numbers))
        envelope_lines = "X-MailFrom: %s\r\nX-RcptTo: %s\r\n" % (envelope.mail_from, ", ".join(envelope.rcpt_tos))
        beside = os.path.join(self.folder, "." + name)
        with open(beside, "wb") as file:
            file.write(envelope_lines.encode() + envelope.original_content)
        os.rename(beside, os.path.join(self.folder, name))
        print("--- %s for %s" % (name, ", ".join(envelope.rcpt_tos)))
        print(envelope.original_content.decode("utf-8", "replace"), flush=True)
        if self.delay:
            time.sleep(self.delay)
        return "250 2.0.0 Taken as " + name


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%(title)s</title><style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse; width: 100%% } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid }
pre { white-space: pre-wrap; border: 1px solid; padding: 1rem }
iframe { width: 100%%; height: 32rem; border: 1px solid; background: #fff }
</style></head><body><h1>%(title)s</h1>
%(content)s
</body></html>
"""
LISTED = 200  # mails, the newest
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " \
         "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Pages(http.server.BaseHTTPRequestHandler):
    """What was caught, for a browser: a list, and one mail with its text and its HTML. Everything is escaped; the HTML
    stands in a frame that may run nothing and load nothing. Only who asks by a name of this machine is answered, so that
    no foreign page can have its own name point here and read codes."""

    folder = None
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self):
        host = self.headers.get("Host", "")
        name = re.fullmatch(r"/mail/([0-9T.-]+\.eml)", self.path)
        if not re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", host):
            self.answer(421, "Not this host", "")
        elif self.path == "/":
            self.answer(200, "Mails", self.list_mails())
        elif name and os.path.isfile(os.path.join(self.folder, name[1])):
            self.answer(200, *self.show_mail(name[1]))
        else:
            self.answer(404, "Not found", '<p><a href="/">All mails</a></p>')

    do_HEAD = do_GET

    def answer(self, status, title, content):
        body = (PAGE % {"title": html.escape(title), "content": content}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return email.message_from_binary_file(file, policy=email.policy.default)

    def list_mails(self):
        names = sorted((name for name in os.listdir(self.folder) if re.fullmatch(r"[0-9T.-]+\.eml", name)),
                       reverse=True)
        rows = []
        for name in names[:LISTED]:
            mail = self.read(name)
            rows.append('<tr><td>%s</td><td>%s</td><td><a href="/mail/%s">%s</a></td></tr>' % tuple(
                html.escape(str(part)) for part in (mail["Date"], mail["X-RcptTo"], name, mail["Subject"])))
        return "<p>%d, the newest first.</p><table><tr><th>Sent</th><th>To</th><th>Subject</th></tr>%s</table>" % (
            len(names), "\n".join(rows))

    def show_mail(self, name):
        mail = self.read(name)
        content = ['<p><a href="/">All mails</a></p><table>']
        for field in ("X-RcptTo", "From", "To", "Date", "Message-ID"):
            content.append("<tr><th>%s</th><td>%s</td></tr>" % (field, html.escape(str(mail[field]))))
        content.append("</table>")
        text, page = mail.get_body(("plain",)), mail.get_body(("html",))
        if text:
            content.append("<h2>Text</h2><pre>%s</pre>" % html.escape(text.get_content()))
        if page:
            content.append('<h2>HTML</h2><iframe sandbox title="HTML" srcdoc="%s"></iframe>' %
                           html.escape(page.get_content()))
        return str(mail["Subject"]), "\n".join(content)

    def log_message(self, *arguments):
        """Nothing: the log is for mails."""


def show_pages(folder, address, port):
    """Starts to show `folder`, beside the catching."""
    Pages.folder = folder
    server = http.server.ThreadingHTTPServer((address, port), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--certificate", help="with --key: offer STARTTLS, and take no mail without it")
    parser.add_argument("--key")
    parser.add_argument("--user", help="with --password: take no mail without AUTH")
    parser.add_argument("--password")
    parser.add_argument("--delay", type=float, default=0, help="seconds between having a mail and saying so")
    parser.add_argument("--pages", type=int, help="show the mails to browsers on this port")
    options = parser.parse_args()
    settings = {}
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
        settings.update(tls_context=context, require_starttls=True)
    if options.user:
        def check(server, session, envelope, mechanism, data):
            right = data.login == options.user.encode() and data.password == options.password.encode()
            return AuthResult(success=right, handled=False)
        settings.update(authenticator=check, auth_required=True, auth_require_tls=bool(options.certificate))
    os.makedirs(options.folder, exist_ok=True)
    controller = Controller(Catcher(options.folder, options.delay), hostname=options.address, port=options.port, **settings)
    controller.start()
    if options.pages:
        show_pages(options.folder, options.address, options.pages)
    print("catching mail on port %d" % options.port, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    controller.stop()


sys.exit(main())
