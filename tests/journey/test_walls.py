"""The walls of the running processes, as the kernel tells them: no debugger, no core file, no new rights, few system calls;
and that the work gets through them, by names and by TLS as well."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

import fastcgi
from journey import Journey, main
from stack import eventually

PARTS = ("pages", "register", "login", "metrics", "mailer")
FILTER = "2"  # of prctl(2): system calls are judged by a filter


class Walls(Journey):
    def status(self, process):
        lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
        return dict(line.split(":\t", 1) for line in lines if ":\t" in line)

    def is_sanitized(self):
        return any(option.startswith("ASAN_") for option in self.stack.sanitizer_options)


class EveryProcess(Walls):
    def processes(self):
        return [(part, process) for part in PARTS for process in self.stack.children(part)]

    def test_has_no_more_calls_than_its_list(self):
        """In a build with sanitizers there is no list, and the log says so."""
        self.assertGreaterEqual(len(self.processes()), len(PARTS))
        for part, process in self.processes():
            with self.subTest(part=part):
                if self.is_sanitized():
                    self.assertIn("system calls are not limited", self.stack.log(part))
                else:
                    eventually(lambda: self.status(process)["Seccomp"] == FILTER, what="the list")

    def test_gets_no_new_rights(self):
        for part, process in self.processes():
            with self.subTest(part=part):
                self.assertEqual(self.status(process)["NoNewPrivs"], "1")
                self.assertEqual(int(self.status(process)["CapEff"], 16), 0)

    def test_writes_no_core_file_by_its_limits(self):
        for part, process in self.processes():
            with self.subTest(part=part):
                limits = pathlib.Path(f"/proc/{process}/limits").read_text().splitlines()
                self.assertEqual([line.split()[4:6] for line in limits if line.startswith("Max core file size")],
                                 [["0", "0"]])

    def test_is_closed_to_debuggers_of_its_own_user(self):
        """What the kernel calls not dumpable: its files in /proc belong to root. Nobody but root reads its memory."""
        for part, process in self.processes():
            with self.subTest(part=part):
                self.assertEqual(os.stat(f"/proc/{process}/environ").st_uid, 0)
                owner = int(self.status(process)["Uid"].split()[0])
                if os.getuid() == 0 and owner != 0:
                    done = subprocess.run(["setpriv", f"--reuid={owner}", "--clear-groups", "--inh-caps=-all", "--",
                                           "cat", f"/proc/{process}/environ"], capture_output=True, text=True)
                    self.assertNotEqual(done.returncode, 0)
                    self.assertIn("Permission denied", done.stderr)


class AWorkerThatIsKilled(Walls):
    def end_of(self, signal_number):
        """How a worker ends that gets the signal, and what it leaves in its folder."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
            path = os.path.join(folder, "pages.sock")
            listening.bind(path)
            listening.listen(1)
            environment = self.stack.environment(POOL="pages")
            if self.is_sanitized():  # it would take the signal for a fault that it found
                environment["ASAN_OPTIONS"] += ":handle_segv=0:handle_sigbus=0"
            with open(self.stack.state / "log" / "by-hand.log", "a") as log:
                worker = subprocess.Popen([self.stack.app / "bin" / "storefront", "serve"], stdin=listening, stdout=log,
                                          stderr=log, cwd=folder, env=environment)
            fastcgi.ask(path, {"REQUEST_METHOD": "GET", "DOCUMENT_URI": "/healthz"})
            worker.send_signal(signal_number)
            _, status = os.waitpid(worker.pid, 0)
            worker.returncode = os.waitstatus_to_exitcode(status)
            return status, os.listdir(folder)

    def test_leaves_no_core_file(self):
        for signal_number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
            with self.subTest(signal=signal_number):
                status, left = self.end_of(signal_number)
                self.assertFalse(os.WCOREDUMP(status))
                self.assertEqual(left, ["pages.sock"])
                self.assertEqual(os.WTERMSIG(status), signal_number)


class EncryptedDatabase:
    """PostgreSQL's TLS before the stack's database: its first message asks for it (SSLRequest), the rest is passed on."""

    def __init__(self, folder, target):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{folder}/key", "-out", f"{folder}/certificate"],
                       check=True, capture_output=True)
        self.certificate = f"{folder}/certificate"
        os.chmod(folder, 0o755)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, f"{folder}/key")
        self.target = target
        self.connections = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        if connection.recv(8)[4:] != b"\x04\xd2\x16\x2f":
            connection.close()
            return
        connection.sendall(b"S")
        try:
            client = self.context.wrap_socket(connection, server_side=True)
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        self.connections.append((client, server))
        back = threading.Thread(target=self.pass_on, args=(server, client), daemon=True)
        back.start()
        self.pass_on(client, server)
        back.join()
        client.close()
        server.close()

    def pass_on(self, source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Ends every connection; how many there were."""
        ended, self.connections = self.connections, []
        for _, server in ended:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
        return len(ended)

    def close(self):
        self.listening.close()
        self.cut()


class BehindTheWalls(Walls):
    def test_a_database_is_found_by_name_and_by_tls_and_again_when_it_was_lost(self):
        """The certificate is read, the name looked up and the connection made by a worker that has begun long ago."""
        with tempfile.TemporaryDirectory() as folder:
            database = EncryptedDatabase(folder, f"{self.stack.run}/database/.s.PGSQL.5432")
            self.addCleanup(database.close)
            url = (f"host=localhost port={database.port} dbname=shop user=storefront_worker sslmode=verify-full "
                   f"sslrootcert={database.certificate}")
            with self.stack.worker("register", DATABASE_URL=url) as path:
                for _ in range(3):
                    eventually(lambda: self.direct(sockets={"register": path}).register().status == 200,
                               what="a registration by TLS")
                    self.assertGreaterEqual(database.cut(), 1)

    def test_a_name_that_nobody_knows_kills_no_worker(self):
        before = len(self.stack.log("by-hand"))
        with self.stack.worker("register", DATABASE_URL="host=nobody.invalid dbname=shop user=nobody") as path:
            for _ in range(2):
                self.assertEqual(self.direct(sockets={"register": path}).register().status, 503)
        self.assertIn("database is away", self.stack.log("by-hand")[before:])

    def test_a_mail_server_is_found_by_name(self):
        """libcurl looks it up in a thread of its own."""
        with self.stack.without("mailer"):
            visitor = self.pending()
            with self.stack.running("storefront-mail", role="storefront_mailer",
                                    SMTP_URL=f"smtp://localhost:{self.stack.smtp_port}"):
                self.mailed(visitor)

    def test_nothing_was_refused_that_was_needed(self):
        """What the processes of this stack tried and were killed for would stand in their logs."""
        for part in PARTS:
            self.assertNotIn("forbidden system call", self.stack.log(part), part)
        self.assertNotIn("forbidden system call", self.stack.log("by-hand"))

    def test_the_switch_is_there_and_says_that_it_is_off(self):
        before = len(self.stack.log("by-hand"))
        with self.stack.worker("pages", SECCOMP="off"):
            pass
        self.assertIn("system calls are not limited", self.stack.log("by-hand")[before:])


if __name__ == "__main__":
    main()
