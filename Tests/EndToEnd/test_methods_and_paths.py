"""Methods and paths as HTTP means them: HEAD, OPTIONS, Allow, trailing slashes, escapes in paths."""

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job
from harness.raw_http import RawConnection

COLLECTIONS = {"method_jobs": JOBS_WITHOUT_VECTORS}
PATH = "/api/v1/method_jobs"


@pytest.fixture
def record(api):
    return api.add("method_jobs", job(title="Head of Methods")).record


def test_head_is_get_without_the_body(api, record):
    for path in (f"{PATH}/{record['id']}", PATH, "/health/live", "/openapi.json", f"{PATH}/999999999"):
        get, head = api.get(path), api.request("HEAD", path)
        assert head.status_code == get.status_code, path
        assert head.content == b"", path
        varying = {"Date", "X-Request-ID", "Server-Timing"}
        assert {name: value for name, value in head.headers.items() if name not in varying} == \
            {name: value for name, value in get.headers.items() if name not in varying}, path


# What differs between any two answers to one request.
VARYING = {"Date", "X-Request-ID", "Server-Timing", "Age"}
# Pages of numbers that change with every request: theirs is the one length that may differ.
MOVING = {"/metrics", "/health", "/admin/stats", "/admin/cluster", "/api/v1/stats"}


def test_head_says_what_get_says_on_every_path(pair, record):
    """RFC 9110 section 9.3.2: the same fields, but never another length than the body of GET has."""
    paths = [path.replace("{id}", str(record["id"])) for path, item in pair.api.get("/openapi.json").json()["paths"].items()
             if "get" in item and (path.startswith(PATH) or "{id}" not in path)]
    paths += ["/", "/docs", "/redoc", "/nowhere", f"{PATH}/999999999", f"{PATH}/x", f"{PATH}?limit=0", f"{PATH}?cursor=",
              "/api/v1/export/method_jobs.ndjson", "/api/v1/export/method_jobs.xml"]
    assert "/api/v1/export/method_jobs.csv" in paths and "/api/v1/search" in paths
    for path in paths:
        get, head = pair.api.get(path), pair.api.request("HEAD", path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert "Content-Length" not in head.headers or "Content-Length" in get.headers, path
        varying = VARYING | ({"Content-Length"} if path in MOVING else set())
        assert {name: value for name, value in head.headers.items() if name not in varying} == \
            {name: value for name, value in get.headers.items() if name not in varying}, path


@pytest.mark.parametrize("file", ["method_jobs.csv", "method_jobs.ndjson"])
def test_head_of_a_stream_sends_nothing_of_it_and_ends_where_it_should(pair, record, file):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"HEAD /api/v1/export/{file} HTTP/1.1")
        connection.send_head("HEAD /nowhere HTTP/1.1")
        connection.send_head("GET /health/live HTTP/1.1")
        head = connection._read_until(b"\r\n\r\n").lower()
        assert head.startswith(b"http/1.1 200") and b"content-length" not in head and b"transfer-encoding: chunked" in head
        # Not even the mark of the last chunk stands before the next answers.
        assert connection._read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 404")
        answer = connection.read_answer()
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')


def test_head_of_a_stream_ends_for_http_1_0_too(pair, record):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head("HEAD /api/v1/export/method_jobs.csv HTTP/1.0", "Connection: keep-alive")
        head = connection._read_until(b"\r\n\r\n").lower()
        assert b"content-length" not in head and b"connection: close" in head
        assert connection._read_until(b"\n") is None and connection._received == b""


def test_head_knows_conditions_too(api, record):
    path = f"{PATH}/{record['id']}"
    tag = api.request("HEAD", path).headers["ETag"]
    answer = api.request("HEAD", path, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (304, tag)


def test_an_answer_to_head_leaves_the_connection_usable(pair, record):
    with RawConnection(pair.gateway.http) as connection:
        # The answer announces a body that does not follow: the next answer follows instead.
        connection.send_head(f"HEAD {PATH}/{record['id']} HTTP/1.1")
        connection.send_head("GET /health/live HTTP/1.1")
        assert b"HTTP/1.1 200 OK" in connection._read_until(b"\r\n\r\n")
        answer = connection.read_answer()
        assert (answer.status, answer.body) == (200, b'{"status":"ok"}')


@pytest.mark.parametrize("path, methods", [
    (PATH, "GET, HEAD, OPTIONS, POST"), (f"{PATH}/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"), (f"{PATH}/batch", "OPTIONS, POST"),
    (f"{PATH}/search", "OPTIONS, POST"), ("/api/v1/search", "GET, HEAD, OPTIONS, POST"), ("/health", "GET, HEAD, OPTIONS"),
    ("/openapi.json", "GET, HEAD, OPTIONS"), ("/api/v1/export/method_jobs.csv", "GET, HEAD, OPTIONS"),
])
def test_options_names_the_methods_and_does_nothing(api, path, methods):
    answer = api.request("OPTIONS", path)
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (204, b"", methods)
    assert "X-Request-ID" in answer.headers


def test_options_of_nothing_is_404(api):
    assert api.request("OPTIONS", "/nowhere").status_code == 404


def test_any_method_that_http_knows_is_405_where_the_path_exists_and_404_where_not(pair):
    methods = ("TRACE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "QUERY", "PURGE", "LINK",
               "UNLINK", "REPORT", "ACL", "BIND", "REBIND", "UNBIND", "MERGE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH",
               "MKACTIVITY", "CHECKOUT", "MKCALENDAR", "SOURCE")
    with RawConnection(pair.gateway.http) as connection:
        for method in methods:
            connection.send_head(f"{method} {PATH}/1 HTTP/1.1", "Content-Length: 0")
            answer = connection.read_answer()
            assert (answer.status, answer.headers.get("allow")) == (405, "delete, get, head, options, patch, put"), method
            connection.send_head(f"{method} /nowhere HTTP/1.1", "Content-Length: 0")
            assert connection.read_answer().status == 404, method


def test_a_method_that_nobody_knows_is_400_and_no_silence(pair):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"BREW {PATH} HTTP/1.1")
        assert connection.read_answer().status == 400


def test_a_slash_at_the_end_changes_nothing(api, record):
    """FastAPI would redirect; answering at once spares the client a request, and a POST its body twice."""
    for path in (PATH, f"{PATH}/{record['id']}", "/health/live", "/openapi.json"):
        answer = api.request("GET", path + "/", allow_redirects=False)
        assert answer.status_code == 200, path
        assert answer.content == api.get(path).content
    assert api.post(f"{PATH}/", job()).status_code == 201
    assert api.get(f"{PATH}/{record['id']}//").status_code == 200


@pytest.mark.parametrize("target", [
    "/api/v1/%6dethod_jobs/{id}", "/api/v1/method%5Fjobs/{id}", "/%61pi/v1/method_jobs/{id}", "/api/%76%31/method_jobs/{id}",
])
def test_an_escape_of_a_character_that_needs_none_is_that_character(pair, record, target):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"GET {target.format(id=record['id'])} HTTP/1.1")
        answer = connection.read_answer()
        assert answer.status == 200
        connection.send_head(f"GET {PATH}/{''.join(f'%{ord(digit):02x}' for digit in str(record['id']))}?x=%31 HTTP/1.1")
        assert connection.read_answer().body == answer.body


@pytest.mark.parametrize("target, status", [
    ("/api/v1/method_jobs%2F1", 404), ("/api/v1%2fmethod_jobs", 404), ("/api/v1/method_jobs%00", 404), ("/api/v1/%ff", 404),
    ("/api/v1/method_jobs/%2e%2e/jobs", 404), ("/api/v1/method_jobs/../jobs", 404), ("/api/v1/method_jobs/%31%00", 422),
    ("/api/v1/method_jobs/%", 422), ("/api/v1/method_jobs/%zz", 422), ("/API/v1/method_jobs", 404),
])
def test_an_escape_is_never_a_separator_and_a_path_is_never_walked_up(pair, target, status):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"GET {target} HTTP/1.1")
        assert connection.read_answer().status == status


def test_the_input_of_an_issue_about_the_path_is_unescaped(api):
    issue, = api.get(f"{PATH}/a%20b%C3%A9").json()["detail"]
    assert (issue["loc"], issue["input"]) == (["path", "id"], "a bé")


def test_a_body_where_none_is_wanted_is_ignored(api, record):
    path = f"{PATH}/{record['id']}"
    assert api.request("GET", path, data=b"nonsense").status_code == 200
    assert api.request("DELETE", path, data=b"nonsense", headers={"Content-Type": "text/plain"}).status_code == 204
    assert api.get("/health/live").status_code == 200


@pytest.mark.parametrize("content_type", [None, "", "text/json", "application/jsonx", "multipart/form-data; boundary=x", "*/*"])
def test_a_body_without_a_json_type_is_415_and_says_what_would_do(api, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = api.request("POST", PATH, data=b'{"title": "Data Engineer"}', headers=headers)
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("Content-Type must be application/json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json",
                                          "application/json;charset=\"utf-8\""])
def test_a_json_type_in_any_spelling_is_taken(api, record, content_type):
    answer = api.request("PATCH", f"{PATH}/{record['id']}", data=b'{"location": "Kisumu"}', headers={"Content-Type": content_type})
    assert answer.status_code == 200, answer.text


def test_a_write_yet_to_come_is_refused_where_it_was_named(api):
    beyond = 2 ** 62
    for answer, loc in ((api.post("/api/v1/jobs/search", {"text": "x", "min_seq": beyond}), ["body", "min_seq"]),
                        (api.get("/api/v1/search", q="x", min_seq=beyond), ["query", "min_seq"]),
                        (api.request("GET", "/api/v1/search?q=x", headers={"X-Kazi-Min-Seq": str(beyond)}),
                         ["header", "x-kazi-min-seq"])):
        assert answer.status_code == 422, answer.text
        issue, = answer.json()["detail"]
        assert issue["loc"] == loc and issue["msg"].startswith(f"Value error, there is no write {beyond} yet")
    for huge in (2 ** 63, 10 ** 40):
        issue, = api.post("/api/v1/jobs/search", {"text": "x", "min_seq": huge}).json()["detail"]
        assert (issue["loc"], issue["type"]) == (["body", "min_seq"], "less_than_equal")
        issue, = api.post("/api/v1/jobs/search", {"like": huge}).json()["detail"]
        assert (issue["loc"], issue["type"]) == (["body", "like"], "less_than_equal")


def test_an_atomic_batch_may_be_as_large_as_any(new_cluster):
    cluster = new_cluster(workers=0)
    records = [job(title=f"Post {number % 7}") for number in range(5000)]
    answer = cluster.api.post("/api/v1/jobs/batch", records, atomic="true")
    assert answer.status_code == 200, answer.text
    assert {result["status"] for result in answer.json()} == {201}
    assert cluster.api.total("jobs") == 5000
