"""The life of a record: create, read, replace, merge, delete, natural keys, and the headers that go with it."""

import re
from datetime import datetime, timezone

import pytest

from harness.api import issues
from harness.collections import JOBS_WITHOUT_VECTORS, job

COLLECTIONS = {"record_jobs": JOBS_WITHOUT_VECTORS}
PATH = "/api/v1/record_jobs"


def instant(text):
    """A time stamp of a record, which has to be RFC 3339 in UTC."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text), text
    return datetime.fromisoformat(text)


def test_a_created_record_is_answered_whole_and_reads_back_the_same(api):
    before = datetime.now(timezone.utc)
    answer = api.post(PATH, job(title="Registered Nurse", salary_min=90000, salary_max=120000.5, location="Kisumu"))
    assert answer.status_code == 201
    record = answer.json()
    assert isinstance(record["id"], int)
    assert answer.headers["Location"] == f"{PATH}/{record['id']}"
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert record == {
        "id": record["id"], "title": "Registered Nurse", "company": "Savanna Analytics", "source": "linkedin",
        "location": "Kisumu", "salary_min": 90000, "salary_max": 120000.5, "description": None, "posted_at": None,
        "url": None, "created_at": record["created_at"], "updated_at": record["created_at"],
    }
    age = (instant(record["created_at"]) - before).total_seconds()
    assert -1 < age < 60
    assert api.read("record_jobs", record["id"]) == record


def test_absent_fields_are_null_and_unknown_ones_are_dropped(api):
    record = api.add("record_jobs", job(colour="blue", id=999_999_999, created_at="2001-01-01T00:00:00Z")).record
    assert "colour" not in record
    assert record["id"] != 999_999_999
    assert instant(record["created_at"]).year > 2001
    assert [record[name] for name in ("description", "location", "salary_min", "salary_max", "posted_at", "url")] == [None] * 6


def test_a_trimmed_field_is_stored_without_white_space_at_its_ends(api):
    record = api.add("record_jobs", job(title="  \tPastry Chef \n", company="  Mama Oven  ")).record
    assert record["title"] == "Pastry Chef"
    assert record["company"] == "  Mama Oven  ", "only the fields under `trim` are trimmed"
    assert api.read("record_jobs", record["id"])["title"] == "Pastry Chef"


def test_text_comes_back_exactly_as_it_went_in(api):
    title = "Mwalimu wa Kiswahili – “Ngũgĩ” 教師 👩🏾‍🏫 \\ \" / e\u0301"
    description = "line one\nline two\r\n\ttab \u2028 \u00ad \U0010ffff \u0001"
    record = api.add("record_jobs", job(title=title, description=description)).record
    assert (record["title"], record["description"]) == (title, description)
    assert api.read("record_jobs", record["id"]) == record


@pytest.mark.parametrize("given, instant_given", [
    ("2026-03-01T08:30:00Z", "2026-03-01T08:30:00+00:00"),
    ("2026-03-01T11:30:00+03:00", "2026-03-01T08:30:00+00:00"),
    ("2026-03-01T08:30:00.123456Z", "2026-03-01T08:30:00.123456+00:00"),
    ("2026-03-01", "2026-03-01T00:00:00+00:00"),
    (1772353800, "2026-03-01T08:30:00+00:00"),
])
def test_a_date_is_stored_as_the_instant_it_means(api, given, instant_given):
    stored = api.add("record_jobs", job(posted_at=given)).record["posted_at"]
    parsed = datetime.fromisoformat(stored)
    assert (parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)) == datetime.fromisoformat(instant_given)


def test_sequence_numbers_rise_with_every_write(api):
    first = api.add("record_jobs", job())
    path = f"{PATH}/{first.record['id']}"
    answers = [
        api.put(path, job(title="Data Analyst")),
        api.patch(path, {"location": "Thika"}),
        api.post(PATH + "/batch", [job(), job()]),
        api.post("/api/v1/events", {"type": "seen", "timestamp": "2026-01-01T00:00:00Z", "payload": {}}),
        api.delete(path),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 201, 204]
    numbers = [first.seq] + [int(answer.headers["X-Kazi-Seq"]) for answer in answers]
    assert all(earlier < later for earlier, later in zip(numbers, numbers[1:])), numbers


def test_a_replacement_replaces_everything_but_id_and_birth(api):
    old = api.add("record_jobs", job(location="Nakuru", salary_min=1000)).record
    answer = api.put(f"{PATH}/{old['id']}", job(title="Data Scientist"))
    assert answer.status_code == 200
    new = answer.json()
    assert (new["id"], new["created_at"]) == (old["id"], old["created_at"])
    assert (new["title"], new["location"], new["salary_min"]) == ("Data Scientist", None, None)
    assert instant(new["updated_at"]) > instant(old["updated_at"])
    assert api.read("record_jobs", old["id"]) == new


def test_a_merge_patch_changes_what_it_names_and_removes_what_it_nulls(api):
    old = api.add("record_jobs", job(location="Nakuru", salary_min=1000, salary_max=2000)).record
    answer = api.patch(f"{PATH}/{old['id']}", {"salary_max": 3000, "location": None})
    assert answer.status_code == 200
    new = answer.json()
    assert new == old | {"salary_max": 3000, "location": None, "updated_at": new["updated_at"]}
    assert api.read("record_jobs", old["id"]) == new


def test_a_merge_patch_is_taken_as_its_own_media_type_too(api):
    id = api.add("record_jobs", job()).record["id"]
    answer = api.request("PATCH", f"{PATH}/{id}", data=b'{"location": "Embu"}',
                         headers={"Content-Type": "application/merge-patch+json"})
    assert (answer.status_code, answer.json()["location"]) == (200, "Embu")


def test_a_merged_record_is_validated_as_a_whole(api):
    old = api.add("record_jobs", job(salary_min=1000, salary_max=2000)).record
    path = f"{PATH}/{old['id']}"
    for patch, place, kind in [
        ({"salary_min": 5000}, ["body"], "value_error"),
        ({"title": None}, ["body", "title"], "missing"),  # RFC 7396: null takes the member away
        ({"source": "twitter"}, ["body", "source"], "enum"),
        ({"salary_min": -1, "company": ""}, ["body", "company"], "string_too_short"),
    ]:
        detail = issues(api.patch(path, patch))
        assert (place, kind) in [(issue["loc"], issue["type"]) for issue in detail]
    assert api.read("record_jobs", old["id"]) == old


def test_a_deleted_record_is_gone(api):
    id = api.add("record_jobs", job()).record["id"]
    answer = api.delete(f"{PATH}/{id}")
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (api.get(f"{PATH}/{id}"), api.delete(f"{PATH}/{id}"), api.put(f"{PATH}/{id}", job()),
                 api.patch(f"{PATH}/{id}", {"location": "Embu"})):
        assert gone.status_code == 404
        assert isinstance(gone.json()["detail"], str)
    assert id not in {record["id"] for record in api.all_records("record_jobs")}


def test_a_second_write_of_a_natural_key_is_an_update(api):
    first = api.add("record_jobs", job(url="https://jobs.example/1", title="Welder"))
    second = api.add("record_jobs", job(url="https://jobs.example/1", title="Senior Welder"))
    assert (first.status, second.status) == (201, 200)
    assert second.record["id"] == first.record["id"]
    assert second.record["created_at"] == first.record["created_at"]
    assert second.seq > first.seq
    assert api.read("record_jobs", first.record["id"])["title"] == "Senior Welder"


def test_a_natural_key_is_all_its_fields(api):
    records = [
        api.add("record_jobs", job(url="https://jobs.example/2", source="linkedin")),
        api.add("record_jobs", job(url="https://jobs.example/2", source="jobwebkenya")),
        # A record that lacks a field of the key has no key.
        api.add("record_jobs", job(source="linkedin")),
        api.add("record_jobs", job(source="linkedin")),
    ]
    assert [write.status for write in records] == [201] * 4
    assert len({write.record["id"] for write in records}) == 4


def test_a_deleted_natural_key_is_free_again(api):
    first = api.add("record_jobs", job(url="https://jobs.example/3"))
    assert api.delete(f"{PATH}/{first.record['id']}").status_code == 204
    again = api.add("record_jobs", job(url="https://jobs.example/3"))
    assert again.status == 201
    assert again.record["id"] != first.record["id"], "an id is never given twice"


def test_every_answer_carries_a_request_id(api):
    answer = api.request("GET", PATH, headers={"X-Request-ID": "client-chose-this-1"})
    assert answer.headers["X-Request-ID"] == "client-chose-this-1"
    ids = [api.get(path).headers["X-Request-ID"] for path in (PATH, PATH, f"{PATH}/0", "/nowhere", "/health")]
    assert all(ids) and len(set(ids)) == len(ids)
    insane = api.request("GET", PATH, headers={"X-Request-ID": "x" * 5000})
    assert insane.headers["X-Request-ID"] != "x" * 5000
