"""What the checks share: the project's files, C without its comments and strings, and the list of offences.

A check prints one line for each offence, "file:line: sentence", and ends with 1 where there was any. It refuses to know
any rule: those stand in the checks.
"""
import os
import re
import subprocess
import sys

SKIPPED = 77  # what ctest takes for "not run"

TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(*patterns):
    """The project's files whose path matches one of the regular expressions, tracked or about to be."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], capture_output=True, text=True)
    if listed.returncode == 0:
        paths = listed.stdout.splitlines()
    else:
        paths = [os.path.relpath(os.path.join(folder, name)) for folder, _, names in os.walk('.') for name in names]
        paths = [path for path in paths if not re.match(r'(build|var|\.git|tests/browser/node_modules)/', path)]
    chosen = [path for path in paths if any(re.search(pattern, path) for pattern in patterns)]
    return sorted(path for path in set(chosen) if os.path.isfile(path))


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group())


def code(text, keeps_strings=False):
    """C with every comment, and every string unless it keeps them, turned into blanks: lines and columns stay."""
    def replace(match):
        token = match.group()
        return token if keeps_strings and token[0] in '"\'' else blank(match)
    return TOKEN.sub(replace, text)


def strings(text):
    """Each string of C as (line, content)."""
    for match in TOKEN.finditer(text):
        if match.group().startswith('"'):
            yield line_of(text, match.start()), match.group()[1:-1]


class Offences:
    def __init__(self):
        self.count = 0

    def add(self, path, line, sentence):
        self.count += 1
        print(f'{path}:{line}: {sentence}')

    def finish(self, praise):
        if self.count:
            print(f'{self.count} offence{"" if self.count == 1 else "s"}')
            sys.exit(1)
        print(praise)


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(SKIPPED)
