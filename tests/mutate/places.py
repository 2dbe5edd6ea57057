"""Where a rule can be broken by one stroke: in C, in statements and in the defaults of settings.

A place is one change of one file. What no test could see by the way it is written (the counts of an array, a row that is
there alone, a value that is written over at once), and what `./dev torture` is there for (the answer where a call has
failed) is no place. It knows nothing of builds and tests.
"""
import collections
import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lint"))

from support import code

SOURCES = ("src/account/*.c", "src/page/guard.c", "src/page/next.c")
SETTINGS = "include/storefront/base/settings_table.h"
GROUPS = ("One-time codes", "Accounts and sessions", "Limits")
SCHEMA = "sql/migrations/0001_accounts.sql"
STATEMENTS = """begin_sign_in carry_limit_over carry_sign_ins_over claim_mails count_repeated_try count_throttled
    count_wrong_try end_session find_code find_mail_wait find_name_holders find_pending_registration find_repeated_proof
    find_replaced_codes find_session give_back_limit issue_code mend_registration open_pending_session purge_cautions
    purge_codes purge_customers purge_figures purge_limits purge_sessions register_customer rename_registration
    renew_password_hash repeat_code repeat_proof repeat_sign_in settle_mails sign_in take_limit take_mail_limits touch_session
    verify_customer""".split()

COMPARISONS = {"==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"]}


@dataclasses.dataclass(frozen=True)
class Place:
    """One change: `old` at `start` of the file `path` becomes `new`; `before` and `after` are its line, without margins, and
    `nth` tells it from others of the file that read the same."""
    path: str
    start: int
    old: str
    new: str
    line: int
    before: str
    after: str
    nth: int = 1

    def apply(self, text):
        return text[:self.start] + self.new + text[self.start + len(self.old):]

    @property
    def key(self):
        return self.path if self.nth == 1 else f"{self.path} {self.nth}", self.before, self.after


def place(path, text, start, old, new):
    first, last = text.rfind("\n", 0, start) + 1, (text + "\n").find("\n", start)
    changed = text[first:start] + new + text[start + len(old):last]
    return Place(path, start, old, new, text.count("\n", 0, start) + 1, text[first:last].strip(), changed.strip())


def numbers(word):
    """The neighbours of a number, as it was written."""
    value = int(word, 0)
    form = "0x{:02x}" if word.startswith("0x") else "{}"
    return [form.format(near) for near in (value + 1, value - 1) if near >= 0]


# --- C ----------------------------------------------------------------------------------------------------------------

SEEN_BY_NOBODY = re.compile(r"""
      ^\#(?!define).*$ | ^\#define\ \w+_SIZE\b.*$          # sizes of what is written by ourselves
    | \bfor\ \(size_t[^;]*;[^;]*;                          # one step too far is the sanitizers' matter
    | \[[^\]\n]*\] | \{0\} | \{NULL,\ 0\}
    | \{\.\w+\ =\ (?:0|false)\} | ^\s+\w[\w ]*\ \w+\ =\ (?:0|false);$
    | \b(?:parameters|parts|count|find),\ \d+              # how many an array has
    | \brows_\w+\(&?\w+(?:->\w+)?,\ 0,                     # the only row
    | ,\ 0,\ &rows\) | NULL,\ 0, """, re.M | re.X)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def c_changes(word):
    """What may stand in the place of `word`, a match of C_WORD."""
    text = word.group()
    if text in COMPARISONS:
        return COMPARISONS[text]
    if text.startswith("OUTCOME_"):
        return {"OUTCOME_UNAVAILABLE": [], "OUTCOME_DONE": ["OUTCOME_UNAVAILABLE"]}.get(text, ["OUTCOME_DONE"])
    swapped = {"&&": "||", "||": "&&", "+": "-", "-": "+", "!": "", "true": "false", "false": "true"}
    return [swapped[text]] if text in swapped else numbers(text)


C_WORD = re.compile(r"""
      (?<=\ )(?:[=!<>]=|[<>]|&&|\|\||[-+])(?=\s) | !(?!=)
    | (?:(?<=return\ )|(?<=\?\ )|(?<=:\ ))OUTCOME_\w+ | (?<=return\ )(?:true|false)(?=;)
    | (?<![\w.])(?:0x[0-9a-f]+|[1-9]\d*|0)(?![\w.]) """, re.X)


def in_c(path, text):
    bare = SEEN_BY_NOBODY.sub(blank, code(text))
    for word in C_WORD.finditer(bare):
        for new in c_changes(word):
            yield place(path, text, word.start(), word.group(), new)


# --- SQL --------------------------------------------------------------------------------------------------------------

SQL_WORD = re.compile(r"""
      (?<=\ )(?:<>|<=|>=|[<>=]|[-+])(?=\s) | \bAND\b | \bOR\b | \bNOT\ EXISTS\b | \bIS\ NOT\ NULL\b | \bIS\ NULL\b
    | \bNOT\ (?=is_) | \bgreatest\b | \btrue\b | \bfalse\b | (?<=interval\ ')1\ day | (?<![\w$.'])\d+(?![\w.']) """, re.X)

SQL_SWAPPED = {"=": ["<>"], "<>": ["="], "AND": ["OR"], "OR": ["AND"], "NOT EXISTS": ["EXISTS"], "+": ["-"], "-": ["+"],
               "IS NOT NULL": ["IS NULL"], "IS NULL": ["IS NOT NULL"], "NOT ": [""], "greatest": ["least"],
               "true": ["false"], "false": ["true"], "1 day": ["2 days", "23 hours"]}

# What is returned only to say that there is a row, and rows that are locked in an order.
SQL_UNSEEN = re.compile(r"--[^\n]*|RETURNING true|SELECT true|ON true|LIMIT 1\b|ORDER BY \w+ = \S+")


def is_assignment(bare, start):
    """Whether the `=` at `start` gives a column its value: SET stands nearer before it than a word that asks."""
    words = re.findall(r"\b(SET|WHERE|WHEN|AND|OR|ON|THEN|SELECT|FROM)\b", bare[:start])
    line = bare[bare.rfind("\n", 0, start) + 1:start]
    return bool(words) and (words[-1] == "SET" or re.fullmatch(r"\s+\w+ ", line) is not None)


def in_sql(path, text, first=0, last=None):
    bare = SQL_UNSEEN.sub(blank, text)
    for word in SQL_WORD.finditer(bare, first, len(text) if last is None else last):
        old = word.group()
        if old == "=" and is_assignment(bare, word.start()):
            continue
        for new in sql_changes(bare, word):
            yield place(path, text, word.start(), old, new)


def sql_changes(bare, word):
    """What may stand in the place of `word`; of two times in microseconds none is ever the other to the last one."""
    old = word.group()
    if old in COMPARISONS and old not in ("==", "!="):
        line = bare[bare.rfind("\n", 0, word.start()) + 1:bare.index("\n", word.start())]
        return COMPARISONS[old][1 if "storefront.now()" in line else 0:]
    return SQL_SWAPPED.get(old) or numbers(old)


def limit_wait(text):
    """Where the function storefront.limit_wait stands in the schema."""
    first = text.index("CREATE FUNCTION storefront.limit_wait")
    return first, text.index(";", first) + 1


# --- settings ---------------------------------------------------------------------------------------------------------

def in_settings(path, text):
    """Defaults that the contract fixes; what hashing costs is measured, not fixed."""
    for group in GROUPS:
        first = text.index(f'SETTING_GROUP("{group}")')
        last = (text + "SETTING_GROUP").index("SETTING_GROUP", first + 1)
        for row in re.compile(r'SETTING_NUMBER\((\w+), "\w+", (\d+),|SETTING_SWITCH\((\w+), "\w+", (\w+),').finditer(text, first, last):
            if row.group(2) and not row.group(1).startswith("password_"):
                for new in numbers(row.group(2)):
                    yield place(path, text, row.start(2), row.group(2), new)
            elif row.group(4):
                yield place(path, text, row.start(4), row.group(4), "false" if row.group(4) == "true" else "true")


def find():
    """All places of the project, in the order of their files."""
    seen = collections.Counter()
    for found in find_alike():
        seen[found.key] += 1
        yield dataclasses.replace(found, nth=seen[found.key])


def find_alike():
    def read(path):
        return (ROOT / path).read_text(encoding="utf-8")
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            name = str(path.relative_to(ROOT))
            yield from in_c(name, read(name))
    for name in STATEMENTS:
        path = f"sql/statements/{name}.sql"
        yield from in_sql(path, read(path))
    yield from in_sql(SCHEMA, read(SCHEMA), *limit_wait(read(SCHEMA)))
    yield from in_settings(SETTINGS, read(SETTINGS))
