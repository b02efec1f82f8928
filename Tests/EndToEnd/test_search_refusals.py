"""Searches that make no sense, and what is said about each."""

import json

import pytest

from harness.api import issues
from harness.collections import JOBS_WITHOUT_VECTORS, NOTES, points

COLLECTIONS = {"refusal_points": points(16), "refusal_notes": NOTES, "refusal_plain": JOBS_WITHOUT_VECTORS}
VECTOR = [1.0] + [0.0] * 15


def refusal(api, collection, body):
    return issues(api.post(f"/api/v1/{collection}/search", body))


@pytest.mark.parametrize("body", [
    {}, {"top_k": 5}, {"text": None},
    {"text": "x", "vector": VECTOR}, {"text": "x", "like": 1}, {"vector": VECTOR, "like": 1}, {"text": "x", "vector": VECTOR, "like": 1},
])
def test_a_search_has_exactly_one_of_text_vector_and_like(api, body):
    for collection in ("refusal_points", "refusal_notes"):
        for issue in refusal(api, collection, body):
            assert issue["loc"][0] == "body"


@pytest.mark.parametrize("name, value", [
    ("top_k", 0), ("top_k", 1001), ("top_k", -1), ("top_k", "many"), ("top_k", 1.5),
    ("offset", -1), ("offset", "x"), ("min_score", "high"), ("fields", "label"), ("fields", [1]), ("mode", "psychic"),
    ("min_seq", "x"), ("min_seq", -1), ("filter", []), ("filter", "city = 'Nairobi'"), ("partial", "perhaps"),
])
def test_a_parameter_of_a_search_is_named_where_it_is_wrong(api, name, value):
    for issue in refusal(api, "refusal_points", {"vector": VECTOR, name: value}):
        assert issue["loc"][:2] == ["body", name]


def test_top_k_has_fastapis_words(api):
    assert refusal(api, "refusal_points", {"vector": VECTOR, "top_k": 0}) == [{
        "type": "greater_than_equal", "loc": ["body", "top_k"], "input": 0, "ctx": {"ge": 1},
        "msg": "Input should be greater than or equal to 1"}]
    issue, = issues(api.get("/api/v1/search", q="x", top_k=1001))
    assert (issue["loc"], issue["type"]) == (["query", "top_k"], "less_than_equal")


def test_a_search_by_link_needs_its_question(api):
    for issue in issues(api.get("/api/v1/search", top_k=5)):
        assert issue["loc"][0] == "query"


@pytest.mark.parametrize("vector", [
    [], [1.0] * 15, [1.0] * 17, [1.0] * 15 + ["x"], [1.0] * 15 + [None], [[1.0]] * 16, "text", 7, [1e39] * 16, [0.0] * 16,
])
def test_a_query_vector_has_the_dimension_and_numbers_of_the_collection(api, vector):
    for issue in refusal(api, "refusal_points", {"vector": vector}):
        assert issue["loc"][:2] == ["body", "vector"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_query_vector_is_finite(api, number):
    body = json.dumps({"vector": VECTOR[:-1]})[:-2] + f", {number}]}}"
    detail = issues(api.post_bytes("/api/v1/refusal_points/search", body.encode()))
    assert detail[0]["loc"][0] == "body"


@pytest.mark.parametrize("condition", [
    {"colour": "blue"}, {"vector": 1}, {"city": {"like": "N%"}}, {"city": {"gt": 5}}, {"city": 5}, {"size": "large"},
    {"seen_at": "soon"}, {"seen_at": {"gt": True}}, {"is_open": "maybe"}, {"is_open": {"in": True}}, {"tags": {"in": "x"}},
    {"city": {"in": [1]}}, {"any": {}}, {"all": "x"}, {"not": []}, {"any": [{"colour": 1}]}, {"all": [7]}, {"not": {"not": {"nope": 1}}},
    {"city": [["Nairobi"]]},
], ids=str)
def test_a_filter_that_means_nothing_is_refused_where_it_is_wrong(api, condition):
    for issue in refusal(api, "refusal_points", {"vector": VECTOR, "filter": condition}):
        assert issue["loc"][:2] == ["body", "filter"]


def test_a_field_that_is_no_filter_field_is_refused(api):
    for collection, field in (("refusal_notes", "text"), ("refusal_notes", "id_")):
        assert refusal(api, collection, {"text": "x", "filter": {field: "x"}})[0]["loc"][:3] == ["body", "filter", field]


def test_a_filter_is_bounded_in_depth_and_in_size(api):
    # Written by hand: Python's encoder would give up on this depth long before the gateway sees it.
    text = '{"vector": %s, "filter": %s}' % (json.dumps(VECTOR), '{"not": ' * 5000 + '{"city": "x"}' + "}" * 5000)
    answer = api.post_bytes("/api/v1/refusal_points/search", text.encode())
    assert answer.status_code == 422
    wide = {"any": [{"city": f"city {number}"} for number in range(40_000)]}
    assert api.post("/api/v1/refusal_points/search", {"vector": VECTOR, "filter": wide}).status_code in (200, 413, 422)
    assert api.get("/health").status_code == 200


def test_text_needs_a_collection_that_embeds(api):
    for collection in ("refusal_points", "refusal_plain"):
        assert refusal(api, collection, {"text": "nurse"})
    assert refusal(api, "refusal_plain", {"like": 1})


def test_what_is_no_text_has_no_meaning(api):
    for text in ("", 17, ["x"]):
        assert [issue["loc"] for issue in refusal(api, "refusal_notes", {"text": text})] == [["body", "text"]]


def test_a_search_in_an_empty_collection_finds_nothing(api):
    assert api.search("refusal_points", vector=VECTOR) == []
    assert api.search("refusal_notes", text="anything at all") == []
