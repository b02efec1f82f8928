"""The vectors that the system makes of text are those of the published model."""

import json

import numpy
import pytest

from harness.collections import NOTES
from harness.processes import SHARED
from harness.reference_search import check_hits, scores

COLLECTIONS = {"reference_notes": NOTES, "alone_notes": NOTES}
REFERENCE = SHARED / "data/minilm_reference/scifact_qemb.f32"
COUNT = 80

needs_reference = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference vectors are not in the shared folder (KAZI_SHARED)")


@pytest.fixture(scope="module")
def references(pair):
    """Texts stored as notes: their ids, and their vectors as sentence-transformers made them."""
    vectors = numpy.fromfile(REFERENCE, dtype="<f4").reshape(-1, 384)[:COUNT]
    ids = REFERENCE.with_name("scifact_qemb.ids.txt").read_text().split()[:COUNT]
    queries = {}
    with open(SHARED / "data/scifact/queries.jsonl") as lines:
        for line in lines:
            query = json.loads(line)
            queries[query["_id"]] = query["text"]
    texts = [queries[id] for id in ids]
    stored = pair.api.add_all("reference_notes", [{"text": text} for text in texts], wait="searchable")
    return texts, stored, vectors


@needs_reference
def test_a_reference_vector_finds_the_text_it_was_made_of(api, references):
    """The query is not embedded here, so this judges what was stored; int8 codes may cost a thousandth."""
    _, ids, vectors = references
    for id, vector in zip(ids, vectors):
        hits = api.search("reference_notes", vector=vector.tolist(), top_k=COUNT)
        # Some claims differ in a word that hardly moves the vector: the record itself is first or within the codes'
        # error of it, and its own score is that of an equal vector.
        own, = (hit for hit in hits if hit["id"] == id)
        assert own["score"] == pytest.approx(1, abs=0.005)
        assert hits[0]["score"] - own["score"] <= 0.005
        check_hits(hits, dict(zip(ids, map(float, scores(vector, vectors, "cosine")))), COUNT)


@needs_reference
def test_a_text_ranks_as_its_reference_vector_does(api, references):
    texts, ids, vectors = references
    for text, vector in list(zip(texts, vectors))[::8]:
        check_hits(api.search("reference_notes", text=text, top_k=COUNT),
                   dict(zip(ids, map(float, scores(vector, vectors, "cosine")))), COUNT)


def test_a_text_means_the_same_alone_and_in_a_batch(api):
    texts = ["Short.", "A text of some length about the harvest of tea in Kericho. " * 12, "Kahawa", "The bus to Kisumu leaves at six."]
    batched = api.add_all("alone_notes", [{"text": text, "tag": "batched"} for text in texts], wait="searchable")
    for text, twin in zip(texts, batched):
        alone = api.add("alone_notes", {"text": text, "tag": "alone"}, wait="searchable").record["id"]
        hit, = api.search("alone_notes", like=alone, top_k=1)
        assert (hit["id"], hit["score"] > 0.999) == (twin, True)
        by_text = {hit["id"]: hit["score"] for hit in api.search("alone_notes", text=text, top_k=2)}
        assert set(by_text) == {alone, twin}
        assert by_text[alone] == pytest.approx(by_text[twin], abs=1e-6)
