"""One request hidden in another: whatever is disguised about a body's end, nobody behind nginx sees a second one."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import socket

import smuggled
from journey import Journey, main, unique
from stack import eventually


class AHiddenRequest(Journey):
    def send(self, request):
        """Sends bytes on a connection and reads until nginx closes it; all that it said."""
        with socket.create_connection(("127.0.0.1", self.stack.port), 30) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            try:
                return b"".join(iter(lambda: connection.recv(65536), b""))
            except ConnectionResetError:
                return b""

    def test_behind_the_last_of_a_connection_is_not_seen(self):
        """Two lengths, chunks and a length, line ends of all kinds: one answer, which is no fault of the server's."""
        host, markers = b"127.0.0.1:%d" % self.stack.port, []
        for kind, requests in smuggled.KINDS.items():
            for request in requests(host, b"MARKER"):
                with self.subTest(kind=kind, request=request):
                    markers.append(unique())
                    said = self.send(smuggled.closing(request.replace(b"MARKER", markers[-1].encode())))
                    self.assertLessEqual(said.count(b"HTTP/1.1 "), 1, said)
                    self.assertNotIn(b"HTTP/1.1 50", said)
        self.sees_none_of(markers)

    def sees_none_of(self, markers):
        """nginx's log has the path of a request that was sent last, and none of those that were hidden."""
        last = unique()
        self.visitor().get("/smuggled-" + last)
        eventually(lambda: f"/smuggled-{last} " in self.stack.log("nginx-access"), what="the log's last line")
        log = self.stack.log("nginx-access")
        for marker in markers:
            self.assertNotIn(f"/smuggled-{marker} ", log)


if __name__ == "__main__":
    main()
