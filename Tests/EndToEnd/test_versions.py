"""Versions of a record: `ETag`, `If-None-Match` and `If-Match`, so that nobody overwrites what they have not seen."""

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job

COLLECTIONS = {"version_jobs": JOBS_WITHOUT_VECTORS}
PATH = "/api/v1/version_jobs"


@pytest.fixture
def path(api):
    return f"{PATH}/{api.add('version_jobs', job()).record['id']}"


def test_a_record_has_a_tag_that_changes_with_it(api, path):
    first = api.get(path).headers["ETag"]
    assert first.startswith('"') and first.endswith('"')
    assert api.get(path).headers["ETag"] == first
    changed = api.patch(path, {"location": "Kisumu"}).headers["ETag"]
    assert changed != first
    assert api.get(path).headers["ETag"] == changed


def test_a_record_that_is_known_is_not_sent_again(api, path):
    tag = api.get(path).headers["ETag"]
    for condition in (tag, f'"other", {tag}', "*", f"W/{tag}"):
        answer = api.request("GET", path, headers={"If-None-Match": condition})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag), condition
    assert api.request("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_may_insist_on_the_version_it_has_seen(api, path, method):
    seen = api.get(path).headers["ETag"]
    api.patch(path, {"location": "Nakuru"})
    before = api.get(path).json()
    body = None if method == "DELETE" else job(title="Changed")
    for condition in (seen, f"W/{api.get(path).headers['ETag']}", '"nonsense"'):
        answer = api.request(method, path, json=body, headers={"If-Match": condition})
        assert answer.status_code == 412, answer.text
        assert set(answer.json()) == {"detail"}
    assert api.get(path).json() == before
    now = api.get(path).headers["ETag"]
    assert api.request(method, path, json=body, headers={"If-Match": now}).status_code == (204 if method == "DELETE" else 200)


def test_a_condition_on_a_record_that_is_not_there_is_a_404(api):
    for method in ("PUT", "PATCH", "DELETE"):
        answer = api.request(method, f"{PATH}/987654321", json=None if method == "DELETE" else job(), headers={"If-Match": "*"})
        assert answer.status_code == 404
