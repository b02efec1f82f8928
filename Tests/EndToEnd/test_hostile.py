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
from harness.waiting import wait_until

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
        assert answer is not None and answer.status in (400, 404, 422), answer
        assert b"root:" not in answer.body and "detail" in json.loads(answer.body)


def told(connection, *statuses):
    """The next answer, which is in the contract's form and the last on its connection."""
    answer = connection.read_answer()
    assert answer is not None, "the gateway closed without a word"
    assert answer.status in statuses, answer
    assert answer.headers["content-type"] == "application/json" and answer.headers["connection"] == "close"
    assert json.loads(answer.body)["detail"] and answer.headers["x-request-id"]
    assert connection.read_answer() is None
    return answer


def test_headers_over_the_limit_are_refused(pair):
    for headers in (["X-Long: " + "a" * (1 << 20)], [f"X-{n}: {'b' * 100}" for n in range(20_000)], ["X" * (1 << 18) + ": 1"]):
        with RawConnection(pair.gateway.http) as connection:
            connection.send_head("GET /health HTTP/1.1", *headers)
            told(connection, 431)
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"GET {PATH}?keyword={'k' * (1 << 20)} HTTP/1.1")
        told(connection, 431)


@pytest.mark.parametrize("value", [b"a\x0b\x0cb\x7f", b"a\nSet-Cookie: x=1", b"a\rSet-Cookie: x=1", b"a\x00b", b"caf\xc3\xa9", b"\xff\xfe", b"a" * 200, b"a b", b"", b"<script>"])
def test_a_header_cannot_smuggle_another(pair, value):
    """What comes back in `X-Request-ID` is one line of plain characters, and no header that the client made up."""
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + value + b"\r\nConnection: close\r\n\r\n")
        answer = connection.read_answer()
        # A header that is no HTTP at all is refused before the routes.
        assert answer is not None and answer.status in (200, 400)
        assert "set-cookie" not in answer.headers
        assert all(character.isalnum() or character in "._:/-" for character in answer.headers["x-request-id"])
        assert len(answer.headers["x-request-id"]) == 16


def test_what_was_stored_cannot_become_a_header(api):
    text = "x\r\nSet-Cookie: stolen=1\r\n\r\n<script>"
    answer = api.post("/api/v1/hostile_points", {"label": text, "vector": [1, 0, 0, 0]})
    assert answer.status_code == 201 and "Set-Cookie" not in answer.headers
    answer = api.get("/api/v1/hostile_points", label=text, limit=1)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert "\n" not in answer.headers.get("Link", "")


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
            assert answer is not None and answer.status in (400, 422), (length, answer)
            assert json.loads(answer.body)["detail"]
    assert pair.api.total("hostile_jobs") == before


_POST = b"POST /api/v1/hostile_jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("status, request_bytes", [
    # No HTTP at all.
    (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100), (400, b"GET\r\n\r\n"), (400, b"A" * 100_000),
    (400, bytes(range(256)) * 50), (400, b"get /health HTTP/1.1\r\nHost: x\r\n\r\n"), (400, b"GET  HTTP/1.1\r\nHost: x\r\n\r\n"),
    (400, b"GET /health HTTPS/1.1\r\nHost: x\r\n\r\n"),
    # Another version.
    (505, b"GET / HTTP/9.9\r\n\r\n"), (505, b"GET / HTTP/0.9\r\n\r\n"), (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    # Whom is it for?
    (400, b"GET /health HTTP/1.1\r\n\r\n"), (400, b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    # Header fields that are none.
    (400, b"GET /health HTTP/1.1\r\nHost x\r\n\r\n"), (400, b"GET /health HTTP/1.1\r\n folded: yes\r\n\r\n"),
    (400, b"GET /health HTTP/1.1\r\nHost: x\r\nX: 1\r\n folded\r\n\r\n"), (400, b"GET /health HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\n"),
    (400, b"GET /health HTTP/1.1\r\nHost: x\r\n: 1\r\n\r\n"), (400, b"GET /health HTTP/1.1\r\nHost: x\r\nX\x00: 1\r\n\r\n"),
    # Lengths that are none, or two.
    (400, b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    (400, _POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"), (400, _POST + b"Content-Length: 2, 2\r\n\r\n{}"),
    (400, _POST + b"Content-Length: -5\r\n\r\n"), (400, _POST + b"Content-Length: +2\r\n\r\n{}"), (400, _POST + b"Content-Length: 0x2\r\n\r\n{}"),
    (400, _POST + b"Content-Length: \r\n\r\n{}"), (400, _POST + b"Content-Length: 2 2\r\n\r\n{}"),
    (400, _POST + b"Content-Length: 99999999999999999999999\r\n\r\n"),
    # Two ways to see where the body ends.
    (400, _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
    ((400, 501), _POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), ((400, 501), _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    ((400, 501), _POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"), ((400, 501), _POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    (501, _POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), ((400, 501), _POST + b"Transfer-Encoding: identity\r\n\r\n{}"),
    (400, _POST.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (400, _POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    # Chunks that lie.
    (400, _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), (400, _POST + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n"),
    (400, _POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n"), (400, _POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}}\r\n0\r\n\r\n"),
    (400, _POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}\r\n0\r\n\r\n"), (400, _POST + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n"),
    (400, _POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    # What nobody can expect.
    (417, _POST + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}"),
], ids=lambda value: None)
def test_what_is_no_request_is_told_so(pair, status, request_bytes):
    """Always an answer in words, then the end of the connection; and nothing of it becomes a record or a second request."""
    before = pair.api.total("hostile_jobs")
    with RawConnection(pair.gateway.http) as connection:
        connection.send(request_bytes)
        connection.end_sending()
        told(connection, *(status if isinstance(status, tuple) else (status,)))
    assert pair.api.total("hostile_jobs") == before


@pytest.mark.parametrize("framing", [
    b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 60\r\n",
    b"Content-Length: 60\r\nContent-Length: 0\r\n", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
    b"Transfer-Encoding: x\r\nContent-Length: 0\r\n", b"Transfer-Encoding:\x0bchunked\r\nContent-Length: 0\r\n",
    b"Transfer-Encoding\r\n : chunked\r\nContent-Length: 0\r\n", b"Content-Length: 0\r\nX: y\nTransfer-Encoding: chunked\r\n",
])
def test_a_request_hidden_in_a_body_is_not_served(pair, framing):
    """The forms of request smuggling: what a proxy might take for a body must not become a request here."""
    hidden = b"DELETE /api/v1/hostile_jobs/%d HTTP/1.1\r\nHost: x\r\n\r\n" % pair.api.add("hostile_jobs", job()).record["id"]
    before = pair.api.total("hostile_jobs")
    with RawConnection(pair.gateway.http) as connection:
        connection.send(_POST + framing + b"\r\n0\r\n\r\n" + hidden)
        connection.end_sending()
        answers = []
        while (answer := connection.read_answer()) is not None:
            answers.append(answer.status)
        assert len(answers) == 1 and answers[0] in (400, 501), answers
    assert pair.api.total("hostile_jobs") == before


def test_empty_lines_before_a_request_are_no_request(pair):
    """RFC 9112 section 2.2: a server should ignore them."""
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.read_answer().status == 200


def test_a_fault_is_answered_after_what_came_before_it(pair):
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\nNONSENSE\r\n\r\n")
        for _ in range(2):
            answer = connection.read_answer()
            assert (answer.status, "connection" in answer.headers) == (200, False)
        told(connection, 400)


def test_another_protocol_is_not_spoken(pair):
    for head in (b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
                 b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"):
        with RawConnection(pair.gateway.http) as connection:
            connection.send(head)
            answer = connection.read_answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert connection.read_answer() is None
    with RawConnection(pair.gateway.http) as connection:
        connection.send(b"CONNECT internal.example:22 HTTP/1.1\r\nHost: internal.example:22\r\n\r\n")
        told(connection, 400, 404, 405)


def test_the_last_of_equal_keys_counts(api):
    """As in Python's `json`, in the bodies of records and of searches; a key can be repeated as often as a body is long."""
    answer = api.post_bytes(PATH, b'{"title": 1, "title": [], "company": "c", "source": "linkedin", "title": "The last"}')
    assert (answer.status_code, answer.json()["title"]) == (201, "The last")
    refused(api.post_bytes(PATH, b'{"title": "xx", "company": "c", "source": "linkedin", "source": "nobody"}'), 422)
    many = b"{" + b'"title": "again", ' * 40_000 + b'"company": "c", "source": "linkedin"}'
    assert api.post_bytes(PATH, many).status_code == 201
    different = b"{" + b",".join(b'"k%d": 1' % number for number in range(60_000)) + b"}"
    refused(api.post_bytes(PATH, different), 422)
    answer = api.post_bytes("/api/v1/hostile_points/search", b'{"vector": "x", "vector": [1, 0, 0, 0], "top_k": 1, "top_k": 0}')
    refused(answer, 422)


def test_a_parameter_that_is_there_a_thousand_times(api):
    for query in ("limit=1&" * 1000, "company=a&" * 1000, "&" * 10_000, "=" * 1000, "limit=1&limit=x"):
        assert api.request("GET", f"{PATH}?{query}").status_code in (200, 422)


def test_random_bytes_in_the_place_of_a_request(pair):
    source = random.Random(17)
    for _ in range(200):
        with RawConnection(pair.gateway.http) as connection:
            connection.send(source.randbytes(source.randint(1, 400)))
            connection.end_sending()
            answer = connection.read_answer()
            # Nothing but line ends may be no beginning of a request at all.
            assert answer is not None and (400 <= answer.status < 500 or answer.status in (501, 505))


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


def test_two_thousand_idle_connections_are_no_burden(pair):
    parts = urlsplit(pair.gateway.http)
    idle = [socket.create_connection((parts.hostname, parts.port), timeout=30) for _ in range(2000)]
    try:
        for number, connection in enumerate(idle):
            if number % 2:
                connection.sendall(b"POST /api/v1/hostile_jobs HTTP/1.1\r\nHost: x\r\nContent-Le")
        with pair.new_api(timeout=30) as fresh:
            for _ in range(20):
                assert fresh.get("/health").status_code == 200
                assert fresh.post("/api/v1/hostile_points/search", {"vector": [1, 0, 0, 0]}).status_code == 200
    finally:
        for connection in idle:
            connection.close()


def closed(connection):
    """Whether the gateway has ended a connection on which it has nothing to say."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def answers(connection):
    """Whether a request on a connection, which is closed after it, is served."""
    with connection:
        try:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"200 OK" in connection.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            return False


def test_one_address_does_not_take_every_connection(new_cluster):
    limit = 20
    cluster = new_cluster(
        collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment={"KAZI_CONNECTIONS_PER_ADDRESS": str(limit), "KAZI_STALL_TIMEOUT": "300"})
    parts = urlsplit(cluster.gateway.http)

    def connect(source):
        return socket.create_connection((parts.hostname, parts.port), timeout=30, source_address=(source, 0))

    def ended(reason):
        with cluster.new_api() as api:
            line, = (line for line in api.get("/metrics").text.splitlines()
                     if line.startswith(f'kazi_http_connections_ended_total{{reason="{reason}"}}'))
        return float(line.split()[-1])

    # Connections from 127.0.0.2, so that the test's own client, at 127.0.0.1, is another address.
    taken = [connect("127.0.0.2") for _ in range(limit)]
    try:
        for connection in taken[1:]:
            connection.sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n")
        # The one that rests makes room for the next of its address.
        taken.append(connect("127.0.0.2"))
        wait_until(lambda: closed(taken[0]), "the resting connection to make room")
        assert ended("evicted") == 1
        taken[-1].sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200 OK" in taken[-1].recv(4096)
        taken[-1].sendall(b"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n")
        with cluster.new_api() as api:
            wait_until(lambda: f'kazi_http_connections{{state="active"}} {limit + 1}' in api.get("/metrics").text, "all to be at work")
        # All are at work: further ones are refused, and those keep their places.
        refused = [connect("127.0.0.2") for _ in range(5)]
        taken += refused
        wait_until(lambda: all(closed(connection) for connection in refused), "further connections to be refused")
        assert ended("address_limit") == 5
        assert [closed(connection) for connection in taken[1:limit + 1]] == [False] * limit
        # Nobody else notices.
        assert answers(connect("127.0.0.3"))
        # A place that is given back can be taken again.
        taken[1].close()
        wait_until(lambda: answers(connect("127.0.0.2")), "a place that is free")
    finally:
        for connection in taken:
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
