"""More than can be served: what cannot begin soon is refused at once, the rest is served, and whoever watches sees it."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job, points
from harness.processes import Cluster
from harness.raw_http import RawConnection
from harness.waiting import wait_until

LIMITS = {
    "KAZI_MAX_SEARCHES": "2", "KAZI_MAX_WRITES": "2", "KAZI_MAX_EXPORTS": "1", "KAZI_MAX_QUEUE": "3", "KAZI_QUEUE_TIMEOUT": "0.5",
    "KAZI_MAX_BODY_MEMORY": "64"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """A gateway that serves two searches and two writes at once."""
    cluster = Cluster(
        tmp_path_factory.mktemp("narrow"), {"points": points(4), "jobs": JOBS_WITHOUT_VECTORS}, workers=1, environment=LIMITS)
    try:
        cluster.start()
        cluster.api.add("points", {"label": "a", "vector": [1, 0, 0, 0]}, wait="searchable")
        yield cluster
        cluster.stop()
    finally:
        cluster.dispose()


def figure(cluster, name, **labels):
    wanted = name + ("{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else "")
    with cluster.new_api() as api:
        return float(next(line.split()[1] for line in api.get("/metrics").text.splitlines() if line.startswith(wanted + " ")))


def check_refusal(answer):
    assert answer.status_code == 503, answer.text
    assert answer.json() == {"detail": "The gateway has more requests than it can serve"}
    assert int(answer.headers["Retry-After"]) >= 1


def test_what_cannot_begin_is_refused_and_the_rest_is_served(narrow):
    """A worker stands still, and with it the searches: two are under way, three wait a moment, the others go at once."""
    shed = figure(narrow, "kazi_http_requests_shed_total", **{"class": "search"})
    narrow.workers[0].popen.send_signal(signal.SIGSTOP)
    try:
        def search(_):
            with narrow.new_api() as api:
                return api.post("/api/v1/points/search", {"vector": [1, 0, 0, 0]})

        with ThreadPoolExecutor(12) as threads:
            answers = [threads.submit(search, number) for number in range(12)]
            wait_until(lambda: figure(narrow, "kazi_http_requests_shed_total", **{"class": "search"}) >= shed + 10, "ten to be refused")
            assert figure(narrow, "kazi_http_requests_in_flight", **{"class": "search"}) == 2
            # Nobody else is held up by the searches.
            with narrow.new_api(timeout=20) as api:
                assert api.get("/health/live").status_code == 200
                assert api.get("/metrics").status_code == 200
                assert api.get("/health").status_code in (200, 503)
                assert api.get("/api/v1/jobs").status_code == 200
                api.add("jobs", job())
            narrow.workers[0].popen.send_signal(signal.SIGCONT)
            answers = [answer.result() for answer in answers]
    finally:
        narrow.workers[0].popen.send_signal(signal.SIGCONT)
    refused = [answer for answer in answers if answer.status_code == 503 and "more requests" in answer.text]
    assert len(refused) == 10
    for answer in refused:
        check_refusal(answer)
    narrow.wait_ready(1)
    assert narrow.api.search("points", vector=[1, 0, 0, 0])
    assert figure(narrow, "kazi_http_requests_in_flight", **{"class": "search"}) == 0


def test_bodies_on_their_way_keep_nobody_out(narrow):
    """Slow senders hold no place among the writes that are served."""
    body = json.dumps(job()).encode()
    head = f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    slow = [RawConnection(narrow.gateway.http) for _ in range(20)]
    try:
        for connection in slow:
            connection.send(head + body[:-1])
        for _ in range(5):
            narrow.api.add("jobs", job())
        # One after another: together they would be more than are let in.
        for connection in slow:
            connection.send(body[-1:])
            assert connection.read_answer().status == 201
    finally:
        for connection in slow:
            connection.__exit__()


def test_one_export_at_a_time(narrow):
    narrow.api.add_all("jobs", [job(description="x" * 15_000)] * 1500)
    with RawConnection(narrow.gateway.http) as reader:
        reader.send_head("GET /api/v1/export/jobs.ndjson HTTP/1.1")
        wait_until(lambda: figure(narrow, "kazi_http_requests_in_flight", **{"class": "export"}) == 1, "the export to begin")
        check_refusal(narrow.api.get("/api/v1/export/jobs.csv"))
    # The reader has gone away, and its place is free.
    wait_until(lambda: narrow.api.get("/api/v1/export/jobs.csv").status_code == 200, "the place to be free")


def test_memory_for_bodies_is_bounded(narrow):
    """A batch of unknown length may have 64 MiB, which is all there is: a second one at the same time is told to wait."""
    head = b"POST /api/v1/jobs/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with RawConnection(narrow.gateway.http) as first:
        first.send(head)
        wait_until(lambda: figure(narrow, "kazi_http_body_reserved_bytes") == 64 << 20, "the first to be read")
        with RawConnection(narrow.gateway.http) as second:
            second.send(head)
            answer = second.read_answer()
            assert answer.status == 503 and int(answer.headers["retry-after"]) >= 1
        chunk = json.dumps([job()]).encode()
        first.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(chunk), chunk))
        assert first.read_answer().status == 200
    wait_until(lambda: figure(narrow, "kazi_http_body_reserved_bytes") == 0, "the memory to be given back")


def test_a_storm_passes(narrow):
    """Far more than is let in: each is answered, with its result or with a refusal, and afterwards all is as before."""
    start = threading.Barrier(32)

    def ask(_):
        statuses = []
        with narrow.new_api() as api:
            start.wait()
            for _ in range(10):
                statuses.append(api.post("/api/v1/points/search", {"vector": [1, 0, 0, 0]}).status_code)
                statuses.append(api.post("/api/v1/jobs", job()).status_code)
        return statuses

    with ThreadPoolExecutor(32) as threads:
        statuses = [status for own in threads.map(ask, range(32)) for status in own]
    assert set(statuses) <= {200, 201, 503}
    assert statuses.count(200) and statuses.count(201)
    for name in ("search", "write", "other"):
        assert figure(narrow, "kazi_http_requests_in_flight", **{"class": name}) <= (name == "other")
        assert figure(narrow, "kazi_http_requests_waiting", **{"class": name}) == 0
    assert narrow.api.search("points", vector=[1, 0, 0, 0])
