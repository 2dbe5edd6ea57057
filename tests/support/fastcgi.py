"""FastCGI spoken by hand to a worker's socket: what nginx would never let through, and addresses that no client has."""
import socket
import struct

BEGIN, ABORT, END, PARAMETERS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7
RECORD_MAXIMUM = 65535


def record(kind, content=b""):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def length(size):
    return bytes([size]) if size < 128 else struct.pack("!I", size | 0x80000000)


def stream(kind, content):
    """`content` in as many records as it takes, and the empty one that ends it."""
    pieces = [content[i:i + RECORD_MAXIMUM] for i in range(0, len(content), RECORD_MAXIMUM)]
    return b"".join(record(kind, piece) for piece in pieces) + record(kind)


def request(parameters, body):
    """The records of one request."""
    pairs = b""
    for name, value in parameters.items():
        name, value = name.encode(), value if isinstance(value, bytes) else value.encode()
        pairs += length(len(name)) + length(len(value)) + name + value
    return record(BEGIN, struct.pack("!HB5x", 1, 0)) + stream(PARAMETERS, pairs) + stream(STDIN, body)


def connect(path, timeout=30):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    connection.connect(path)
    return connection


def exactly(connection, size):
    content = b""
    while len(content) < size:
        piece = connection.recv(size - len(content))
        if not piece:
            raise EOFError("the worker closed the connection")
        content += piece
    return content


def answer(connection):
    """What the worker wrote: its header lines and its body."""
    written = b""
    while True:
        _, kind, _, size, padding, _ = struct.unpack("!BBHHBB", exactly(connection, 8))
        content = exactly(connection, size)
        exactly(connection, padding)
        if kind == STDOUT:
            written += content
        elif kind == END:
            return written


def ask(path, parameters, body=b""):
    """One request on a connection of its own, as nginx sends it."""
    with connect(path) as connection:
        try:
            connection.sendall(request(parameters, body))
        except BrokenPipeError:
            pass  # it need not read a body that it refuses
        return answer(connection)
