"""Load that costs little itself: browsers as coroutines on raw sockets, arrivals that wait for nobody, and mails that are
read as they come. What it costs is not counted, but it shares the machine.
"""
import asyncio
import itertools
import json
import re
import time

from shop import ENVIRONMENT, PASSWORD, PORT, stack

CODE = re.compile(rb"^\r?\n?(\d{4})\r?$", re.M)
numbers = itertools.count(1)
RUN_NAME = "r%x" % int(time.time())


def new_name():
    return "%s-%d" % (RUN_NAME, next(numbers))


class Client:
    """One visitor: cookies, and one connection to nginx that is kept."""

    def __init__(self):
        self.cookies, self.reader, self.writer = {}, None, None

    def encode(self, method, path, body):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: 127.0.0.1:%d" % PORT, "Accept: application/json"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join("%s=%s" % cookie for cookie in self.cookies.items()))
        content = b""
        if method == "POST":
            content = json.dumps(body).encode()
            lines += ["Content-Type: application/json", "Content-Length: %d" % len(content), "X-CSRFToken: " + self.cookies["csrftoken"]]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + content

    def keep_cookies(self, head):
        for name, value in re.findall(rb"(?i)\r\nset-cookie: ([^=]+)=([^;\r]*)", head):
            self.cookies[name.decode()] = value.decode()

    async def ask(self, method, path, body=None):
        """Status, head and body of the answer."""
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", PORT)
        self.writer.write(self.encode(method, path, body))
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        content = await self.reader.readexactly(int(length[1])) if length else await self.read_chunks()
        self.keep_cookies(head)
        if b"connection: close" in head.lower():
            self.close()
        return int(head[9:12]), head, content

    async def read_chunks(self):
        content = b""
        while size := int(await self.reader.readline(), 16):
            content += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return content

    def close(self):
        if self.writer is not None:
            self.writer.close()

    async def register(self, name):
        return await self.ask("POST", "/register/", {"name": "Bench", "username": name, "email": name + "@example.com", "password": PASSWORD})

    async def sign_in(self, name):
        return await self.ask("POST", "/login/", {"username": name, "password": PASSWORD})


class Mails:
    """The mail server of a run, in the place of the stack's: codes by recipient, as soon as they come."""

    def __init__(self):
        self.waiting, self.connections = {}, set()

    def code_for(self, name):
        return self.waiting.setdefault(name + "@example.com", asyncio.get_running_loop().create_future())

    async def serve(self, reader, writer):
        recipient = ""
        self.connections.add(writer)
        writer.write(b"220 bench ESMTP\r\n")
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                writer.write(ANSWERS.get(verb, b"250 OK\r\n"))
                if verb == b"DATA":
                    self.take(recipient, await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 Taken\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.connections.discard(writer)
        writer.close()

    def take(self, recipient, mail):
        future = self.waiting.pop(recipient, None)
        code = CODE.search(mail)
        if future is not None and not future.done() and code:
            future.set_result(code[1].decode())

    async def __aenter__(self):
        stack("stop-catcher")
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", int(ENVIRONMENT["SMTP_PORT"]), limit=1 << 20)
        return self

    async def __aexit__(self, *reason):
        self.server.close()
        for writer in list(self.connections):  # a mailer that keeps one would wait for an answer until its time is over
            writer.close()
            await writer.wait_closed()
        stack("start-catcher")


ANSWERS = {b"EHLO": b"250-bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"DATA": b"354 Go on\r\n", b"QUIT": b"221 Bye\r\n"}


async def keep_busy(deed, how_many, seconds):
    """`how_many` coroutines that repeat deed(client) until the time is over; how often it was done."""
    done, end = 0, time.monotonic() + seconds

    async def repeat():
        nonlocal done
        while time.monotonic() < end:
            await deed()
            done += 1

    await asyncio.gather(*(repeat() for _ in range(how_many)))
    return done


async def arrive(deed, rate, seconds):
    """Starts deed() `rate` times a second and waits for none before the next: what each gave, with the seconds it took
    from the moment at which it should have begun."""
    begun, tasks = time.monotonic(), []

    async def one(due):
        given = await deed()
        return given, time.monotonic() - due

    for number in range(int(rate * seconds)):
        due = begun + number / rate
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(due)))
    return await asyncio.gather(*tasks)
