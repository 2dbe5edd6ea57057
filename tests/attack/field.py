"""The field of an attack: the stack, people, addresses, and what is written down.

It promises that every part judges by the same oracles: a server's error, a worker that died, an error that PostgreSQL wrote.
It knows no attack.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import concurrent.futures
import json

from journey import Journey, unique

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build" / "attack" / "kept"
POOLS = ("pages", "register", "login")


class Field(Journey):
    """A journey without a test: its people, its stack, and the lines of one part."""

    def __init__(self, part):
        super().__init__("nobody")
        if "mailbox" not in vars(Field):  # one for all parts: it has read thousands of mails
            self.setUpClass()
        self.part = part
        self.rows = []
        self.folder = FOLDER / part
        self.folder.mkdir(parents=True, exist_ok=True)

    def nobody(self):
        """unittest wants the name of a test."""

    def row(self, attack, tries, through, bound, least=1):
        """One line of the report: `through` of `tries` got through, of which `bound` are allowed. Fewer tries than `least`
        were no attack."""
        fate = "VOID" if tries < least else "held" if through <= bound else "BROKEN"
        said = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in (tries, through, bound)]
        self.rows.append((self.part, attack, *said, fate))
        print(f"    {attack}: {said[0]} tries, {said[1]} got through, {said[2]} allowed: {fate}", flush=True)

    def many(self, calls, at_once=4):
        """Calls each of `calls`, some at once; their answers in order."""
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]

    # --- oracles ------------------------------------------------------------------------------------------------------

    def database_errors(self):
        """Errors that PostgreSQL has written so far, but for those of a deadline or a lost race, which are the design's."""
        expected = ("canceling statement", "duplicate key", "could not serialize", "deadlock detected", "terminating")
        return sum("ERROR:" in line and not any(word in line for word in expected)
                   for line in self.stack.log("postgresql").splitlines())

    def workers(self):
        """Process ids of all workers: one that died has another one in its place."""
        return {pool: sorted(self.stack.children(pool)) for pool in POOLS}

    def lines_of(self, pool, since=0):
        """What the workers of `pool` wrote of each request, from byte `since` of their log on."""
        with open(self.stack.state / "log" / (pool + ".log"), errors="replace") as log:
            log.seek(since)
            return [json.loads(line) for line in log if line.startswith("{") and '"request"' in line]

    def log_size(self, pool):
        return (self.stack.state / "log" / (pool + ".log")).stat().st_size


def word():
    """Letters that nothing else has."""
    return unique()
