"""What the fuzzer's scripted database answers (tests/fuzz/answers.def) is what PostgreSQL would: column by column."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from journey import Journey, main
from stack import ROOT

LETTERS = {"u": "uuid", "R": "uuid", "t": "text", "y": "bytea", "n": "bigint", "b": "boolean", "v": "boolean",
           "o": "boolean", "s": "timestamp with time zone"}


class Answers(Journey):
    def described(self, path):
        """The types of the columns that the server says a statement has."""
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")).strip().rstrip(";")
        return [row[1] for row in self.stack.sql(text + " \\gdesc\n") if len(row) == 2]

    def test_have_the_columns_of_the_statements(self):
        rows = re.findall(r'^ANSWER\((\w+), \d+, \d+, "([^"]*)"\)', (ROOT / "tests/fuzz/answers.def").read_text(), re.M)
        workers = {path.stem for path in (ROOT / "sql/statements").glob("*.sql")
                   if re.search(r"^-- Run by: [a-z, ]*\bworker\b", path.read_text(encoding="utf-8"), re.M)}
        self.assertEqual({name.lower() for name, _ in rows}, workers)
        for name, letters in rows:
            with self.subTest(statement=name):
                expected = [LETTERS[letter] if letter in LETTERS else LETTERS[letter.lower()]
                            for letter in letters.replace("(", "").replace(")", "")]
                if name.endswith("_TRANSACTION"):
                    self.assertEqual(expected, [])
                else:
                    self.assertEqual(self.described(ROOT / f"sql/statements/{name.lower()}.sql"), expected)


if __name__ == "__main__":
    main()
