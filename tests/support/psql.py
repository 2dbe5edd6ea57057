"""psql that stays: what it is told is done without a new process here and a new one of the server's. It knows nothing of the shop."""
import collections
import subprocess
import tempfile
import threading

ANSWERED = "--- answered ---"
LOST = 2  # what psql ends with when the server went away, unless it was in the middle of a statement
MOST_SECONDS = 60


class DatabaseRefused(Exception):
    """PostgreSQL did not do what it was told."""


class ConnectionLost(DatabaseRefused):
    """PostgreSQL went away, or was not there."""


def quoted(value):
    """`value` as a word of psql's own commands."""
    for found, put in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r")):
        value = value.replace(found, put)
    return f"'{value}'"


class Psql:
    """One psql, connected as `url` says. It is of no more use after something was refused."""

    def __init__(self, program, url):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([program, "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", url],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def run(self, statements, **values):
        """Runs `statements`, each :'name' replaced by the quoted value; the rows as lists of text."""
        sets = "".join(f"\\set {name} {quoted(str(value))}\n" for name, value in values.items())
        unsets = "".join(f"\\unset {name}\n" for name in values)
        watchdog = threading.Timer(MOST_SECONDS, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(f"{sets}{statements}\n;\n{unsets}\\echo {quoted(ANSWERED)}\n")
            self.process.stdin.flush()
            return self.read()
        except BrokenPipeError:
            raise self.end() from None
        finally:
            watchdog.cancel()

    def read(self):
        lines = []
        for line in self.process.stdout:
            if line == ANSWERED + "\n":
                return [line.split("\x1f") for line in "".join(lines).splitlines()]
            lines.append(line)
        raise self.end()

    def end(self):
        """What psql said of its end."""
        status = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read() or f"psql ended with {status}"
        self.close()
        is_lost = status == LOST or "server closed the connection unexpectedly" in said
        return ConnectionLost(said) if is_lost else DatabaseRefused(said)

    def close(self):
        for file in (self.process.stdin, self.process.stdout, self.errors):
            try:
                file.close()
            except BrokenPipeError:  # of what was not sent any more
                pass
        self.process.wait(30)


class Psqls:
    """As many as are needed at a time, kept for each role: a statement that waits holds no other one up."""

    def __init__(self, program, url_of):
        self.program = program
        self.url_of = url_of
        self.resting = collections.defaultdict(list)

    def run(self, role, statements, **values):
        """As Psql.run(), and what was set is set no longer. The server may have been stopped since the last statement."""
        statements += "\n;\nRESET ALL"
        try:
            psql = self.resting[role].pop()
            rows = psql.run(statements, **values)
        except (IndexError, ConnectionLost):
            psql = Psql(self.program, self.url_of(role))
            rows = psql.run(statements, **values)
        self.resting[role].append(psql)
        return rows

    def close(self):
        for psqls in self.resting.values():
            while psqls:
                psqls.pop().close()
