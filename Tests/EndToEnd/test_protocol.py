"""The ZeroMQ sockets of a gateway and a worker: a client written from the document, and what is no message of it."""

import json
import pathlib
import random
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
import zmq

from harness.collections import NOTES, points
from harness.processes import Cluster, free_port
from harness.waiting import wait_until

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    """A cluster whose worker listens where the test knows; both endpoints by name."""
    cluster = Cluster(tmp_path_factory.mktemp("protocol"), {"points": points(4), "notes": NOTES}, workers=0)
    try:
        cluster.start()
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        cluster.add_worker("--listen", endpoint)
        cluster.api.add_all("points", [{"label": f"p{n}", "vector": [1, n, 0, 0]} for n in range(20)], wait="searchable")
        cluster.api.add_all("notes", [{"text": "a goat on a hill"}, {"text": "a ship at sea"}], wait="searchable")
        yield cluster, {"gateway": cluster.gateway.zmq, "worker": endpoint}
        cluster.stop()
    finally:
        cluster.dispose()


@pytest.fixture(params=["gateway", "worker"])
def endpoint(listening, request):
    """One of the two sockets; after the test both processes still do their work."""
    cluster, endpoints = listening
    pids = [process.pid for process in (cluster.gateway, *cluster.workers)]
    yield endpoints[request.param]
    assert [process.pid for process in (cluster.gateway, *cluster.workers) if process.is_running] == pids
    # A changed announcement may bear the worker's name and a later epoch: then it is believed, until it is forgotten after
    # a minute of silence.
    wait_until(
        lambda: len(cluster.api.search("points", vector=[1, 0, 0, 0], top_k=100)) == 20, "searches to be answered", within=90)
    assert cluster.api.search("notes", text="sailing", top_k=1)[0]["text"] == "a ship at sea"


def test_frames_of_random_bytes(endpoint):
    source = random.Random(31)
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 2_000
        dealer.connect(endpoint)
        for _ in range(5_000):
            dealer.send_multipart([source.randbytes(source.choice([0, 1, 8, 31, 32, 40, 64, 500])) for _ in range(source.randint(1, 6))])
            while dealer.poll(0):
                dealer.recv_multipart()


def test_a_message_of_very_many_or_very_large_frames(endpoint):
    for frames in ([b"x"] * 20_000, [b""] * 20_000, [b"x" * (8 << 20)], [b"x" * 32, b"y" * (80 << 20)]):
        with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
            dealer.linger = 2_000
            dealer.connect(endpoint)
            dealer.send_multipart(frames)
            if dealer.poll(500):
                assert sum(map(len, dealer.recv_multipart())) < 100_000, "what is refused is not sent back"


def test_other_kinds_of_sockets(endpoint):
    """Peers that ROUTER accepts although they do not speak as a DEALER does."""
    for kind in (zmq.REQ, zmq.ROUTER):
        with zmq.Context() as context, context.socket(kind) as peer:
            peer.linger = 0
            peer.connect(endpoint)
            if kind == zmq.REQ:
                peer.send(b"hello")
                peer.poll(200)


@pytest.mark.parametrize("opening", [
    b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f", b"\xff" * 64, b"\x00" * 4096,
    # A ZMTP 3 greeting, and then nothing, or a command of two gigabytes.
    b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + b"\x00" * 48,
    b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + b"\x00" * 48 + b"\x06\x00\x00\x00\x00\x7f\xff\xff\xff",
], ids=["silence", "http", "half a greeting", "ones", "zeros", "greeting", "huge command"])
def test_connections_that_do_not_speak_zmtp(endpoint, opening):
    parts = urlsplit(endpoint)
    connections = [socket.create_connection((parts.hostname, parts.port), timeout=10) for _ in range(20)]
    for connection in connections:
        connection.sendall(opening)
    for connection in connections:
        connection.close()


def test_a_thousand_peers_that_come_and_go(endpoint):
    with zmq.Context() as context:
        for number in range(1_000):
            with context.socket(zmq.DEALER) as dealer:
                dealer.linger = 0
                dealer.connect(endpoint)
                if number % 2:
                    dealer.send(b"gone before the answer")


def client(*arguments):
    """Runs the reference client, which was written from the protocol's document alone."""
    return subprocess.run(
        [sys.executable, SCRIPTS / "kazi_client.py", *map(str, arguments)], capture_output=True, text=True, timeout=300)


def answer(*arguments):
    result = client(*arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_reference_client_searches_a_worker_directly(listening, tmp_path):
    cluster, endpoints = listening
    vector = tmp_path / "query.json"
    vector.write_text(json.dumps([1.0, 3.0, 0.0, 0.0]))
    hits = json.loads(
        answer("search", "--worker", endpoints["worker"], "--collection", "points", "--vector-file", vector, "--top-k", 3))
    # The gateway's answer to the same vector is the same.
    expected = cluster.api.search("points", vector=[1, 3, 0, 0], top_k=3)
    assert [hit["id"] for hit in hits] == [hit["id"] for hit in expected]
    assert [hit["score"] for hit in hits] == pytest.approx([hit["score"] for hit in expected], abs=1e-4)


def test_the_reference_client_queries_and_writes_at_a_gateway(listening):
    cluster, endpoints = listening
    at = ("--gateway", endpoints["gateway"], "--collection", "notes")
    assert "a ship at sea" in answer("query", *at, "--top-k", 1, "sailing the ocean")
    written = json.loads(answer("put", *at, json.dumps({"text": "written over ZeroMQ"})))
    id = written["record"]["id"]
    try:
        assert cluster.api.read("notes", id)["text"] == "written over ZeroMQ"
        assert "written over ZeroMQ" in answer("get", *at, id)
        refused = client("put", *at, json.dumps({"tag": "no text"}))
        assert refused.returncode != 0 and "missing" in refused.stderr + refused.stdout
    finally:
        answer("delete", *at, id)
    assert cluster.api.get(f"/api/v1/notes/{id}").status_code == 404
    assert client("get", *at, id).returncode != 0


def test_a_gateway_and_a_worker_say_how_they_are(listening):
    _, endpoints = listening
    assert '"points"' in answer("status", "--endpoint", endpoints["worker"])
    assert '"worker' in answer("status", "--endpoint", endpoints["gateway"])


def test_a_hundred_thousand_changed_messages(endpoint):
    """Each is a golden message with bytes flipped, cut, doubled or exchanged; the fuzzer checks that STATUS is answered."""
    result = subprocess.run(
        [sys.executable, SCRIPTS / "fuzz_protocol.py", endpoint, "--count", "100000"], capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
