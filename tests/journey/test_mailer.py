"""The mailer: a mail server that is away, slow, strict or rude; mails that arrive late, once, and never in vain."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from browser import together
from journey import Journey, main, unique
from mailbox import MailServer, code_of
from stack import eventually


class Mailer(Journey):
    def mail_row(self, visitor, columns="state, outbox.attempts, coalesce(reason, '')"):
        rows = self.stack.sql(f"""SELECT {columns} FROM storefront.outbox JOIN storefront.one_time_code AS code
                                  ON code.id = outbox.code_id WHERE code.email = :'email' ORDER BY queued_at""",
                              email=visitor.email)
        return rows[-1] if rows else None

    def was_tried(self, visitor):
        """Waits until a mailer has tried once to send the mail, and put it down again."""
        eventually(lambda: int(self.mail_row(visitor)[1]) >= 1 and self.mail_row(visitor)[0] != "sending", what="a try")

    def is_in_state(self, visitor, state):
        eventually(lambda: self.mail_row(visitor)[0] == state, what=f"the mail being {state}")


class AMailServerThatIsAway(Mailer):
    def test_holds_no_registration_up_and_gets_the_mail_once_it_is_back(self):
        """Once, with a code that lives ten minutes from then; the registration was twenty minutes before."""
        with self.stack.without("catcher"):
            visitors = [self.pending() for _ in range(3)]
            for visitor in visitors:
                self.was_tried(visitor)
            self.stack.travel(minutes=20)
        # Past the wait after a second or third try in vain.
        self.stack.travel(seconds=20)
        for visitor in visitors:
            code = self.mailed(visitor)
            self.stack.travel(minutes=3)
            self.assertEqual(len(self.mailbox.all(visitor.email)), 1)
            self.succeeds(visitor.verify(code))

    def test_is_tried_again_after_a_growing_while(self):
        """2, 8, 18, ... seconds; never later than five minutes."""
        with self.stack.without("catcher"):
            visitor = self.pending()
            for attempts, delay in ((1, 2), (2, 8), (3, 18), (4, 32)):
                eventually(lambda: self.mail_row(visitor)[:2] == ["queued", str(attempts)])
                wait = float(self.mail_row(visitor, "extract(epoch FROM due_at - storefront.now())")[0])
                self.assertAlmostEqual(wait, delay, delta=1.5)
                self.stack.travel(seconds=wait + 0.1)
            eventually(lambda: self.mail_row(visitor)[:2] == ["queued", "5"])
        self.stack.travel(minutes=5)
        self.mailed(visitor)

    def test_has_no_influence_on_the_asking_for_another_mail(self):
        """A resend hastens the one that waits."""
        with self.stack.without("catcher"):
            visitor = self.pending()
            self.was_tried(visitor)
            self.stack.travel(seconds=61)
            self.succeeds(visitor.resend())
        self.stack.travel(minutes=5)
        self.mailed(visitor)
        self.assertEqual(len(self.mailbox.all(visitor.email)), 1)


class AMailServerThatRefuses(Mailer):
    def test_for_now_is_asked_again(self):
        """451 for the recipient: later; the others get their mail meanwhile."""
        later = self.visitor(email=f"later-{unique()}@example.com")
        self.succeeds(later.register())
        other = self.pending()
        self.mailed(other)
        self.was_tried(later)
        self.assertIn("451", self.mail_row(later)[2])
        self.stack.travel(seconds=3)
        eventually(lambda: int(self.mail_row(later)[1]) >= 2)

    def test_for_good_is_not_asked_again(self):
        """550 for the recipient: refused; the customer may mend the e-mail."""
        visitor = self.visitor(email=f"never-{unique()}@example.com")
        self.succeeds(visitor.register())
        self.is_in_state(visitor, "refused")
        self.assertIn("550", self.mail_row(visitor)[2])
        self.succeeds(visitor.register(email=f"{unique()}@example.com"))
        self.succeeds(visitor.verify(self.mailed(visitor)))

    def test_the_content_for_now_or_for_good_is_understood_too(self):
        """The answer to DATA counts as that to the recipient."""
        for answer, state in (("452 4.3.1 Full", "queued"), ("554 5.7.1 Spam", "refused"), ("555 5.5.4 What", "queued"),
                              ("556 5.1.10 Takes no mail", "refused"), ("571 5.7.1 Blocked", "refused")):
            with self.subTest(answer), self.own_mail_server(answer=answer) as server:
                visitor = self.pending()
                self.is_in_state(visitor, state) if state == "refused" else eventually(
                    lambda: server.to(visitor.email) and self.mail_row(visitor)[0] == "queued")
            if state == "queued":
                self.stack.travel(minutes=1)
                self.mailed(visitor)

    def test_everybody_at_the_door_refuses_no_mail(self):
        """554 as a greeting, 421, a closed door, rubbish: the mail waits for better times."""
        visitors = []
        with self.stack.without("catcher"):
            for greeting in (b"554 5.3.2 No service here\r\n", b"421 4.3.2 Busy\r\n", b"550 go away\r\n", b"",
                             b"rubbish\r\n" * 3):
                with self.subTest(greeting=greeting), RudeServer(self.stack.smtp_port, greeting):
                    visitors.append(self.pending())
                    self.was_tried(visitors[-1])
                    self.assertEqual(self.mail_row(visitors[-1])[0], "queued")
        self.stack.travel(minutes=6)
        for visitor in visitors:
            self.mailed(visitor)

    def test_who_does_not_sign_in_refuses_no_mail(self):
        """530 is a matter of settings, not of the mail."""
        with self.own_mail_server(user="shop", password="secret", auth_require_tls=False):
            visitor = self.pending()
            self.was_tried(visitor)
        self.stack.travel(minutes=1)
        self.mailed(visitor)


class RudeServer:
    """Greets everybody with `greeting` and hangs up."""

    def __init__(self, port, greeting):
        self.greeting = greeting
        self.listening = socket.create_server(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection:
                connection.sendall(self.greeting)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *reason):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()


class AMailerThatIsLate(Mailer):
    def test_leaves_a_mail_to_the_one_that_has_taken_it_over(self):
        """What it has to say of its own try is not written down, but for the news that the mail was sent."""
        for answer, state in (("451 later", "sending"), ("250 OK", "sent")):
            def take_over(mail, answer=answer):
                self.stack.sql("UPDATE storefront.outbox SET attempts = 2, due_at = storefront.now() + interval '1 hour' "
                               "FROM storefront.one_time_code AS code WHERE code.id = code_id AND email = :'email'",
                               email=mail["To"].strip())
                return answer

            with self.subTest(answer=answer), self.own_mail_server(on_mail=take_over) as server:
                visitor = self.pending()
                eventually(lambda: server.to(visitor.email), what="the mail")
                with self.stack.without("mailer"):
                    self.assertEqual(self.mail_row(visitor, "state, outbox.attempts"), [state, "2"])
                    self.stack.sql("DELETE FROM storefront.outbox WHERE state = 'sending'")


class AMailerThatDies(Mailer):
    def test_between_the_servers_yes_and_its_own_commit_sends_a_second_copy_with_the_same_message_id(self):
        """At least once, and both are known as one; the code works."""
        dead = []

        def kill(mail):
            if not dead:
                dead.append(self.stack.children("mailer")[0])
                os.kill(dead[0], signal.SIGKILL)
            return "250 OK"

        with self.own_mail_server(on_mail=kill) as server:
            visitor = self.pending()
            eventually(lambda: dead, what="the mailer's death")
            eventually(lambda: self.stack.children("mailer") not in ([], dead), what="a new mailer")
            self.assertEqual(self.mail_row(visitor)[0], "sending")
            self.stack.travel(seconds=60)
            eventually(lambda: len(server.to(visitor.email)) == 2, what="the second copy")
            self.is_in_state(visitor, "sent")
            first, second = server.to(visitor.email)
        self.assertEqual(first["Message-ID"], second["Message-ID"])
        self.assertEqual((first["Subject"], first["Date"]), (second["Subject"], second["Date"]))
        self.succeeds(visitor.verify(code_of(second)))

    def test_in_the_middle_of_many_loses_none(self):
        """Those that it had not written down come once more, known by their Message-ID; the others once."""
        dead = []

        def kill(mail):
            if not dead and len(server.mails) == 15:
                dead.append(self.stack.children("mailer")[0])
                os.kill(dead[0], signal.SIGKILL)
            return "250 OK"

        with self.own_mail_server(on_mail=kill) as server:
            with self.stack.without("mailer"):
                visitors = [self.pending() for _ in range(20)]
            eventually(lambda: dead, what="the mailer's death")
            eventually(lambda: self.stack.children("mailer") not in ([], dead), what="a new mailer")
            self.stack.travel(seconds=60)
            for visitor in visitors:
                self.is_in_state(visitor, "sent")
                copies = server.to(visitor.email)
                self.assertIn(len(copies), (1, 2))
                self.assertEqual(len({mail["Message-ID"] for mail in copies}), 1)

    def test_gently_hands_over_what_it_has_in_hand_and_gives_the_rest_back(self):
        """Told to stop in the middle of a mail: no second copy, and nobody waits for a lease."""
        told = []

        def stop(mail):
            if not told:
                stopping = threading.Thread(target=self.stack.do, args=("stop-mailer",))
                stopping.start()
                told.append(stopping)
                # Until the signal has come to it, which no program tells.
                time.sleep(1)
            return "250 OK"

        with self.own_mail_server(on_mail=stop) as server:
            with self.stack.without("mailer"):
                visitors = [self.pending() for _ in range(4)]
            eventually(lambda: told, what="the first mail")
            told[0].join()
            states = sorted(self.mail_row(visitor)[0] for visitor in visitors)
            self.assertEqual(states, ["queued", "queued", "queued", "sent"])
            self.stack.do("start-mailer")
            for visitor in visitors:
                self.is_in_state(visitor, "sent")
                self.assertEqual(len(server.to(visitor.email)), 1)

    def test_without_anything_in_hand_is_not_missed(self):
        """The next one takes up the work."""
        before = self.stack.children("mailer")
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: self.stack.children("mailer") not in ([], before))
        visitor = self.pending()
        self.succeeds(visitor.verify(self.mailed(visitor)))


class ADatabaseThatIsAway(Mailer):
    def test_after_the_servers_yes_causes_no_second_copy(self):
        """What the mail server took is written down as soon as that can be done."""
        stopped = []

        def stop(mail):
            if not stopped:
                self.stack.do("stop-database", "immediate")
                stopped.append(mail)
            return "250 OK"

        with self.own_mail_server(on_mail=stop) as server:
            visitor = self.pending()
            eventually(lambda: stopped, what="the database's end")
            # So that the mailer tries in vain at least once.
            time.sleep(1)
            self.stack.do("start-database")
            self.is_in_state(visitor, "sent")
            self.assertEqual(len(server.to(visitor.email)), 1)


class ACodeThatSomebodyHolds(Mailer):
    def test_never_deadlocks(self):
        """Both lock the code before its mail; the mailer waits, and writes down what became of it."""
        before = len(self.stack.log("mailer"))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'storefront_mailer' AND wait_event_type = 'Lock'"
        with self.stack.without("mailer"):
            visitor = self.pending()
            with self.stack.transaction("SELECT FROM storefront.one_time_code WHERE email = :'email' FOR UPDATE",
                                        email=visitor.email) as run:
                self.stack.do("start-mailer")
                eventually(lambda: self.stack.value(waiting) == "1", what="waiting for the code")
                run("UPDATE storefront.outbox SET reason = reason FROM storefront.one_time_code AS code "
                    "WHERE code.id = outbox.code_id AND code.email = :'email'")
            self.is_in_state(visitor, "sent")
            self.stack.do("stop-mailer")
        self.assertNotIn("statement failed", self.stack.log("mailer")[before:])


class ManyMails(Mailer):
    def test_go_over_one_connection(self):
        """Forty in a row, each to its own recipient."""
        with self.own_mail_server() as server:
            with self.stack.without("mailer"):
                visitors = [self.pending() for _ in range(40)]
            eventually(lambda: len(server.mails) >= 40, what="forty mails")
            self.stack.settle_mails()
            peers = {peer for _, _, peer in server.mails}
        for visitor in visitors:
            self.assertEqual(len(server.to(visitor.email)), 1)
        self.assertLessEqual(len(peers), 2, peers)

    def test_are_sent_once_though_three_mailers_run(self):
        """They share the outbox without waiting for each other."""
        with self.stack.without("mailer"):
            visitors = [self.pending() for _ in range(25)]
            with self.stack.running("storefront-mail", role="storefront_mailer"), \
                    self.stack.running("storefront-mail", role="storefront_mailer"), \
                    self.stack.running("storefront-mail", role="storefront_mailer"):
                for visitor in visitors:
                    self.mailed(visitor)
        self.stack.settle_mails()
        for visitor in visitors:
            self.assertEqual(len(self.mailbox.all(visitor.email)), 1)


class AMailWhoseCodeIsDead(Mailer):
    def test_is_not_sent(self):
        """Locked, used or replaced before the mailer came to it."""
        with self.stack.without("mailer"):
            locked, used = self.pending(), self.pending()
            self.stack.sql("UPDATE storefront.one_time_code SET attempts = attempts_allowed WHERE email = :'email'",
                           email=locked.email)
            self.stack.sql("UPDATE storefront.one_time_code SET used_at = storefront.now() WHERE email = :'email'",
                           email=used.email)
        for visitor in (locked, used):
            self.is_in_state(visitor, "dropped")
        self.mailed(self.pending())
        for visitor in (locked, used):
            self.assertEqual(self.mailbox.all(visitor.email), [])


class AMailServerWithTls(Mailer):
    """The mailer is run by hand, with the settings of a real mail server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory()
        for name, subject in (("good", "IP:127.0.0.1"), ("other", "DNS:mail.example")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                            "/CN=" + name,
                            "-addext", "subjectAltName=" + subject, "-keyout", f"{cls.folder.name}/{name}.key", "-out",
                            f"{cls.folder.name}/{name}.crt"], check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def context(self, name="good"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name + ".crt"), self.path(name + ".key"))
        return context

    def free_port(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def send(self, server, port, arrives, scheme="smtp", **settings):
        """Whether a mail gets to `server` with these settings; it gets to the catcher afterwards where it does not."""
        with self.stack.without("mailer"), server:
            visitor = self.pending()
            settings = {"SMTP_URL": f"{scheme}://127.0.0.1:{port}", "SMTP_TLS": "required",
                        "SMTP_CA_FILE": self.path("good.crt")} | settings
            with self.stack.running("storefront-mail", role="storefront_mailer", **settings):
                if arrives:
                    eventually(lambda: server.to(visitor.email), what="the mail over TLS")
                    self.is_in_state(visitor, "sent")
                else:
                    self.was_tried(visitor)
        if not arrives:
            self.assertEqual(server.mails, [])
            self.stack.travel(minutes=5)
            self.mailed(visitor)

    def test_by_starttls_and_auth_takes_the_mail(self):
        """With a password from a file; nothing is said before the line is encrypted."""
        port = self.free_port()
        with open(self.path("password"), "w") as file:
            file.write("smtp-secret-password\n")
        server = MailServer(port, user="shop", password="smtp-secret-password", tls_context=self.context(),
                            require_starttls=True)
        self.send(server, port, True, SMTP_USER="shop", SMTP_PASSWORD_FILE=self.path("password"))
        self.assertEqual(server.log_ins, [True])
        self.assertEqual([encrypted for _, _, encrypted in server.connections], [False, True])
        self.assertEqual({name for _, name, _ in server.connections}, {"shop.example"})
        self.assertNotIn("smtp-secret-password", self.stack.log("by-hand"))

    def test_from_the_start_takes_the_mail(self):
        """smtps://"""
        port = self.free_port()
        self.send(MailServer(port, ssl_context=self.context()), port, True, "smtps")

    def test_with_a_wrong_password_does_not_and_refuses_none(self):
        """The mail waits until the setting is right."""
        port = self.free_port()
        server = MailServer(port, user="shop", password="right", tls_context=self.context(), require_starttls=True)
        self.send(server, port, False, SMTP_USER="shop", SMTP_PASSWORD="wrong")

    def test_whose_certificate_is_not_trusted_or_of_another_name_gets_nothing(self):
        """Certificates are always checked."""
        port = self.free_port()
        self.send(MailServer(port, tls_context=self.context()), port, False, SMTP_CA_FILE="")
        port = self.free_port()
        self.send(MailServer(port, tls_context=self.context("other")), port, False, SMTP_CA_FILE=self.path("other.crt"))

    def test_that_does_not_offer_it_gets_nothing_where_it_is_required(self):
        """Not even the sender's name."""
        port = self.free_port()
        self.send(MailServer(port), port, False)

    def test_is_a_must_where_there_is_a_password(self):
        """Settings that would send one in the clear are refused at the start."""
        starts = [lambda tls=tls: self.stack.program("storefront-mail", SMTP_URL="smtp://mail.example:25", SMTP_TLS=tls,
                                                     SMTP_USER="shop", SMTP_PASSWORD="secret-in-the-clear")
                  for tls in ("off", "try", "nonsense")]
        for done in together(*starts):
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("SMTP_TLS", done.stderr)
            self.assertNotIn("secret-in-the-clear", done.stderr)


class AMailServerThatHangs(Mailer):
    def test_is_given_up_after_a_while(self):
        """It takes the connection and says nothing; the mail goes elsewhere later."""
        with socket.create_server(("127.0.0.1", 0)) as silent, self.stack.without("mailer"):
            visitor = self.pending()
            with self.stack.running("storefront-mail", role="storefront_mailer", SMTP_TIMEOUT_SECONDS=1,
                                    SMTP_URL=f"smtp://127.0.0.1:{silent.getsockname()[1]}"):
                eventually(lambda: self.mail_row(visitor)[:2] == ["queued", "1"], what="giving up")
        self.stack.travel(minutes=1)
        self.mailed(visitor)


if __name__ == "__main__":
    main()
