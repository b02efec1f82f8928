"""`X-Idempotency-Key`: a request may be sent again, by a client that does not know whether it arrived."""

import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from harness.api import issues
from harness.collections import JOBS, JOBS_WITHOUT_VECTORS, job

COLLECTIONS = {"idem_jobs": JOBS_WITHOUT_VECTORS, "idem_other": JOBS_WITHOUT_VECTORS, "idem_embedded": JOBS}
PATH = "/api/v1/idem_jobs"


def create(api, key, body, path=PATH):
    return api.request("POST", path, json=body, headers={"X-Idempotency-Key": key})


def is_replay(answer):
    return answer.headers.get("Idempotency-Replayed") == "true"


@pytest.fixture
def key():
    return str(uuid.uuid4())


def test_a_repeat_gets_the_first_answer_and_writes_nothing(api, key):
    first = create(api, key, job(title="Once"))
    assert first.status_code == 201 and not is_replay(first)
    total = api.total("idem_jobs")
    for _ in range(3):
        again = create(api, key, job(title="Once"))
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert is_replay(again)
        for name in ("X-Kazi-Seq", "Location", "ETag"):
            assert again.headers[name] == first.headers[name]
    assert api.total("idem_jobs") == total


def test_the_first_answer_is_given_whatever_became_of_the_record(api, key):
    first = create(api, key, job(title="Before"))
    path = f"{PATH}/{first.json()['id']}"
    api.patch(path, {"title": "After"})
    assert create(api, key, job(title="Before")).content == first.content
    assert api.get(path).json()["title"] == "After"
    api.delete(path)
    assert create(api, key, job(title="Before")).content == first.content
    assert api.get(path).status_code == 404


def test_an_update_by_natural_key_is_repeated_as_one(api, key):
    posting = job(url=f"https://example.org/{key}")
    assert api.post(PATH, posting).status_code == 201
    first = create(api, key, posting | {"title": "Updated"})
    again = create(api, key, posting | {"title": "Updated"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert is_replay(again) and again.content == first.content


def test_the_same_key_with_another_body_is_refused(api, key):
    first = create(api, key, job(title="One"))
    total = api.total("idem_jobs")
    issue, = issues(create(api, key, job(title="Two")))
    assert issue["loc"] == ["header", "x-idempotency-key"]
    assert "another request" in issue["msg"]
    assert api.total("idem_jobs") == total
    assert create(api, key, job(title="One")).content == first.content


def test_keys_of_two_collections_have_nothing_to_do_with_each_other(api, key):
    first = create(api, key, job())
    other = create(api, key, job(), "/api/v1/idem_other")
    assert (first.status_code, other.status_code) == (201, 201)
    assert not is_replay(other)


def test_a_request_that_fails_leaves_its_key_unused(api, key):
    assert create(api, key, job(title="x")).status_code == 422
    answer = create(api, key, job(title="Right now"))
    assert answer.status_code == 201 and not is_replay(answer)


def test_white_space_in_the_body_does_not_make_it_another(api, key):
    for body in (b'{"title": "Same", "company": "A", "source": "linkedin"}', b'{"title":"Same","company":"A","source":"linkedin"}\n'):
        answer = api.request(
            "POST", PATH, data=body, headers={"X-Idempotency-Key": key, "Content-Type": "application/json"})
        assert answer.status_code == 201
    assert is_replay(answer)


@pytest.mark.parametrize("length, is_good", [(1, True), (255, True), (256, False), (5000, False)])
def test_a_key_has_1_to_255_bytes(api, length, is_good):
    text = (str(uuid.uuid4()) * 200)[:length] if length > 1 else "!"
    answer = create(api, text, job())
    if is_good:
        assert answer.status_code in (200, 201)
    else:
        assert issues(answer)[0]["loc"] == ["header", "x-idempotency-key"]


def test_an_empty_key_is_refused(api):
    assert issues(create(api, "", job()))[0]["loc"] == ["header", "x-idempotency-key"]


@pytest.mark.parametrize("collection", ["idem_jobs", "idem_embedded"])
def test_32_at_once_write_one_record(pair, key, collection):
    start = threading.Barrier(32)

    def send(_):
        api = pair.new_api()
        start.wait()
        return create(api, key, job(title=f"All at once {key}"), f"/api/v1/{collection}")

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(send, range(32)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(not is_replay(answer) for answer in answers) == 1
    assert sum(record["title"] == f"All at once {key}" for record in pair.api.all_records(collection)) == 1


def test_a_key_is_remembered_across_kill_9(new_cluster):
    cluster = new_cluster(collections={"jobs": JOBS}, workers=0)
    firsts = {f"key-{number}": create(cluster.api, f"key-{number}", job(title=f"Job {number}"), "/api/v1/jobs") for number in range(5)}
    cluster.gateway.restart()
    for number, (key, first) in enumerate(firsts.items()):
        again = create(cluster.api, key, job(title=f"Job {number}"), "/api/v1/jobs")
        assert is_replay(again) and again.content == first.content
    assert cluster.api.total("jobs") == 5


class DroppingProxy:
    """Passes requests on to a gateway, and drops the connection in place of every second answer."""

    def __init__(self, address):
        host, port = address.removeprefix("http://").split(":")
        self.upstream = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.dropped = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        number = 0
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self.upstream) as upstream:
                request = self.read_message(client)
                if not request:
                    continue
                upstream.sendall(request)
                answer = self.read_message(upstream)
                number += 1
                if number % 2:
                    self.dropped += 1
                else:
                    client.sendall(answer)

    @staticmethod
    def read_message(connection):
        """One message with a Content-Length, whole."""
        message = b""
        while b"\r\n\r\n" not in message:
            part = connection.recv(65536)
            if not part:
                return message
            message += part
        head, _, body = message.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
        while len(body) < length:
            part = connection.recv(65536)
            if not part:
                break
            body += part
        return head + b"\r\n\r\n" + body

    def close(self):
        self.listener.close()


def test_retries_through_a_proxy_that_drops_answers_write_each_record_once(pair):
    """The gateway did the work, the answer was lost: what idempotency keys are for."""
    proxy = DroppingProxy(pair.gateway.http)
    session = requests.Session()
    session.trust_env = False
    retry = Retry(total=6, connect=6, read=6, other=6, backoff_factor=0, allowed_methods=None, status_forcelist=[429, 503], respect_retry_after_header=True)
    session.mount("http://", HTTPAdapter(max_retries=retry, pool_maxsize=1))
    mark = uuid.uuid4()
    replayed = 0
    for number in range(10):
        answer = session.post(
            proxy.address + PATH, json=job(title=f"{mark} {number}"), timeout=30,
            headers={"X-Idempotency-Key": f"{mark}-{number}", "Connection": "close"})
        assert answer.status_code == 201, answer.text
        replayed += is_replay(answer)
    proxy.close()
    titles = [record["title"] for record in pair.api.all_records("idem_jobs") if record["title"].startswith(str(mark))]
    assert sorted(titles) == sorted(f"{mark} {number}" for number in range(10))
    assert proxy.dropped == 10 and replayed == 10
