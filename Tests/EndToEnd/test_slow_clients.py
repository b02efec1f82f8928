"""Clients that are slow, idle or many: each is held to a limit, told so where it can be told, and costs nobody else."""

import json
import socket
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job
from harness.processes import Cluster, run
from harness.raw_http import RawConnection
from harness.waiting import wait_until

PATH = "/api/v1/jobs"
POST = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()

# Short enough to wait for, long enough for a busy machine to keep to where a test does not want to meet them.
LIMITS = {
    "KAZI_HEAD_TIMEOUT": "1", "KAZI_BODY_TIMEOUT": "4", "KAZI_STALL_TIMEOUT": "1", "KAZI_MIN_RATE": "200",
    "KAZI_IDLE_TIMEOUT": "2", "KAZI_MAX_CONNECTIONS": "40", "KAZI_MAX_HEAD_BYTES": "8192", "KAZI_LOG_LEVEL": "warning"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A gateway with little patience."""
    cluster = Cluster(tmp_path_factory.mktemp("strict"), {"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment=LIMITS)
    try:
        yield cluster.start()
        cluster.stop()
    finally:
        cluster.dispose()


@pytest.fixture(autouse=True)
def others_are_served(strict):
    yield
    with strict.new_api(timeout=20) as api:
        written = api.add("jobs", job())
        assert api.read("jobs", written.record["id"])["title"] == job()["title"]


def ended(strict, reason):
    """How many connections ended early for this reason."""
    with strict.new_api() as api:
        lines = api.get("/metrics").text.splitlines()
    return int(next(line for line in lines if line.startswith(f'kazi_http_connections_ended_total{{reason="{reason}"}}')).split()[1])


def connect(strict):
    parts = urlsplit(strict.gateway.http)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def detail(answer, status):
    assert answer is not None, "the gateway closed without a word"
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["connection"] == "close"
    return json.loads(answer.body)["detail"]


@pytest.mark.parametrize("head", [b"G", b"GET /health/live HTTP/1.1\r\nHost: x\r\n", b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: 1\r\n\r"])
def test_a_head_that_does_not_end(strict, head):
    before = ended(strict, "slow_head")
    with RawConnection(strict.gateway.http) as connection:
        connection.send(head)
        assert "in time" in detail(connection.read_answer(), 408)
        assert connection.read_answer() is None
    assert ended(strict, "slow_head") == before + 1


@contextmanager
def dripping(connection, start, drop, every):
    """Sends `start` and then `drop`, again and again with a pause between, until the block ends or the gateway closes."""
    stop = threading.Event()

    def drip():
        connection.send(start)
        while not stop.wait(every) and connection.send(drop):
            pass

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_head_that_drips(strict):
    """Each byte comes soon after the last: only a limit for the whole head ends this."""
    with RawConnection(strict.gateway.http) as connection:
        with dripping(connection, b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a", every=0.1):
            detail(connection.read_answer(), 408)


@pytest.mark.parametrize("framing", [b"Content-Length: 500\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n1f4\r\n"], ids=["length", "chunked"])
def test_a_body_that_stops(strict, framing):
    before = ended(strict, "slow_body")
    with RawConnection(strict.gateway.http) as connection:
        connection.send(POST + framing + b'{"title": ')
        assert "in time" in detail(connection.read_answer(), 408)
        assert connection.read_answer() is None
    assert ended(strict, "slow_body") == before + 1


def test_a_body_that_drips(strict):
    """Something always comes, and far too little."""
    with RawConnection(strict.gateway.http) as connection:
        with dripping(connection, POST + b"Content-Length: 100000\r\n\r\n", b" ", every=0.1):
            detail(connection.read_answer(), 408)


def test_a_body_that_takes_its_time_at_an_honest_rate(strict):
    """Fast enough in each stretch, and still over the limit for the whole."""
    with RawConnection(strict.gateway.http) as connection:
        with dripping(connection, POST + b"Content-Length: 1000000\r\n\r\n", b" " * 500, every=0.05):
            detail(connection.read_answer(), 408)


def test_a_slow_body_that_comes_in_time_is_a_record(strict):
    body = json.dumps(job(description="x" * 1500)).encode()
    with RawConnection(strict.gateway.http) as connection:
        connection.send(POST + f"Content-Length: {len(body)}\r\n\r\n".encode())
        pause = threading.Event()
        for start in range(0, len(body), 200):
            connection.send(body[start:start + 200])
            pause.wait(0.05)
        assert connection.read_answer().status == 201


def test_a_connection_without_a_request_is_closed(strict):
    with RawConnection(strict.gateway.http) as connection:
        assert connection.read_answer() is None
    with RawConnection(strict.gateway.http) as connection:
        connection.send_head("GET /health/live HTTP/1.1")
        assert connection.read_answer().status == 200
        assert connection.read_answer() is None


def test_a_body_over_the_limit_is_refused_while_it_is_sent(strict):
    """The answer reaches a client that is still sending: the connection is not reset under it."""
    with RawConnection(strict.gateway.http) as connection:
        connection.send(POST + b"Content-Length: 50000000\r\n\r\n")
        sender = threading.Thread(target=lambda: all(connection.send(b" " * 65536) for _ in range(300)))
        sender.start()
        try:
            assert "1048576" in detail(connection.read_answer(), 413)
        finally:
            sender.join()


def test_a_chunked_body_over_the_limit_is_refused_before_it_ends(strict):
    with RawConnection(strict.gateway.http) as connection:
        connection.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        sender = threading.Thread(target=lambda: all(connection.send(chunk) for _ in range(64)))
        sender.start()
        try:
            assert "1048576" in detail(connection.read_answer(), 413)
        finally:
            sender.join()


def test_a_client_that_asks_first_is_told_before_it_sends(strict):
    body = json.dumps(job()).encode()
    with RawConnection(strict.gateway.http) as connection:
        connection.send(POST + f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        assert connection.read_answer().status == 100
        connection.send(body)
        assert connection.read_answer().status == 201
    for head, status in [
        (POST + b"Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n", 413),
        (POST.replace(b"/jobs ", b"/nothing ") + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", 404),
        (POST.replace(b"json", b"xml") + b"Expect: 100-continue\r\nContent-Length: 10\r\n\r\n", 415),
        (POST + b"Expect: a miracle\r\nContent-Length: 10\r\n\r\n", 417),
    ]:
        with RawConnection(strict.gateway.http) as connection:
            connection.send(head)
            detail(connection.read_answer(), status)
            assert connection.read_answer() is None


def test_an_export_that_nobody_reads_is_ended(strict):
    """The answer is larger than every buffer on the way; the client takes a little of it and then nothing more."""
    api = strict.new_api()
    for _ in range(20):
        api.add_all("jobs", [job(description="x" * 18_000)] * 50)
    before = ended(strict, "slow_reader")
    connection = connect(strict)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(b"GET /api/v1/export/jobs.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 200")
    wait_until(lambda: ended(strict, "slow_reader") > before, "the gateway to give the reader up", within=30)
    connection.close()
    # One who reads gets it whole.
    answer = api.get("/api/v1/export/jobs.ndjson")
    assert len(answer.text.splitlines()) == api.total("jobs") >= 1000


def test_connections_over_the_limit_take_the_place_of_idle_ones(strict):
    """Forty are allowed; a hundred clients hold one each and say nothing, and a newcomer is still served."""
    before = ended(strict, "evicted")
    idle = [connect(strict) for _ in range(100)]
    try:
        for _ in range(5):
            with strict.new_api(timeout=20) as api:
                assert api.get("/health/live").status_code == 200
        assert ended(strict, "evicted") > before
    finally:
        for connection in idle:
            connection.close()


def test_requests_in_flight_are_not_closed_for_newcomers(strict):
    """While every place is taken by a request that is under way, those who come later wait."""
    busy = [RawConnection(strict.gateway.http) for _ in range(39)]
    body = json.dumps(job()).encode()
    try:
        for connection in busy:
            connection.send(POST + f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
        for connection in busy:
            connection.send(body[-1:])
        assert [connection.read_answer().status for connection in busy] == [201] * 39
    finally:
        for connection in busy:
            connection.__exit__()


def test_a_head_over_the_limit(strict):
    for head in (
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(500)) + b"\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000,
    ):
        with RawConnection(strict.gateway.http) as connection:
            connection.send(head)
            assert "8192" in detail(connection.read_answer(), 431)
    with RawConnection(strict.gateway.http) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 7000 + b"\r\n\r\n")
        assert connection.read_answer().status == 200


def test_keep_alive_serves_many_requests_on_one_connection(strict):
    with RawConnection(strict.gateway.http) as connection:
        for _ in range(200):
            connection.send_head("GET /health/live HTTP/1.1")
            answer = connection.read_answer()
            assert (answer.status, "connection" in answer.headers) == (200, False)
    with RawConnection(strict.gateway.http) as connection:
        connection.send_head("GET /health/live HTTP/1.1", "Connection: close")
        assert connection.read_answer().headers["connection"] == "close"
        assert connection.read_answer() is None


def test_http_1_0(strict):
    with RawConnection(strict.gateway.http) as connection:
        connection.send(b"GET /health/live HTTP/1.0\r\n\r\n")
        assert connection.read_answer().headers["connection"] == "close"
        assert connection.read_answer() is None
    with RawConnection(strict.gateway.http) as connection:
        connection.send(b"GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert connection.read_answer().headers["connection"] == "keep-alive"
        # It knows no chunks: a streamed body ends with the connection.
        connection.send(b"GET /api/v1/export/jobs.csv HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = connection.read_answer()
        assert answer.headers["connection"] == "close" and "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("flag, value", [("--head-timeout", "0"), ("--max-head-bytes", "10"), ("--min-rate", "-1"), ("--max-searches", "0"), ("--max-body-memory", "1")])
def test_a_limit_that_is_none_is_bad_usage(tmp_path, flag, value):
    result = run("kazi-gateway", "--data-dir", tmp_path / "data", flag, value)
    assert result.returncode == 64
    assert flag in result.stderr
