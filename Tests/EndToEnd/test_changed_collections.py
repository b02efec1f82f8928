"""A collection file that is not the one that the records were written under."""

import json
import shutil
import struct
import threading

from harness.collections import JOBS, JOBS_WITHOUT_VECTORS, NOTES, job
from harness.processes import MODEL, run
from harness.waiting import wait_until


def change(cluster, name, text):
    """Another file for the next start."""
    (cluster.gateway.collections / f"{name}.yaml").write_text(text)


def check(cluster, tmp_path, name, text):
    file = tmp_path / f"{name}.yaml"
    file.write_text(text)
    return run("kazi", "check", file, "--data-dir", cluster.gateway.data, "--model", MODEL)


def restart(cluster):
    cluster.gateway.stop()
    cluster.gateway.start()


def refusal(cluster):
    """What a start says that must fail."""
    cluster.gateway.stop()
    result = run(
        "kazi-gateway", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", cluster.gateway.data, "--model", MODEL,
        "--collections", cluster.gateway.collections)
    assert result.returncode not in (0, None) and "Fatal" not in result.stderr
    return result.stderr


def test_what_is_compatible_is_applied_at_the_next_start(new_cluster, tmp_path):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    first = cluster.api.add("jobs", job(salary_min=5)).record
    text = JOBS_WITHOUT_VECTORS.replace("  url:         { type: string }", "  url:         { type: string }\n  remote:      { type: boolean }")
    text = text.replace("filter: [company,", "filter: [url, remote, company,")
    result = check(cluster, tmp_path, "jobs", text)
    assert result.returncode == 0, result.stderr
    assert "remote becomes a filter field" in result.stdout
    change(cluster, "jobs", text)
    restart(cluster)
    # A record shows the fields it was written with; its next write brings the new one.
    assert cluster.api.read("jobs", first["id"]) == first
    assert cluster.api.patch(f"/api/v1/jobs/{first['id']}", {}).json()["remote"] is None
    cluster.api.add("jobs", job(remote=True))
    assert [record["remote"] for record in cluster.api.get("/api/v1/jobs", remote="true").json()] == [True]


def test_what_would_break_stored_records_is_refused_with_their_ids(new_cluster, tmp_path):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    ids = cluster.api.add_all("jobs", [job(company="Short"), job(company="Much too long a name"), job(company="Another long name")])
    for text in (
        JOBS_WITHOUT_VECTORS.replace("company:     { type: string, minLength: 1 }", "company:     { type: string, maxLength: 8 }"),
        JOBS_WITHOUT_VECTORS.replace("required: [title, company, source]", "required: [title, company, source, location]"),
        JOBS_WITHOUT_VECTORS.replace("enum: [brightermonday, linkedin, jobwebkenya]", "enum: [brightermonday]"),
    ):
        result = check(cluster, tmp_path, "jobs", text)
        assert result.returncode == 1, text
        assert "refused" in result.stdout and str(ids[1]) in result.stdout
    # The check changed nothing, and the gateway served throughout.
    assert cluster.api.total("jobs") == 3
    change(cluster, "jobs", text)
    assert str(ids[1]) in refusal(cluster)
    change(cluster, "jobs", JOBS_WITHOUT_VECTORS)
    cluster.gateway.start()
    assert cluster.api.total("jobs") == 3


def test_a_new_rule_is_held_against_what_is_stored(new_cluster, tmp_path):
    without_rule = JOBS_WITHOUT_VECTORS.split("  rules:")[0]
    cluster = new_cluster(collections={"jobs": without_rule}, workers=0)
    id = cluster.api.add("jobs", job(salary_min=9, salary_max=3)).record["id"]
    result = check(cluster, tmp_path, "jobs", JOBS_WITHOUT_VECTORS)
    assert result.returncode == 1 and f"among them {id}" in result.stdout
    cluster.api.delete(f"/api/v1/jobs/{id}")
    assert check(cluster, tmp_path, "jobs", JOBS_WITHOUT_VECTORS).returncode == 0


def test_a_file_that_declares_nothing_is_told_with_its_place(new_cluster, tmp_path):
    cluster = new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0)
    result = check(cluster, tmp_path, "jobs", JOBS_WITHOUT_VECTORS.replace("maxLength: 200", "maxLength: -1"))
    assert result.returncode == 1 and "jobs.yaml" in result.stderr and "maxLength" in result.stderr


def test_a_changed_embed_is_embedded_anew_while_the_old_vectors_serve(new_cluster, tmp_path):
    texts = JOBS.replace("embed:  [title, company, location, description]", "embed:  [title]")
    cluster = new_cluster(collections={"jobs": texts, "notes": NOTES}, workers=1)
    cluster.api.add_all("jobs", [
        job(title="Vacancy 17", description="Keeps bees and sells their honey"), job(title="Shepherd", description="Drives a bus"),
        job(title="Teacher", description="Teaches mathematics"),
    ] + [job(title=f"Cook number {number}", description="Cooks for a hotel") for number in range(60)], wait="searchable")
    assert cluster.api.search("jobs", text="beekeeper", top_k=1)[0]["title"] != "Vacancy 17"
    assert "embedded anew" in check(cluster, tmp_path, "jobs", JOBS).stdout
    change(cluster, "jobs", JOBS)
    restart(cluster)

    def finds_by_description():
        answer = cluster.api.post("/api/v1/jobs/search", {"text": "beekeeper", "top_k": 1})
        return answer.status_code == 200 and answer.json() and answer.json()[0]["title"] == "Vacancy 17"

    wait_until(finds_by_description, "the new vectors to serve", within=120)
    # Writes during and after it have vectors of the new kind, and nothing is lost.
    written = cluster.api.add("jobs", job(title="Guard", description="Guards a flower farm at night"), wait="searchable")
    assert cluster.api.search("jobs", text="night watch at a flower farm", top_k=1)[0]["id"] == written.record["id"]
    assert len(cluster.api.search("jobs", text="work", top_k=1000)) == 64
    assert "fits" in check(cluster, tmp_path, "jobs", JOBS).stdout


def test_embedding_anew_goes_on_after_kill_9(new_cluster):
    texts = JOBS.replace("embed:  [title, company, location, description]", "embed:  [title]")
    cluster = new_cluster(collections={"jobs": texts}, workers=1)
    cluster.api.add_all("jobs", [job(title=f"Cook number {number}", description="Cooks at sea") for number in range(300)], wait="searchable")
    change(cluster, "jobs", JOBS)
    cluster.gateway.stop()
    for _ in range(3):
        cluster.gateway.start()
        cluster.gateway.kill()
    cluster.gateway.start()
    wait_until(lambda: "embedded anew" in cluster.gateway.log, "the vectors to be made", within=180)
    cluster.wait_ready(1)
    marker = cluster.api.add("jobs", job(title="Marker"), wait="searchable")
    assert len(cluster.api.search("jobs", text="a ship's galley", top_k=1000, min_seq=marker.seq)) == 301


EMBEDS_TITLES = JOBS.replace("embed:  [title, company, location, description]", "embed:  [title]")


def before_the_switch(new_cluster, records, workers):
    """A cluster that holds `records` with vectors of their titles, and whose gateway begins to embed more than those."""
    cluster = new_cluster(collections={"jobs": EMBEDS_TITLES}, workers=workers)
    cluster.api.add_all("jobs", records, wait="searchable")
    ask = {"text": "a ship's galley", "top_k": 1000}
    old = [(hit["id"], round(hit["score"], 5)) for hit in cluster.api.search("jobs", **ask)]
    change(cluster, "jobs", JOBS)
    restart(cluster)
    cluster.wait_ready(workers)
    return cluster, ask, old


def test_searches_during_a_switch_find_everything_by_one_set_or_the_other(new_cluster):
    """Never an error, never a record missing, never a score of the one set beside one of the other."""
    records = [job(title=f"Cook number {number}", description=f"Cooks on {number} ships") for number in range(400)]
    cluster, ask, old = before_the_switch(new_cluster, records, workers=1)
    answers, problems, is_over = [], [], threading.Event()

    def search():
        with cluster.new_api() as api:
            while not is_over.is_set():
                answer = api.post("/api/v1/jobs/search", ask)
                if answer.status_code != 200:
                    problems.append((answer.status_code, answer.text))
                    continue
                answers.append([(hit["id"], round(hit["score"], 5)) for hit in answer.json()])

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: answers and answers[-1] != old, "the new vectors to serve", within=120)
        wait_until(lambda: "a new generation serves" in cluster.workers[0].log, "the worker to say so")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert problems == []
    new = [(hit["id"], round(hit["score"], 5)) for hit in cluster.api.search("jobs", **ask)]
    assert len(old) == len(new) == 400 and old != new
    assert answers.count(old) > 0
    assert [answer[:3] for answer in answers if answer not in (old, new)] == []


def test_writes_during_a_switch_are_found_at_once(new_cluster):
    """Replicas of the old set go on following what is written until those of the new one take over."""
    records = [job(title=f"Cook number {number}", description="Cooks at sea") for number in range(400)]
    cluster, _, _ = before_the_switch(new_cluster, records, workers=2)
    ids = []

    def writes_one_more():
        number = len(ids)
        written = cluster.api.add("jobs", job(title=f"Guard number {number}"), **({"wait": "searchable"} if number % 2 else {}))
        ids.append(written.record["id"])
        answer = cluster.api.post("/api/v1/jobs/search", {"text": f"Guard number {number}", "top_k": 1000, "min_seq": written.seq})
        # No assertion: the wait would take one for "not yet".
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        found = {hit["id"] for hit in answer.json()}
        if set(ids) - found or len(found) != 400 + len(ids):
            raise RuntimeError(f"{len(found)} of {400 + len(ids)} are found, without {sorted(set(ids) - found)}")
        if number % 3 == 0:
            cluster.api.delete(f"/api/v1/jobs/{ids.pop(0)}")
        return all("a new generation serves" in worker.log for worker in cluster.workers)

    wait_until(writes_one_more, "both workers to serve the new vectors", within=120)
    cluster.wait_ready(2)
    assert cluster.api.total("jobs") == 400 + len(ids)


def mirrored_model(folder):
    """Another model: half of the components of its vectors have the other sign.

    Two of its vectors are as similar as those of the model it is made from, and one of each are similar by chance alone: an answer in
    which the two have met shows it in its scores.
    """
    shutil.copytree(MODEL, folder)
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    head_bytes = struct.unpack_from("<Q", content)[0]
    head = json.loads(content[8:8 + head_bytes])
    for name in ("weight", "bias"):
        start, end = head[f"encoder.layer.5.output.LayerNorm.{name}"]["data_offsets"]
        for place in range(8 + head_bytes + start, 8 + head_bytes + end, 8):
            struct.pack_into("<f", content, place, -struct.unpack_from("<f", content, place)[0])
    path.unlink()
    path.write_bytes(content)
    return folder


def test_two_models_never_meet_in_an_answer(new_cluster, tmp_path):
    """While one takes the other's place, what is answered is as it was before; the rest is refused."""
    cluster = new_cluster(collections={"notes": NOTES}, workers=2)
    ids = cluster.api.add_all("notes", [{"text": f"{animal} number {number}"} for number in range(40)
                                        for animal in ("A goat", "A ship", "A nurse", "A loan")], wait="searchable")
    asked = {"text": {"text": "a doctor's assistant", "top_k": 1000}, "like": {"like": ids[2], "top_k": 1000}}

    def scores(hits):
        return {hit["id"]: hit["score"] for hit in hits}

    expected = {kind: scores(cluster.api.search("notes", **ask)) for kind, ask in asked.items()}
    cluster.gateway.stop()
    cluster.gateway.model = mirrored_model(tmp_path / "mirrored")
    cluster.gateway.start()
    cluster.wait_ready(2)
    statuses, wrong, is_over = {"text": [], "like": []}, [], threading.Event()

    def search(kind):
        with cluster.new_api() as api:
            while not is_over.is_set():
                answer = api.post("/api/v1/notes/search", asked[kind])
                statuses[kind].append(answer.status_code)
                if answer.status_code == 503:
                    continue
                found = scores(answer.json()) if answer.status_code == 200 else {}
                # The codes of a mirrored vector round as those of the vector do, almost.
                if found.keys() != expected[kind].keys() or any(abs(found[id] - expected[kind][id]) > 0.01 for id in found):
                    wrong.append((kind, answer.status_code, answer.text[:300]))

    threads = [threading.Thread(target=search, args=(kind,)) for kind in asked]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: "embedded anew" in cluster.gateway.log, "the vectors to be made", within=120)
        wait_until(lambda: all(statuses[kind][-20:] == [200] * 20 for kind in statuses), "answers of the new model")
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert (statuses["text"][0], statuses["like"][0]) == (503, 200)
