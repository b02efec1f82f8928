"""`/health` tells the truth: whether a write and a search would succeed now."""

import ctypes
import os
import shutil
import signal
import sqlite3

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job, points
from harness.processes import Cluster
from harness.waiting import wait_until

POINT = {"label": "a", "vector": [1, 0, 0, 0]}


def status(cluster, wanted, **members):
    """Waits until `/health` says so, and returns its body."""
    def says():
        with cluster.new_api(timeout=20) as api:
            answer = api.get("/health")
        body = answer.json()
        assert (answer.status_code, {name: body[name] for name in members}) == (wanted, members), body
        return body
    return wait_until(says, f"/health to say {wanted} {members}", within=60)


def test_a_shard_without_a_living_worker(new_cluster):
    cluster = new_cluster(collections={"points": points(4)}, workers=0)
    assert status(cluster, 503, status="degraded", database="connected")["collections"]["points"]["shards"] == "0/0"
    first = cluster.add_worker("--shard", "0/2", wait=False)
    body = status(cluster, 503, status="degraded", workers={"ready": 1, "total": 1})
    assert body["collections"]["points"]["shards"] == "1/2"
    cluster.add_worker("--shard", "1/2", wait=False)
    assert status(cluster, 200, status="ok")["collections"]["points"] == {"shards": "2/2", "lag": 0}
    first.kill()
    body = status(cluster, 503, status="degraded")
    assert body["collections"]["points"]["shards"] == "1/2" and body["database"] == "connected"
    first.start()
    status(cluster, 200, status="ok")


def test_a_worker_that_stands_still_is_not_alive(new_cluster):
    """The process is there and its socket is open; it answers nothing."""
    cluster = new_cluster(collections={"points": points(4)}, workers=1)
    status(cluster, 200, status="ok")
    cluster.workers[0].popen.send_signal(signal.SIGSTOP)
    try:
        status(cluster, 503, status="degraded")
    finally:
        cluster.workers[0].popen.send_signal(signal.SIGCONT)
    status(cluster, 200, status="ok", workers={"ready": 1, "total": 1})


def test_a_worker_that_has_not_caught_up_is_not_ready(new_cluster):
    """While a new worker reads what is there, the gateway is not ready; when it is, searches see everything."""
    cluster = new_cluster(collections={"points": points(256)}, workers=0)
    vector = [1.0] + [0.0] * 255
    for start in range(0, 6000, 1000):
        cluster.api.add_all("points", [{"label": f"p{start + number}", "vector": vector} for number in range(1000)])
    head = cluster.health()["seq"]
    worker = cluster.add_worker(wait=False)
    seen = []

    def ready():
        answer = cluster.api.get("/health")
        body = answer.json()
        seen.append(answer.status_code)
        if answer.status_code == 200:
            # Ready means caught up: the worker holds all of it.
            assert body["collections"]["points"]["lag"] == 0, body
            return True
        return False

    wait_until(ready, "the worker to be ready", within=60)
    assert seen[0] == 503
    assert worker.is_running and len(cluster.api.search("points", vector=vector, top_k=1000, min_seq=head)) == 1000


def test_a_database_file_that_is_gone_or_another(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    cluster.api.add("jobs", job())
    status(cluster, 200, status="ok", database="connected")
    database = cluster.gateway.data / "kazi.sqlite"
    moved = database.with_name("moved")
    database.rename(moved)
    body = status(cluster, 503, status="degraded", database="unavailable")
    assert "removed or replaced" in body["reason"]
    shutil.copy(moved, database)
    status(cluster, 503, database="unavailable")
    moved.rename(database)
    status(cluster, 200, status="ok", database="connected")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 24 MiB; skipped where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=24m") != 0:
        pytest.skip(f"no file system can be mounted here: {os.strerror(ctypes.get_errno())}")
    yield folder
    libc.umount2(str(folder).encode(), 2)


def test_a_full_disk(small_disk, tmp_path):
    """Writes get 503 and store nothing, reads go on, `/health` says so, and all is well again when there is room."""
    cluster = Cluster(small_disk / "cluster", {"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment={"KAZI_LOG_LEVEL": "critical"})
    try:
        cluster.start()
        kept = cluster.api.add("jobs", job(title="Kept"))
        ballast = small_disk / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 65536):
                    pass
            except OSError:
                pass

        def refuses():
            answer = cluster.api.post("/api/v1/jobs", job(description="y" * 15_000))
            assert answer.status_code == 503, answer.text
            assert answer.headers["Retry-After"] and "detail" in answer.json()
            return True

        wait_until(refuses, "a write to be refused")
        total = cluster.api.total("jobs")
        assert cluster.api.post("/api/v1/jobs", job(description="y" * 15_000)).status_code == 503
        body = status(cluster, 503, status="degraded", database="unavailable")
        assert body["reason"]
        assert cluster.api.get("/health/live").status_code == 200
        assert cluster.api.read("jobs", kept.record["id"])["title"] == "Kept"
        assert cluster.api.total("jobs") == total
        ballast.unlink()
        status(cluster, 200, status="ok", database="connected")
        cluster.api.add("jobs", job(title="Again"))
        cluster.stop()
    finally:
        cluster.dispose()


def test_a_fault_of_ours_is_told_by_its_number_alone(new_cluster):
    """A stored record is damaged behind the gateway's back: the client learns the request's id, the log the rest."""
    for is_debug in (False, True):
        cluster = new_cluster(
            collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment={"KAZI_DEBUG": "1"} if is_debug else {})
        id = cluster.api.add("jobs", job()).record["id"]
        cluster.gateway.stop()
        damage(cluster.gateway.data / "kazi.sqlite")
        cluster.gateway.start()
        cluster._api = None
        answer = cluster.api.request("PATCH", f"/api/v1/jobs/{id}", json={"title": "Other"}, headers={"X-Request-ID": "fault-1"})
        assert answer.status_code == 500
        body = answer.json()
        assert (body["detail"], body["request_id"]) == ("Internal Server Error", "fault-1")
        assert answer.headers["X-Request-ID"] == "fault-1"
        assert set(body) == ({"detail", "request_id", "reason"} if is_debug else {"detail", "request_id"})
        wait_until(lambda: '"message":"request failed","reason":' in cluster.gateway.log, "the reason in the log")


def damage(database):
    """Makes the body of every record something that is no JSON."""

    with sqlite3.connect(database) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in tables:
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
            if "body" in columns and "seq" in columns:
                connection.execute(f'UPDATE "{name}" SET body = \'no JSON\'')
    connection.close()
