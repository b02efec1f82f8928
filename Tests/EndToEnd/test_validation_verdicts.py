"""Generated bodies, judged by the gateway and by a FastAPI application with the same model: the verdicts are the same."""

import json
import random
from datetime import datetime, timezone

import pytest

from harness.api import issue_keys
from harness.collections import JOBS_WITHOUT_VECTORS
from harness.fastapi_oracle import JobSchema, ask

COLLECTIONS = {"verdict_jobs": JOBS_WITHOUT_VECTORS}

STRINGS = ["", "x", "ab", "  ", " x ", "\t\n", "\u00a0padded\u3000", "Mhariri", "é", "e\u0301", "👩🏾‍🏫", "𝒳", "a\u0000b", "null",
           "x" * 199, "x" * 200, "x" * 201, "é" * 200, "👍" * 200, "👍" * 201, "  " + "y" * 198 + " ", " " * 200]
NUMBERS = [0, 1, -1, -0.0, 0.5, 1e3, 1e22, 1.7976931348623157e308, 5e-324, 2**53 + 1, 10**18, -10**18, 150000, 99999.99]
NUMBERS_AS_TEXT = ["0", "12", " 12 ", "12.5", "-1", "1e5", "+7", "1_000", "0x10", "12abc", "", " ", "1,5", ".5", "5.", "١٢"]
DATES = ["2026-03-01T08:30:00Z", "2026-03-01T08:30:00", "2026-03-01 08:30:00+03:00", "2026-03-01T08:30", "2026-03-01",
         "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T08:60:00Z", "2026-3-1", "soon", "",
         "2026-03-01T08:30:00.123456789Z", "2026-03-01T08:30:00+25:00", "2026-03-01T08:30:00.5-0330", "2026-03-01t08:30:00z",
         "2026-03-01T08:30:00Zjunk", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "1772353800",
         "1772353800.25", " 2026-03-01", 1772353800, 1772353800123, 1772353800.5, 0, -1, -62135596801, 1e15, 2e20]
OTHERS = [None, True, False, [], {}, [1, "two"], {"nested": {"deep": None}}]
SOURCES = ["brightermonday", "linkedin", "jobwebkenya", "LinkedIn", "linkedin ", "", "twitter"]


def a_body(random):
    """A posting that is right but for a field or three; now and then not even an object."""
    body = {"title": "Data Engineer", "company": "Savanna", "source": random.choice(SOURCES[:3])}
    if random.random() < 0.6:
        body |= {"salary_min": random.choice(NUMBERS[:4] + [1000, 2000]), "salary_max": random.choice([1000, 2000, 1e6])}
    pools = {
        "title": STRINGS, "company": STRINGS, "description": STRINGS + ["z" * 20000, "z" * 20001], "location": STRINGS,
        "salary_min": NUMBERS + NUMBERS_AS_TEXT, "salary_max": NUMBERS + NUMBERS_AS_TEXT,
        "source": SOURCES, "posted_at": DATES, "url": STRINGS,
    }
    for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
        name = random.choice(list(pools))
        dice = random.random()
        if dice < 0.72:
            body[name] = random.choice(pools[name])
        elif dice < 0.92:
            body[name] = random.choice(OTHERS + NUMBERS + STRINGS[:4])
        else:
            body.pop(name, None)
    if random.random() < 0.05:
        body[random.choice(["extra", "Title", "id", "created_at", ""])] = random.choice(OTHERS)
    if random.random() < 0.03:
        return random.choice([[], [body], "text", 17, True, None, {}])
    return body


def spelled(body, random):
    """The same JSON in one of several spellings, which must not matter."""
    text = json.dumps(body, ensure_ascii=random.random() < 0.5, indent=random.choice([None, None, 1]))
    return (random.choice(["", "", " \r\n\t"]) + text + random.choice(["", "", "\n "])).encode()


def comparable(fields):
    """A stored record reduced to its model's fields, dates as instants: `Z`, `+03:00` and naive UTC may all be meant."""
    reduced = {name: fields[name] for name in JobSchema.model_fields}
    if reduced["posted_at"] is not None:
        instant = datetime.fromisoformat(reduced["posted_at"])
        reduced["posted_at"] = instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    return reduced


@pytest.mark.parametrize("seed", range(6))
def test_generated_bodies_get_the_same_verdict(api, seed):
    source = random.Random(seed)
    for number in range(60):
        body = spelled(a_body(source), source)
        status, expected = ask(body)
        answer = api.post_bytes("/api/v1/verdict_jobs", body)
        about = f"seed {seed}, body {number}: {body[:300]!r}\nFastAPI: {status} {str(expected)[:600]}\nKazi: {answer.text[:600]}"
        if status == 201:
            # A natural key may have been seen before, which makes the write an update.
            assert answer.status_code in (200, 201), about
            assert comparable(answer.json()) == comparable(expected), about
        else:
            assert answer.status_code == status, about
            assert issue_keys(answer.json()["detail"]) == issue_keys(expected["detail"]), about


@pytest.mark.parametrize("body", [
    b"", b" ", b"null", b"[]", b"{", b"{\"title\"", b"{\"title\": \"x\",}", b"{title: 1}", b"[1 2]", b"{\"a\": 1} x", b"tru", b"{\"a\": +1}",
    b"{\"a\": 01}", b"{\"a\": .5}", b"{\"a\": \"\\x\"}", b"{\"a\": \"tab\there\"}", b"{\"a\": \"\\u12\"}", b"{\"a\": 1, \"a\": }",
])
def test_bodies_that_are_no_json_get_the_same_verdict(api, body):
    status, expected = ask(body)
    answer = api.post_bytes("/api/v1/verdict_jobs", body)
    assert answer.status_code == status, (answer.text, expected)
    if status == 422:
        assert issue_keys(answer.json()["detail"]) == issue_keys(expected["detail"])


def test_the_last_of_repeated_names_counts(api):
    body = b'{"title": "x", "company": "Savanna", "source": "linkedin", "title": "Data Engineer"}'
    status, expected = ask(body)
    answer = api.post_bytes("/api/v1/verdict_jobs", body)
    assert (answer.status_code, answer.json()["title"]) == (status, expected["title"])


def test_whole_answers_agree_word_for_word(api):
    """Not only where and what: `input` and `ctx` too, for one body of each kind of issue."""
    good = {"title": "Data Engineer", "company": "Savanna", "source": "linkedin"}
    for change in ({"title": "x"}, {"title": 5}, {"title": "y" * 201}, {"company": ""}, {"salary_min": -1}, {"salary_min": "many"},
                   {"salary_min": []}, {"source": "twitter"}, {"posted_at": "soon"}, {"posted_at": {}}, {"salary_min": "1_000x"}):
        body = json.dumps(good | change).encode()
        _, expected = ask(body)
        detail = api.post_bytes("/api/v1/verdict_jobs", body).json()["detail"]
        assert detail == expected["detail"], change
