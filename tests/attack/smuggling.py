"""Requests smuggled through nginx, over and over with other people's requests between them.

What got through: a hidden request that nginx took for one although it was inside another, an answer of a server's fault, and anybody's answer that was
another's.
"""
import socket
import time

import smuggled
from field import word

# A reader that takes these names for those with a hyphen is at fault itself: to nginx they say nothing about the body.
HARMLESS = (b"transfer_encoding", b"Content_Length", b"X: x\rTransfer")


# nginx ends a chunk's line at a bare line feed and cannot be told otherwise. It takes a proxy in front that does not, and that
# sends several customers' requests over one connection, to make anything of it.
NGINX_READS = {("bare line feeds in chunks", False): 2}


def talk(field, request):
    """Sends a request as it is; all that comes back."""
    with socket.create_connection(("127.0.0.1", field.stack.port), 20) as connection:
        connection.settimeout(2)
        connection.sendall(request)
        said = b""
        try:
            while piece := connection.recv(65536):
                said += piece
        except (TimeoutError, ConnectionResetError):
            pass
    return said


def hits(field, markers):
    """How many of the hidden paths nginx's log knows."""
    time.sleep(1.5)  # it is written every second
    log = field.stack.log("nginx-access")
    return [marker for marker in markers if "/smuggled-" + marker.decode() + " " in log]


def requests(field, kind, closing):
    host = b"127.0.0.1:%d" % field.stack.port
    for request in smuggled.KINDS[kind](host, b"MARKER"):
        if closing or not any(name in request for name in HARMLESS):
            marker = word().encode()
            request = request.replace(b"MARKER", marker)
            yield marker, smuggled.closing(request) if closing else request


def one(field, kind, closing):
    pairs = list(requests(field, kind, closing))
    bystander = field.customer()
    wrong = []

    def send(pair):
        said = talk(field, pair[1])
        if b"HTTP/1.1 50" in said and b"HTTP/1.1 503" not in said or bystander.copy().who()["username"] != bystander.username:
            wrong.append((pair, said))

    field.many([lambda pair=pair: send(pair) for pair in pairs], 8)
    seen = hits(field, [marker for marker, _ in pairs])
    (field.folder / f"{kind}-{closing}".replace(" ", "-")).write_text(
        "\n".join(repr(pair) for pair in pairs if pair[0] in seen) + "\n".join(map(repr, wrong)))
    field.row(f"{kind}{' after Connection: close' if closing else ''}", len(pairs), len(seen) + len(wrong),
              NGINX_READS.get((kind, closing), 0))


def attack(field):
    for kind in smuggled.KINDS:
        if kind != "ends by the book":
            one(field, kind, False)
        one(field, kind, True)
