"""Search among records that bring their own vectors, against numpy: order, scores, metrics, every filter operator."""

import random

import numpy
import pytest

from harness.api import issues
from harness.collections import points
from harness.reference_search import check_hits, passes, scores

COLLECTIONS = {
    "cosine_points": points(16, "cosine"), "dot_points": points(16, "dot"), "euclidean_points": points(16, "euclidean"),
    "vector_points": points(16, "cosine"),
}
METRICS = ["cosine", "dot", "euclidean"]
COUNT = 300
CITIES = ["Nairobi", "Mombasa", "Kisumu", "Nakuru", "Ngũnĩ", "mombasa", ""]
TAGS = ["full-time", "remote", "night", "weekend"]


def make_points(seed=7):
    """Points whose vectors differ in length as well as direction, and whose fields are absent now and then."""
    source = random.Random(seed)
    numbers = numpy.random.default_rng(seed)

    def sometimes(value):
        return value if source.random() < 0.8 else None

    records = []
    for number in range(COUNT):
        records.append({
            "label": f"point {number}",
            "city": sometimes(source.choice(CITIES)),
            "size": sometimes(source.choice([-1.5, 0, 1, 2, 3.25, 1e9])),
            "seen_at": sometimes(f"2026-0{source.randint(1, 3)}-{source.randint(1, 28):02}T{source.randint(0, 23):02}:00:00Z"),
            "is_open": sometimes(source.random() < 0.5),
            "tags": sometimes(source.sample(TAGS, source.randint(0, 3))),
            "vector": (numbers.normal(size=16) * numbers.uniform(0.2, 2)).astype("float32").tolist(),
        })
    return records


@pytest.fixture(scope="module")
def stored(pair):
    """The points of each metric's collection, with their ids."""
    points_made = make_points()
    return {metric: [point | {"id": id} for point, id in zip(
        points_made, pair.api.add_all(f"{metric}_points", points_made, wait="searchable"))] for metric in METRICS}


def queries(count, seed=99):
    return numpy.random.default_rng(seed).normal(size=(count, 16)).astype("float32").tolist()


def true_scores(stored, metric, query):
    values = scores(query, [point["vector"] for point in stored[metric]], metric)
    return {point["id"]: float(value) for point, value in zip(stored[metric], values)}


@pytest.mark.parametrize("top_k", [1, 10, COUNT, 1000])
def test_cosine_scores_and_order_are_numpys(api, stored, top_k):
    for query in queries(5):
        check_hits(api.search("cosine_points", vector=query, top_k=top_k), true_scores(stored, "cosine", query), top_k)


def test_dot_products_keep_the_lengths_of_the_vectors(api, stored):
    for query in queries(5):
        expected = true_scores(stored, "dot", query)
        # The codes' error is relative to the largest product there can be.
        tolerance = 0.01 * max(abs(value) for value in expected.values())
        check_hits(api.search("dot_points", vector=query, top_k=20), expected, 20, tolerance)


def test_euclidean_search_gives_the_nearest_first(api, stored):
    for query in queries(5):
        expected = true_scores(stored, "euclidean", query)
        tolerance = 0.01 * max(abs(value) for value in expected.values())
        check_hits(api.search("euclidean_points", vector=query, top_k=20), expected, 20, tolerance, same_scale=False)


@pytest.mark.parametrize("metric", METRICS)
def test_a_stored_vector_finds_its_own_record(api, stored, metric):
    for point in stored[metric][::60]:
        hits = api.search(f"{metric}_points", vector=point["vector"], top_k=COUNT)
        if metric != "dot":  # a longer vector may well have the larger product
            assert hits[0]["id"] == point["id"]
        expected = true_scores(stored, metric, point["vector"])
        # The codes' error is relative to the largest score there can be, which for cosines is 1.
        tolerance = 0.01 * max(1, *(abs(value) for value in expected.values()))
        check_hits(hits, expected, COUNT, tolerance, same_scale=metric == "cosine")


def test_like_is_a_search_by_the_records_own_vector_without_the_record(api, stored):
    for point in stored["cosine"][::100]:
        expected = true_scores(stored, "cosine", point["vector"])
        del expected[point["id"]]
        check_hits(api.search("cosine_points", like=point["id"], top_k=50), expected, 50)


def test_like_a_record_that_is_not_there_is_404(api, stored):
    assert api.post("/api/v1/cosine_points/search", {"like": 999_999_999}).status_code == 404


def test_pages_are_stretches_of_one_ranking(api, stored):
    query, = queries(1)
    whole = api.search("cosine_points", vector=query, top_k=COUNT)
    paged = []
    for offset in range(0, COUNT, 37):
        paged += api.search("cosine_points", vector=query, top_k=37, offset=offset)
    assert paged == whole


def test_the_vector_is_given_only_where_fields_name_it(api, stored):
    point = stored["cosine"][0]
    hit, = api.search("cosine_points", vector=point["vector"], top_k=1)
    assert "vector" not in hit
    assert "vector" not in api.read("cosine_points", point["id"])
    hit, = api.search("cosine_points", vector=point["vector"], top_k=1, fields=["label", "vector"])
    assert hit["label"] == point["label"]
    assert numpy.float32(hit["vector"]).tolist() == point["vector"], "stored as it was given, in float32"


def test_a_vector_of_equal_records_is_ranked_by_id(api):
    """Equal scores have an order too, so that pages fit together."""
    ids = api.add_all("vector_points", [{"label": f"twin {n}", "vector": [1.0] * 16} for n in range(40)], wait="searchable")
    paged = []
    for offset in range(0, 40, 9):
        paged += [hit["id"] for hit in api.search("vector_points", vector=[1.0] * 16, top_k=9, offset=offset,
                                                  filter={"label": {"in": [f"twin {n}" for n in range(40)]}})]
    assert paged == ids


FILTERS = [
    {"city": "Nairobi"},
    {"city": {"eq": "Ngũnĩ"}},
    {"city": ""},
    {"city": {"ne": "Nairobi"}},
    {"city": {"in": ["Nairobi", "Kisumu", "nowhere"]}},
    {"city": {"nin": ["Nairobi", "Kisumu"]}},
    {"city": {"gt": "Mombasa"}}, {"city": {"gte": "Mombasa"}}, {"city": {"lt": "Nakuru"}}, {"city": {"lte": "Nakuru"}},
    {"city": {"exists": True}}, {"city": {"exists": False}},
    {"size": 2}, {"size": 3.25}, {"size": {"ne": 0}}, {"size": {"gt": 0}}, {"size": {"gte": 0, "lt": 3.25}}, {"size": {"lte": -1.5}},
    {"size": {"in": [1, 1e9]}}, {"size": {"nin": [1, 2]}}, {"size": {"exists": False}},
    {"seen_at": {"gte": "2026-02-01T00:00:00Z"}}, {"seen_at": {"gt": "2026-01-10T00:00:00+03:00", "lte": "2026-03-05T12:00:00Z"}},
    {"seen_at": {"exists": True}},
    {"is_open": True}, {"is_open": False}, {"is_open": {"ne": True}}, {"is_open": {"exists": False}},
    {"tags": "remote"}, {"tags": {"ne": "remote"}}, {"tags": {"in": ["night", "weekend"]}}, {"tags": {"nin": ["night", "weekend"]}},
    {"tags": {"exists": False}}, {"tags": {"gt": "remote"}},
    {"city": "Nairobi", "is_open": True, "size": {"gt": 0}},
    {"all": []}, {"any": []}, {"all": [{"city": "Nairobi"}, {"tags": "night"}]},
    {"any": [{"city": "Kisumu"}, {"size": 1e9}, {"tags": "night"}]},
    {"not": {"city": "Nairobi"}}, {"not": {"any": [{"is_open": True}, {"is_open": False}]}},
    {"any": [{"city": {"exists": False}}, {"all": [{"size": {"gt": 1}}, {"not": {"tags": "remote"}}]}], "seen_at": {"exists": True}},
    {"label": "point 17"}, {"label": "nothing of the kind"},
]


@pytest.mark.parametrize("condition", FILTERS, ids=str)
def test_a_filtered_search_gives_exactly_what_passes(api, stored, condition):
    expected = {point["id"] for point in stored["cosine"] if passes(point, condition)}
    query, = queries(1)
    everything = true_scores(stored, "cosine", query)
    hits = api.search("cosine_points", vector=query, top_k=COUNT, filter=condition)
    assert {hit["id"] for hit in hits} == expected
    check_hits(hits, {id: everything[id] for id in expected}, COUNT)
    few = api.search("cosine_points", vector=query, top_k=10, filter=condition)
    assert few == hits[:10], "a filter never costs results"


def test_random_filters_agree_with_python(api, stored):
    source = random.Random(5)
    leaves = FILTERS[:34]

    def grown(depth):
        if depth == 0 or source.random() < 0.3:
            return source.choice(leaves)
        match source.choice(["all", "any", "not"]):
            case "not":
                return {"not": grown(depth - 1)}
            case joint:
                return {joint: [grown(depth - 1) for _ in range(source.randint(1, 3))]}

    query, = queries(1)
    for _ in range(60):
        condition = grown(4)
        expected = {point["id"] for point in stored["cosine"] if passes(point, condition)}
        found = {hit["id"] for hit in api.search("cosine_points", vector=query, top_k=COUNT, filter=condition)}
        assert found == expected, condition


@pytest.mark.parametrize("vector", [
    [1.0] * 15, [1.0] * 17, [], [1.0] * 15 + ["x"], [1.0] * 15 + [None], "text", {"0": 1}, [0.0] * 16, [1e300] * 16,
])
def test_a_record_whose_vector_cannot_be_searched_is_refused(api, stored, vector):
    """Wrong length, not numbers, beyond float32, and a vector of no direction under the cosine."""
    before = api.total("vector_points")
    for issue in issues(api.post("/api/v1/vector_points", {"label": "bad", "vector": vector})):
        assert issue["loc"][:2] == ["body", "vector"]
    assert api.total("vector_points") == before


def test_a_record_without_its_vector_is_refused(api):
    issue, = issues(api.post("/api/v1/vector_points", {"label": "bare"}))
    assert (issue["loc"], issue["type"]) == (["body", "vector"], "missing")


def test_a_small_collection_is_compared_whole(api, stored):
    query, = queries(1)
    for body in ({}, {"exact": True}, {"recall": 0.5}):
        answer = api.post("/api/v1/cosine_points/search", {"vector": query} | body)
        assert answer.headers["X-Kazi-Guarantee"] == "exact"


@pytest.mark.parametrize("recall, type", [
    (0.49, "greater_than_equal"), (1.01, "less_than_equal"), (-1, "greater_than_equal"), ("much", "float_parsing"), ([], "float_type")])
def test_a_recall_out_of_range_is_refused(api, stored, recall, type):
    query, = queries(1)
    issue, = issues(api.post("/api/v1/cosine_points/search", {"vector": query, "recall": recall}))
    assert (issue["loc"], issue["type"]) == (["body", "recall"], type)
    if not isinstance(recall, list):
        issue, = issues(api.request(
            "POST", "/api/v1/cosine_points/search", data=numpy.float32(query).tobytes(), params={"recall": recall},
            headers={"Content-Type": "application/octet-stream"}))
        assert (issue["loc"], issue["type"]) == (["query", "recall"], type)
