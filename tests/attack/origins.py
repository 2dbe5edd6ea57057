"""Other origins in Chromium: forged forms, framing, opened windows, planted cookies; from another port and another site, and over
https from a sister domain. The attacks are tests/browser/attacks.test.mjs and sister.test.mjs, which `./dev test` runs as well.
What got through: those of them that did anything.
"""
import os
import pathlib
import re
import subprocess

TESTS = pathlib.Path(__file__).resolve().parents[1]


def tell(field, file, title, stack, least):
    """A line for each attack of a file; and one that says whether all were there."""
    done = subprocess.run(["node", "--test", "--test-reporter=tap", file], cwd=TESTS / "browser", stdin=subprocess.DEVNULL,
                          env=os.environ | {"STACK": stack}, capture_output=True, text=True, timeout=600)
    (field.folder / (file + ".tap")).write_text(done.stdout + done.stderr)
    fates = re.findall(r"^(ok|not ok) \d+ - (.*?)( # SKIP.*)?$", done.stdout, re.MULTILINE)
    for fate, name, skipped in fates:
        field.row(name, int(not skipped), int(fate != "ok"), 0)
    field.row(f"{title}: all of them were tried", len(fates), int(not fates), 0, least=least)


def attack(field):
    tell(field, "attacks.test.mjs", "another port, another site", field.stack.name, 6)
    stack = [TESTS / "support" / "stack.sh", "up", "https-attack", field.stack.build]
    subprocess.run(stack, stdin=subprocess.DEVNULL, check=True, timeout=120)
    try:
        tell(field, "sister.test.mjs", "a sister domain, over https", "https-attack", 7)
    finally:
        subprocess.run([TESTS.parent / "dev", "stack", "https-attack", "wipe"], stdin=subprocess.DEVNULL, check=True, timeout=120)
