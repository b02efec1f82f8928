"""What has been written is searched: `min_seq`, `wait=searchable`, and that nothing deleted or replaced comes back."""

import random

import pytest

from harness.api import issues
from harness.collections import JOBS, NOTES, job, points
from harness.waiting import wait_until

COLLECTIONS = {"fresh_points": points(8), "fresh_notes": NOTES, "fresh_jobs": JOBS}


def direction(number):
    """A vector of eight components that has no other near it."""
    source = random.Random(number)
    return [source.gauss(0, 1) for _ in range(8)]


def found(api, collection, **body):
    return [hit["id"] for hit in api.search(collection, **body)]


def test_a_search_that_names_a_write_sees_it(api):
    """A hundred times a write that waits for nothing, and at once a search that insists on it."""
    for number in range(100):
        write = api.add("fresh_points", {"label": f"loop {number}", "vector": direction(number)})
        hits = found(api, "fresh_points", vector=direction(number), top_k=1, min_seq=write.seq)
        assert hits == [write.record["id"]], number


def test_a_header_may_name_the_write_too(api):
    write = api.add("fresh_points", {"label": "by header", "vector": direction(1000)})
    answer = api.request("POST", "/api/v1/fresh_points/search", json={"vector": direction(1000), "top_k": 1},
                         headers={"X-Kazi-Min-Seq": str(write.seq)})
    assert [hit["id"] for hit in answer.json()] == [write.record["id"]]


def test_the_write_that_is_named_may_be_another_collections(api):
    """Sequence numbers are one row for all: a client that remembers the last one it saw may name it anywhere."""
    for collection, record in (("events", {"type": "seen", "timestamp": "2026-01-01T00:00:00Z", "payload": {}}),
                               ("fresh_notes", {"text": "elsewhere"})):
        elsewhere = api.add(collection, record)
        assert api.post("/api/v1/fresh_points/search", {"vector": direction(0), "min_seq": elsewhere.seq}).status_code == 200


def test_a_write_that_no_one_has_made_yet_is_not_pretended(api):
    answer = api.post("/api/v1/fresh_points/search", {"vector": direction(0), "min_seq": 2**40})
    assert answer.status_code in (422, 503), answer.text


def test_a_replacement_named_by_its_seq_is_seen_and_the_old_one_is_not(api):
    record = api.add("fresh_points", {"label": "moving", "vector": direction(2000)}, wait="searchable").record
    for step in range(2001, 2021):
        answer = api.put(f"/api/v1/fresh_points/{record['id']}", {"label": f"moved {step}", "vector": direction(step)})
        seq = int(answer.headers["X-Kazi-Seq"])
        now, = api.search("fresh_points", vector=direction(step), top_k=1, min_seq=seq)
        assert (now["id"], now["label"]) == (record["id"], f"moved {step}")
        assert now["score"] > 0.99
        before, = api.search("fresh_points", vector=direction(step - 1), top_k=1, min_seq=seq, filter={"label": f"moved {step}"})
        assert before["score"] < 0.9, "its old place is empty"


def test_waiting_writes_are_searchable_when_they_are_answered(api):
    for number in range(3000, 3030):
        write = api.add("fresh_points", {"label": "waited", "vector": direction(number)}, wait="searchable")
        assert found(api, "fresh_points", vector=direction(number), top_k=1) == [write.record["id"]]


def test_every_kind_of_write_can_wait(api):
    path = "/api/v1/fresh_points"
    id, = api.add_all("fresh_points", [{"label": "kinds", "vector": direction(4000)}], wait="searchable")
    assert found(api, "fresh_points", vector=direction(4000), top_k=1) == [id]
    api.put(f"{path}/{id}", {"label": "kinds", "vector": direction(4001)}, wait="searchable")
    assert found(api, "fresh_points", vector=direction(4001), top_k=1) == [id]
    api.patch(f"{path}/{id}", {"label": "changed kind"}, wait="searchable")
    assert found(api, "fresh_points", vector=direction(4001), filter={"label": "changed kind"}) == [id]
    api.delete(f"{path}/{id}", wait="searchable")
    assert id not in found(api, "fresh_points", vector=direction(4001), top_k=1000)
    assert issues(api.post(path, {"label": "x", "vector": direction(1)}, wait="soon"))[0]["loc"] == ["query", "wait"]


def test_a_patch_of_other_fields_keeps_the_vector(api):
    id, = api.add_all("fresh_points", [{"label": "kept", "vector": direction(5000)}])
    answer = api.patch(f"/api/v1/fresh_points/{id}", {"city": "Lodwar"})
    hit, = api.search("fresh_points", vector=direction(5000), top_k=1, min_seq=int(answer.headers["X-Kazi-Seq"]))
    assert (hit["id"], hit["city"]) == (id, "Lodwar")
    assert hit["score"] > 0.99


def test_deletes_never_come_back(api):
    """Half of fifty are deleted, in batches and alone; after the last delete no search gives one of them."""
    ids = api.add_all("fresh_points", [{"label": "mortal", "vector": direction(n)} for n in range(6000, 6050)], wait="searchable")
    for id in ids[::2]:
        answer = api.delete(f"/api/v1/fresh_points/{id}")
        assert id not in found(api, "fresh_points", vector=direction(6000 + ids.index(id)), top_k=1000,
                               min_seq=int(answer.headers["X-Kazi-Seq"]))
    assert sorted(found(api, "fresh_points", vector=direction(1), top_k=1000, filter={"label": "mortal"})) == ids[1::2]


def test_the_text_that_is_embedded_is_the_records_newest(api):
    id = api.add("fresh_notes", {"text": "The cow gives milk every morning."}, wait="searchable").record["id"]
    answer = api.patch(f"/api/v1/fresh_notes/{id}", {"text": "The aeroplane lands at the airport."}, wait="searchable")
    assert answer.status_code == 200
    aeroplane, = api.search("fresh_notes", text="flying", top_k=1)
    assert aeroplane["id"] == id
    dairy, = api.search("fresh_notes", text="dairy farming", top_k=1)
    assert dairy["score"] < aeroplane["score"]
    # A field that is not embedded changes what a filter sees, and nothing of what the record means.
    api.patch(f"/api/v1/fresh_notes/{id}", {"tag": "travel"}, wait="searchable")
    tagged, = api.search("fresh_notes", text="flying", filter={"tag": "travel"})
    assert tagged["score"] == pytest.approx(aeroplane["score"], abs=1e-6)


def test_a_natural_keys_update_replaces_what_is_searched(api):
    for title in ("Tea Taster", "Locksmith"):
        api.add("fresh_jobs", job(title=title, url="https://jobs.example/fresh"), wait="searchable")
    hits = api.search("fresh_jobs", text="keys and doors")
    assert [hit["title"] for hit in hits] == ["Locksmith"]


def test_without_waiting_a_write_is_searched_soon(api):
    id = api.add("fresh_points", {"label": "soon", "vector": direction(7000)}).record["id"]
    wait_until(lambda: found(api, "fresh_points", vector=direction(7000), top_k=1) == [id], "the write to be searched")
