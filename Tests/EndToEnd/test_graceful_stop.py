"""SIGTERM: whoever has got through to the gateway is answered, and nobody is cut off."""

import json
import signal
import socket
import threading
from urllib.parse import urlsplit

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job, points
from harness.raw_http import RawConnection
from harness.waiting import wait_until

BODY = json.dumps({"label": "in time", "vector": [1, 2, 3, 4]}).encode()
HEAD = f"POST /api/v1/points HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()


class Client(threading.Thread):
    """Asks again and again, on one connection as long as it lasts, until nobody listens any more."""

    def __init__(self, address, request, keeps_alive):
        super().__init__()
        parts = urlsplit(address)
        self.address = (parts.hostname, parts.port)
        self.request = request
        self.keeps_alive = keeps_alive
        self.answered = 0
        self.fault = None

    def run(self):
        try:
            while self.connect():
                pass
        except Exception as error:  # whatever it is, the test is to show it
            self.fault = f"after {self.answered} answers: {error!r}"

    def connect(self):
        """One connection; `False`: it was refused."""
        try:
            connection = socket.create_connection(self.address, timeout=30)
        except ConnectionRefusedError:
            return False
        with connection, connection.makefile("rb") as answers:
            while True:
                connection.sendall(self.request)
                status = answers.readline()
                assert status.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), status
                headers = {}
                while (line := answers.readline()) != b"\r\n":
                    name, value = line.decode().split(":", 1)
                    headers[name.lower()] = value.strip()
                assert len(answers.read(int(headers["content-length"]))) == int(headers["content-length"])
                self.answered += 1
                if headers.get("connection") == "close" or not self.keeps_alive:
                    return True


@pytest.mark.parametrize("round", range(3))
def test_clients_in_a_loop_see_answers_and_then_refusals(new_cluster, round):
    """Half of them keep their connections, half make a new one for each request; none loses a request that it sent."""
    cluster = new_cluster(collections={"points": points(4)}, workers=1)
    cluster.api.add("points", {"label": "a", "vector": [1, 0, 0, 0]}, wait="searchable")
    query = b'{"vector": [1, 0, 0, 0]}'
    search = b"POST /api/v1/points/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(query) + query
    requests = [HEAD + BODY, search, b"GET /api/v1/points?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n"]
    clients = [Client(cluster.gateway.http, request, keeps_alive) for request in requests for keeps_alive in (True, False) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: min(client.answered for client in clients) >= 20 or any(client.fault for client in clients), "the clients to get going")
    finally:
        cluster.gateway.stop()
        for client in clients:
            client.join()
    assert [client.fault for client in clients if client.fault] == []


def test_a_request_that_has_begun_is_answered(new_cluster):
    """A body that was half sent at the signal, and answers that are waited for: all are answered, and say goodbye."""
    cluster = new_cluster(collections={"points": points(4)}, workers=1)
    # The worker stands still: a write waits for it, and so does a search.
    cluster.workers[0].popen.send_signal(signal.SIGSTOP)
    try:
        half, waiting = RawConnection(cluster.gateway.http), RawConnection(cluster.gateway.http)
        half.send(HEAD + BODY[:10])
        waiting.send(HEAD.replace(b"/points ", b"/points?wait=searchable ") + BODY)
        wait_until(lambda: cluster.api.total("points") == 1, "the write to be done, and to wait")
        cluster.gateway.popen.send_signal(signal.SIGTERM)

        def refuses():
            try:
                RawConnection(cluster.gateway.http, timeout=1).__exit__()
                return False
            except (ConnectionRefusedError, TimeoutError):
                return True

        wait_until(refuses, "new connections to be refused")
        half.send(BODY[10:])
        answer = half.read_answer()
        assert (answer.status, answer.headers["connection"]) == (201, "close")
        assert half.read_answer() is None
    finally:
        cluster.workers[0].popen.send_signal(signal.SIGCONT)
    answer = waiting.read_answer()
    assert (answer.status, answer.headers["connection"]) == (201, "close")
    assert cluster.gateway.wait() == 0


def test_an_export_that_is_being_read_is_finished(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    for _ in range(10):
        cluster.api.add_all("jobs", [job(description="x" * 10_000)] * 100)
    with RawConnection(cluster.gateway.http) as connection:
        connection.send_head("GET /api/v1/export/jobs.ndjson HTTP/1.1")
        cluster.gateway.popen.send_signal(signal.SIGTERM)
        answer = connection.read_answer()
        assert len(answer.body.splitlines()) == 1000
        assert connection.read_answer() is None
    assert cluster.gateway.wait() == 0


def test_idle_connections_do_not_hold_up_the_end(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    connections = [RawConnection(cluster.gateway.http) for _ in range(50)]
    for connection in connections[:25]:
        connection.send_head("GET /health/live HTTP/1.1")
        assert connection.read_answer().status == 200
    cluster.gateway.stop(within=15)
    for connection in connections:
        assert connection.read_answer() is None
        connection.__exit__()


def test_a_request_that_never_ends_is_cut_off_at_last(new_cluster):
    cluster = new_cluster(
        collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment={"KAZI_STOP_TIMEOUT": "1", "KAZI_STALL_TIMEOUT": "600"})
    with RawConnection(cluster.gateway.http) as connection:
        connection.send(HEAD.replace(b"points", b"jobs") + b"{")
        cluster.gateway.popen.send_signal(signal.SIGTERM)
        cluster.gateway.wait(within=15)
