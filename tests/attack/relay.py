"""A relay through which a tool attacks as many: each request goes on from an address of its own, with a token that is valid.

It promises that limits of an address and the CSRF check hide nothing from the tool, that UNIQUE in a body is another word each
time, and that every answer is counted. It knows neither the tool nor the shop's pages.
"""
import collections
import http.server
import threading

from browser import Browser, Nginx, own_address

HOP = {"host", "connection", "proxy-connection", "accept-encoding", "content-length", "cookie", "x-csrftoken"}


class Relay:
    """One relay while a block lasts; `visitor` is whose cookies it adds."""

    def __init__(self, stack, word, visitor=None):
        self.stack = stack
        self.word = word
        self.visitor = visitor or Browser(Nginx(stack))
        self.visitor.token()
        self.statuses = collections.Counter()
        self.guard = threading.Lock()
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                relay.pass_on(self)

            do_GET = do_POST = do_HEAD = do_PUT = pass_on

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def pass_on(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).replace(b"UNIQUE", self.word().encode())
        path = "/" + handler.path.split("/", 3)[-1] if handler.path.startswith("http://") else handler.path
        headers = [(name, value) for name, value in handler.headers.items() if name.lower() not in HOP]
        sent = handler.headers.get("Cookie", "")
        own = "; ".join(f"{name}={value}" for name, value in self.visitor.cookies.items() if name + "=" not in sent)
        headers += [("Host", self.visitor.host), ("Cookie", "; ".join(part for part in (sent, own) if part)),
                    ("X-CSRFToken", self.visitor.cookies["csrftoken"]), ("Content-Length", str(len(body)))]
        try:
            answer = Nginx(self.stack, own_address()).exchange(handler.command, path, headers, body)
        except (OSError, ValueError):  # what the tool wrote is no header
            answer = None
        with self.guard:
            self.statuses[answer.status if answer else 0] += 1
        self.hand_back(handler, answer)

    def hand_back(self, handler, answer):
        body = answer.body if answer else b""
        handler.send_response(answer.status if answer else 400)
        for name, value in answer.headers.items() if answer else []:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "set-cookie"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    @property
    def count(self):
        return sum(self.statuses.values())

    @property
    def faults(self):
        """Answers that say that something broke; 503 is an answer of the design."""
        return sum(count for status, count in self.statuses.items() if status >= 500 and status != 503)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *reason):
        self.server.shutdown()
        self.server.server_close()
