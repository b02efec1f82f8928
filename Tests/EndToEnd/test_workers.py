"""Workers come, go and die; requests do not notice while one is left, and are told the truth when none is."""

import random
import signal

from harness.collections import NOTES, points
from harness.load import SearchLoad
from harness.waiting import wait_until


def make_points(count, seed=1):
    source = random.Random(seed)
    return [{"label": f"point {n}", "vector": [source.gauss(0, 1) for _ in range(8)]} for n in range(count)]


def test_each_of_two_gets_its_share_and_one_dying_costs_no_request(new_cluster):
    cluster = new_cluster(collections={"points": points(8)}, workers=2)
    stored = make_points(500)
    ids = cluster.api.add_all("points", stored, wait="searchable")
    body = {"vector": stored[3]["vector"], "top_k": 5}
    first, second = cluster.workers
    with SearchLoad(cluster, "points", body) as load:
        load.wait_for(100)
        first.kill()
        load.wait_for(200)
        # The other way round: the first comes back and catches up, the second dies.
        cluster.api.add("points", {"label": "meanwhile", "vector": [9.0] * 8})
        first.start()
        cluster.wait_ready(2)
        second.kill()
        load.wait_for(200)
    assert load.failures == []
    assert cluster.api.search("points", **body)[0]["id"] == ids[3]
    assert cluster.api.search("points", vector=[9.0] * 8, top_k=1)[0]["label"] == "meanwhile"
    cluster.wait_ready(1)
    assert cluster.health()["status"] == "ok"


def test_a_worker_that_stops_cleanly_costs_no_request_either(new_cluster):
    cluster = new_cluster(collections={"points": points(8)}, workers=2)
    cluster.api.add_all("points", make_points(100), wait="searchable")
    with SearchLoad(cluster, "points", {"vector": [1.0] * 8}) as load:
        load.wait_for(50)
        cluster.workers[1].stop()
        load.wait_for(100)
        cluster.workers[1].start()
        cluster.wait_ready(2)
        cluster.workers[0].stop(signal.SIGINT)
        load.wait_for(100)
    assert load.failures == []


def test_a_worker_that_starts_late_catches_up_and_serves(new_cluster):
    cluster = new_cluster(collections={"points": points(8), "notes": NOTES}, workers=0)
    stored = make_points(2_000)
    ids = cluster.api.add_all("points", stored)
    notes = cluster.api.add_all("notes", [{"text": text} for text in ("a goat on a hill", "a ship at sea", "rain on the roof")])
    assert cluster.api.delete(f"/api/v1/points/{ids[7]}").status_code == 204
    cluster.add_worker()
    assert [hit["id"] for hit in cluster.api.search("points", vector=stored[5]["vector"], top_k=1)] == [ids[5]]
    assert ids[7] not in [hit["id"] for hit in cluster.api.search("points", vector=stored[7]["vector"], top_k=1000)]
    assert cluster.api.search("notes", text="sailing", top_k=1)[0]["id"] == notes[1]
    # A second one reads everything too, and serves alone when the first is gone.
    cluster.add_worker()
    cluster.workers[0].stop()
    cluster.wait_ready(1)
    assert [hit["id"] for hit in cluster.api.search("points", vector=stored[5]["vector"], top_k=1)] == [ids[5]]


def test_the_death_of_the_only_worker_is_told_and_healed(new_cluster):
    cluster = new_cluster(collections={"points": points(8)}, workers=1)
    api = cluster.api
    api.add_all("points", make_points(50), wait="searchable")
    cluster.workers[0].kill()
    # In time, neither at once by luck nor never: the search waits for its deadline at most.
    answer = api.post("/api/v1/points/search", {"vector": [1.0] * 8})
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) >= 1
    assert isinstance(answer.json()["detail"], str)
    # Writes and reads go on; what is written then is found later.
    late = api.add("points", {"label": "late", "vector": [5.0] * 8}).record
    assert api.read("points", late["id"]) == late
    wait_until(lambda: api.get("/health").status_code == 503, "health to say that no worker is left", within=60)
    assert api.get("/health/live").status_code == 200
    cluster.workers[0].start()
    cluster.wait_ready(1)
    assert api.search("points", vector=[5.0] * 8, top_k=1)[0]["id"] == late["id"]
    assert api.get("/health").status_code == 200


def test_a_worker_that_is_frozen_and_wakes_up_again_is_used_again(new_cluster):
    """SIGSTOP: the process is there, its sockets are open, it only says nothing."""
    cluster = new_cluster(collections={"points": points(8)}, workers=2)
    cluster.api.add_all("points", make_points(50), wait="searchable")
    frozen = cluster.workers[0]
    with SearchLoad(cluster, "points", {"vector": [1.0] * 8}, threads=2) as load:
        load.wait_for(20)
        frozen.popen.send_signal(signal.SIGSTOP)
        try:
            load.wait_for(60)
            newest = cluster.api.add("points", {"label": "while frozen", "vector": [7.0] * 8}).record["id"]
        finally:
            frozen.popen.send_signal(signal.SIGCONT)
        cluster.wait_ready(2)
        load.wait_for(20)
    assert load.failures == []
    cluster.workers[1].stop()
    cluster.wait_ready(1)
    assert cluster.api.search("points", vector=[7.0] * 8, top_k=1)[0]["id"] == newest


def test_a_worker_waits_for_a_gateway_that_is_not_there_yet(new_cluster):
    cluster = new_cluster(collections={"points": points(8)}, workers=1)
    cluster.api.add_all("points", make_points(10), wait="searchable")
    cluster.gateway.stop()
    assert cluster.workers[0].is_running
    cluster.workers[0].stop()
    worker = cluster.workers[0].start()
    assert worker.is_running
    cluster.gateway.start()
    cluster.wait_ready(1)
    assert len(cluster.api.search("points", vector=[1.0] * 8)) == 10
