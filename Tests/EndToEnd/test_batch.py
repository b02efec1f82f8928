"""Batches: one result for each line, in order; each line by itself, or all or nothing; safe to send again."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from harness.api import NDJSON, issues
from harness.collections import JOBS_WITHOUT_VECTORS, job, points

COLLECTIONS = {"batch_jobs": JOBS_WITHOUT_VECTORS, "batch_points": points(4)}
PATH = "/api/v1/batch_jobs/batch"


def results(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_results_are_in_the_order_of_the_lines(api):
    records = [job(title=f"Line {number}") for number in range(300)]
    answer = api.post(PATH, records)
    made = results(answer)
    assert [(result["status"], result["result"]) for result in made] == [(201, "created")] * 300
    ids = [result["id"] for result in made]
    assert len(set(ids)) == 300
    stored = {record["id"]: record["title"] for record in api.all_records("batch_jobs")}
    assert [stored[id] for id in ids] == [f"Line {number}" for number in range(300)]
    assert int(answer.headers["X-Kazi-Seq"]) > 0


def test_each_line_is_written_or_gets_its_own_error(api):
    before = api.total("batch_jobs")
    made = results(api.post(PATH, [
        job(title="First good line", url="https://jobs.example/batch-1"), job(company=...), "no object",
        job(salary_min=2, salary_max=1), job(title="x", company="", source="twitter"),
        job(title="Second good line", url="https://jobs.example/batch-1"), None, job(title="Third good line")]))
    assert [result["status"] for result in made] == [201, 422, 422, 422, 422, 200, 422, 201]
    assert [result.get("result") for result in made] == ["created", None, None, None, None, "updated", None, "created"]
    assert made[5]["id"] == made[0]["id"], "both have one natural key"
    assert api.total("batch_jobs") == before + 2
    assert api.read("batch_jobs", made[0]["id"])["title"] == "Second good line"
    missing, = made[1]["detail"]
    assert (missing["loc"], missing["type"]) == (["body", 1, "company"], "missing")
    assert [issue["type"] for issue in made[3]["detail"]] == ["value_error"]
    assert {tuple(issue["loc"]): issue["type"] for issue in made[4]["detail"]} == {
        ("body", 4, "title"): "string_too_short", ("body", 4, "company"): "string_too_short", ("body", 4, "source"): "enum"}


def test_a_line_against_a_rule_of_data_quality_is_a_400_of_its_own(api):
    tomorrow = (datetime.now(timezone.utc) + timedelta(days=1)).isoformat()
    event = {"type": "seen", "timestamp": "2026-01-01T00:00:00Z", "payload": {}}
    good, bad = results(api.post("/api/v1/events/batch", [event, event | {"timestamp": tomorrow}]))
    assert good["status"] == 201
    assert {name: bad[name] for name in ("status", "error", "field")} == {
        "status": 400, "error": "data_quality_error", "field": "timestamp"}
    assert bad["message"]


def test_an_atomic_batch_is_all_or_nothing(api):
    before = api.total("batch_jobs")
    answer = api.post(PATH, [job(), job(company=...), job()], atomic="true")
    assert answer.status_code == 422, answer.text
    issue, = issues(answer)
    assert (issue["loc"], issue["type"]) == (["body", 1, "company"], "missing")
    assert api.total("batch_jobs") == before
    made = results(api.post(PATH, [job(), job()], atomic="true"))
    assert [result["status"] for result in made] == [201, 201]
    assert api.total("batch_jobs") == before + 2


def test_ndjson_is_one_record_a_line(api):
    made = results(api.post_ndjson(PATH, [job(title="Line one"), job(title="Line two")]))
    assert [api.read("batch_jobs", result["id"])["title"] for result in made] == ["Line one", "Line two"]
    # The last line may end with the body, and a line may end as Windows ends it.
    body = json.dumps(job(title="Line three")).encode() + b"\r\n" + json.dumps(job(title="Line four")).encode()
    made = results(api.post_bytes(PATH, body, NDJSON))
    assert [api.read("batch_jobs", result["id"])["title"] for result in made] == ["Line three", "Line four"]


def test_a_broken_line_costs_only_itself(api):
    made = results(api.post_ndjson(PATH, [job(), b'{"title": "Half a', job(), b'"title"', b"\xff\xfe", job(company=...), job()]))
    assert [result["status"] for result in made] == [201, 422, 201, 422, 422, 422, 201]
    assert [result["detail"][0]["type"] for result in made if result["status"] == 422][0] == "json_invalid"
    assert made[5]["detail"][0]["type"] == "missing"


def test_a_broken_array_is_refused_as_a_whole(api):
    before = api.total("batch_jobs")
    body = json.dumps([job(), job()]).encode()[:-1]
    issue, = issues(api.post_bytes(PATH, body))
    assert issue["type"] == "json_invalid"
    assert issues(api.post(PATH, job()))[0]["loc"] == ["body"], "a batch is a list"
    assert api.total("batch_jobs") == before


def test_ten_thousand_records_are_a_batch_and_one_more_is_not(api):
    before = api.total("batch_points")
    records = [{"label": f"p{number}", "vector": [number, 1, 0, 1]} for number in range(10_001)]
    assert issues(api.post("/api/v1/batch_points/batch", records))[0]["loc"][0] == "body"
    assert issues(api.post_ndjson("/api/v1/batch_points/batch", records))[0]["loc"][0] == "body"
    assert api.total("batch_points") == before
    assert len(set(api.add_all("batch_points", records[:10_000]))) == 10_000
    assert api.total("batch_points") == before + 10_000


def test_an_empty_batch_does_nothing(api):
    assert results(api.post(PATH, [])) == []
    assert results(api.post_bytes(PATH, b"", NDJSON)) == []


@pytest.mark.parametrize("collection, record", [
    ("batch_jobs", job(salary_min=10, description="the same every time")),
    ("batch_points", {"label": "same", "vector": [0.25, 0.5, 0, 1], "tags": ["a", "b"], "seen_at": "2026-01-01T00:00:00Z"}),
])
def test_duplicates_may_be_skipped_so_that_a_batch_can_be_sent_again(api, collection, record):
    path = f"/api/v1/{collection}/batch"
    change = {"batch_jobs": {"salary_min": 11}, "batch_points": {"vector": [0.25, 0.5, 0, 2]}}[collection]
    name = {"batch_jobs": "title", "batch_points": "label"}[collection]
    records = [record | {name: f"{record.get(name)} {number}"} for number in range(20)]
    first = results(api.post(path, records, duplicates="skip"))
    total = api.total(collection)
    again = results(api.post(path, records, duplicates="skip"))
    assert [result["result"] for result in first] == ["created"] * 20
    assert [(result["status"], result["result"]) for result in again] == [(200, "duplicate")] * 20
    assert [result["id"] for result in again] == [result["id"] for result in first]
    # Equal means equal in all fields.
    changed = results(api.post(path, [records[0] | change, records[1]], duplicates="skip"))
    assert [result["result"] for result in changed] == ["created", "duplicate"]
    # Without the parameter equal records are written as often as they are sent.
    assert results(api.post(path, [records[0]]))[0]["result"] == "created"
    assert api.total(collection) == total + 2


def test_duplicates_within_one_batch_are_found_too(api):
    record = job(title="Twice in one batch")
    first, second = results(api.post(PATH, [record, dict(reversed(record.items()))], duplicates="skip"))
    assert (first["result"], second["result"]) == ("created", "duplicate")
    assert first["id"] == second["id"]


def test_with_a_natural_key_a_duplicate_is_one_without_a_change(api):
    record = job(url="https://jobs.example/batch-dup", location="Lamu")
    assert results(api.post(PATH, [record], duplicates="skip"))[0]["result"] == "created"
    assert results(api.post(PATH, [record], duplicates="skip"))[0]["result"] == "duplicate"
    assert results(api.post(PATH, [record | {"location": "Malindi"}], duplicates="skip"))[0]["result"] == "updated"


def test_parameters_out_of_their_words_are_refused(api):
    for parameters in ({"atomic": "perhaps"}, {"duplicates": "maybe"}, {"wait": "forever"}):
        (name, _), = parameters.items()
        assert issues(api.post(PATH, [], **parameters))[0]["loc"] == ["query", name]
