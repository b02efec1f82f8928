"""`kazi up`: one command runs a gateway and its workers, with a sample the first time, and takes them with it."""

import json
import os
import signal
import socket

import pytest
import requests

from harness.api import API
from harness.collections import job
from harness.processes import MODEL, START_SECONDS, descendants, free_port, is_alive, run
from harness.waiting import wait_until

SAMPLE_COUNT = 604


class Up:
    """A running `kazi up` on a port of its own."""

    def __init__(self, new_process, data, *arguments, port=None):
        self.port = port or free_port()
        self.api = API(f"http://127.0.0.1:{self.port}")
        self.process = new_process(
            "kazi", "up", "--port", self.port, "--zmq", "tcp://127.0.0.1:*", "--data-dir", data, "--model", MODEL, *arguments,
            in_new_group=True)

    def wait_ready(self, within=180):
        def ready():
            assert self.process.is_running, self.process.log[-4000:]
            try:
                assert self.api.get("/health").status_code == 200
            except requests.ConnectionError:
                return False
            return "is ready at" in self.process.log

        wait_until(ready, "kazi up to say that it is ready", within)
        return self

    def children(self):
        """The ids of its processes, by the name of their program."""
        found = {}
        for pid in descendants(self.process.pid):
            try:
                name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
            except FileNotFoundError:
                continue  # it has just ended
            found.setdefault(name, []).append(pid)
        return found


def wait_gone(pids, within=15):
    wait_until(lambda: not any(map(is_alive, pids)), f"the processes {pids} to be gone", within)


def all_pids(children):
    return [pid for pids in children.values() for pid in pids]


@pytest.fixture(scope="module")
def sample_data(tmp_path_factory):
    """The data folder that the first test fills with the sample and the second starts from again."""
    return tmp_path_factory.mktemp("sample")


def test_the_first_start_loads_a_sample_that_answers(new_process, sample_data):
    up = Up(new_process, sample_data).wait_ready()
    assert up.api.total("jobs") == SAMPLE_COUNT
    assert f"http://127.0.0.1:{up.port}" in up.process.log
    assert up.process.log.count("curl ") >= 3, "something to try"
    for text in ("I like working with children", "solar technician", "accounts and taxes"):
        hits = up.api.get("/api/v1/search", q=text, top_k=5).json()
        assert len(hits) == 5 and hits[0]["score"] > 0.25
    everything = up.api.search("jobs", text="work", top_k=1000)
    assert len(everything) == SAMPLE_COUNT, "every record of the sample is searchable"
    children = up.children()
    assert sorted(children) == ["kazi-gateway", "kazi-worker"]
    assert json.loads((sample_data / "gateway.json").read_text())["http"] == f"http://127.0.0.1:{up.port}"
    up.process.stop(signal.SIGTERM, within=60)
    wait_gone(all_pids(children), within=15)


def test_a_second_start_is_quick_and_loads_nothing_twice(new_process, sample_data):
    if not list(sample_data.iterdir()):
        pytest.skip("continues the test above")
    assert (sample_data / "workers" / "worker-1" / "jobs.snapshot").exists(), "the worker goes on from there"
    up = Up(new_process, sample_data).wait_ready()
    assert up.api.total("jobs") == SAMPLE_COUNT
    assert len(up.api.search("jobs", text="work", top_k=1000)) == SAMPLE_COUNT
    children = up.children()
    # Ctrl-C: the terminal sends SIGINT to the whole foreground group.
    os.killpg(up.process.pid, signal.SIGINT)
    assert up.process.wait(within=60) == 0
    wait_gone(all_pids(children), within=15)
    assert "Fatal" not in up.process.log and "Traceback" not in up.process.log


def test_several_workers_and_no_sample(new_process, tmp_path):
    up = Up(new_process, tmp_path / "data", "--workers", 3, "--no-sample").wait_ready()
    assert up.api.total("jobs") == 0
    assert len(up.children()["kazi-worker"]) == 3
    wait_until(lambda: up.api.get("/health").json()["workers"]["ready"] == 3, "three ready workers")
    up.api.add("jobs", job(), wait="searchable")
    assert len(up.api.search("jobs", text="data")) == 1
    # What dies is started again, and nothing that was written is lost.
    os.kill(up.children()["kazi-worker"][0], signal.SIGKILL)
    wait_until(lambda: len(up.children().get("kazi-worker", [])) == 3, "the worker to be started again")
    wait_until(lambda: up.api.get("/health").json()["workers"]["ready"] == 3, "three ready workers again")

    children = all_pids(up.children())
    up.process.kill()
    wait_gone(children)


def test_a_port_in_use_ends_it_with_one_clear_line(new_process, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("kazi", "up", "--port", port, "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data", "--model", MODEL,
                     "--no-sample", within=START_SECONDS)
    assert result.returncode not in (0, -signal.SIGABRT, -signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP)
    clear = [line for line in result.stderr.splitlines() if str(port) in line]
    assert len(clear) == 1, result.stderr


def test_help_names_its_flags():
    result = run("kazi", "up", "--help")
    assert result.returncode == 0
    for flag in ("--port", "--data-dir", "--workers", "--no-sample", "--collections", "--model"):
        assert flag in result.stdout
