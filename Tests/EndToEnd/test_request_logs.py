"""The log: one line a request, whole under load, that can be followed from the client through the gateway to the worker."""

import json
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, NOTES, job, points
from harness.processes import BIN, MODEL, Cluster, clean_environment
from harness.raw_http import RawConnection
from harness.waiting import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def talkative(tmp_path_factory):
    """A pair that logs everything, and takes every request to be slow that takes 100 ms."""
    cluster = Cluster(
        tmp_path_factory.mktemp("talkative"),
        {"jobs": JOBS_WITHOUT_VECTORS, "points": points(4), "notes": NOTES}, workers=1,
        environment={"KAZI_LOG_LEVEL": "debug"})
    try:
        yield cluster.start()
        cluster.stop()
    finally:
        cluster.dispose()


def lines(process, **wanted):
    """The lines of a process's log, each of which has to be JSON, that have these members."""
    whole = process.log.rpartition("\n")[0]
    parsed = [json.loads(line) for line in whole.splitlines()]
    return [line for line in parsed if all(line.get(name) == value for name, value in wanted.items())]


def line_of(process, **wanted):
    """The one line that has these members, as soon as it is written."""
    def found():
        matching = lines(process, **wanted)
        assert len(matching) == 1, matching
        return matching[0]
    return wait_until(found, f"a line with {wanted}")


def test_a_request_has_one_line_with_all_there_is_to_know(talkative):
    answer = talkative.api.request(
        "POST", "/api/v1/points", json={"label": "seen", "vector": [1, 2, 3, 4]},
        headers={"X-Request-ID": "order-66", "traceparent": PARENT})
    assert answer.headers["X-Request-ID"] == "order-66"
    line = line_of(talkative.gateway, request_id="order-66")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (line["level"], line["message"], line["logger"]) == ("info", "request", "kazi.gateway")
    assert (line["method"], line["path"], line["status"], line["collection"]) == ("POST", "/api/v1/points", 201, "points")
    assert line["trace_id"] == TRACE
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line["client"])
    assert line["key_id"] == ""
    assert line["bytes_in"] == len(answer.request.body) and line["bytes_out"] == len(answer.content)
    assert 0 < line["duration_ms"] < 60_000


@pytest.mark.parametrize("header, continues", [
    (PARENT, True),
    (PARENT.replace("00-", "cc-", 1) + "-later-versions-may-say-more", True),
    (PARENT + "-more", False),
    ("ff" + PARENT[2:], False),
    (PARENT.upper(), False),
    (f"00-{'0' * 32}-b7ad6b7169203331-01", False),
    (f"00-{TRACE}-{'0' * 16}-01", False),
    (f"00-{TRACE[:-1]}g-b7ad6b7169203331-01", False),
    (TRACE, False), ("", False), ("00-", False), ("\u00e9" * 55, False),
])
def test_a_trace_is_continued_where_it_is_one(talkative, header, continues):
    """The cases of W3C Trace Context, section 3.2."""
    talkative.api.request(
        "GET", "/health/live", headers={"traceparent": header.encode(), "X-Request-ID": "trace"})
    line = wait_until(lambda: lines(talkative.gateway, request_id="trace"), "the line")[-1]
    assert (line["trace_id"] == TRACE) == continues
    assert re.fullmatch("[0-9a-f]{32}", line["trace_id"])


def test_a_search_can_be_followed_into_the_worker(talkative):
    talkative.api.add("points", {"label": "here", "vector": [1, 0, 0, 0]}, wait="searchable")
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    talkative.api.request(
        "POST", "/api/v1/points/search", json={"vector": [1, 0, 0, 0], "top_k": 3}, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-00"})
    assert line_of(talkative.gateway, trace_id=trace)["path"] == "/api/v1/points/search"
    line = line_of(talkative.workers[0], trace_id=trace)
    assert (line["message"], line["level"], line["collection"], line["result_limit"]) == ("search", "debug", "points", 3)
    assert line["hits"] >= 1 and line["scan_ms"] <= line["duration_ms"]


def test_server_timing_names_the_stages(talkative):
    def stages(answer):
        parts = dict(re.fullmatch(r"(\w+);dur=([\d.e-]+)", part).groups() for part in answer.headers["Server-Timing"].split(", "))
        assert all(float(milliseconds) >= 0 for milliseconds in parts.values())
        return list(parts)

    api = talkative.api
    written = api.post("/api/v1/notes", {"text": "a note to be timed"}, wait="searchable")
    assert stages(written) == ["queue", "validate", "embed", "store", "wait"]
    assert stages(api.post("/api/v1/notes/search", {"text": "timed"})) == ["queue", "validate", "embed", "search", "fetch"]
    assert stages(api.get(f"/api/v1/notes/{written.json()['id']}")) == ["queue", "fetch"]
    assert stages(api.post("/api/v1/jobs", {"title": 1})) == ["queue", "validate"]
    assert "Server-Timing" not in api.get("/health/live").headers


def test_a_slow_request_says_where_its_time_went(new_cluster):
    cluster = new_cluster(
        collections={"notes": NOTES}, workers=1, environment={"KAZI_SLOW_REQUEST_MS": "0", "KAZI_LOG_LEVEL": "warning"})
    cluster.api.add("notes", {"text": "slow"}, wait="searchable")
    cluster.api.request("POST", "/api/v1/notes/search", json={"text": "slow"}, headers={"X-Request-ID": "slowest"})
    line = line_of(cluster.gateway, request_id="slowest")
    assert (line["level"], line["message"]) == ("warning", "slow request")
    stages = {name: line[f"{name}_ms"] for name in ("queue", "validate", "embed", "search", "fetch")}
    assert sum(stages.values()) <= line["duration_ms"] + 0.01
    assert line_of(cluster.workers[0], trace_id=line["trace_id"])["message"] == "slow search"


def test_a_streamed_answer_has_its_line_when_it_has_ended(talkative):
    talkative.api.add_all("jobs", [job()] * 10)
    answer = talkative.api.request("GET", "/api/v1/export/jobs.csv", headers={"X-Request-ID": "export"})
    line = line_of(talkative.gateway, request_id="export")
    assert line["bytes_out"] == len(answer.content) and line["collection"] == "jobs" and "cut_off" not in line
    talkative.api.add_all("jobs", [job(description="x" * 15_000)] * 1000)
    with RawConnection(talkative.gateway.http) as connection:
        connection.send_head("GET /api/v1/export/jobs.ndjson HTTP/1.1", "X-Request-ID: cut")
    line = line_of(talkative.gateway, request_id="cut")
    assert line["cut_off"] is True and line["bytes_out"] < 15_000_000


def test_what_is_no_request_has_a_line_too(talkative):
    before = len(lines(talkative.gateway, status=400, path=""))
    with RawConnection(talkative.gateway.http) as connection:
        connection.send(b"NONSENSE\r\n\r\n")
        answer = connection.read_answer()
    assert line_of(talkative.gateway, request_id=answer.headers["x-request-id"])["status"] == 400
    assert len(lines(talkative.gateway, status=400, path="")) == before + 1


HOSTILE = [
    '/"}\n{"level":"critical"', "/\u2028\u2029", "/\x1b[2J\x1b[31m", "/\u009b31m", "/%0a%0dSet-Cookie:%20x=1", "/\\", "/" + "long" * 1000, "/\x7f", "/caf\u00e9",
]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_nothing_that_a_client_sends_makes_a_line_of_its_own(new_cluster, log_format):
    cluster = new_cluster(collections={"points": points(4)}, workers=0, environment={"KAZI_LOG_FORMAT": log_format})
    cluster.api.get("/health/live")
    for text in HOSTILE:
        for request in (f"GET {text.replace(chr(10), '%0a')} HTTP/1.1\r\nHost: x\r\n\r\n", f"GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: {text}\r\n\r\n",
                        f"GET / HTTP/1.1\r\nHost: x\r\ntraceparent: {text}\r\n\r\n", f"GET {text} HTTP/1.1\r\nHost: x\r\n\r\n"):
            with RawConnection(cluster.gateway.http) as connection:
                connection.send(request.encode())
                assert connection.read_answer() is not None
    cluster.gateway.stop()
    log = cluster.gateway.log_path.read_bytes().decode()
    # Neither what ends a line for some reader, nor what a terminal obeys.
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", log)
    written = log.splitlines()
    assert len(written) == log.count("\n") >= len(HOSTILE) * 4
    for line in written:
        if log_format == "json":
            assert json.loads(line)["level"] in ("info", "notice")
        else:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|notice) kazi\.gateway: (request|listening) ", line)


def test_lines_are_whole_under_load(talkative):
    """Many at once, each with a name of its own: each name is in exactly one line, and each line is JSON."""
    def ask(number):
        with talkative.new_api() as api:
            for turn in range(50):
                api.request("GET", "/api/v1/jobs", params={"limit": 1}, headers={"X-Request-ID": f"load-{number}-{turn}"})

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(ask, range(16)))
    expected = {f"load-{number}-{turn}" for number in range(16) for turn in range(50)}

    def all_written():
        seen = [line["request_id"] for line in lines(talkative.gateway) if str(line.get("request_id", "")).startswith("load-")]
        assert len(seen) == len(expected) and set(seen) == expected
        return True

    wait_until(all_written, "every line")


def test_a_log_that_nobody_reads_stops_no_request(tmp_path):
    """Standard error is a pipe that is full: the gateway serves on, and writes its lines when somebody reads again."""
    (tmp_path / "collections").mkdir()
    (tmp_path / "collections" / "jobs.yaml").write_text(JOBS_WITHOUT_VECTORS)
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [BIN / "kazi-gateway", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data",
         "--collections", tmp_path / "collections", "--model", MODEL, "--exit-with-parent"],
        stdin=subprocess.PIPE, stderr=writing, env=clean_environment())
    os.close(writing)
    try:
        note = tmp_path / "data" / "gateway.json"
        wait_until(note.exists, "the gateway to listen", within=60)
        address = json.loads(note.read_text())["http"]

        def ask(number):
            # 256 lines of 1 KiB from each: more together than a pipe holds.
            with RawConnection(address) as connection:
                for _ in range(256):
                    connection.send_head(f"GET /{'x' * 600} HTTP/1.1")
                    assert connection.read_answer().status == 404

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(ask, range(4)))
        received = []
        reader = threading.Thread(target=lambda: received.append(os.fdopen(reading, "rb").read()))
        reader.start()
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        reader.join()
        written = [json.loads(line) for line in received[0].decode().splitlines()]
        assert sum(line["message"] == "request" for line in written) == 1024
    finally:
        process.kill()
        process.wait()


def test_text_for_people(new_cluster):
    cluster = new_cluster(collections={"points": points(4)}, workers=1, environment={"KAZI_LOG_FORMAT": "text"})
    cluster.api.request("GET", "/api/v1/points", headers={"X-Request-ID": "plain"})
    wait_until(lambda: "request_id=plain " in cluster.gateway.log, "the line")
    assert re.search(r" info kazi\.gateway: request method=GET path=/api/v1/points status=200 duration_ms=", cluster.gateway.log)
