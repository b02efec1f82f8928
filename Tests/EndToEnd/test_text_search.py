"""Search by meaning over real text with the real model: what is meant is found, however it is said."""

import math
from urllib.parse import quote

import pytest

from harness.postings import POSTINGS, QUERIES

TITLES = [posting["title"] for posting in POSTINGS]


@pytest.fixture(scope="module")
def posted(pair):
    """The id of each posting in the collection `jobs`, by title."""
    return dict(zip(TITLES, pair.api.add_all("jobs", POSTINGS, wait="searchable")))


def titles(hits):
    return [hit["title"] for hit in hits]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_the_posting_that_is_meant(api, posted, text):
    assert titles(api.search("jobs", text=text, top_k=3))[0] == QUERIES[text]


def test_a_hit_is_the_record_with_its_score(api, posted):
    hit = api.search("jobs", text="preschool", top_k=1)[0]
    score = hit.pop("score")
    assert 0.4 < score < 0.6
    assert hit == api.read("jobs", posted["Kindergarten Teacher"])


def test_the_default_collection_and_the_named_one_answer_alike(api, posted):
    body = {"text": "recruiting people", "top_k": 5}
    named = api.post("/api/v1/jobs/search", body)
    assert api.post("/api/v1/search", body).json() == named.json()
    by_link = api.get("/api/v1/search", q="recruiting people", top_k=5)
    assert by_link.status_code == 200
    assert by_link.json() == named.json()


def test_a_search_by_link_takes_filter_fields_as_parameters(api, posted):
    answer = api.get("/api/v1/search", q="hospital", top_k=30, source="linkedin", **{"salary_min.gte": "100000"})
    assert answer.status_code == 200, answer.text
    wanted = {p["title"] for p in POSTINGS if p["source"] == "linkedin" and p["salary_min"] >= 100_000}
    assert set(titles(answer.json())) == wanted
    assert answer.json()[0]["title"] == "Dental Surgeon"


def test_ten_hits_are_given_unless_told_otherwise(api, posted):
    assert len(api.search("jobs", text="work")) == 10
    assert len(api.get("/api/v1/search", q="work").json()) == 10
    for top_k in (1, 7, 30, 31, 1000):
        hits = api.search("jobs", text="work", top_k=top_k)
        assert len(hits) == min(top_k, 30)
        assert len({hit["id"] for hit in hits}) == len(hits)
        scores = [hit["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(-1.001 <= score <= 1.001 and math.isfinite(score) for score in scores)


def test_pages_are_stretches_of_one_ranking(api, posted):
    whole = api.search("jobs", text="outdoor work in the countryside", top_k=30)
    paged = []
    for offset in range(0, 35, 7):
        paged += api.search("jobs", text="outdoor work in the countryside", top_k=7, offset=offset)
    assert paged == whole
    assert api.search("jobs", text="outdoor work", top_k=10, offset=30) == []


def test_a_least_score_cuts_the_ranking_off(api, posted):
    whole = api.search("jobs", text="coffee shop", top_k=30)
    bound = (whole[4]["score"] + whole[5]["score"]) / 2
    assert api.search("jobs", text="coffee shop", top_k=30, min_score=bound) == whole[:5]
    assert api.search("jobs", text="coffee shop", min_score=0.999) == []
    assert api.search("jobs", text="coffee shop", top_k=30, min_score=-1) == whole


def test_hits_have_only_the_fields_asked_for(api, posted):
    hits = api.search("jobs", text="coffee shop", fields=["title", "company"])
    for hit in hits:
        assert {"id", "title", "company", "score"} <= set(hit)
        assert not {"location", "description", "source", "url", "salary_min"} & set(hit)


def test_like_finds_what_is_near_a_record_but_never_the_record(api, posted):
    hits = api.search("jobs", like=posted["Registered Nurse"], top_k=30)
    assert len(hits) == 29
    assert posted["Registered Nurse"] not in {hit["id"] for hit in hits}
    assert titles(hits)[0] == "Midwife"
    assert titles(api.search("jobs", like=posted["Backend Engineer"], top_k=1)) == ["Data Engineer"]


def test_a_filter_never_costs_results(api, posted):
    for condition, wanted in [
        ({"source": "jobwebkenya"}, {p["title"] for p in POSTINGS if p["source"] == "jobwebkenya"}),
        ({"location": "Narok"}, {"Wildlife Ranger"}),
        ({"any": [{"location": "Garissa"}, {"salary_min": {"gt": 500_000}}]}, {"Solar Panel Installer", "Airline Pilot"}),
        ({"posted_at": {"lt": "2026-01-03T00:00:00Z"}}, {"Registered Nurse", "Midwife"}),
        ({"location": {"exists": False}}, set()),
    ]:
        hits = api.search("jobs", text="espresso", top_k=30, filter=condition)
        assert set(titles(hits)) == wanted


def test_an_answer_tells_its_coverage_and_its_timing(api, posted):
    answer = api.post("/api/v1/jobs/search", {"text": "coffee shop"})
    assert answer.headers["X-Kazi-Coverage"] == "1/1"
    parts = {part.strip().split(";")[0] for part in answer.headers["Server-Timing"].split(",")}
    assert {"embed", "search", "fetch"} <= parts


@pytest.mark.parametrize("text", [
    "kazi ya kufundisha watoto", "看護師", "👩🏾‍🏫", "a\u0000b", "x" * 5000, "word " * 3000, ".", "\u200b", "é" * 300,
    "<script>alert(1)</script>",
], ids=lambda text: ascii(text[:12]))
def test_any_text_is_a_query(api, posted, text):
    hits = api.search("jobs", text=text, top_k=3)
    assert len(hits) == 3
    assert api.search("jobs", text=text, top_k=3) == hits, "the same question has the same answer"
    if len(text) < 500:
        assert api.request("GET", f"/api/v1/search?q={quote(text)}&top_k=3").json() == hits
