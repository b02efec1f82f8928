"""Workers with a data directory go on from their last snapshot, whatever happened to it, to them or to the store."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys

import numpy
import pytest

from harness.collections import points
from harness.processes import BIN, ROOT, run
from harness.reference_search import check_hits, scores
from harness.waiting import wait_until

DIMENSION = 16
COUNT = 6_000  # enough for the rows to be arranged


def make_points(count, seed=1):
    source = random.Random(seed)
    return [
        {"label": f"point {n}", "vector": [source.gauss(0, 1) for _ in range(DIMENSION)], "city": f"city {n % 7}",
         "size": n / 2, "is_open": n % 3 == 0, "tags": [f"tag {n % 5}", "all"][:n % 3]}
        for n in range(count)
    ]


def lines(worker, message):
    """The worker's log lines with a message, as dictionaries, oldest first."""
    found = [json.loads(line) for line in worker.log.splitlines() if line.startswith("{")]
    return [line for line in found if line["message"] == message]


class Held:
    """A cluster with one worker that keeps snapshots, and what its records should be."""

    def __init__(self, cluster, folder, count=COUNT):
        self.cluster = cluster
        self.folder = folder
        self.records = {}
        if count:
            stored = make_points(count)
            for start in range(0, count, 2_000):
                self.add(stored[start:start + 2_000])
        self.worker = cluster.add_worker("--data-dir", str(folder))

    @property
    def file(self):
        return self.folder / "points.snapshot"

    def add(self, stored, wait=None):
        for id, record in zip(self.cluster.api.add_all("points", stored, wait), stored):
            self.records[id] = record

    def change(self, seed):
        """New records, replaced ones and deleted ones."""
        api, source = self.cluster.api, random.Random(seed)
        self.add(make_points(40, seed))
        for id in source.sample(sorted(self.records), 30):
            record = self.records[id] | {"vector": [source.gauss(0, 1) for _ in range(DIMENSION)], "city": "moved"}
            assert api.put(f"/api/v1/points/{id}", record).status_code == 200
            self.records[id] = record
        for id in source.sample(sorted(self.records), 30):
            assert api.delete(f"/api/v1/points/{id}").status_code == 204
            del self.records[id]

    def wait_written(self, count=1):
        wait_until(lambda: len(lines(self.worker, "snapshot written")) >= count, "a snapshot to be written")

    def restart(self, how=signal.SIGKILL, between=lambda: None):
        if how == signal.SIGKILL:
            self.worker.kill()
        else:
            self.worker.stop(how)
        between()
        count = len(lines(self.worker, "replica ready"))
        self.worker.start()
        # For a while the gateway takes a killed worker to be ready still: the log knows.
        wait_until(lambda: len(lines(self.worker, "replica ready")) > count, "the worker to be ready again")
        self.cluster.wait_ready(1)

    @property
    def last_start(self):
        """The worker's line of being ready, of its last start."""
        return [line for line in lines(self.worker, "replica ready") if line["collection"] == "points"][-1]

    def check(self):
        """Searches give what the records say, with filters and without."""
        source = random.Random(5)
        for filter in (None, {"city": "moved"}, {"tags": "tag 3"}, {"size": {"lt": 100}, "is_open": True}):
            query = [source.gauss(0, 1) for _ in range(DIMENSION)]
            chosen = {id: record for id, record in self.records.items() if passes(record, filter)}
            vectors = numpy.reshape([record["vector"] for record in chosen.values()], (-1, DIMENSION))
            truth = dict(zip(chosen, scores(query, vectors, "cosine")))
            body = {"vector": query, "top_k": 50, "exact": True} | ({"filter": filter} if filter else {})
            check_hits(self.cluster.api.search("points", **body), truth, 50)
        everything = self.cluster.api.search("points", vector=[1.0] * DIMENSION, top_k=1000, exact=True)
        assert {hit["id"] for hit in everything} <= set(self.records)


def passes(record, filter):
    for name, wanted in (filter or {}).items():
        value = record.get(name)
        if isinstance(wanted, dict):
            if not value < wanted["lt"]:
                return False
        elif isinstance(value, list):
            if wanted not in value:
                return False
        elif value != wanted:
            return False
    return True


@pytest.fixture
def held(new_cluster, tmp_path):
    """Starts a `Held` of the test's own."""

    def start(**options):
        cluster = new_cluster(collections={"points": points(DIMENSION)}, workers=0)
        return Held(cluster, tmp_path / "snapshots", **options)

    return start


def is_arranged(held):
    """Whether a search that may read some of the rows does."""
    answer = held.cluster.api.post("/api/v1/points/search", {"vector": [1.0] * DIMENSION, "top_k": 10})
    return answer.headers["X-Kazi-Guarantee"] != "exact"


def test_a_killed_worker_pulls_only_what_it_missed(held):
    held = held()
    held.wait_written()
    assert held.last_start["pulled_rows"] == COUNT and "snapshot_seq" not in held.last_start
    written = lines(held.worker, "snapshot written")[-1]
    assert written["rows"] == COUNT and written["bytes"] == held.file.stat().st_size
    held.restart(between=lambda: held.change(seed=2))
    assert lines(held.worker, "snapshot read")[-1]["rows"] == COUNT
    assert held.last_start["snapshot_seq"] == written["seq"]
    assert 70 <= held.last_start["pulled_rows"] <= 100
    assert held.last_start["rows"] == len(held.records)
    held.check()
    # And it goes on as any other.
    held.change(seed=3)
    last = make_points(1, seed=4)[0] | {"label": "the last"}
    held.cluster.api.add_all("points", [last], wait="searchable")
    assert held.cluster.api.search("points", vector=last["vector"], top_k=1)[0]["label"] == "the last"


def test_a_worker_that_is_stopped_misses_nothing(held):
    held = held(count=1_000)
    held.change(seed=2)
    held.add(make_points(1, seed=3), wait="searchable")
    held.restart(signal.SIGTERM)
    assert held.last_start["pulled_rows"] == 0
    held.check()
    # Nothing has changed: nothing is written.
    count = len(lines(held.worker, "snapshot written"))
    held.restart(signal.SIGINT)
    assert len(lines(held.worker, "snapshot written")) == count
    assert held.last_start["pulled_rows"] == 0
    held.check()


def test_rows_that_were_arranged_need_not_be_arranged_again(held):
    held = held()
    wait_until(lambda: is_arranged(held), "the rows to be arranged")
    held.restart(signal.SIGTERM)
    # In its first answer: arranging takes longer than that.
    assert is_arranged(held)
    held.check()


@pytest.mark.parametrize("damage", ["a byte", "the end", "all but the start", "another version", "another file"])
def test_a_damaged_snapshot_is_said_and_answered_by_the_feed(held, damage):
    held = held(count=500)
    held.wait_written()

    def harm():
        content = bytearray(held.file.read_bytes())
        if damage == "a byte":
            content[len(content) // 2] ^= 0x10
        elif damage == "the end":
            del content[-1:]
        elif damage == "all but the start":
            del content[20:]
        elif damage == "another version":
            content[12] = 0
        else:
            content = b"not what it was"
        held.file.write_bytes(content)

    held.restart(between=harm)
    said = lines(held.worker, "snapshot damaged; its collection is pulled from the beginning")
    assert len(said) == 1 and said[0]["level"] == "warning" and said[0]["file"] == str(held.file)
    assert held.last_start["pulled_rows"] == 500
    held.check()
    # A new one takes its place.
    held.wait_written(2)
    held.restart()
    assert held.last_start["pulled_rows"] == 0
    held.check()


def test_a_snapshot_of_another_store_is_discarded(held, tmp_path):
    held = held(count=500)
    held.wait_written()
    data = held.cluster.gateway.data

    def restore():
        assert run("kazi", "backup", tmp_path / "b.db", "--data-dir", data).returncode == 0
        held.change(seed=2)
        held.cluster.gateway.stop()
        assert run("kazi", "restore", tmp_path / "b.db", "--data-dir", data).returncode == 0
        held.cluster.gateway.start()

    before = dict(held.records)
    held.restart(between=restore)
    held.records = before
    said = lines(held.worker, "snapshot discarded")
    assert [line["reason"] for line in said] == ["it is of another store"]
    assert held.last_start["pulled_rows"] == 500
    held.check()


def test_a_snapshot_that_is_ahead_of_the_store_is_discarded(held, tmp_path):
    """Somebody put back a copy of the store's files."""
    held = held(count=500)
    held.worker.stop()
    gateway = held.cluster.gateway
    gateway.stop()
    shutil.copytree(gateway.data, tmp_path / "copy")
    gateway.start()
    before = dict(held.records)
    held.worker.start()
    held.cluster.wait_ready(1)
    held.add(make_points(20, seed=2), wait="searchable")

    def roll_back():
        gateway.stop()
        shutil.rmtree(gateway.data)
        shutil.copytree(tmp_path / "copy", gateway.data)
        gateway.start()

    held.restart(signal.SIGTERM, between=roll_back)
    held.records = before
    said = lines(held.worker, "snapshot discarded")
    assert [line["reason"] for line in said] == ["the gateway has not what it is of"]
    assert held.last_start["pulled_rows"] == 500 and "snapshot_seq" not in held.last_start
    held.check()


def test_a_snapshot_of_other_columns_or_another_shard_is_discarded(held):
    held = held(count=300)
    held.wait_written()
    file = held.cluster.gateway.collections / "points.yaml"

    def change_columns():
        held.cluster.gateway.stop()
        file.write_text(file.read_text().replace("filter: [label, city, size,", "filter: [city, size, label,"))
        held.cluster.gateway.start()

    held.restart(between=change_columns)
    assert [line["reason"] for line in lines(held.worker, "snapshot discarded")] == ["it is of another generation"]
    assert held.last_start["pulled_rows"] == 300
    held.check()
    held.wait_written(2)
    held.worker.kill()
    held.worker.arguments += ["--shard", "1/2"]
    held.worker.start()
    wait_until(lambda: len(lines(held.worker, "snapshot discarded")) == 2, "the snapshot to be discarded")
    assert lines(held.worker, "snapshot discarded")[-1]["reason"] == "it is of shard 0/1"


def test_a_snapshot_that_needs_more_memory_than_there_is_now_is_discarded(held):
    held = held(count=20_000)
    held.wait_written()
    held.worker.kill()
    held.worker.arguments += ["--memory-limit", "1"]
    held.worker.start()
    said = wait_until(lambda: lines(held.worker, "snapshot discarded"), "the snapshot to be discarded")
    assert said[0]["reason"] == "it needs more memory than there is (--memory-limit)"
    # The feed is read again, as far as it fits.
    wait_until(lambda: lines(held.worker, "no memory for more rows (--memory-limit)"), "the worker to be full")
    held.worker.stop()


def test_a_directory_has_one_worker(held, new_process):
    held = held(count=10)
    second = new_process(
        "kazi-worker", "--gateway", held.cluster.gateway.zmq, "--id", "second", "--data-dir", held.folder)
    assert second.wait() == 1
    assert f"{held.folder} (--data-dir) is in use by another worker" in second.log
    # Not while the first lives, but after it, however it ended.
    held.worker.kill()
    third = new_process(
        "kazi-worker", "--gateway", held.cluster.gateway.zmq, "--id", "third", "--data-dir", held.folder,
        "--exit-with-parent")
    held.cluster.wait_ready(1)
    third.stop()


def test_a_directory_that_cannot_be_used_is_no_reason_to_stop(held, tmp_path):
    blocked = tmp_path / "snapshots"
    blocked.write_text("a file where the directory should be")
    held = held(count=50)
    assert len(lines(held.worker, "no snapshots: the data directory cannot be used")) == 1
    held.check()
    held.worker.stop()


def test_a_snapshot_that_cannot_be_written_is_no_reason_to_stop(held):
    held = held(count=50)
    held.wait_written()
    # In place of the unfinished file: nobody can write there, not even root.
    (held.folder / "points.snapshot.partial").mkdir()
    held.change(seed=2)
    held.cluster.wait_ready(1)
    held.worker.stop()
    failed = lines(held.worker, "cannot write a snapshot")
    assert len(failed) == 1 and failed[0]["level"] == "warning"
    # The one before is still good, and the directory in the way stays in the way of later ones alone.
    held.worker.start()
    wait_until(lambda: len(lines(held.worker, "replica ready")) == 2, "the worker to be ready again")
    held.cluster.wait_ready(1)
    assert held.last_start["pulled_rows"] >= 50
    held.check()


def test_what_a_killed_writer_left_is_removed(held):
    held = held(count=50)
    held.wait_written()

    def leave():
        (held.folder / "points.snapshot.partial").write_bytes(b"half of it")
        (held.folder / "old.snapshot.partial").write_bytes(b"half of another")

    held.restart(between=leave)
    assert sorted(os.listdir(held.folder)) == ["points.snapshot", "worker.lock"]
    held.check()


def test_the_benchmark_runs_and_checks_its_answers(tmp_path):
    result = subprocess.run(
        [sys.executable, ROOT / "scripts/bench/snapshot", "--rows", "5000", "--dimension", "32", "--runs", "1",
         "--worker", BIN / "kazi-worker", "--directory", tmp_path], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("ready again") == 2
    assert os.listdir(tmp_path) == [], "nothing is left behind"
