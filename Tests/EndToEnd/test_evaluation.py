"""`kazi eval`: a BEIR folder in, the field's measures out, worked out here by hand."""

import json
import math
import re

from harness.processes import MODEL, run

CORPUS = {
    "nurse": ("Registered nurse", "Cares for patients on a hospital ward."),
    "baker": ("Baker", "Makes bread and cakes before dawn."),
    "pilot": ("Airline pilot", "Flies aircraft between airports."),
    "lawyer": ("Lawyer", "Represents people in court."),
    "teacher": ("Mathematics teacher", "Teaches algebra to children."),
    "plumber": ("Plumber", "Repairs water pipes and taps."),
}
# Each query with what is relevant to it, the first always found first; the last has a judgement that no search can meet.
QUERIES = {
    "q1": ("looking after the sick in hospital", {"nurse": 1}),
    "q2": ("someone to bake a wedding cake", {"baker": 1}),
    "q3": ("flying planes", {"pilot": 1}),
    "q4": ("legal advice for a trial", {"lawyer": 1, "not-in-the-corpus": 1}),
}


def write_beir(folder):
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text("".join(
        json.dumps({"_id": id, "title": title, "text": text}) + "\n" for id, (title, text) in CORPUS.items()))
    texts = {id: text for id, (text, _) in QUERIES.items()} | {"unjudged": "a query that counts for nothing"}
    (folder / "queries.jsonl").write_text("".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in texts.items()))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(
        f"{query}\t{id}\t{gain}\n" for query, (_, relevant) in QUERIES.items() for id, gain in relevant.items()))
    return folder


def test_a_small_set_has_the_measures_that_follow_from_its_definition(tmp_path):
    folder = write_beir(tmp_path / "beir")
    result = run("kazi", "eval", folder, "--model", MODEL, within=180)
    assert result.returncode == 0, result.stderr
    # Three queries are perfect. The fourth finds one of two, at the first place: 1 / (1 + 1 / log2 3).
    ndcg = (3 + 1 / (1 + 1 / math.log2(3))) / 4
    recall = (3 + 0.5) / 4
    assert measure(result.stdout, r"ndcg@10") == round(ndcg, 3)
    assert measure(result.stdout, r"recall@100") == round(recall, 3)
    for word in ("p50", "p99"):
        assert word in result.stdout.lower()
    assert re.search(r"quer(y|ies)\s*/\s*s|queries per second|qps", result.stdout.lower())


def measure(text, name):
    """The number after a measure's name, to three places."""
    found = re.search(name + r"\D*?(\d?\.\d+)", text.lower())
    assert found, text
    return round(float(found.group(1)), 3)


def test_a_folder_that_is_no_beir_set_is_named(tmp_path):
    result = run("kazi", "eval", tmp_path, "--model", MODEL)
    assert result.returncode not in (0, 64)
    assert "corpus.jsonl" in result.stderr
