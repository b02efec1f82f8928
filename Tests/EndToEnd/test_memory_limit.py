"""A worker with a memory limit: it takes what fits, says so, keeps what it has true, and goes on when there is room."""

import numpy
import pytest

from harness.waiting import wait_until

DIMENSION = 128
ITEMS = f"""\
$schema: https://json-schema.org/draft/2020-12/schema
title: Item
type: object
required: [label]
properties:
  label: {{ type: string, minLength: 1 }}
x-kazi:
  vector: {{ dimension: {DIMENSION}, metric: cosine }}
  key:    [label]
"""
KEY = "key-for-the-tests-of-the-memory-limit"
LIMIT_BYTES = 1 << 20


@pytest.fixture(scope="module")
def numbers():
    return numpy.random.default_rng(17)


def make(numbers, labels):
    return [{"label": label, "vector": numbers.normal(size=DIMENSION).round(4).tolist()} for label in labels]


def replica(cluster):
    answer = cluster.api.request("GET", "/admin/cluster", headers={"X-API-Key": KEY})
    worker, = answer.json()["workers"]
    assert worker["memory_limit_bytes"] == LIMIT_BYTES
    replica, = worker["replicas"]
    assert replica["memory_bytes"] <= LIMIT_BYTES
    return replica


def first(cluster, record, **body):
    return cluster.api.search("items", vector=record["vector"], top_k=1, **body)[0]["id"]


def test_a_worker_without_memory_for_more(new_cluster, numbers):
    cluster = new_cluster(collections={"items": ITEMS}, workers=0, environment={"KAZI_API_KEY": KEY})
    api = cluster.api
    cluster.add_worker("--memory-limit", str(LIMIT_BYTES >> 20))
    records = make(numbers, [f"item {number}" for number in range(4_000)])
    ids = []
    for start in range(0, len(records), 1_000):
        ids += api.add_all("items", records[start:start + 1_000])
    wait_until(lambda: replica(cluster)["full"], "the worker to be full")

    # It says so everywhere, and what is there can be searched.
    held = wait_until(lambda: (now := replica(cluster)) == replica(cluster) and now, "the replica to stay as it is")
    assert held["state"] == "ready" and 1_000 < held["vectors"] < 4_000 and held["lag"] > 0
    assert 128 < held["bytes_per_vector"] < 256
    health = api.get("/health")
    assert (health.status_code, health.json()["collections"]["items"]["full"]) == (503, True)
    metrics = api.get("/metrics").text
    assert f'kazi_worker_memory_limit_bytes{{worker="worker-1"}} {LIMIT_BYTES}' in metrics
    assert 'kazi_worker_full{worker="worker-1",collection="items",shard="0/1"} 1' in metrics
    assert cluster.workers[0].is_running and "no memory for more rows" in cluster.workers[0].log
    answer = api.post("/api/v1/items/search", {"vector": records[3]["vector"]})
    assert answer.json()[0]["id"] == ids[3] and len(answer.json()) == 10
    assert "X-Kazi-Guarantee" not in answer.headers, "nothing is promised of what it could not take"
    assert first(cluster, records[3_999]) != ids[3_999]
    refused = api.post("/api/v1/items/search", {"vector": records[3]["vector"], "min_seq": health.json()["seq"]})
    assert refused.status_code == 503 and "caught up" in refused.json()["detail"]

    # Replacements and deletions of what it holds are seen; a restart changes nothing.
    replacement, = make(numbers, ["item 5"])
    assert api.add_all("items", [replacement]) == [ids[5]]
    assert api.delete(f"/api/v1/items/{ids[6]}").status_code == 204
    wait_until(lambda: first(cluster, replacement) == ids[5], "the replacement to be found")
    wait_until(lambda: first(cluster, records[6]) != ids[6], "the deletion to be seen")
    assert first(cluster, records[5]) != ids[5]
    cluster.workers[0].kill()
    cluster.workers[0].start()
    wait_until(lambda: replica(cluster)["full"] and first(cluster, records[3]) == ids[3], "the worker to be back, and full", within=60)

    # There is room again.
    for id in ids[10:2_500]:
        assert api.delete(f"/api/v1/items/{id}").status_code == 204
    wait_until(lambda: api.get("/health").status_code == 200, "the worker to have everything", within=60)
    assert not replica(cluster)["full"] and replica(cluster)["lag"] == 0
    for number in (3, 2_500, 3_999):
        assert first(cluster, records[number]) == ids[number]
    assert api.post("/api/v1/items/search", {"vector": records[3]["vector"]}).headers["X-Kazi-Guarantee"] == "exact"


@pytest.mark.parametrize("limit", ["0", "-1", "much", "1.5"])
def test_a_limit_that_is_none(new_process, limit):
    worker = new_process("kazi-worker", f"--memory-limit={limit}")
    assert worker.wait() != 0
    assert "memory-limit" in worker.log
