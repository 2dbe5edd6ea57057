#!/usr/bin/python3
"""The mail server of ./dev and of the tests: takes every mail and writes it to a folder as one .eml file.

A file appears whole or not at all. The envelope is added in front as X-MailFrom and X-RcptTo. What it took is shown in
its log, codes included: it stands in for the customers' mailboxes. A recipient whose name begins with "later-" is put off
(451), one with "never-" refused (550): for tests of the mailer.
"""
import argparse
import datetime
import itertools
import os
import signal
import ssl
import sys
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
    print("catching mail on port %d" % options.port, flush=True)
    signal.sigwait([signal.SIGTERM, signal.SIGINT])
    controller.stop()


sys.exit(main())
