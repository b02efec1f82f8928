"""HTTP byte by byte, for requests that no client library would send."""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class RawAnswer:
    status: int
    headers: dict
    body: bytes


class RawConnection:
    """A connection to the gateway on which a test writes whatever it likes."""

    def __init__(self, address, timeout=30, source=None):
        """`source`: the local address to come from, such as 127.0.0.2."""
        parts = urlsplit(address)
        self.host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout, source_address=(source, 0) if source else None)
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, data):
        """`False` if the gateway has closed the connection."""
        try:
            self._socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def send_head(self, request_line, *headers):
        return self.send("\r\n".join([request_line, f"Host: {self.host}", *headers, "", ""]).encode())

    def end_sending(self):
        """Closes our half of the connection, as a client does that dies in the middle of a request."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the gateway was quicker

    def read_answer(self):
        """The next answer; `None` if the gateway closes without one. A gateway that says nothing fails the test."""
        head = self._read_until(b"\r\n\r\n")
        if head is None:
            return None
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        status = int(lines[0].split()[1])
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while (size := int((self._read_until(b"\r\n") or b"0").split(b";")[0], 16)) > 0:
                body += self._read_exactly(size + 2)[:-2]
            self._read_until(b"\r\n")
        else:
            body = self._read_exactly(int(headers.get("content-length", 0))) if status not in (100, 204, 304) else b""
        return RawAnswer(status, headers, body)

    def _receive(self):
        try:
            return self._socket.recv(1 << 16)
        except (ConnectionResetError, BrokenPipeError):
            return b""
        except TimeoutError:
            raise AssertionError(f"neither an answer nor a close; so far: {self._received[:200]!r}") from None

    def _read_until(self, mark):
        while mark not in self._received:
            part = self._receive()
            if not part:
                return None
            self._received += part
        head, self._received = self._received.split(mark, 1)
        return head

    def _read_exactly(self, count):
        while len(self._received) < count:
            part = self._receive()
            if not part:
                break
            self._received += part
        body, self._received = self._received[:count], self._received[count:]
        return body
