"""A thin client of the HTTP contract. Nothing is retried and nothing hidden: a test sees what the gateway said."""

import json
from dataclasses import dataclass

import requests

NDJSON = "application/x-ndjson"


@dataclass
class Write:
    """What a successful write answered."""

    status: int
    record: dict
    seq: int


class API:
    """One connection to one gateway. Not for use by two threads at once: make one for each."""

    def __init__(self, address, timeout=60.0):
        self.address = address
        self.timeout = timeout
        self._session = requests.Session()
        # A proxy of the developer's environment has no business between a test and the gateway.
        self._session.trust_env = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Gives the connection back; a client that is not closed keeps its own until the gateway tires of it."""
        self._session.close()

    def request(self, method, path, **options):
        options.setdefault("timeout", self.timeout)
        return self._session.request(method, self.address + path, **options)

    def get(self, path, **parameters):
        """`GET`; keyword arguments are query parameters. Names with a dot go in as `**{"salary_min.gte": 1}`."""
        return self.request("GET", path, params=parameters)

    def post(self, path, body, **parameters):
        return self.request("POST", path, json=body, params=parameters)

    def put(self, path, body, **parameters):
        return self.request("PUT", path, json=body, params=parameters)

    def patch(self, path, body, **parameters):
        return self.request("PATCH", path, json=body, params=parameters)

    def delete(self, path, **parameters):
        return self.request("DELETE", path, params=parameters)

    def post_bytes(self, path, body, content_type="application/json", **parameters):
        """A body exactly as given, whether it is JSON or not."""
        return self.request("POST", path, data=body, params=parameters, headers={"Content-Type": content_type})

    def post_ndjson(self, path, lines, **parameters):
        """`lines`: JSON values, or `bytes` that go in as they are."""
        encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        return self.post_bytes(path, b"\n".join(encoded) + b"\n", NDJSON, **parameters)

    # Steps that most tests take on the way to what they are about.

    def add(self, collection, record, **parameters):
        """Creates a record and returns the `Write`."""
        answer = self.post(f"/api/v1/{collection}", record, **parameters)
        assert answer.status_code in (200, 201), answer.text
        return Write(answer.status_code, answer.json(), int(answer.headers["X-Kazi-Seq"]))

    def add_all(self, collection, records, wait=None):
        """Writes all records in one batch and returns their ids, in order. `wait="searchable"`: searches see them."""
        answer = self.post(f"/api/v1/{collection}/batch", records, **({"wait": wait} if wait else {}))
        assert answer.status_code == 200, answer.text
        results = answer.json()
        assert [result for result in results if result["status"] not in (200, 201)] == []
        assert len(results) == len(records)
        return [result["id"] for result in results]

    def read(self, collection, id):
        answer = self.get(f"/api/v1/{collection}/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, collection, **body):
        """The hits of a search that must succeed."""
        answer = self.post(f"/api/v1/{collection}/search", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def all_records(self, collection, page=500):
        """Every record of a collection, page by page through the cursor."""
        records, cursor = [], ""
        while cursor is not None:
            answer = self.get(f"/api/v1/{collection}", cursor=cursor, limit=page)
            assert answer.status_code == 200, answer.text
            records += answer.json()["items"]
            cursor = answer.json()["next_cursor"]
        return records

    def total(self, collection):
        """How many records a collection has."""
        answer = self.get(f"/api/v1/{collection}", limit=1)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["X-Total-Count"])


def issues(answer):
    """The `detail` list of a 422, which must have the form FastAPI gives it."""
    assert answer.status_code == 422, f"{answer.status_code} {answer.text}"
    detail = answer.json()["detail"]
    assert isinstance(detail, list) and detail, detail
    for issue in detail:
        assert {"loc", "msg", "type", "input"} <= set(issue) <= {"loc", "msg", "type", "input", "ctx"}, issue
    return detail


def issue_keys(detail):
    """What makes two validation errors the same: where, which, and in what words. Order does not matter."""
    return sorted((tuple(map(str, issue["loc"])), issue["type"], issue["msg"]) for issue in detail)
