"""What an attacker or a broken client sends: always an answer as the contract has it or a clean close, never damage."""

import json
import random
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, NOTES, job, points
from harness.raw_http import RawConnection

COLLECTIONS = {"hostile_jobs": JOBS_WITHOUT_VECTORS, "hostile_points": points(4), "hostile_notes": NOTES}
PATH = "/api/v1/hostile_jobs"
BODY = json.dumps(job()).encode()


@pytest.fixture(autouse=True)
def the_gateway_stays_well(pair):
    """After each of these tests the same processes serve a write and a search."""
    pids = [process.pid for process in (pair.gateway, *pair.workers)]
    yield
    assert [process.pid for process in (pair.gateway, *pair.workers) if process.is_running] == pids
    health = pair.api.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    written = pair.api.add("hostile_points", {"label": "well", "vector": [1, 0, 0, 0]})
    hits = pair.api.search("hostile_points", vector=[1, 0, 0, 0], top_k=1000, min_seq=written.seq)
    assert written.record["id"] in [hit["id"] for hit in hits]


def refused(answer, *statuses):
    """A client's fault, told in the contract's form, with nothing of our inside in it."""
    assert answer.status_code in (statuses or (400, 422)), f"{answer.status_code} {answer.text[:300]}"
    assert "detail" in answer.json()
    for inside in ("Swift", "SQLite", "GRDB", "Error(", "/work", "Sources/"):
        assert inside not in answer.text


@pytest.mark.parametrize("body", [
    b'{"title": "x\xff\xfe", "company": "c", "source": "linkedin"}',
    b'{"title": "\xc3", "company": "c", "source": "linkedin"}',
    b'{"title": "\xed\xa0\x80x", "company": "c", "source": "linkedin"}',   # a surrogate in UTF-8
    b'{"title": "\xc0\xafx", "company": "c", "source": "linkedin"}',       # an overlong form
    b'{"title": "\xf5\x80\x80\x80x", "company": "c", "source": "linkedin"}',
    b'{"ti\xfftle": "xx", "company": "c", "source": "linkedin"}',
    BODY.decode().encode("utf-16"), b"\x00", b"\xff" * 1000,
])
def test_what_is_no_utf8_is_refused(api, body):
    refused(api.post_bytes(PATH, body))


@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00x", "\\ud800\\ud800", "\\ud83d"])
def test_half_a_character_is_refused(api, escape):
    refused(api.post_bytes(PATH, b'{"title": "ab%s", "company": "c", "source": "linkedin"}' % escape.encode()))
    refused(api.post_bytes("/api/v1/hostile_notes/search", b'{"text": "ab%s"}' % escape.encode()))


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.parametrize("is_closed", [True, False])
def test_json_of_any_depth_is_only_json(api, opening, closing, is_closed):
    depth = 900_000 // (len(opening) + len(closing))
    deep = opening * depth + ("1" + closing * depth if is_closed else "")
    refused(api.post_bytes(PATH, deep.encode()))
    refused(api.post_bytes(PATH, b'{"title": ' + deep.encode() + b"}"))
    refused(api.post_bytes("/api/v1/hostile_points/search", b'{"vector": ' + deep.encode() + b"}"))
    event = b'{"type": "x", "timestamp": "2026-01-01T00:00:00Z", "payload": {"p": %s}}'
    refused(api.post_bytes("/api/v1/events", event % deep.encode()))


def test_an_object_within_reason_may_be_deep(api):
    payload = {"leaf": True}
    for _ in range(50):
        payload = {"nested": [payload]}
    record = api.add("events", {"type": "deep", "timestamp": "2026-01-01T00:00:00Z", "payload": payload}).record
    assert api.read("events", record["id"])["payload"] == payload


@pytest.mark.parametrize("number", [
    "1e400", "-1e400", "9" * 5000, "1" + "0" * 400, "0." + "0" * 5000 + "1", "1e-400", "1e99999999999999999999",
    "-", "1e", "0x1F", "NaN", "Infinity", "-Infinity", "00", "1.", "--1",
], ids=lambda number: number[:12])
def test_numbers_of_any_size_are_numbers_or_refused(api, number):
    answer = api.post_bytes(PATH, b'{"title": "Number", "company": "c", "source": "linkedin", "salary_min": %s}' % number.encode())
    if answer.status_code == 201:
        stored = api.read("hostile_jobs", answer.json()["id"])["salary_min"]
        assert stored == float(number) and stored < float("inf")
    else:
        refused(answer)
    answer = api.post_bytes("/api/v1/hostile_points/search", b'{"vector": [1, 0, 0, %s]}' % number.encode())
    assert answer.status_code in (200, 422)
    answer = api.post_bytes("/api/v1/hostile_points/search", b'{"vector": [1, 0, 0, 0], "top_k": %s}' % number.encode())
    assert answer.status_code in (200, 422)


def test_a_nul_in_a_string_is_a_character_like_any_other(api):
    record = api.add("hostile_jobs", job(title="a\u0000b", company="\u0000", location="x\u0000'; DROP TABLE records; --")).record
    assert (record["title"], record["company"]) == ("a\u0000b", "\u0000")
    assert api.read("hostile_jobs", record["id"]) == record
    assert [r["id"] for r in api.get(PATH, company="\u0000").json()] == [record["id"]]
    assert api.get(PATH, keyword="a\u0000b").status_code == 200
    assert api.post("/api/v1/hostile_notes/search", {"text": "a\u0000b"}).status_code == 200


def test_a_filter_is_a_value_and_never_a_command(api):
    for text in ("' OR 1=1 --", "'; DROP TABLE records; --", '" OR "" = "', "%", "_", "\\", "a' AND SLEEP(5)"):
        assert api.get(PATH, company=text).json() == []
        assert api.search("hostile_points", vector=[1, 0, 0, 0], filter={"city": text}) == []
    assert api.get(PATH, **{"company' OR '1'='1": "x"}).status_code in (200, 422)
    assert api.get(PATH, sort="id; DROP TABLE records").status_code in (200, 422)


@pytest.mark.parametrize("target", [
    "/../../etc/passwd", "/api/v1/../../etc/passwd", "/api/v1/..%2f..%2fetc%2fpasswd", "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "//etc/passwd", "/docs/../../../etc/passwd", "/static/../../../../etc/passwd", "\\..\\..\\etc\\passwd",
    "/api/v1/jobs%00", "/api/v1/%00", "/api/v1/%ff%fe", "/api/v1/%", "/api/v1/%zz", "/api/v1/jobs;x=1",
    "/api/v1/no_such/../hostile_points", "/./api/v1/jobs/x", "/" + "a" * 3000, "/api/v1/" + "%41" * 1000,
])
def test_a_path_leads_nowhere_but_to_a_route(pair, target):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"GET {target} HTTP/1.1", "Connection: close")
        answer = connection.read_answer()
        assert answer is None or answer.status in (400, 404, 414, 422), answer
        assert answer is None or b"root:" not in answer.body


def test_headers_over_the_limit_are_refused(pair):
    for headers in (["X-Long: " + "a" * (1 << 20)], [f"X-{n}: {'b' * 100}" for n in range(20_000)], ["X" * (1 << 18) + ": 1"]):
        with RawConnection(pair.gateway.http) as connection:
            connection.send_head("GET /health HTTP/1.1", *headers)
            answer = connection.read_answer()
            assert answer is None or answer.status in (400, 413, 431), answer
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"GET {PATH}?keyword={'k' * (1 << 20)} HTTP/1.1")
        answer = connection.read_answer()
        assert answer is None or answer.status in (400, 414, 422, 431), answer


def test_a_header_cannot_smuggle_another(pair):
    """What comes back in `X-Request-ID` and in the log is one line."""
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID: a\x0b\x0cb\x7f\xc3\xa9\r\nConnection: close\r\n\r\n")
        answer = connection.read_answer()
        # A header that is no HTTP at all is refused below the routes.
        if answer is not None and answer.status != 400:
            assert answer.headers["x-request-id"].isascii() and answer.headers["x-request-id"].isprintable()


def test_pipelined_requests_are_answered_in_their_order(pair):
    ids = pair.api.add_all("hostile_jobs", [job(title=f"Pipelined {number}") for number in range(40)])
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"".join(f"GET {PATH}/{id} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for id in ids))
        assert [json.loads(connection.read_answer().body)["title"] for _ in ids] == [f"Pipelined {number}" for number in range(40)]
        # The connection is still good, and a refusal in the middle does not shift the answers.
        connection.send(f"GET {PATH}/{ids[0]} HTTP/1.1\r\nHost: x\r\n\r\n"
                        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
                        f"GET {PATH}/{ids[1]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answers = [connection.read_answer() for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 422, 200]
        assert json.loads(answers[2].body)["id"] == ids[1]


def test_a_request_that_breaks_off_writes_nothing(pair):
    before = pair.api.total("hostile_jobs")
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    whole = head.encode() + BODY
    for length in list(range(1, len(whole), 23)) + [len(whole) - 1]:
        with RawConnection(pair.gateway.http) as connection:
            connection.send(whole[:length])
            connection.end_sending()
            answer = connection.read_answer()
            assert answer is None or 400 <= answer.status < 500, (length, answer)
    assert pair.api.total("hostile_jobs") == before


_POST = b"POST /api/v1/hostile_jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("request_bytes", [
    b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100, b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    _POST + b"Content-Length: -5\r\n\r\n",
    _POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
    _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost x\r\n\r\n", b"GET /health HTTP/1.1\r\n folded: yes\r\n\r\n", b"A" * 100_000, bytes(range(256)) * 50,
], ids=range(15))
def test_what_is_no_http_is_refused_or_closed(pair, request_bytes):
    with RawConnection(pair.gateway.http) as connection:
        connection.send(request_bytes)
        connection.end_sending()
        answer = connection.read_answer()
        assert answer is None or answer.status < 500 or answer.status in (501, 505), answer


def test_random_bytes_in_the_place_of_a_request(pair):
    source = random.Random(17)
    for _ in range(200):
        with RawConnection(pair.gateway.http) as connection:
            connection.send(source.randbytes(source.randint(1, 400)))
            connection.end_sending()
            answer = connection.read_answer()
            assert answer is None or 400 <= answer.status < 500 or answer.status in (501, 505)


def test_mutated_bodies_never_cause_a_fault(api):
    """A thousand bodies, each a mutation or three away from a right one: what is answered is 2xx or 4xx."""
    source = random.Random(23)
    seeds = [
        (PATH, BODY), (PATH + "/batch", b"[" + BODY + b"]"),
        ("/api/v1/hostile_points", json.dumps({"label": "m", "vector": [1, 2, 3, 4], "tags": ["a"], "is_open": True}).encode()),
        ("/api/v1/hostile_points/search", json.dumps(
            {"vector": [1, 0, 0, 0], "top_k": 3, "fields": ["label"],
             "filter": {"any": [{"city": {"in": ["a", "b"]}}, {"size": {"gt": 1}}]}}).encode()),
    ]
    for number in range(1_000):
        path, seed = seeds[number % len(seeds)]
        body = bytearray(seed)
        for _ in range(source.randint(1, 3)):
            place = source.randrange(len(body))
            match source.randrange(4):
                case 0:
                    body[place] = source.randrange(256)
                case 1:
                    del body[place:place + source.randint(1, 5)]
                case 2:
                    body[place:place] = source.choice(
                        [b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"null", b"-", b"e9", b"\x00", b"\xf0"])
                case 3:
                    other = source.randrange(len(body))
                    body[place:place + 4] = body[other:other + 4]
            body = body or bytearray(b"{")
        answer = api.post_bytes(path, bytes(body))
        assert answer.status_code in (200, 201, 400, 422), f"{path} {bytes(body)!r}: {answer.status_code} {answer.text}"


def test_two_hundred_idle_connections_are_no_burden(pair):
    parts = urlsplit(pair.gateway.http)
    idle = [socket.create_connection((parts.hostname, parts.port), timeout=10) for _ in range(200)]
    try:
        for number, connection in enumerate(idle):
            if number % 2:
                connection.sendall(b"POST /api/v1/hostile_jobs HTTP/1.1\r\nHost: x\r\nContent-Le")
        fresh = pair.new_api(timeout=10)
        for _ in range(20):
            assert fresh.get("/health").status_code == 200
            assert fresh.post("/api/v1/hostile_points/search", {"vector": [1, 0, 0, 0]}).status_code == 200
    finally:
        for connection in idle:
            connection.close()


def test_a_client_that_goes_away_before_its_answer(pair):
    for _ in range(50):
        with RawConnection(pair.gateway.http) as connection:
            body = b'{"text": "somebody who does not wait"}'
            connection.send_head(
                "POST /api/v1/hostile_notes/search HTTP/1.1", "Content-Type: application/json", f"Content-Length: {len(body)}")
            connection.send(body)


def test_many_at_once_are_all_answered(pair):
    """More requests at one moment than there are cores: each is answered, or told to come again."""
    start = threading.Barrier(64)

    def ask(_):
        api = pair.new_api()
        start.wait()
        return api.post("/api/v1/hostile_notes/search", {"text": "all at once"}).status_code

    with ThreadPoolExecutor(64) as threads:
        statuses = list(threads.map(ask, range(64)))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) > 0
