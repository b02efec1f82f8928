"""`kazi backup` and `kazi restore`."""

import threading

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job, points
from harness.processes import run


def backup(cluster, file, *arguments):
    return run("kazi", "backup", file, "--data-dir", cluster.gateway.data, *arguments)


def restore(cluster, file, *arguments):
    return run("kazi", "restore", file, "--data-dir", cluster.gateway.data, *arguments)


@pytest.fixture
def cluster(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS, "points": points(4)}, workers=1)
    cluster.api.add_all("jobs", [job(title=f"Job {number}") for number in range(50)])
    cluster.api.add_all("points", [{"label": "a", "vector": [1, 0, 0, 0]}, {"label": "b", "vector": [0, 1, 0, 0]}])
    return cluster


def test_a_backup_made_while_writes_go_on_is_whole_and_can_be_restored(cluster, tmp_path):
    stop = threading.Event()
    acknowledged = []

    def write():
        api = cluster.new_api()
        while not stop.is_set():
            acknowledged.append(api.add("jobs", job(title=f"Meanwhile {len(acknowledged)}")).record["id"])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        before = len(acknowledged)
        result = backup(cluster, tmp_path / "b.db")
        assert result.returncode == 0, result.stderr
        assert "verified" in result.stdout
    finally:
        stop.set()
        thread.join()
    assert (tmp_path / "b.db").stat().st_mode & 0o077 == 0, "only its owner may read it"

    cluster.api.delete("/api/v1/jobs/1")
    cluster.api.add_all("points", [{"label": "c", "vector": [0, 0, 1, 0]}], wait="searchable")
    refused = restore(cluster, tmp_path / "b.db")
    assert refused.returncode != 0 and "stop the gateway" in refused.stderr
    cluster.gateway.stop()
    result = restore(cluster, tmp_path / "b.db")
    assert result.returncode == 0, result.stderr
    cluster.gateway.start()
    cluster.wait_ready(1)
    titles = [record["title"] for record in cluster.api.all_records("jobs")]
    assert titles[:50] == [f"Job {number}" for number in range(50)], "also what was deleted since"
    assert len(titles) >= 50 + before
    # The worker, which lived through it, holds what the backup held.
    marker = cluster.api.add("points", {"label": "marker", "vector": [0, 0, 0, 1]}, wait="searchable")
    hits = cluster.api.search("points", vector=[1, 1, 1, 0], top_k=10, min_seq=marker.seq)
    assert {hit["label"] for hit in hits} == {"a", "b", "marker"}


def test_a_backup_replaces_nothing_unless_told(cluster, tmp_path):
    file = tmp_path / "b.db"
    file.write_text("mine")
    result = backup(cluster, file)
    assert result.returncode != 0 and "--overwrite" in result.stderr
    assert file.read_text() == "mine"
    assert backup(cluster, file, "--overwrite").returncode == 0
    assert run("kazi", "backup", "--verify", file).returncode == 0
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []


def test_what_is_no_backup_is_not_restored(cluster, tmp_path):
    good = tmp_path / "b.db"
    assert backup(cluster, good).returncode == 0
    whole = good.read_bytes()
    cluster.gateway.stop()
    for name, content in [("text", b"not a database" * 100), ("empty", b""), ("short", whole[: len(whole) // 2])]:
        bad = tmp_path / name
        bad.write_bytes(content)
        assert run("kazi", "backup", "--verify", bad).returncode != 0, name
        result = restore(cluster, bad)
        assert result.returncode != 0 and result.stderr.strip(), name
    missing = restore(cluster, tmp_path / "missing")
    assert missing.returncode != 0 and "missing" in missing.stderr
    cluster.gateway.start()
    assert cluster.api.total("jobs") == 50, "nothing was touched"


def test_no_tag_of_a_version_is_given_again_after_a_restore(cluster, tmp_path):
    """Numbers are: the backup's store counts on from where it was made."""
    path = "/api/v1/jobs/1"
    before = cluster.api.get(path).headers["ETag"]
    assert backup(cluster, tmp_path / "b.db").returncode == 0
    lost = cluster.api.patch(path, {"location": "Kisumu"})
    cluster.gateway.stop()
    assert restore(cluster, tmp_path / "b.db").returncode == 0
    cluster.gateway.start()
    other = cluster.api.patch(path, {"location": "Nakuru"})
    assert other.headers["X-Kazi-Seq"] == lost.headers["X-Kazi-Seq"], "the case that this is about"
    assert other.headers["ETag"] not in (before, lost.headers["ETag"])
    answer = cluster.api.request("GET", path, headers={"If-None-Match": lost.headers["ETag"]})
    assert (answer.status_code, answer.json()["location"]) == (200, "Nakuru")
    refused = cluster.api.request("PATCH", path, json={"location": "Lodwar"}, headers={"If-Match": lost.headers["ETag"]})
    assert refused.status_code == 412
    # Across restarts of one store a tag stays what it was.
    tag = other.headers["ETag"]
    cluster.gateway.restart()
    assert cluster.api.request("GET", path, headers={"If-None-Match": tag}).status_code == 304


def test_a_directory_without_a_database_is_told(tmp_path):
    result = run("kazi", "backup", tmp_path / "b.db", "--data-dir", tmp_path / "nothing")
    assert result.returncode != 0 and "--data-dir" in result.stderr
