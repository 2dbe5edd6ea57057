"""Names and addresses that look, fold or normalise alike: can a stranger have a second one, or sign in as another?

What got through: second accounts under what is the same name to Unicode or to the eye in one script, and sign-ins that opened
another's account. What is the same to Unicode is asked of Python's own tables.
"""
import sys
import unicodedata

from field import word

LOOKALIKES = {"a": "аɑα", "e": "еҽ", "o": "оοօ", "p": "рρ", "c": "сϲ", "i": "іɩ", "j": "ј", "x": "хχ", "y": "уү", "n": "ո",
              "s": "ѕ", "l": "ӏ"}
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u2061\u2062\u2063\u2064\u206a\u3164\uffa0\ufe00\ufe0f\U000e0020\U000e0100"
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
SPACES = "\u00a0\u1680\u2000\u2007\u2009\u200a\u2028\u202f\u205f\u3000\t \x0b\x85"


def full_width(text):
    return "".join(chr(ord(letter) + 0xfee0) if "!" <= letter <= "~" else letter for letter in text)


def mathematical(text):
    return "".join(chr(0x1d41a + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter for letter in text)


def same(name):
    """What Unicode takes for the same: case, compatibility, composition; and what nobody can see."""
    yield from {name.upper(), name.title(), name.swapcase(), full_width(name), mathematical(name), name.replace("k",
            "\u212a"), name.replace("s", "\u017f"),
                name.replace("i", "ⅰ"), name.replace("a", "ª"), name.replace("o", "º"), unicodedata.normalize("NFD",
                        name), " " + name + " ", name.replace("fi", "ﬁ")}
    for sign in INVISIBLE + TURNING:
        yield from (name[:3] + sign + name[3:], name + sign, sign + name)
    for space in SPACES:
        yield from (name + space, space + name)
    yield from (name + "\x00", name + "%00", name + "\ufe0e")


def other(name):
    """What is another name to Unicode but may look alike: other scripts, Turkish i, marks."""
    for letter, likes in LOOKALIKES.items():
        yield from (name.replace(letter, like) for like in likes if letter in name)
    yield from (name.replace("i", "ı"), name.replace("i", "i\u0307"), name.replace("I", "İ"), name + "\u0323",
                name.replace("o", "0"), name.replace("l", "1"))


def variants(name, table):
    return sorted({variant for variant in table(name) if variant != name})


def usernames(field):
    owner = field.customer(username="alexis.kofi" + word())
    doubles = variants(owner.username, same)
    thieves = [field.visitor(username=variant) for variant in doubles]
    taken = field.many([lambda thief=thief: thief.register().status == 200 for thief in thieves])
    (field.folder / "doubles").write_text("\n".join(repr(name) for name, is_taken in zip(doubles, taken) if is_taken))
    field.row("a second account under the same name to Unicode", len(doubles), sum(taken), 0)
    alike = variants(owner.username, other)
    thieves = [field.visitor(username=variant, password="another-password-9") for variant in alike]
    opened = 0
    for thief in thieves:
        if thief.register().status == 200:
            thief.verify()
            opened += thief.who().get("username") == owner.username
            opened += thief.copy().login(owner.username, "another-password-9").status == 200
            opened += field.visitor().login(thief.username, owner.person["password"]).status == 200
    field.row("another's account opened by a name that looks alike", 3 * len(alike), opened, 0)


def folded(text):
    """NFKC case folding, as the standard describes it."""
    for _ in range(2):
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", text).casefold())
    return text


def pairs():
    """Every two spellings of a letter that Unicode takes for the same: case, compatibility, composition."""
    for letter in map(chr, range(sys.maxunicode + 1)):
        form, whole = folded(letter), unicodedata.normalize("NFD", letter)
        if form and all(unicodedata.category(part)[0] in "LN" and part.isalnum() for part in form):
            if form != letter:
                yield form, letter
            if whole not in (letter, form) and not "\uac00" <= letter <= "\ud7a3":
                yield form, whole


def batches(rest):
    """Many pairs for one name each, which has at most 150 characters."""
    batch, length = [], 0
    for pair in rest:
        if length + len(pair[0]) + 1 > 120:
            yield batch
            batch, length = [], 0
        batch.append(pair)
        length += len(pair[0]) + 1
    yield batch


class Doubler:
    """Registers a name of many letters, and then the same in other spellings; in halves where that is no answer for all."""

    def __init__(self, field):
        self.field = field
        owner = field.pending()
        self.taken = field.visitor(username=owner.username).register().json["errors"]["username"]
        self.judged = 0
        self.through = []

    def register(self, mark, letters):
        """Whether the name was taken by then; None where nobody may have it."""
        answer = self.field.visitor(username=mark + "." + ".".join(letters)).register()
        if answer.status == 200:
            return False
        return True if answer.json["errors"].get("username") == self.taken else None

    def double(self, batch):
        mark = "jo" + word()
        first = self.register(mark, [one for one, _ in batch])
        second = None if first is None else self.register(mark, [other for _, other in batch])
        if second:
            self.judged += len(batch)
        elif len(batch) > 1:
            self.double(batch[:len(batch) // 2])
            self.double(batch[len(batch) // 2:])
        elif second is False:
            self.through.append(batch[0])


def all_letters(field):
    doubler = Doubler(field)
    field.many([lambda batch=batch: doubler.double(batch) for batch in batches(pairs())])
    (field.folder / "pairs").write_text("\n".join(map(ascii, doubler.through)))
    field.row("a second account by another spelling of any letter of Unicode", doubler.judged + len(doubler.through),
              len(doubler.through), 0, least=2000)


def emails(field):
    """Addresses: the mail must go to what was registered, and no spelling may make a second account of one that is the same."""
    mark = word()
    field.pending(email=f"kofi-{mark}@bücher-shop.example")
    local = f"kofi-{mark}"
    spellings = {f"{local}@BÜCHER-SHOP.example", f"{local}@bu\u0308cher-shop.example",
                 f"{local}@xn--bcher-shop-9db.example", f"{local}@XN--BCHER-SHOP-9DB.EXAMPLE",
                 f"{local.upper()}@bücher-shop.example", f"{local}@bücher\u2011shop.example", f"{local}@bücher-shop\u3002example", f"{local}@bücher-shop\uff0eexample",
                 f"{local}\uff20bücher-shop.example", full_width(local) + "@bücher-shop.example", local.replace("k",
                         "\u212a") + "@bücher-shop.example",
                 f"{local}@bücher-\u017fhop.example", f"{local}@bücher-shop.example.", f" {local}@bücher-shop.example", f"{local}@bücher-shop.exam\u200bple",
                 f"{local}@bücher-shop.exam\u00adple", f"{local}@b\u1fbdücher-shop.example", f"{local}@bücher-shop.ｅｘａｍｐｌｅ", f"{local}\u200b@bücher-shop.example",
                 f"{local}@bücher-shop.example\u2028", f"{local}@bücher-shop.example\x00", f"\u202e{local}@bücher-shop.example"}
    thieves = [field.visitor(email=email) for email in sorted(spellings)]
    taken = [thief.email for thief in thieves if thief.register().status == 200]
    (field.folder / "emails").write_text("\n".join(map(repr, taken)))
    field.stack.settle_mails()
    field.row("a second account under the same mail address", len(spellings), len(taken), 0)
    same_name = [spelling for spelling in spellings if field.visitor(username=spelling).register().status == 200]
    field.row("another's mail address as a username", len(spellings), len(same_name), 0)


def attack(field):
    usernames(field)
    all_letters(field)
    emails(field)
