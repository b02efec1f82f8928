"""What stops a process from starting: one clear line on standard error, an exit status that is not 0, and no trace."""

import shutil
import signal
import socket

import pytest
import requests

from harness.api import API
from harness.collections import EVENTS, JOBS, JOBS_WITHOUT_VECTORS, points
from harness.processes import MODEL, free_port, run
from harness.waiting import wait_until


def start_gateway(tmp_path, *arguments, collections=None, environment=None, data=None, model=MODEL):
    """Runs a gateway that is expected to give up, to its end."""
    folder = tmp_path / "collections"
    folder.mkdir(exist_ok=True)
    for name, text in (collections or {"events": EVENTS}).items():
        (folder / f"{name}.yaml").write_text(text)
    return run("kazi-gateway", "--host", "127.0.0.1", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", data or tmp_path / "data",
               "--model", model, "--collections", folder, *arguments, environment=environment, within=60)


def explanation(result, status=1, of="kazi-gateway"):
    """The one line that says why, without the program's name."""
    assert result.returncode == status, f"status {result.returncode}\n{result.stdout}\n{result.stderr}"
    said = [line for line in result.stderr.splitlines() if line.startswith(f"{of}: ")]
    assert len(said) == 1, result.stderr
    assert "Fatal error" not in result.stderr and "Error(" not in said[0]
    return said[0].removeprefix(f"{of}: ")


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in explanation(start_gateway(tmp_path, "--port", port))
        assert not (tmp_path / "data" / "gateway.json").exists(), "it never listened"


def test_a_messaging_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in explanation(start_gateway(tmp_path, "--zmq", f"tcp://127.0.0.1:{port}"))


def test_a_missing_model(tmp_path):
    missing = tmp_path / "no-model-here"
    assert str(missing) in explanation(start_gateway(tmp_path, collections={"jobs": JOBS}, model=missing))


def test_a_model_that_is_cut_short(tmp_path):
    broken = tmp_path / "broken-model"
    shutil.copytree(MODEL, broken)
    weights = broken / "model.safetensors"
    with open(weights, "r+b") as file:
        file.truncate(weights.stat().st_size // 2)
    assert "model.safetensors" in explanation(start_gateway(tmp_path, collections={"jobs": JOBS}, model=broken))


def test_a_data_directory_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    data = tmp_path / "file" / "data"
    assert str(data) in explanation(start_gateway(tmp_path, data=data))


def test_a_data_directory_that_another_gateway_uses(new_cluster, tmp_path):
    cluster = new_cluster(collections={"events": EVENTS}, workers=0)
    assert str(cluster.gateway.data) in explanation(start_gateway(tmp_path, data=cluster.gateway.data))
    assert cluster.api.get("/health/live").status_code == 200


@pytest.mark.parametrize("damage", ["garbage", "first page overwritten", "cut short"])
def test_a_corrupt_database(new_cluster, tmp_path, damage):
    cluster = new_cluster(collections={"events": EVENTS}, workers=0)
    event = {"type": "seen", "timestamp": "2026-01-01T00:00:00Z", "payload": {"text": "x" * 500}}
    cluster.api.add_all("events", [event] * 200)
    cluster.gateway.stop()
    database, = [
        path for path in cluster.gateway.data.iterdir() if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    for sidecar in cluster.gateway.data.glob(database.name + "-*"):
        sidecar.unlink()
    content = database.read_bytes()
    database.write_bytes({
        "garbage": b"\xde\xad\xbe\xef" * 4096,
        "first page overwritten": content[:100] + b"\xff" * 3996 + content[4096:],
        "cut short": content[:len(content) // 2],
    }[damage])
    damaged = database.read_bytes()
    assert database.name in explanation(start_gateway(tmp_path, data=cluster.gateway.data))
    assert database.read_bytes() == damaged, "nothing is repaired behind anybody's back"


@pytest.mark.parametrize("name, text, place", [
    ("no YAML", "title: [unclosed\nproperties: {\n", ""),
    ("no schema", "- just\n- a list\n", ""),
    ("an unknown type", JOBS.replace("location:    { type: string }", "location:    { type: text }"), "location"),
    ("a field that is not there is embedded", JOBS.replace("embed:  [title", "embed:  [headline, title"), "embed"),
    ("a field that is not there is filtered", JOBS.replace("filter: [company", "filter: [colour, company"), "filter"),
    ("a rule that is no rule", JOBS.replace("salary_min <= salary_max\n", "salary_min <=> salary_max\n"), "rules"),
    ("a rule about nothing", JOBS.replace("salary_min <= salary_max\n", "salary_min <= wage\n"), "rules"),
    ("an unknown word for Kazi", JOBS.replace("  trim: ", "  trimm:"), "trimm"),
    ("a dimension of nothing", points(0), "dimension"),
    ("a metric of nobody's", points(4, "manhattan"), "metric"),
    ("both ways to a vector", points(4).replace("x-kazi:\n", "x-kazi:\n  embed: [label]\n"), "embed"),
    ("a required field that is not there", JOBS_WITHOUT_VECTORS.replace("required: [title", "required: [headline, title"), "required"),
    ("lengths the wrong way round", JOBS.replace("minLength: 2", "minLength: 300"), "title"),
], ids=lambda value: value if isinstance(value, str) and len(value) < 50 and "\n" not in value else "")
def test_a_bad_collection_file_is_named_with_the_place_in_it(tmp_path, name, text, place):
    said = explanation(start_gateway(tmp_path, collections={"events": EVENTS, "bad": text}))
    assert "bad.yaml" in said
    assert place in said


def test_an_empty_folder_of_collections(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "empty" in explanation(start_gateway(tmp_path, "--collections", empty))
    assert "not-there" in explanation(start_gateway(tmp_path, "--collections", empty / "not-there"))


def test_a_collection_that_changed_its_dimension_is_not_mixed(new_cluster, tmp_path):
    """Vectors of another length are in the store: the start is refused, or the old ones are never searched again."""
    cluster = new_cluster(collections={"points": points(4)}, workers=0)
    cluster.api.add("points", {"label": "old", "vector": [1, 2, 3, 4]})
    cluster.gateway.stop()
    result = start_gateway(tmp_path, collections={"points": points(5)}, data=cluster.gateway.data)
    assert "points" in explanation(result)


def test_an_open_address_without_keys_is_refused(tmp_path):
    assert "0.0.0.0" in explanation(start_gateway(tmp_path, "--host", "0.0.0.0"))


@pytest.mark.parametrize("program, arguments", [
    ("kazi-gateway", ["--port", "many"]),
    ("kazi-gateway", ["--port", "65536"]),
    ("kazi-gateway", ["--no-such-flag"]),
    ("kazi-worker", ["--shard", "3/3"]),
    ("kazi-worker", ["--shard", "one"]),
    ("kazi-worker", ["surplus"]),
    ("kazi", ["up", "--workers", "0"]),
    ("kazi", ["no-such-command"]),
])
def test_bad_usage_is_status_64(program, arguments):
    result = run(program, *arguments)
    assert result.returncode == 64
    assert "Error" in result.stderr or "Usage" in result.stderr


def test_a_bad_variable_is_bad_usage_too(tmp_path):
    result = run("kazi-gateway", "--data-dir", tmp_path / "data", environment={"KAZI_PORT": "many"})
    assert result.returncode == 64
    assert "KAZI_PORT" in result.stderr


def test_every_flag_has_its_variable(new_process, tmp_path):
    (tmp_path / "collections").mkdir()
    (tmp_path / "collections" / "events.yaml").write_text(EVENTS)
    port = free_port()
    process = new_process("kazi-gateway", environment={
        "KAZI_PORT": str(port), "KAZI_ZMQ": "tcp://127.0.0.1:*", "KAZI_DATA_DIR": str(tmp_path / "data"),
        "KAZI_COLLECTIONS": str(tmp_path / "collections")})

    def answers():
        assert process.is_running, process.log
        try:
            return API(f"http://127.0.0.1:{port}").get("/health/live").status_code == 200
        except requests.ConnectionError:
            return False

    wait_until(answers, "the gateway to listen where its variables say", within=60)
    assert (tmp_path / "data" / "gateway.json").exists()


def test_the_end_of_standard_input_ends_a_child(new_cluster):
    cluster = new_cluster(collections={"points": points(4)}, workers=1)
    for process in (cluster.workers[0], cluster.gateway):
        process.popen.stdin.close()
        assert process.wait() == 0


def test_a_worker_without_a_gateway_waits_and_stops_cleanly(new_process):
    worker = new_process("kazi-worker", "--gateway", f"tcp://127.0.0.1:{free_port()}", "--id", "lonely")
    wait_until(lambda: worker.log, "the worker to say that it has begun")
    assert worker.is_running
    worker.stop(signal.SIGINT)
