"""Keys, users, tokens, limits and origins, as clients and operators meet them."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from harness.api import issues
from harness.collections import JOBS_WITHOUT_VECTORS, job
from harness.processes import run
from harness.waiting import wait_until

SECRET = "a secret of the tests, which is long enough to sign"
STATIC_KEY = "an-admin-key-of-the-tests"
FILES = {"jobs": JOBS_WITHOUT_VECTORS, "other": JOBS_WITHOUT_VECTORS}


def new_gateway(new_cluster, **environment):
    """A gateway without workers, with these variables set."""
    return new_cluster(collections=FILES, workers=0, environment=environment)


def command(cluster, *arguments, input=None):
    result = run("kazi", *arguments, "--data-dir", cluster.gateway.data, input=input)
    assert result.returncode == 0, result.stderr
    return result.stdout


def new_key(cluster, *arguments):
    return json.loads(command(cluster, "keys", "add", "a test", *arguments, "--json"))


def call(cluster, method, path, key=None, token=None, **options):
    headers = options.pop("headers", {})
    if key is not None:
        headers["X-API-Key"] = key
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return cluster.api.request(method, path, headers=headers, **options)


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail"}
    assert answer.headers["WWW-Authenticate"]
    return answer.json()["detail"]


# Which requests want credentials


def test_without_settings_records_are_open_and_admin_is_closed(new_cluster):
    cluster = new_gateway(new_cluster)
    assert call(cluster, "POST", "/api/v1/jobs", json=job()).status_code == 201
    for path in ("/admin/stats", "/admin/cluster", "/api/v1/profile"):
        refused(call(cluster, "GET", path), 401)
        refused(call(cluster, "GET", path, key=STATIC_KEY), 401)
    token = call(cluster, "POST", "/auth/token", data={"username": "a", "password": "b"})
    assert token.status_code == 503 and "KAZI_JWT_SECRET" in token.json()["detail"]


def test_the_static_key_opens_admin(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_API_KEY=STATIC_KEY)
    call(cluster, "POST", "/api/v1/jobs", json=job())
    answer = call(cluster, "GET", "/admin/stats", key=STATIC_KEY)
    assert answer.status_code == 200
    assert answer.json()["total_jobs"] == 1
    assert answer.json()["store"]["seq"] == 1
    state = call(cluster, "GET", "/admin/cluster", key=STATIC_KEY).json()
    assert state["workers"] == []
    for wrong in ("", "x", STATIC_KEY + "x", STATIC_KEY[:-1], STATIC_KEY.upper()):
        refused(call(cluster, "GET", "/admin/stats", key=wrong), 401)


@pytest.mark.parametrize("requirement, read, write", [("none", 200, 201), ("writes", 200, 401), ("all", 401, 401)])
def test_what_is_asked_for_credentials(new_cluster, requirement, read, write):
    cluster = new_gateway(new_cluster, KAZI_API_KEY=STATIC_KEY, KAZI_REQUIRE_AUTH=requirement)
    known = call(cluster, "POST", "/api/v1/jobs", key=STATIC_KEY, json=job())
    assert known.status_code == 201
    path = known.headers["Location"]
    reads = ("/api/v1/jobs", path, "/api/v1/export/jobs.csv", "/api/v1/stats", "/openapi.json", "/metrics")
    for each in reads:
        assert call(cluster, "GET", each).status_code == read, each
        assert call(cluster, "GET", each, key=STATIC_KEY).status_code == 200, each
    assert call(cluster, "POST", "/api/v1/jobs", json=job()).status_code == write
    if write == 401:
        for method, each, body in [
            ("POST", "/api/v1/jobs/batch", [job()]), ("PUT", path, job()), ("PATCH", path, {}), ("DELETE", path, None),
        ]:
            refused(call(cluster, method, each, json=body), 401)
        assert call(cluster, "GET", path, key=STATIC_KEY).json() == known.json()
    for each in ("/health/live",):
        assert call(cluster, "GET", each).status_code == 200


def test_a_request_without_credentials_is_refused_before_its_body_is_judged(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_API_KEY=STATIC_KEY, KAZI_REQUIRE_AUTH="writes")
    refused(call(cluster, "POST", "/api/v1/jobs", data=b"{no json", headers={"Content-Type": "application/json"}), 401)


# Keys


def test_keys_are_made_listed_and_revoked_while_the_gateway_serves(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all")
    made = {role: new_key(cluster, "--role", role) for role in ("reader", "writer", "admin")}
    keys = {role: row["key"] for role, row in made.items()}
    statuses = {
        role: [
            call(cluster, "GET", "/api/v1/jobs", key=key).status_code,
            call(cluster, "POST", "/api/v1/jobs", key=key, json=job()).status_code,
            call(cluster, "GET", "/admin/stats", key=key).status_code,
        ] for role, key in keys.items()
    }
    assert statuses == {"reader": [200, 403, 403], "writer": [200, 201, 403], "admin": [200, 201, 200]}
    assert "writer" in refused(call(cluster, "POST", "/api/v1/jobs", key=keys["reader"], json=job()), 403)
    assert call(cluster, "GET", "/api/v1/jobs", token=keys["reader"]).status_code == 200, "a key as a bearer token"

    listed = json.loads(command(cluster, "keys", "list", "--json"))
    assert [row["role"] for row in listed] == ["reader", "writer", "admin"]
    assert not any(key in json.dumps(listed) for key in keys.values())
    assert keys["reader"] not in command(cluster, "keys")
    database = b"".join(file.read_bytes() for file in cluster.gateway.data.glob("kazi.sqlite*"))
    assert not any(key.encode() in database for key in keys.values()), "keys are stored hashed"

    command(cluster, "keys", "revoke", str(made["writer"]["id"]))
    assert "revoked" in refused(call(cluster, "GET", "/api/v1/jobs", key=keys["writer"]), 401)
    command(cluster, "keys", "remove", str(made["reader"]["id"]))
    refused(call(cluster, "GET", "/api/v1/jobs", key=keys["reader"]), 401)
    cluster.gateway.restart()
    assert call(cluster, "GET", "/api/v1/jobs", key=keys["admin"]).status_code == 200
    refused(call(cluster, "GET", "/api/v1/jobs", key=keys["writer"]), 401)


def test_a_key_for_one_collection_opens_no_other(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all")
    key = new_key(cluster, "--role", "writer", "--collections", "jobs")["key"]
    assert call(cluster, "POST", "/api/v1/jobs", key=key, json=job()).status_code == 201
    assert call(cluster, "GET", "/api/v1/export/jobs.ndjson", key=key).status_code == 200
    for method, path in [
        ("GET", "/api/v1/other"), ("POST", "/api/v1/other"), ("GET", "/api/v1/export/other.csv"), ("GET", "/api/v1/stats"),
    ]:
        refused(call(cluster, method, path, key=key, json=job() if method == "POST" else None), 403)


def test_a_key_that_is_unknown_wrong_or_mistyped_is_told_the_same_way(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all")
    key = new_key(cluster)["key"]
    unknown = refused(call(cluster, "GET", "/api/v1/jobs", key="kazi_nothing"), 401)
    for wrong in ("x" * len(key), key[:-1], key + "a", key.upper(), "kazi_" + "a" * 10_000, "' OR 1=1 --"):
        assert refused(call(cluster, "GET", "/api/v1/jobs", key=wrong), 401).startswith("Invalid API key"), unknown


def test_an_idempotency_key_belongs_to_its_caller(new_cluster):
    cluster = new_gateway(new_cluster)
    keys = [new_key(cluster, "--role", "writer")["key"] for _ in range(2)]
    answers = [
        call(cluster, "POST", "/api/v1/jobs", key=key, json=job(title=f"Of caller {number}"), headers={"X-Idempotency-Key": "1"})
        for number, key in enumerate(keys)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("arguments", [["--role", "king"], ["--expires-in", "soon"], ["--expires-in", "0d"]])
def test_a_key_that_makes_no_sense_is_not_made(tmp_path, arguments):
    result = run("kazi", "keys", "add", "name", *arguments, "--data-dir", tmp_path)
    assert result.returncode != 0 and result.stderr.strip()


# Users and tokens


@pytest.fixture
def with_users(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all", KAZI_JWT_SECRET=SECRET)
    command(cluster, "users", "add", "amina", "--role", "writer", input="correct horse\n")
    return cluster


def sign_in(cluster, name="amina", password="correct horse"):
    return call(cluster, "POST", "/auth/token", data={"grant_type": "password", "username": name, "password": password})


def claims(**changes):
    now = int(time.time())
    fields = {"sub": "amina", "roles": ["writer"], "iss": "kazi", "iat": now, "nbf": now, "exp": now + 600} | changes
    return {name: value for name, value in fields.items() if value is not ...}


def test_a_person_signs_in_and_works_with_the_token(with_users):
    answer = sign_in(with_users)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    assert answer.headers["Cache-Control"] == "no-store"
    decoded = jwt.decode(body["access_token"], SECRET, algorithms=["HS256"])
    assert (decoded["sub"], decoded["roles"]) == ("amina", ["writer"])
    token = body["access_token"]
    assert call(with_users, "GET", "/api/v1/profile", token=token).json() == {"user_id": "amina", "roles": ["writer"]}
    assert call(with_users, "POST", "/api/v1/jobs", token=token, json=job()).status_code == 201
    refused(call(with_users, "GET", "/admin/stats", token=token), 403)
    details = {refused(sign_in(with_users, *pair), 401) for pair in [("amina", "wrong horse"), ("nobody", "correct horse")]}
    assert details == {"Incorrect username or password"}
    command(with_users, "users", "disable", "amina")
    refused(sign_in(with_users), 401)


def status_of(cluster, token, method="GET", path="/api/v1/profile", **options):
    return call(cluster, method, path, token=token, **options).status_code


def test_a_token_is_good_as_long_as_its_user_is(new_cluster):
    """Users are changed by another process, `kazi users`; the gateway notices within a moment."""
    cluster = new_gateway(new_cluster, KAZI_JWT_SECRET=SECRET, KAZI_REQUIRE_AUTH="all")
    for name in ("amina", "baraka"):
        command(cluster, "users", "add", name, "--role", "writer", input="correct horse\n")
    token, other = (jwt.encode(claims(sub=name), SECRET, algorithm="HS256") for name in ("amina", "baraka"))
    assert (status_of(cluster, token), status_of(cluster, other)) == (200, 200)

    command(cluster, "users", "disable", "amina")
    wait_until(lambda: status_of(cluster, token) == 401, "the token to be refused", within=5)
    answer = call(cluster, "GET", "/api/v1/jobs", token=token)
    assert "disabled" in refused(answer, 401) and 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert status_of(cluster, other) == 200
    command(cluster, "users", "enable", "amina")
    wait_until(lambda: status_of(cluster, token) == 200, "the token to be good again", within=5)

    # Roles that are taken away are taken from tokens too; roles that are given come with the next token.
    command(cluster, "users", "change", "amina", "--role", "reader")
    wait_until(lambda: status_of(cluster, token, "POST", "/api/v1/jobs", json=job()) == 403, "the role to be lost", within=5)
    assert status_of(cluster, token, path="/api/v1/jobs") == 200
    assert call(cluster, "GET", "/api/v1/profile", token=token).json() == {"user_id": "amina", "roles": ["reader"]}

    command(cluster, "users", "remove", "baraka")
    wait_until(lambda: status_of(cluster, other) == 401, "the token to be refused", within=5)
    # A new user of the old name: tokens from before are not theirs, those from now on are.
    command(cluster, "users", "add", "baraka", "--role", "admin", input="another horse\n")
    new = sign_in(cluster, "baraka", "another horse").json()["access_token"]
    wait_until(lambda: status_of(cluster, new, path="/admin/stats") == 200, "the new token to be good", within=5)
    earlier = jwt.encode(claims(sub="baraka", iat=int(time.time()) - 100, nbf=int(time.time()) - 100), SECRET, algorithm="HS256")
    assert "no longer there" in refused(call(cluster, "GET", "/api/v1/profile", token=earlier), 401)
    nobody = jwt.encode(claims(sub="nobody"), SECRET, algorithm="HS256")
    assert "no longer there" in refused(call(cluster, "GET", "/api/v1/profile", token=nobody), 401)


def test_the_sign_in_form_is_judged_as_fastapi_judges_it(with_users):
    found = issues(call(with_users, "POST", "/auth/token", data={"grant_type": "code", "username": "amina"}))
    assert {(tuple(issue["loc"]), issue["type"]) for issue in found} == {
        (("body", "grant_type"), "string_pattern_mismatch"), (("body", "password"), "missing")}
    assert call(with_users, "POST", "/auth/token", json={"username": "amina", "password": "x"}).status_code == 415


def test_tokens_made_by_another_library_are_taken(with_users):
    token = jwt.encode(claims(), SECRET, algorithm="HS256")
    assert call(with_users, "GET", "/api/v1/profile", token=token).status_code == 200


def unsigned(header, payload, key=b""):
    encode = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    signed = encode(header) + b"." + encode(payload)
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed, hashlib.sha256)).rstrip(b"=") if key else b""
    return (signed + b"." + signature).decode()


def test_hostile_tokens_are_refused(with_users):
    now = int(time.time())
    good = jwt.encode(claims(), SECRET, algorithm="HS256")
    head, payload, signature = good.split(".")
    admin = base64.urlsafe_b64encode(json.dumps(claims(roles=["admin"])).encode()).rstrip(b"=").decode()
    hostile = {
        "none": unsigned({"alg": "none", "typ": "JWT"}, claims()),
        "None": unsigned({"alg": "None"}, claims()),
        "none, with a signature": unsigned({"alg": "none"}, claims(), SECRET.encode()),
        "another algorithm": jwt.encode(claims(), SECRET, algorithm="HS384"),
        "another algorithm's name": unsigned({"alg": "RS256"}, claims(), SECRET.encode()),
        "another key": jwt.encode(claims(), SECRET + "x", algorithm="HS256"),
        "no key": unsigned({"alg": "HS256"}, claims(), b"\0"),
        "expired": jwt.encode(claims(exp=now - 600), SECRET, algorithm="HS256"),
        "not yet valid": jwt.encode(claims(nbf=now + 600), SECRET, algorithm="HS256"),
        "without an end": jwt.encode(claims(exp=...), SECRET, algorithm="HS256"),
        "without a subject": jwt.encode(claims(sub=...), SECRET, algorithm="HS256"),
        "of another issuer": jwt.encode(claims(iss="somebody"), SECRET, algorithm="HS256"),
        "tampered": f"{head}.{admin}.{signature}",
        "cut short": good[:-2],
        "without a signature": f"{head}.{payload}.",
        "with a key of its own": jwt.encode(claims(), SECRET, algorithm="HS256", headers={"jwk": {"kty": "oct", "k": "AA"}}),
        "with crit": jwt.encode(claims(), SECRET, algorithm="HS256", headers={"crit": ["exp"]}),
        "no token": "...", "nothing": "", "binary": "\x01\x02",
        "many parts": good + "." + signature,
        "giant": jwt.encode(claims(filler="x" * 12_000), SECRET, algorithm="HS256"),
    }
    for name, token in hostile.items():
        answer = requests.get(with_users.gateway.http + "/api/v1/profile", headers={"Authorization": f"Bearer {token}"}, timeout=30) \
            if name != "binary" else call(with_users, "GET", "/api/v1/profile", token="%01%02")
        assert answer.status_code == 401, (name, answer.status_code, answer.text)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), name
    assert call(with_users, "GET", "/api/v1/profile", token=good).status_code == 200


def test_a_secret_is_rotated_without_a_moment_of_refusal(new_cluster):
    def with_secrets(**secrets):
        cluster = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all", **secrets)
        command(cluster, "users", "add", "amina", "--role", "writer", input="correct horse\n")
        return cluster

    old = with_secrets(KAZI_JWT_SECRET=SECRET)
    token = jwt.encode(claims(), SECRET, algorithm="HS256")
    assert call(old, "GET", "/api/v1/profile", token=token).status_code == 200
    new = with_secrets(KAZI_JWT_SECRET=SECRET[::-1], KAZI_JWT_SECRET_PREVIOUS=SECRET)
    for secret in (SECRET, SECRET[::-1]):
        assert call(new, "GET", "/api/v1/profile", token=jwt.encode(claims(), secret, algorithm="HS256")).status_code == 200
    over = new_gateway(new_cluster, KAZI_REQUIRE_AUTH="all", KAZI_JWT_SECRET=SECRET[::-1])
    refused(call(over, "GET", "/api/v1/profile", token=token), 401)


def test_attempts_to_sign_in_are_limited(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_JWT_SECRET=SECRET, KAZI_RATE_LIMIT_SIGN_IN="3/hour")
    statuses = [sign_in(cluster, "nobody", "a password").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    limited = sign_in(cluster, "somebody", "a password")
    assert limited.status_code == 429 and int(limited.headers["Retry-After"]) > 0


# Rate limits


def test_a_client_over_its_limit_is_told_when_to_come_again(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_RATE_LIMIT_WRITE="5/hour", KAZI_RATE_LIMIT_SEARCH="1/hour")
    writes = [call(cluster, "POST", "/api/v1/jobs", json=job()) for _ in range(8)]
    assert [answer.status_code for answer in writes] == [201] * 5 + [429] * 3
    assert [answer.headers["RateLimit-Remaining"] for answer in writes[:5]] == ["4", "3", "2", "1", "0"]
    assert writes[0].headers["RateLimit-Limit"] == "5"
    assert 0 < int(writes[5].headers["Retry-After"]) <= 720
    assert set(writes[5].json()) == {"detail"}
    assert cluster.api.total("jobs") == 5, "what is refused is not written"
    # Other kinds of requests, and other callers, have limits of their own.
    key = new_key(cluster, "--role", "writer")["key"]
    assert call(cluster, "POST", "/api/v1/jobs", key=key, json=job()).status_code == 201
    assert call(cluster, "POST", "/api/v1/jobs", key="kazi_wrong", json=job()).status_code == 429, "a bad key is no new client"
    for _ in range(20):
        assert call(cluster, "GET", "/health/live").status_code == 200


def test_a_refusal_of_the_request_counts_and_carries_the_limit(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_RATE_LIMIT_WRITE="5/hour")
    answer = call(cluster, "POST", "/api/v1/jobs", json={})
    assert answer.status_code == 422 and answer.headers["RateLimit-Remaining"] == "4"


def test_a_retry_adapter_comes_through(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_RATE_LIMIT_WRITE="4/second")
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(max_retries=Retry(
        total=10, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=0.1, respect_retry_after_header=True)))
    for _ in range(8):
        assert session.post(cluster.gateway.http + "/api/v1/jobs", json=job(), timeout=30).status_code == 201
    assert cluster.api.total("jobs") == 8


# Other origins


def test_pages_of_allowed_origins_may_read_and_others_may_not(new_cluster):
    cluster = new_gateway(new_cluster, KAZI_CORS_ORIGINS="https://app.example.org")
    preflight = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,x-api-key"}
    answer = call(cluster, "OPTIONS", "/api/v1/jobs/1", headers={"Origin": "https://app.example.org"} | preflight)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "x-api-key" in answer.headers["Access-Control-Allow-Headers"].lower()
    for status, path in ((200, "/api/v1/jobs"), (404, "/api/v1/jobs/99")):
        answer = call(cluster, "GET", path, headers={"Origin": "https://app.example.org"})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
        assert "Origin" in answer.headers["Vary"]
    for origin in ("https://evil.example.org", "https://app.example.org.evil.org", "null", "http://app.example.org"):
        answer = call(cluster, "GET", "/api/v1/jobs", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
        answer = call(cluster, "OPTIONS", "/api/v1/jobs", headers={"Origin": origin} | preflight)
        assert "Access-Control-Allow-Origin" not in answer.headers


# What stops the start


@pytest.mark.parametrize("environment, arguments, word", [
    ({}, ["--host", "0.0.0.0"], "0.0.0.0"),
    ({"KAZI_API_KEY": STATIC_KEY}, ["--host", "0.0.0.0"], "KAZI_REQUIRE_AUTH"),
    ({"KAZI_JWT_SECRET": "short"}, [], "KAZI_JWT_SECRET"),
    ({"KAZI_JWT_SECRET_PREVIOUS": SECRET}, [], "KAZI_JWT_SECRET"),
    ({"KAZI_REQUIRE_AUTH": "maybe"}, [], "KAZI_REQUIRE_AUTH"),
    ({"KAZI_RATE_LIMIT_SEARCH": "10 a minute"}, [], "KAZI_RATE_LIMIT_SEARCH"),
    ({"KAZI_CORS_ORIGINS": "*", "KAZI_CORS_CREDENTIALS": "1"}, [], "KAZI_CORS_ORIGINS"),
    ({"KAZI_CORS_ORIGINS": "https://example.org/"}, [], "KAZI_CORS_ORIGINS"),
])
def test_a_setting_that_is_not_safe_stops_the_start(tmp_path, environment, arguments, word):
    result = run("kazi-gateway", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data", *arguments, environment=environment)
    assert result.returncode not in (0, None)
    assert word in result.stderr
    assert "Fatal" not in result.stderr


def test_with_a_key_and_a_rule_other_machines_may_come(tmp_path, new_process):
    from harness.processes import MODEL

    gateway = new_process(
        "kazi-gateway", "--host", "0.0.0.0", "--port", "0", "--zmq", "tcp://127.0.0.1:*", "--data-dir", tmp_path / "data",
        "--model", MODEL, "--exit-with-parent", environment={"KAZI_API_KEY": STATIC_KEY, "KAZI_REQUIRE_AUTH": "all"})
    wait_until(lambda: (tmp_path / "data/gateway.json").exists(), "the gateway to listen", within=60)
    assert gateway.is_running


# Stats


def test_stats_are_counted_once_for_many_who_ask(new_cluster):
    cluster = new_gateway(new_cluster)
    for source in ("linkedin", "linkedin", "jobwebkenya"):
        cluster.api.add("jobs", job(source=source, url=f"https://example.org/{time.monotonic_ns()}"))
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: cluster.new_api().get("/api/v1/stats"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    body = answers[0].json()
    assert (body["total_jobs"], body["total_sources"], body["total_other"]) == (3, 2, 0)
    assert body["collections"]["jobs"]["total"] == 3
    assert answers[0].headers["Cache-Control"] == "max-age=300"
    cluster.api.add("jobs", job())
    again = cluster.api.get("/api/v1/stats")
    assert again.json() == body, "counted at most every five minutes"
    assert int(again.headers["Age"]) >= 0
