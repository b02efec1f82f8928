"""Lists: limit and offset, keyword, filter parameters, cursor pages."""

import itertools

import pytest

from harness.api import issues
from harness.collections import JOBS_WITHOUT_VECTORS, job

COLLECTIONS = {"list_jobs": JOBS_WITHOUT_VECTORS, "cursor_jobs": JOBS_WITHOUT_VECTORS}
PATH = "/api/v1/list_jobs"
COMPANIES = ["Acacia Health", "Baobab Bank", "Coral Logistics"]


@pytest.fixture(scope="module")
def listed(pair):
    """Twelve postings; every third has no salary. The list of them, oldest first."""
    ids = pair.api.add_all("list_jobs", [
        job(title=f"Post {number:02}", company=COMPANIES[number % 3],
            source=["linkedin", "brightermonday"][number % 2],
            salary_min=None if number % 3 == 0 else number * 10_000,
            posted_at=f"2026-02-{number + 1:02}T06:00:00Z",
            location="Nairobi" if number < 6 else None,
            description="Maintains the ventilators" if number == 7 else "Keeps ledgers, and drives a tractor" if number == 8 else None)
        for number in range(12)
    ])
    return [pair.api.read("list_jobs", id) for id in ids]


def titles(answer):
    assert answer.status_code == 200, answer.text
    return [record["title"] for record in answer.json()]


def posts(*numbers):
    return [f"Post {number:02}" for number in numbers]


def test_a_list_is_by_id_and_says_its_total(api, listed):
    answer = api.get(PATH)
    assert answer.json() == listed
    assert answer.headers["X-Total-Count"] == "12"


def test_limit_and_offset_cut_a_stretch_out_of_the_whole(api, listed):
    for limit, offset in itertools.product([1, 5, 12, 1000], [0, 1, 7, 11, 12, 500]):
        answer = api.get(PATH, limit=limit, offset=offset)
        assert answer.json() == listed[offset:offset + limit], (limit, offset)
        assert answer.headers["X-Total-Count"] == "12"


def test_a_list_has_a_hundred_records_unless_told_otherwise(api):
    ids = api.add_all("cursor_jobs", [job(title=f"Page {number}") for number in range(101)])
    answer = api.get("/api/v1/cursor_jobs")
    assert len(answer.json()) == 100
    assert int(answer.headers["X-Total-Count"]) >= len(ids)


@pytest.mark.parametrize("keyword, numbers", [
    ("ventilators", [7]),
    ("VENTILATORS", [7]),
    ("tractor ledgers", [8]),
    ("tractor ventilators", []),
    ("acacia", [0, 3, 6, 9]),
    ("zeppelin", []),
    # A person's text, whatever it holds, is never a syntax error of the full-text engine.
    ('"acacia', [0, 3, 6, 9]),
    ("acacia AND (", None),
    ("NEAR(", None), ("*", None), ("title:x", None), ("-", None), ("'; DROP TABLE records; --", None),
])
def test_keyword_finds_records_that_have_all_its_words(api, listed, keyword, numbers):
    found = titles(api.get(PATH, keyword=keyword))
    if numbers is not None:
        assert sorted(found) == posts(*numbers)


@pytest.mark.parametrize("parameters, numbers", [
    ({"source": "brightermonday"}, [1, 3, 5, 7, 9, 11]),
    ({"company": "Baobab Bank", "source": "linkedin"}, [4, 10]),
    ({"salary_min": 70_000}, [7]),
    ({"salary_min.gte": 70_000}, [7, 8, 10, 11]),
    ({"salary_min.gt": 70_000, "salary_min.lt": "110000.5"}, [8, 10, 11]),
    ({"salary_min.lte": 2e4}, [1, 2]),
    ({"posted_at.gte": "2026-02-10T06:00:00Z"}, [9, 10, 11]),
    ({"posted_at.gt": "2026-02-10T09:00:00+03:00"}, [10, 11]),
    ({"source.ne": "linkedin", "posted_at.lt": "2026-02-04T00:00:00Z"}, [1]),
    ({"location.exists": "false", "salary_min.exists": "true"}, [7, 8, 10, 11]),
    ({"company": "Nobody"}, []),
    ({"keyword": "coral", "source": "linkedin"}, [2, 8]),
])
def test_filter_fields_are_parameters(api, listed, parameters, numbers):
    answer = api.get(PATH, **parameters)
    assert sorted(titles(answer)) == posts(*numbers)
    assert answer.headers["X-Total-Count"] == str(len(numbers))


@pytest.mark.parametrize("parameters, place, kind", [
    ({"limit": "abc"}, ["query", "limit"], "int_parsing"),
    ({"limit": "0"}, ["query", "limit"], "greater_than_equal"),
    ({"limit": "1001"}, ["query", "limit"], "less_than_equal"),
    ({"limit": "-1"}, ["query", "limit"], "greater_than_equal"),
    ({"offset": "-1"}, ["query", "offset"], "greater_than_equal"),
    ({"offset": "1.5"}, ["query", "offset"], "int_parsing"),
])
def test_a_parameter_out_of_bounds_is_an_issue_of_the_query(api, parameters, place, kind):
    (name, value), = parameters.items()
    issue, = issues(api.get(PATH, **parameters))
    assert (issue["loc"], issue["type"], issue["input"]) == (place, kind, value)


def test_the_issue_of_a_limit_is_word_for_word_fastapis(api):
    assert issues(api.get(PATH, limit="abc")) == [{
        "type": "int_parsing", "loc": ["query", "limit"], "input": "abc",
        "msg": "Input should be a valid integer, unable to parse string as an integer"}]
    assert issues(api.get(PATH, limit="0")) == [{
        "type": "greater_than_equal", "loc": ["query", "limit"], "input": "0", "ctx": {"ge": 1},
        "msg": "Input should be greater than or equal to 1"}]
    assert issues(api.get(PATH, limit="1001")) == [{
        "type": "less_than_equal", "loc": ["query", "limit"], "input": "1001", "ctx": {"le": 1000},
        "msg": "Input should be less than or equal to 1000"}]


@pytest.mark.parametrize("parameters", [
    {"salary_min.gte": "many"}, {"posted_at.lt": "soon"}, {"salary_min.near": "5"}, {"location.exists": "perhaps"},
])
def test_a_filter_parameter_that_makes_no_sense_is_an_issue_of_the_query(api, parameters):
    (name, _), = parameters.items()
    assert [issue["loc"][:2] for issue in issues(api.get(PATH, **parameters))] == [["query", name]]


def test_cursor_pages_are_stable_while_records_come_and_go(api):
    ids = api.add_all("cursor_jobs", [job(title=f"Page {number}") for number in range(60)])
    doomed = set(ids[5::10])
    seen, cursor, pages = [], "", 0
    while cursor is not None:
        answer = api.get("/api/v1/cursor_jobs", cursor=cursor, limit=7)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"items", "next_cursor"}
        assert len(body["items"]) <= 7
        seen += [record["id"] for record in body["items"]]
        cursor, pages = body["next_cursor"], pages + 1
        # Meanwhile others write, change and delete.
        if pages % 3 == 0 and doomed:
            api.delete(f"/api/v1/cursor_jobs/{doomed.pop()}")
            api.add("cursor_jobs", job(title="Late")) if pages < 9 else None
            api.patch(f"/api/v1/cursor_jobs/{ids[0]}", {"location": f"moved {pages}"})
    assert len(seen) == len(set(seen)), "a record was seen twice"
    assert {id for index, id in enumerate(ids) if index % 10 != 5} <= set(seen), "a record was skipped"


def test_a_cursor_goes_with_filters_and_an_invented_one_is_refused(api):
    api.add_all("cursor_jobs", [job(company="Only Here", title=f"Filtered {number}") for number in range(5)])
    answer = api.get("/api/v1/cursor_jobs", cursor="", limit=3, company="Only Here").json()
    rest = api.get("/api/v1/cursor_jobs", cursor=answer["next_cursor"], limit=3, company="Only Here").json()
    assert [record["title"] for record in answer["items"] + rest["items"]] == [f"Filtered {n}" for n in range(5)]
    assert rest["next_cursor"] is None
    for invented in ("nonsense", "AAAA", "-1", "%00", "9" * 400):
        assert issues(api.get("/api/v1/cursor_jobs", cursor=invented))[0]["loc"] == ["query", "cursor"]
