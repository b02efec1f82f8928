"""Requests that are refused: 404, 405, 413, 415, 422 and 400, each in the form the contract gives it."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from harness.api import NDJSON, issues
from harness.collections import JOBS_WITHOUT_VECTORS, job
from harness.raw_http import RawConnection

COLLECTIONS = {"refusal_jobs": JOBS_WITHOUT_VECTORS}
PATH = "/api/v1/refusal_jobs"


def test_what_does_not_exist_is_404(api):
    for path in (f"{PATH}/999999999", f"{PATH}/0", f"{PATH}/-5", "/api/v1/no_such_collection", "/api/v1/no_such_collection/1",
                 "/api/v1", "/api/v2/jobs", "/nowhere", f"{PATH}/1/2/3"):
        answer = api.get(path)
        assert answer.status_code == 404, path
        assert isinstance(answer.json()["detail"], str)
    assert api.post("/api/v1/no_such_collection", {}).status_code == 404
    assert api.post("/api/v1/no_such_collection/search", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", PATH, {"GET", "POST"}),
    ("PUT", PATH, {"GET", "POST"}),
    ("POST", f"{PATH}/1", {"GET", "PUT", "PATCH", "DELETE"}),
    ("POST", "/health", {"GET"}),
])
def test_a_wrong_method_is_405_and_names_the_right_ones(api, method, path, allowed):
    answer = api.request(method, path, json={})
    assert answer.status_code == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD", "OPTIONS"} == allowed
    assert isinstance(answer.json()["detail"], str)


def test_an_id_that_is_no_integer_is_an_issue_of_the_path(api):
    for text in ("abc", "1.5", "1e3", "%20"):
        issue, = issues(api.get(f"{PATH}/{text}"))
        assert issue["loc"] == ["path", "id"]
    assert issues(api.get(f"{PATH}/abc")) == [{
        "type": "int_parsing", "loc": ["path", "id"], "input": "abc",
        "msg": "Input should be a valid integer, unable to parse string as an integer"}]
    assert api.get(f"{PATH}/{'9' * 30}").status_code in (404, 422)


def test_a_body_that_is_not_json_by_its_content_type_is_415(api):
    body = json.dumps(job()).encode()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/xml", NDJSON, "json"):
        answer = api.post_bytes(PATH, body, content_type)
        assert answer.status_code == 415, content_type
        assert isinstance(answer.json()["detail"], str)
    assert api.post_bytes(PATH + "/batch", body, "text/csv").status_code == 415
    assert api.post_bytes(PATH, body, "application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize("path, body_bytes, status", [
    (PATH, (1 << 20) + 1, 413),
    (PATH, 10 << 30, 413),
    (PATH + "/search", (1 << 20) + 1, 413),
    (PATH + "/batch", (64 << 20) + 1, 413),
])
def test_a_body_over_the_limit_is_refused_before_it_is_sent(pair, path, body_bytes, status):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"POST {path} HTTP/1.1", "Content-Type: application/json", f"Content-Length: {body_bytes}")
        assert connection.read_answer().status == status


def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_long(pair):
    with RawConnection(pair.gateway.http) as connection:
        connection.send_head(f"POST {PATH} HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")
        for _ in range(64):  # 4 MiB, in a body that never ends
            if not connection.send(b"10000\r\n" + b"x" * (1 << 16) + b"\r\n"):
                break  # refused and closed while we still wrote
        answer = connection.read_answer()
        assert answer is None or answer.status == 413


def test_a_body_just_within_the_limit_is_read(api):
    answer = api.post(PATH, job(padding="x" * ((1 << 20) - 1000)))
    assert answer.status_code == 201


def test_every_issue_of_a_body_is_told_at_once(api):
    detail = issues(api.post(PATH, {"title": "x", "company": "", "salary_min": -1, "salary_max": "lots", "posted_at": "soon"}))
    assert {tuple(issue["loc"]): issue["type"] for issue in detail} == {
        ("body", "title"): "string_too_short", ("body", "company"): "string_too_short",
        ("body", "salary_min"): "greater_than_equal", ("body", "salary_max"): "float_parsing",
        ("body", "source"): "missing", ("body", "posted_at"): "datetime_from_date_parsing",
    }


def test_the_issue_of_a_missing_field_is_word_for_word_fastapis(api):
    assert issues(api.post(PATH, job(company=...))) == [{
        "type": "missing", "loc": ["body", "company"], "msg": "Field required",
        "input": {"title": "Data Engineer", "source": "linkedin"}}]


def test_a_broken_rule_is_a_value_error_of_the_body(api):
    record = job(salary_min=2000, salary_max=1000)
    issue, = issues(api.post(PATH, record))
    assert issue["type"] == "value_error"
    assert issue["loc"] == ["body"]
    assert issue["msg"] == "Value error, salary_min must be <= salary_max"
    assert {name: value for name, value in issue["input"].items() if value is not None} == record


def test_malformed_json_is_json_invalid(api):
    for body in (b"{", b'{"title": }', b"{'title': 1}", b'{"a": 1,}', b"nonsense", b'{"a": 1} {"b": 2}', b'"open', b"[1, 2"):
        issue, = issues(api.post_bytes(PATH, body))
        assert (issue["type"], issue["msg"]) == ("json_invalid", "JSON decode error"), body
        assert issue["loc"][0] == "body" and 0 <= issue["loc"][1] <= len(body)
        assert isinstance(issue["ctx"]["error"], str)
    assert issues(api.post_bytes(PATH, b"{"))[0]["loc"] == ["body", 1]


def test_json_that_is_no_object_is_an_issue_of_the_body(api):
    for body in (b"[]", b"17", b'"text"', b"true"):
        issue, = issues(api.post_bytes(PATH, body))
        assert issue["loc"] == ["body"]
    for body in (b"", b"null"):
        issue, = issues(api.post_bytes(PATH, body))
        assert (issue["loc"], issue["type"]) == (["body"], "missing")


def test_a_rule_of_data_quality_answers_400(api):
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()
    answer = api.post("/api/v1/events", {"type": "seen", "timestamp": tomorrow, "payload": {}})
    assert answer.status_code == 400
    body = answer.json()
    assert set(body) == {"error", "message", "field"}
    assert (body["error"], body["field"]) == ("data_quality_error", "timestamp")
    assert body["message"]


def test_the_form_of_a_body_is_judged_before_its_quality(api):
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()
    issue, = issues(api.post("/api/v1/events", {"type": "seen", "timestamp": tomorrow, "payload": []}))
    assert (issue["loc"], issue["type"]) == (["body", "payload"], "dict_type")


def test_a_refused_write_changes_nothing(api):
    kept = api.add("refusal_jobs", job(title="Stays as it is")).record
    total = api.total("refusal_jobs")
    for answer in (api.post(PATH, job(title="x")), api.put(f"{PATH}/{kept['id']}", {}),
                   api.patch(f"{PATH}/{kept['id']}", {"salary_min": -1}), api.post_bytes(PATH, b"{")):
        assert answer.status_code == 422
        assert "X-Kazi-Seq" not in answer.headers
    assert api.total("refusal_jobs") == total
    assert api.read("refusal_jobs", kept["id"]) == kept
