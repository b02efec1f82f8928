"""The OpenAPI document is what the gateway does: valid, whole, and true to requests that others make from it.

`openapi-spec-validator` judges its form; schemathesis sends what it allows and what it forbids, in all four of its
phases and with all its checks. `harness/schemathesis_hooks.py` names each exception, with its reason.
"""

import json
import pathlib
import re
import subprocess
import sys

import jsonschema
import openapi_spec_validator
import pytest

from harness import fastapi_oracle
from harness.collections import EVENTS, JOBS, points
from harness.processes import Cluster, clean_environment

# One column of each type: schemathesis tries every operator of every column in every place of a filter.
DOCUMENTED = {
    "jobs": JOBS.replace("filter: [company, location, salary_min, salary_max, source, posted_at]", "filter: [salary_min]"),
    "events": EVENTS,
    "places": points(8).replace("filter: [label, city, size, seen_at, is_open, tags]", "filter: [is_open]"),
}

# With these all routes do their work: tokens are signed, and the key opens /admin.
KEY = "a-key-for-whoever-reads-the-document"
ACCESS = {"KAZI_API_KEY": KEY, "KAZI_JWT_SECRET": "a secret of more than thirty-two bytes", "KAZI_RATE_LIMIT_SIGN_IN": "1000000/second"}

SEED = 20
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")
HOOKS = pathlib.Path(__file__).with_name("harness") / "schemathesis_hooks.py"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def documented(tmp_path_factory):
    """A pair of its own: thousands of records that nobody else wants to see."""
    cluster = Cluster(tmp_path_factory.mktemp("documented"), DOCUMENTED, environment=ACCESS)
    try:
        yield cluster.start()
        cluster.stop()
    finally:
        cluster.dispose()


# The form and the completeness of the document


@pytest.fixture(scope="module")
def document(documented):
    return documented.api.get("/openapi.json").json()


def operations_of(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method.upper(), item[method]


def test_the_document_is_valid_openapi_3_1(documented, document):
    answer = documented.api.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert document["openapi"] == "3.1.0"
    openapi_spec_validator.validate(document)


def test_operation_ids_are_unique_and_are_identifiers(document):
    ids = [operation["operationId"] for _, _, operation in operations_of(document)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", id) for id in ids), ids
    assert {"create_jobs", "list_jobs", "read_jobs", "replace_jobs", "merge_jobs", "delete_jobs", "batch_jobs", "search_jobs",
            "export_jobs_csv", "search", "get_search", "health"} <= set(ids)


def test_every_operation_says_what_it_is_and_what_can_go_wrong(document):
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert {"jobs", "events", "places", "search", "service"} <= set(tags)
    for path, method, operation in operations_of(document):
        assert operation["summary"] and set(operation["tags"]) <= set(tags), (path, method)
        assert {"422", "500"} <= set(operation["responses"]), (path, method)
        for status, response in operation["responses"].items():
            assert response["description"], (path, method, status)
            assert "X-Request-ID" in response["headers"], (path, method, status)
        for parameter in operation.get("parameters", []):
            assert parameter["description"].endswith((".", "?")), (path, method, parameter["name"])
        if method in ("POST", "PUT", "PATCH"):
            content = operation["requestBody"]["content"].values()
            assert any(media.get("examples") for media in content), (path, method)


def test_every_reference_leads_somewhere_and_every_component_is_used(document):
    text = json.dumps(document)
    references = set(re.findall(r'"\$ref": "#/components/([^"]+)"', text))
    components = {f"{kind}/{name}" for kind, named in document["components"].items() for name in named}
    assert references <= components
    kept_for_later = {component for component in components if component.startswith(("securitySchemes/", "headers/"))}
    assert components - kept_for_later <= references


def test_validation_errors_have_fastapis_names_and_members(document):
    """The same two schemas under the same names, so that a client generated from FastAPI's document fits."""
    theirs = fastapi_oracle.app.openapi()["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        ours = document["components"]["schemas"][name]
        assert set(theirs[name]["properties"]) <= set(ours["properties"])
        assert set(theirs[name].get("required", [])) <= set(ours["required"])
    assert theirs["HTTPValidationError"]["properties"]["detail"]["items"] == \
        document["components"]["schemas"]["HTTPValidationError"]["properties"]["detail"]["items"]


def test_a_record_has_the_schema_that_pydantic_gives_the_same_model(document):
    """Field by field, but for titles, which FastAPI makes up, and for what Pydantic cannot say (that null is the default)."""
    theirs = fastapi_oracle.app.openapi()["components"]["schemas"]
    ours = document["components"]["schemas"]["JobsInput"]

    def essence(schema):
        if "$ref" in schema:
            schema = theirs[schema["$ref"].rsplit("/", 1)[1]]
        kept = {name: value for name, value in schema.items() if name not in ("title", "description", "default")}
        if "anyOf" in kept:
            kept["anyOf"] = [essence(alternative) for alternative in kept["anyOf"]]
        return kept

    assert {name: essence(schema) for name, schema in ours["properties"].items()} == \
        {name: essence(schema) for name, schema in theirs["JobSchema"]["properties"].items()}
    assert set(ours["required"]) == set(theirs["JobSchema"]["required"])


# The document against the routes


def test_every_documented_operation_answers(documented, document):
    for path, method, operation in operations_of(document):
        answer = documented.api.request(method, path.replace("{id}", "999999999"), json=None)
        assert answer.status_code != 405 and str(answer.status_code) in operation["responses"], (path, method, answer.text)
        if answer.status_code == 404:
            assert answer.json()["detail"] != "Not Found", (path, method)


def test_every_path_allows_exactly_the_documented_methods(documented, document):
    for path, item in document["paths"].items():
        methods = {method.upper() for method in METHODS if method in item}
        methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
        answer = documented.api.request("OPTIONS", path.replace("{id}", "1"))
        assert answer.status_code == 204 and answer.content == b"", path
        assert allowed(answer) == methods, path
        for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"} - methods:
            answer = documented.api.request(method, path.replace("{id}", "1"))
            assert answer.status_code == 405, (path, method)
            assert allowed(answer) == methods, (path, method)
            assert method == "HEAD" or answer.json() == {"detail": "Method Not Allowed"}, (path, method)


def allowed(answer):
    return {name.strip() for name in answer.headers["Allow"].split(",")}


def test_what_is_not_documented_is_not_there(documented, document):
    """Paths that gateways and frameworks of this kind often have: each is in the document, or a 404."""
    paths = ["/api", "/api/v1", "/api/v1/collections", "/api/v1/export", "/api/v1/export/jobs", "/api/v1/export/jobs.xml",
             "/api/v1/jobs/1/vector", "/api/v1/jobs/count", "/api/v2/jobs", "/debug", "/config", "/version", "/healthz", "/ready",
             "/health/ready", "/favicon.ico", "/robots.txt", "/openapi.yaml", "/.well-known/security.txt"]
    for path in paths:
        if path not in document["paths"]:
            assert documented.api.get(path).status_code in (404, 422), path


def test_the_metrics_know_no_route_that_the_document_lacks(documented, document):
    """Every route that has answered anything is counted under its template, and each template is documented."""
    names = {"{collection}": ("jobs", "events", "places"), "{file}": ("jobs.csv", "jobs.ndjson")}
    text = documented.api.get("/metrics").text
    for template in set(re.findall(r'kazi_http_requests_total\{[^}]*route="([^"]+)"', text)) - {"none", "NotFound"}:
        paths = {template}
        for name, values in names.items():
            paths = {path.replace(name, value) for path in paths for value in values}
        assert any(path in document["paths"] for path in paths), template


# The examples


def test_every_example_of_a_body_is_accepted(documented, document):
    """In the order of a record's life, so that the record that examples name is there."""
    api = documented.api
    order = ["create", "replace", "merge", "batch", "search"]
    found = []
    for path, method, operation in operations_of(document):
        verb = operation["operationId"].split("_")[0]
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items() if verb in order else ():
            for name, example in media.get("examples", {}).items():
                found.append((order.index(verb), path, method, media_type, name, example["value"]))
    assert {path.split("/")[3] for _, path, *_ in found} == {"jobs", "events", "places", "search"}
    first_id = {}
    for rank, path, method, media_type, name, value in sorted(found, key=lambda entry: entry[:3]):
        collection = path.split("/")[3] if path != "/api/v1/search" else "jobs"
        body = value.encode() if isinstance(value, str) else json.dumps(
            value | {"like": first_id[collection]} if isinstance(value, dict) and "like" in value else value).encode()
        answer = api.request(method, path.replace("{id}", str(first_id.get(collection, 1))), data=body,
                             params={"wait": "searchable"} if rank < 4 else {}, headers={"Content-Type": media_type})
        assert answer.status_code in (200, 201), (path, method, name, answer.text)
        if rank == 0:
            first_id[collection] = answer.json()["id"]
        if path.endswith("/batch"):
            assert {result["status"] for result in answer.json()} <= {200, 201}, answer.text


def test_every_example_of_a_parameter_is_accepted(documented, document):
    for path, method, operation in operations_of(document):
        for parameter in operation.get("parameters", []):
            if method != "GET" or parameter["in"] != "query" or "example" not in parameter:
                continue
            query = {parameter["name"]: parameter["example"]}
            if path == "/api/v1/search":
                query.setdefault("q", "data engineer")
            answer = documented.api.get(path, **query)
            assert answer.status_code == 200, (path, parameter["name"], answer.text)


def test_every_example_of_an_answer_is_valid_for_its_schema(document):
    components = {"components": document["components"]}
    count = 0
    for path, method, operation in operations_of(document):
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    jsonschema.Draft202012Validator(media["schema"] | components).validate(example["value"])
                    count += 1
    assert count > 30


# What the collection file says is what the document says

RICH = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Reading
description: What a station measured.
type: object
required: [station, level, code, at, kind]
additionalProperties: false
examples:
  - { station: broken, level: -1, code: X, at: never, kind: none }
  - { station: KE-01, level: 2.5, code: AB12, at: "2026-01-02T03:04:05Z", kind: tide, high: 9, low: 1 }
properties:
  station: { type: string, minLength: 2, maxLength: 20, pattern: "^[A-Z]{2}-[0-9]+$", description: Where it stands. }
  level:   { type: number, minimum: 0, exclusiveMaximum: 10, multipleOf: 0.5 }
  code:    { type: string, pattern: "^[A-Z]{2}[0-9]{2}$", examples: [AB12] }
  at:      { type: string, format: date-time }
  kind:    { type: string, enum: [tide, river] }
  high:    { type: integer, minimum: 0 }
  low:     { type: integer, minimum: 0, deprecated: true }
  unit:    { type: string, default: m }
  tags:    { type: array, items: { type: string }, minItems: 1, maxItems: 3 }
  place:   { type: object, required: [lat], properties: { lat: { type: number, minimum: -90, maximum: 90 }, name: { type: string } } }
x-kazi:
  trim:   [unit]
  filter: [station, level, at]
  rules:
    - check: low <= high
      message: low must be <= high
"""

COLLIDING = "type: object\nproperties:\n  text: { type: string }\n"


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """Collections with everything that a file can say, with names that look alike, and none that can be searched by meaning."""
    names = ("a_b", "ab", "a__b", "a_1", "a1", "a_", "jobs_input", "health", "validation_error", "by_default")
    cluster = Cluster(
        tmp_path_factory.mktemp("rich"), {"readings": RICH} | {name: COLLIDING for name in names}, workers=0)
    try:
        cluster.start()
        yield cluster.api
        cluster.stop()
    finally:
        cluster.dispose()


def test_limits_descriptions_defaults_and_examples_of_a_file_are_in_the_document(rich):
    schema = rich.get("/openapi.json").json()["components"]["schemas"]["ReadingsInput"]
    properties = schema["properties"]
    assert (schema["title"], schema["description"], schema["additionalProperties"]) == ("Reading", "What a station measured.", False)
    assert properties["station"] == {"type": "string", "minLength": 2, "maxLength": 20, "pattern": "^[A-Z]{2}-[0-9]+$",
                                     "description": "Where it stands."}
    assert properties["level"] == {"type": "number", "minimum": 0, "exclusiveMaximum": 10, "multipleOf": 0.5}
    assert properties["kind"] == {"type": "string", "enum": ["tide", "river"]}
    assert properties["low"]["deprecated"] is True
    assert properties["unit"]["default"] == "m"


def test_the_example_is_the_first_valid_one_of_the_file(rich):
    path = rich.get("/openapi.json").json()["paths"]["/api/v1/readings"]["post"]
    assert path["requestBody"]["content"]["application/json"]["examples"]["record"]["value"] == {
        "station": "KE-01", "level": 2.5, "code": "AB12", "at": "2026-01-02T03:04:05Z", "kind": "tide", "high": 9, "low": 1}


def test_names_that_look_alike_do_not_meet_in_the_document(rich):
    document = rich.get("/openapi.json").json()
    openapi_spec_validator.validate(document)
    ids = [operation["operationId"] for _, _, operation in operations_of(document)]
    assert len(set(ids)) == len(ids)
    inputs = {document["paths"][f"/api/v1/{name}"]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
              for name in ("a_b", "ab", "a__b", "a_1", "a1", "a_", "jobs_input", "health", "validation_error", "by_default")}
    assert len(inputs) == 10


def test_without_a_searchable_collection_there_is_no_default_search(rich):
    document = rich.get("/openapi.json").json()
    assert "/api/v1/search" not in document["paths"]
    assert rich.get("/api/v1/search", q="x").status_code == 404
    modes = document["components"]["schemas"]["ReadingsSearch"]["oneOf"]
    assert [source["title"] for source in modes] == ["By words"]


# Requests that the document allows, and requests that it forbids


def schemathesis(cluster, folder, *arguments):
    """Runs schemathesis over the served document. Each phase sends what it derives from the document and the seed."""
    note = folder / "exceptions"
    command = [
        SCHEMATHESIS, "--no-color", "run", f"{cluster.gateway.http}/openapi.json", "--checks", "all", "--mode", "all",
        "--generation-deterministic", "--seed", str(SEED), "--continue-on-failure", "--suppress-health-check", "all",
        "--request-timeout", "120", "--header", f"X-API-Key: {KEY}", *arguments]
    environment = clean_environment(
        SCHEMATHESIS_HOOKS=str(HOOKS), KAZI_EXCEPTIONS_NOTE=str(note), PYTHONPATH=str(HOOKS.parents[1]), NO_PROXY="*")
    result = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, text=True, capture_output=True, timeout=600)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-4_000:]
    return result.stdout


ONE_BY_ONE = ["--phases", "examples,coverage,fuzzing", "--max-examples", "8"]


@pytest.mark.parametrize("arguments", [
    [*ONE_BY_ONE, "--exclude-path-regex", "/batch$"],
    ["--phases", "stateful", "--max-examples", "20"],
    # Last: their ten thousand records at once would be in every list and export of the others.
    [*ONE_BY_ONE, "--include-path-regex", "/batch$"],
], ids=["operations", "sequences", "batches"])
def test_schemathesis_finds_no_difference(documented, tmp_path, arguments):
    schemathesis(documented, tmp_path, *arguments)
    assert documented.health()["status"] == "ok"
    assert documented.gateway.is_running
