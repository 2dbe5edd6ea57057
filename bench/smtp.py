#!/usr/bin/python3
"""A mail server for the benches that takes every mail and keeps none: a line on standard output for each one that it took,
`monotonic-seconds connection recipient`. Far cheaper than what it measures; RFC 5321 as far as a client needs it, with
PIPELINING (RFC 2920). --delay is what a real server's queue costs before it says yes.

    bench/smtp.py PORT [--delay SECONDS]
"""
import argparse
import asyncio
import itertools
import re
import sys
import time

END = b"\r\n.\r\n"
GREETING = b"250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n"
ANSWERS = {b"EHLO": GREETING, b"HELO": b"250 bench\r\n", b"MAIL": b"250 2.1.0 OK\r\n", b"RCPT": b"250 2.1.5 OK\r\n",
           b"DATA": b"354 Go on\r\n", b"RSET": b"250 2.0.0 OK\r\n", b"NOOP": b"250 2.0.0 OK\r\n",
           b"QUIT": b"221 2.0.0 Bye\r\n"}
RECIPIENT = re.compile(rb"<(.*)>")


class Session(asyncio.Protocol):
    """One connection."""

    numbers = itertools.count(1)
    delay = 0.0

    def connection_made(self, transport):
        self.transport, self.number = transport, next(self.numbers)
        self.pending, self.is_in_content, self.recipient = b"", False, ""
        transport.write(b"220 bench ESMTP\r\n")

    def data_received(self, data):
        self.pending += data
        while self.take_content() if self.is_in_content else self.take_command():
            pass

    def take_command(self):
        line, end, rest = self.pending.partition(b"\r\n")
        if not end:
            return False
        self.pending = rest
        verb = line[:4].upper()
        if verb == b"RCPT":
            self.recipient = RECIPIENT.search(line)[1].decode()
        self.is_in_content = verb == b"DATA"
        self.transport.write(ANSWERS.get(verb, b"502 5.5.2 Not here\r\n"))
        if verb == b"QUIT":
            self.transport.close()
        return True

    def take_content(self):
        at = self.pending.find(END)
        if at < 0:
            return False
        self.pending = self.pending[at + len(END):]
        self.is_in_content = False
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.accept, self.recipient)
        else:
            self.accept(self.recipient)
        return True

    def accept(self, recipient):
        sys.stdout.write("%.6f %d %s\n" % (time.monotonic(), self.number, recipient))
        self.transport.write(b"250 2.0.0 Taken\r\n")


async def serve(port):
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", port, reuse_address=True)
    async with server:
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    Session.delay = options.delay
    sys.stdout.reconfigure(line_buffering=True)
    asyncio.run(serve(options.port))


if __name__ == "__main__":
    main()
