"""Several collections in one system: each with its own records, its own meaning, and its own claim on workers."""

import pytest

from harness import processes
from harness.api import issues
from harness.collections import EVENTS, JOBS, JOBS_WITHOUT_VECTORS, NOTES, job, points

COLLECTIONS = {"side_points_a": points(4), "side_points_b": points(3, "dot"), "side_notes": NOTES}
EVENT = {"type": "seen", "timestamp": "2026-01-01T00:00:00Z", "payload": {"deep": [{"a": 1.5, "b": None, "ü": "x"}], "": True}}


def test_collections_do_not_see_each_other(api):
    a = api.add("side_points_a", {"label": "a", "vector": [1, 0, 0, 0]}, wait="searchable").record
    b = api.add("side_points_b", {"label": "b", "vector": [1, 0, 0]}, wait="searchable").record
    note = api.add("side_notes", {"text": "a point in space"}, wait="searchable").record
    assert [hit["label"] for hit in api.search("side_points_a", vector=[1, 0, 0, 0], top_k=1000)] == ["a"]
    assert [hit["label"] for hit in api.search("side_points_b", vector=[1, 0, 0], top_k=1000)] == ["b"]
    assert [hit["id"] for hit in api.search("side_notes", text="geometry", top_k=1000)] == [note["id"]]
    # Ids are each collection's own: the same id in another collection is another record, or none.
    for collection, own in (("side_points_a", a), ("side_points_b", b), ("side_notes", note)):
        for id in {a["id"], b["id"], note["id"]}:
            answer = api.get(f"/api/v1/{collection}/{id}")
            assert answer.status_code == 404 or answer.json() == own
    # The dimension is each collection's own.
    assert issues(api.post("/api/v1/side_points_b/search", {"vector": [1, 0, 0, 0]}))


def test_a_collection_without_vectors_keeps_its_records_whole(api):
    record = api.add("events", EVENT).record
    assert record["payload"] == EVENT["payload"]
    assert api.read("events", record["id"]) == record
    assert record in api.get("/api/v1/events", type="seen", limit=1000).json()


def test_it_bothers_no_worker(new_cluster):
    """A gateway that has nothing to search is whole without a worker, and a worker's coming and going is nothing to it."""
    cluster = new_cluster(collections={"events": EVENTS, "ledger": JOBS_WITHOUT_VECTORS}, workers=0)
    api = cluster.api
    health = api.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    written = api.add("events", EVENT, wait="searchable").record
    ids = api.add_all("ledger", [job(title=f"Entry {number}") for number in range(50)])
    assert api.patch(f"/api/v1/ledger/{ids[0]}", {"location": "Voi"}).status_code == 200
    assert api.delete(f"/api/v1/ledger/{ids[1]}").status_code == 204
    assert api.total("ledger") == 49
    assert [r["id"] for r in api.get("/api/v1/ledger", keyword="entry 7").json()] == [ids[7]]
    assert api.read("events", written["id"]) == written
    assert api.post("/api/v1/ledger/search", {"text": "x"}).status_code == 422


def test_where_there_is_something_to_search_health_says_that_nobody_can(new_cluster):
    cluster = new_cluster(collections={"side_points_a": points(4), "events": EVENTS}, workers=0)
    answer = cluster.api.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] != "ok"
    assert answer.json()["database"] == "connected"
    assert answer.json()["workers"]["ready"] == 0
    assert cluster.api.get("/health/live").status_code == 200
    cluster.add_worker()
    answer = cluster.api.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["workers"] == answer.json()["workers"] | {"ready": 1, "total": 1}


def test_a_worker_may_serve_some_collections_only(new_cluster):
    cluster = new_cluster(collections={"left": points(4), "right": points(4)}, workers=0)
    for collection in ("left", "right"):
        cluster.add_worker("--collection", collection, wait=False)
    cluster.wait_ready(2)
    for collection in ("left", "right"):
        cluster.api.add(collection, {"label": collection, "vector": [1, 2, 3, 4]}, wait="searchable")
        assert [hit["label"] for hit in cluster.api.search(collection, vector=[1, 2, 3, 4])] == [collection]
    cluster.workers[0].stop()
    assert [hit["label"] for hit in cluster.api.search("right", vector=[1, 2, 3, 4])] == ["right"]


def test_a_restart_finds_everything_again(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS, "events": EVENTS, "side_points_a": points(4)})
    api = cluster.api
    api.add("jobs", job(title="Beekeeper"))
    api.add("events", EVENT)
    api.add("side_points_a", {"label": "kept", "vector": [1, 2, 3, 4]})
    before = {name: api.all_records(name) for name in ("jobs", "events", "side_points_a")}
    cluster.stop()
    cluster.gateway.start()
    cluster.add_worker()
    assert {name: api.all_records(name) for name in before} == before
    assert [hit["title"] for hit in api.search("jobs", text="honey")] == ["Beekeeper"]
    assert [hit["label"] for hit in api.search("side_points_a", vector=[1, 2, 3, 4])] == ["kept"]


@pytest.mark.skipif(not (processes.ROOT / ".build").exists(), reason="needs a build in the project's folder")
def test_the_collections_that_ship_are_jobs_and_events(new_cluster):
    cluster = new_cluster(collections=None, workers=0)
    api = cluster.api
    assert api.add("jobs", job(title="  Shipped  ", salary_min=1, salary_max=2)).record["title"] == "Shipped"
    assert {i["loc"][-1] for i in issues(api.post("/api/v1/jobs", {}))} == {"title", "company", "source"}
    assert issues(api.post("/api/v1/jobs", job(salary_min=2, salary_max=1)))[0]["type"] == "value_error"
    assert api.add("events", EVENT).record["payload"] == EVENT["payload"]
    future = api.post("/api/v1/events", EVENT | {"timestamp": "2999-01-01T00:00:00Z"})
    assert (future.status_code, future.json()["field"]) == (400, "timestamp")
