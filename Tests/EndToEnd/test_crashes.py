"""`kill -9` of the gateway: what was acknowledged is there, once, and worker and store agree."""

import itertools
import random
import threading

import numpy
import requests

from harness.api import API
from harness.collections import NOTES, points
from harness.reference_search import check_hits, scores
from harness.waiting import pass_a_moment, wait_until


class RetryingImporter:
    """Sends batches one after another, each until it is answered: what any careful client of the contract does."""

    def __init__(self, gateway, collection, records, batch_size):
        self.api = API(gateway.http, timeout=20)
        self.path = f"/api/v1/{collection}/batch"
        self.batches = [records[start:start + batch_size] for start in range(0, len(records), batch_size)]
        self.acknowledged = []  # (id, record), as the gateway said
        self.repeated = 0
        self.sent = 0
        self.changed = threading.Condition()

    def run(self):
        for batch in self.batches:
            wait_until(lambda: self._send(batch), "a batch to be acknowledged", within=120)

    def _send(self, batch):
        with self.changed:
            self.sent += 1
            self.changed.notify_all()
        try:
            answer = self.api.post(self.path, batch, duplicates="skip")
        except requests.RequestException:
            return False
        if answer.status_code == 503:
            return False
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code} {answer.text}")
        results = answer.json()
        if not all(result["status"] in (200, 201) for result in results):
            return False
        self.repeated += sum(result["result"] == "duplicate" for result in results)
        self.acknowledged += [(result["id"], record) for result, record in zip(results, batch)]
        return True

    def wait_until_sent(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: self.sent >= count, 120), "the import stands still"


def kill_during(cluster, importer, times, seed):
    """Runs the import and meanwhile kills the gateway `times` times, each within the first moments of a batch."""
    source = random.Random(seed)
    thread = threading.Thread(target=importer.run)
    thread.start()
    try:
        for round in range(times):
            importer.wait_until_sent(importer.sent + source.randint(1, 4))
            # Somewhere between reading the request and answering it: a random stretch, so that over
            # the rounds the kill falls before, into and after the commit.
            pass_a_moment(source, seconds_max=0.01)
            assert thread.is_alive(), f"the import was over before the kill of round {round}"
            cluster.gateway.restart()
    finally:
        thread.join()


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(new_cluster):
    cluster = new_cluster(collections={"points": points(16)}, workers=1)
    numbers = numpy.random.default_rng(4)
    records = [{"label": f"point {n}", "vector": numbers.normal(size=16).astype("float32").tolist()} for n in range(1000)]
    importer = RetryingImporter(cluster.gateway, "points", records, batch_size=10)
    kill_during(cluster, importer, times=5, seed=11)

    assert len(importer.acknowledged) == len(records)
    stored = {record["id"]: record["label"] for record in cluster.api.all_records("points")}
    assert len(stored) == len(records), "a record is there twice, or is missing"
    assert stored == {id: record["label"] for id, record in importer.acknowledged}

    # The worker, which lived through it all, holds exactly what the store holds.
    cluster.wait_ready(1)
    marker = cluster.api.add("points", {"label": "marker", "vector": [1.0] * 16})
    query = numbers.normal(size=16).tolist()
    hits = cluster.api.search("points", vector=query, top_k=1000, min_seq=marker.seq, filter={"label": {"ne": "marker"}})
    true = scores(query, [record["vector"] for _, record in importer.acknowledged], "cosine")
    check_hits(hits, {id: float(score) for (id, _), score in zip(importer.acknowledged, true)}, 1000)


def test_embedded_records_survive_as_well(new_cluster):
    cluster = new_cluster(collections={"notes": NOTES}, workers=1)
    words = itertools.product(("red", "old", "quiet"), ("bus", "goat", "market", "teacher"), ("river", "school", "hill", "well", "road"))
    records = [{"text": f"Note {number}: the {how} {what} near the {where}."} for number, (how, what, where) in enumerate(words)]
    importer = RetryingImporter(cluster.gateway, "notes", records, batch_size=2)
    kill_during(cluster, importer, times=2, seed=1)
    stored = {record["id"]: record["text"] for record in cluster.api.all_records("notes")}
    assert stored == {id: record["text"] for id, record in importer.acknowledged}
    assert len(stored) == len(records)
    cluster.wait_ready(1)
    head = cluster.api.get("/health").json()["seq"]
    hits = cluster.api.search("notes", text="the old goat near the well", top_k=1000, min_seq=head)
    assert {hit["id"] for hit in hits} == set(stored)
    assert "old goat near the well" in hits[0]["text"]


def test_workers_find_a_restarted_gateway_by_themselves(new_cluster):
    cluster = new_cluster(collections={"points": points(4)}, workers=2)
    first = cluster.api.add("points", {"label": "before", "vector": [1, 0, 0, 0]}, wait="searchable")
    ids = [worker.pid for worker in cluster.workers]
    cluster.gateway.restart()
    cluster.wait_ready(2)
    assert [worker.pid for worker in cluster.workers if worker.is_running] == ids, "they are the same processes"
    second = cluster.api.add("points", {"label": "after", "vector": [0, 1, 0, 0]}, wait="searchable")
    assert second.seq > first.seq, "sequence numbers go on"
    assert second.record["id"] != first.record["id"]
    for record, vector in ((first.record, [1, 0, 0, 0]), (second.record, [0, 1, 0, 0])):
        assert cluster.api.search("points", vector=vector, top_k=1)[0]["id"] == record["id"]


def test_deletes_and_updates_survive_a_crash(new_cluster):
    cluster = new_cluster(collections={"points": points(4)}, workers=1)
    api = cluster.api
    ids = api.add_all("points", [{"label": f"p{n}", "vector": [1, n, 0, 0]} for n in range(10)])
    for id in ids[:5]:
        assert api.delete(f"/api/v1/points/{id}").status_code == 204
    change = api.put(f"/api/v1/points/{ids[9]}", {"label": "changed", "vector": [0, 0, 0, 1]})
    cluster.gateway.restart()
    cluster.wait_ready(1)
    assert [record["id"] for record in api.all_records("points")] == ids[5:]
    # The worker may not have read the last write before the crash, so the search names it.
    hits = api.search("points", vector=[0, 0, 0, 1], top_k=100, min_seq=int(change.headers["X-Kazi-Seq"]))
    assert {hit["id"] for hit in hits} == set(ids[5:])
    assert (hits[0]["id"], hits[0]["label"]) == (ids[9], "changed")


def test_a_clean_stop_finishes_what_was_accepted(new_cluster):
    """SIGTERM during writes: every request is answered or refused, and what was answered is there after the restart."""
    cluster = new_cluster(collections={"points": points(4)}, workers=0)
    acknowledged, lock = [], threading.Lock()
    enough = threading.Semaphore(0)

    def write(thread_number):
        api = cluster.new_api()
        for number in range(100_000):
            try:
                answer = api.post("/api/v1/points", {"label": f"{thread_number}/{number}", "vector": [1, 2, 3, 4]})
            except requests.RequestException:
                return
            if answer.status_code == 503:
                return
            assert answer.status_code == 201, answer.text
            with lock:
                acknowledged.append(answer.json()["id"])
            enough.release()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        assert enough.acquire(timeout=30)
    cluster.gateway.stop()
    for thread in threads:
        thread.join()
    cluster.gateway.start()
    assert set(acknowledged) <= {record["id"] for record in cluster.api.all_records("points")}
