"""Behind a proxy: whose word is taken for the client's address, for limits and log lines."""

import json

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS
from harness.processes import run
from harness.raw_http import RawConnection
from harness.waiting import wait_until

PROXY, STRANGER = "127.0.0.2", "127.0.0.3"


def start(new_cluster, **environment):
    return new_cluster(collections={"jobs": JOBS_WITHOUT_VECTORS}, workers=0, environment=environment)


def ask(cluster, source, *headers, path="/api/v1/jobs", method="GET", body=b""):
    """One request from a local address; the status and what is left of the limit."""
    with RawConnection(cluster.gateway.http, source=source) as connection:
        connection.send_head(f"{method} {path} HTTP/1.1", *headers, f"Content-Length: {len(body)}")
        connection.send(body)
        answer = connection.read_answer()
    return answer.status, int(answer.headers["ratelimit-remaining"])


def clients(cluster, count):
    """The client of each of the last requests, as the log has it."""

    def lines():
        parsed = [json.loads(line) for line in cluster.gateway.log.splitlines() if line.startswith("{")]
        found = [line["client"] for line in parsed if line.get("path") == "/api/v1/jobs"]
        return found if len(found) >= count else None

    return wait_until(lines, f"{count} lines in the log")[-count:]


def test_by_default_nobody_is_believed(new_cluster):
    cluster = start(new_cluster, KAZI_RATE_LIMIT_READ="10/hour")
    remaining = [
        ask(cluster, PROXY, f"X-Forwarded-For: 203.0.113.{number}", f"Forwarded: for=203.0.113.{number}")[1] for number in range(3)
    ]
    assert remaining == [9, 8, 7]
    assert {client.split(":")[0] for client in clients(cluster, 3)} == {PROXY}


def test_a_trusted_proxy_tells_the_client_and_a_stranger_does_not(new_cluster):
    cluster = start(new_cluster, KAZI_RATE_LIMIT_READ="10/hour", KAZI_TRUSTED_PROXIES=f"{PROXY}, 10.0.0.0/8")
    asked = []

    def remaining(source, *headers):
        asked.append(source)
        status, left = ask(cluster, source, *headers)
        assert status == 200
        return left

    assert remaining(PROXY, "X-Forwarded-For: 203.0.113.7") == 9
    assert remaining(PROXY, "X-Forwarded-For: 203.0.113.8") == 9
    # The list is read backwards: what the client wrote before the proxy's word changes nothing.
    assert remaining(PROXY, "X-Forwarded-For: 203.0.113.9, 203.0.113.7") == 8
    assert remaining(PROXY, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 203.0.113.7, 10.1.1.1") == 7
    assert remaining(PROXY, 'Forwarded: for=203.0.113.9, for="203.0.113.7:4711";proto=https') == 6
    # One header beside another that the proxy has not written: the proxy itself is the client.
    assert remaining(PROXY, "X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.9") == 9
    assert remaining(PROXY) == 8
    assert remaining(PROXY, "X-Forwarded-For: nonsense") == 7
    for number in range(3):
        assert remaining(STRANGER, f"X-Forwarded-For: 203.0.113.{number}, {PROXY}") == 9 - number
    found = clients(cluster, len(asked))
    assert found[:5] == ["203.0.113.7", "203.0.113.8", "203.0.113.7", "203.0.113.7", "203.0.113.7"]
    assert [client.split(":")[0] for client in found[5:]] == [PROXY] * 3 + [STRANGER] * 3


def test_whoever_is_over_the_limit_does_not_get_out_of_it_by_another_name(new_cluster):
    cluster = start(new_cluster, KAZI_RATE_LIMIT_READ="2/hour", KAZI_TRUSTED_PROXIES=PROXY)
    statuses = [ask(cluster, PROXY, f"X-Forwarded-For: 198.51.100.{number}, 203.0.113.7")[0] for number in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert ask(cluster, PROXY, "X-Forwarded-For: 203.0.113.8")[0] == 200


def test_attempts_to_sign_in_are_limited_by_the_clients_address(new_cluster):
    cluster = start(
        new_cluster, KAZI_RATE_LIMIT_SIGN_IN="2/hour", KAZI_TRUSTED_PROXIES=PROXY,
        KAZI_JWT_SECRET="a secret of the tests, which is long enough to sign")

    def sign_in(name, client):
        with RawConnection(cluster.gateway.http, source=PROXY) as connection:
            body = f"username={name}&password=x".encode()
            connection.send_head(
                "POST /auth/token HTTP/1.1", f"X-Forwarded-For: {client}", "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}")
            connection.send(body)
            return connection.read_answer().status

    assert [sign_in(f"name{number}", "203.0.113.7") for number in range(3)] == [401, 401, 429]
    assert sign_in("name4", "203.0.113.8") == 401


def test_connections_of_a_trusted_proxy_are_not_counted_against_it(new_cluster):
    cluster = start(new_cluster, KAZI_CONNECTIONS_PER_ADDRESS="2", KAZI_TRUSTED_PROXIES=PROXY)
    connections = [RawConnection(cluster.gateway.http, source=PROXY) for _ in range(6)]
    try:
        for connection in connections:
            connection.send_head("POST /api/v1/jobs HTTP/1.1", "Content-Type: application/json", "Content-Length: 2")
        for connection in connections:
            connection.send(b"{}")
            assert connection.read_answer().status == 422
    finally:
        for connection in connections:
            connection._socket.close()


@pytest.mark.parametrize("value", ["x", "10.0.0.1/8", "10.0.0.0/33", "127.0.0.1,", "fe80::1%lo", "proxy.example"])
def test_what_is_no_range_stops_the_start(tmp_path, value):
    result = run("kazi-gateway", "--port", "0", "--data-dir", tmp_path / "data", "--trusted-proxies", value)
    assert result.returncode not in (0, None)
    assert "--trusted-proxies" in result.stderr and value.split(",")[-1] in result.stderr
    assert not (tmp_path / "data").exists()
