"""A visitor's browser: cookies, forms and fetch, through nginx or straight to a worker. It never follows a redirect."""
import copy
import email.parser
import html.parser
import http.client
import json
import random
import socket
import threading
import urllib.parse

import fastcgi

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def own_address():
    """A client address that nobody else has: all of 127.0.0.0/8 is this machine."""
    return "127.%d.%d.%d" % (random.randrange(1, 255), random.randrange(256), random.randrange(1, 255))


class Cookie:
    """One Set-Cookie line."""

    def __init__(self, line):
        pair, *attributes = line.split(";")
        self.line = line
        self.name, self.value = pair.strip().split("=", 1)
        self.attributes = {}
        for attribute in attributes:
            name, _, value = attribute.strip().partition("=")
            self.attributes[name.lower()] = value

    @property
    def is_gone(self):
        return self.attributes.get("max-age") == "0"


class Form:
    """One form of a page: where it goes and what stands in it."""

    def __init__(self, action, method):
        self.action = action
        self.method = method
        self.fields = {}
        self.kinds = {}


class FormReader(html.parser.HTMLParser):
    """Finds the forms of a page."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.forms = []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            action = urllib.parse.urljoin(self.path, attributes.get("action") or self.path)
            self.forms.append(Form(action, (attributes.get("method") or "get").lower()))
        elif tag == "input" and self.forms and attributes.get("name"):
            self.forms[-1].fields[attributes["name"]] = attributes.get("value") or ""
            self.forms[-1].kinds[attributes["name"]] = attributes.get("type") or "text"


class Answer:
    """What came back."""

    def __init__(self, status, headers, body, path="/"):
        self.status = status
        self.headers = headers
        self.body = body
        self.path = path

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:300]!r}>"

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def is_json(self):
        return self.headers.get("Content-Type", "").startswith("application/json")

    @property
    def is_page(self):
        return self.headers.get("Content-Type", "").startswith("text/html")

    @property
    def location(self):
        return self.headers.get("Location")

    @property
    def retry_after(self):
        return int(self.headers.get("Retry-After", "0"))

    @property
    def cookies(self):
        """The cookies that were set, by name."""
        return {cookie.name: cookie for cookie in map(Cookie, self.headers.get_all("Set-Cookie") or [])}

    @property
    def forms(self):
        reader = FormReader(self.path)
        reader.feed(self.text)
        return reader.forms

    def form(self, action):
        """The form that is sent to `action`."""
        for form in self.forms:
            if urllib.parse.urlsplit(form.action).path == action:
                return form
        raise AssertionError(f"no form for {action} among {[form.action for form in self.forms]}")


class Nginx:
    """The way through nginx, from an address of its own."""

    def __init__(self, stack, address=None):
        self.stack = stack
        self.address = address or own_address()

    def exchange(self, method, target, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=30,
                                                source_address=(self.address, 0))
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            try:
                connection.endheaders(body or None)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was read
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read(), target)
        finally:
            connection.close()

    def raw(self, request):
        """Sends bytes as they are; the answer."""
        with socket.create_connection(("127.0.0.1", self.stack.port), 30, (self.address, 0)) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response.status, response.headers, response.read())


class Pools:
    """The way straight to a worker, with parameters as nginx would set them and REMOTE_ADDR as the test likes."""

    def __init__(self, stack, address=None, sockets=None, **parameters):
        self.stack = stack
        self.address = own_address() if address is None else address
        self.sockets = sockets or {}
        self.parameters = parameters

    def socket_for(self, method, path):
        pool = pools(self.stack).get((method, path), "pages")
        return self.sockets.get(pool) or str(self.stack.run / "fcgi" / (pool + ".sock"))

    def exchange(self, method, target, headers, body):
        path, _, query = target.partition("?")
        parameters = {"REQUEST_METHOD": method, "DOCUMENT_URI": path, "QUERY_STRING": query,
                      "REMOTE_ADDR": self.address, "CONTENT_LENGTH": str(len(body)) if body else ""}
        for name, value in headers:
            name = name.upper().replace("-", "_")
            parameters["CONTENT_TYPE" if name == "CONTENT_TYPE" else "HTTP_" + name] = value
        parameters |= self.parameters
        parameters = {name: value for name, value in parameters.items() if value is not None}
        return parse(fastcgi.ask(self.socket_for(method, path), parameters, body), target)


def parse(written, path="/"):
    """The answer that a worker wrote."""
    head, _, body = written.partition(b"\r\n\r\n")
    headers = email.parser.Parser(_class=http.client.HTTPMessage).parsestr(head.decode("iso-8859-1"), headersonly=True)
    return Answer(int(headers["Status"].split()[0]), headers, body, path)


_pools = {}


def pools(stack):
    """Which pool answers what, as the program itself says."""
    if not _pools:
        _pools.update({(method, path): pool for method, path, _, pool in stack.routes()})
    return _pools


def multipart(fields, boundary="----WebKitFormBoundary7MA4YWxkTrZu0gW"):
    """A body as fetch makes it of a FormData, and its type."""
    body = "".join(f"--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                   for name, value in fields.items()) + f"--{boundary}--\r\n"
    return body.encode(), f"multipart/form-data; boundary={boundary}"


class Browser:
    """One visitor."""

    def __init__(self, way):
        self.way = way
        self.cookies = {}
        self.host = f"127.0.0.1:{way.stack.port}"

    def send(self, method, target, body=b"", headers=None, keeps=True):
        """One request. `headers` go over the browser's own; None takes one away. `keeps`: its cookies."""
        own = {"Host": self.host, "Accept": PAGE}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body or method == "POST":
            own["Content-Length"] = str(len(body))
        own |= headers or {}
        answer = self.way.exchange(method, target, [(name, value) for name, value in own.items() if value is not None],
                                   body)
        if keeps:
            self.keep(answer)
        return answer

    def keep(self, answer):
        for cookie in answer.cookies.values():
            if cookie.is_gone:
                self.cookies.pop(cookie.name, None)
            else:
                self.cookies[cookie.name] = cookie.value

    def get(self, target, **headers):
        return self.send("GET", target, headers=dashes(headers))

    # --- as the front end of the original does it ---------------------------------------------------------------------

    def token(self, page="/register/"):
        """The csrftoken cookie; `page` is opened for it where there is none yet."""
        if "csrftoken" not in self.cookies:
            self.get(page)
        return self.cookies["csrftoken"]

    def ajax(self, path, data=None, keeps=True, **headers):
        """fetch() with JSON and X-CSRFToken; `data` may be the body itself."""
        body = data if isinstance(data, bytes) else b"" if data is None else json.dumps(data,
                                                                                        ensure_ascii=False).encode()
        own = {"Content-Type": "application/json", "Accept": "*/*"}
        if "X_CSRFToken" not in headers:
            own["X-CSRFToken"] = self.token()
        return self.send("POST", path, body, own | dashes(headers), keeps)

    # --- as a page without JavaScript does it -------------------------------------------------------------------------

    def submit(self, path, fields, page=None, keeps=True, **headers):
        """Opens `page`, fills its form for `path` and sends it."""
        hidden = dict(self.get(page or path).form(path).fields)
        return self.post(path, hidden | fields, keeps, **headers)

    def post(self, path, fields, keeps=True, **headers):
        """Sends a form as it is."""
        body = urllib.parse.urlencode(fields).encode()
        return self.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"} | dashes(headers),
                         keeps)

    def fetch(self, path, body=b"", kind=None, keeps=True, **headers):
        """fetch() with a body of any kind, with the right token, asking for JSON."""
        own = {"Content-Type": kind, "X-Requested-With": "XMLHttpRequest", "X-CSRFToken": self.token()}
        return self.send("POST", path, body, own | dashes(headers), keeps)

    def copy(self):
        """The same cookies elsewhere: a stolen session, or a second tab that knows nothing of the first."""
        twin = copy.copy(self)
        twin.cookies = dict(self.cookies)
        return twin


def dashes(headers):
    """Keyword arguments as header names."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


def together(*calls):
    """Makes all `calls` at the same moment; their answers in order."""
    barrier = threading.Barrier(len(calls))
    answers = [None] * len(calls)

    def run(i, call):
        barrier.wait()
        try:
            answers[i] = call()
        except Exception as fault:  # told to who waits for the answers
            answers[i] = fault

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
