"""Where `next` leads: every prefix, host and disguise, resolved as browsers do (WHATWG URL, by Node).

What got through: an address that is not this host's, or one of another scheme.
"""
import itertools
import json
import subprocess
import urllib.parse

PREFIXES = ("", "/", "//", "///", "////", "\\", "\\\\", "/\\", "\\/", "/\t/", "/\n/", "/\r/", "/%2f", "/%5c", "/%252f",
            "/.", "/..//", "/./\\", "./", "../", ".//", "?", "#",
            "@", "/@", "//@", ":", "//:", ";", "/;/", " //", "\u00a0//", "\u3000/", "\u2028//", "\ufeff//", "/\u2044/", "/\uff0f", "\uff0f\uff0f", "/\x00/", "/%00/",
            "/%09/", "/%0a/", "/%0d%0a/", "/x//", "/x/..//", "/%2e%2e//", "/x/%2e%2e/%2f", "http:", "https:", "http:/", "http:///", "https:\\\\", "hTTp://", "java\tscript:",
            "javascript:", "JavaScript://", "data:text/html,", "vbscript:", "blob:", "file://", "//user:x@", "//127.0.0.1@", "//127.0.0.1:80@", "//127.0.0.1.", "/%68ttp://")
HOSTS = ("evil.example", "evil.example/dashboard/", "evil.example%2f..", "evil\u3002example", "2130706434", "0x7f.2",
         "[::2]", "evil.example:80", "alert(1)", "evil.example\\@127.0.0.1",
         "evil.example#@127.0.0.1", "evil.example?/dashboard/", "")
TAILS = ("", "/", "%0d%0aLocation:%20//evil.example", "//evil.example", "\\..\\evil")

SCRIPT = """
const lines = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const base = new URL(lines.base + '/login/');
const away = (location) => { try { return new URL(location, base).origin !== base.origin; } catch { return false; } };
console.log(JSON.stringify(lines.locations.filter(away)));
"""


def wanted():
    return sorted({prefix + host + tail for prefix, host, tail in itertools.product(PREFIXES, HOSTS, TAILS)})


def away(field, locations):
    """Those that lead elsewhere, as a browser reads them."""
    done = subprocess.run(["node", "-e", SCRIPT], input=json.dumps({"base": f"http://127.0.0.1:{field.stack.port}",
            "locations": locations}),
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def in_page(field, value):
    """What the sign-in form keeps of it: the path that the sign-in will lead to."""
    page = field.visitor().get("/login/?next=" + urllib.parse.quote(value.encode("utf-8", "replace"), safe=""))
    return page.form("/login/").fields.get("next", "/")


def attack(field):
    values = wanted()
    naive = len(away(field, values))
    kept = field.many([lambda value=value: in_page(field, value) for value in values])
    field.row(f"next in the address ({naive} would lead away)", len(values), len(away(field, kept)), 0, least=1000)
    customer = field.customer()
    chosen = away(field, values)[::40]
    said = [field.elsewhere(customer).login(next=value).json["redirect"] for value in chosen]
    field.row("next at the sign-in, as JSON", len(chosen), len(away(field, said)), 0, least=20)
    slashes = [target + query for target in ("/register", "/login", "/%2fevil.example/login", "//evil.example/register",
                                             "/%5cevil.example/login", "/login%2f%2fevil.example")
               for query in ("", "?//evil.example", "?@evil.example", "?%0d%0aLocation:%20//evil.example")]
    answers = [field.visitor().get(target) for target in slashes]
    field.row("a missing slash", len(slashes), len(away(field, [answer.location or "/" for answer in answers])), 0)
