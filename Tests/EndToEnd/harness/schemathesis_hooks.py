"""What schemathesis has to know about Kazi, loaded by it when `test_openapi.py` runs it: how NDJSON is sent, and the
failures that are none.

A schema cannot say everything. Pydantic's lax mode accepts more than the schema of a model, here as with FastAPI, and
rules between fields refuse some of what it allows. Each such exception is a function below that looks at the very
request and answer; a failure that none of them explains fails the test. `EXCEPTIONS` lists them with their reasons.
"""

import json
import math
import os
import struct
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import schemathesis
from pydantic import TypeAdapter, ValidationError
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData


@schemathesis.serializer("application/x-ndjson")
def serialize_ndjson(context, value):
    """A string goes as it is. Another value, which only a wrong request has, is one line."""
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "surrogatepass")


# What was sent, and what was answered


class Exchange:
    """One request and its answer, as the exceptions look at them."""

    def __init__(self, case, response):
        self.case, self.response = case, response
        self.document = case.operation.schema.raw_schema
        self.operation = case.operation.definition.raw
        self.path = case.operation.path
        self.status = response.status_code
        request = response.request
        self.media_type = (request.headers.get("Content-Type") or "").split(";")[0]
        self.headers = request.headers
        self.body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        self.query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)

    @property
    def json_body(self):
        return json.loads(self.body)

    @property
    def issues(self):
        """The issues of a 422."""
        return self.response.json()["detail"] if self.status == 422 else []

    @property
    def body_schema(self):
        return self.operation["requestBody"]["content"][self.media_type]["schema"]

    def resolved(self, schema):
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def is_valid(self, value, schema):
        return jsonschema.Draft202012Validator({**schema, "components": self.document["components"]}).is_valid(value)


# Lax mode: a value as Pydantic reads it

READERS = {"number": TypeAdapter(float), "integer": TypeAdapter(int), "boolean": TypeAdapter(bool)}
TIMES = TypeAdapter(datetime)


def read_scalar(value, schema):
    """`value` as the type of the schema, where Pydantic's lax mode takes it for one, else as it is.

    A number from text or a boolean; an integer from text, from a boolean, or from a number without a fraction; a boolean
    from 0, 1 and words such as "yes"; a time from seconds since 1970 and from ISO 8601 forms that RFC 3339 lacks.
    """
    reader = TIMES if schema.get("format") == "date-time" else READERS.get(schema.get("type"))
    if reader is None or isinstance(value, (dict, list)) or value is None:
        return value
    try:
        read = reader.validate_json(json.dumps(value))
    except ValidationError:
        return value
    if isinstance(read, datetime):
        return read.isoformat() if read.tzinfo else read.isoformat() + "Z"
    return value if isinstance(read, float) and not math.isfinite(read) else read


def read(exchange, value, schema):
    """The same for a value with parts."""
    schema = exchange.resolved(schema)
    for name in ("anyOf", "oneOf"):
        if name in schema and "properties" not in schema:
            for alternative in schema[name]:
                candidate = read(exchange, value, alternative)
                if is_valid_with_times(exchange, candidate, alternative):
                    return candidate
            return value
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {name: read(exchange, part, properties.get(name, {})) for name, part in value.items()}
    if isinstance(value, list):
        return [read(exchange, part, schema.get("items", {})) for part in value]
    return read_scalar(value, schema)


def is_valid_with_times(exchange, value, schema):
    """Valid, and where the schema asks for a time, one. jsonschema itself does not look at formats."""
    if exchange.resolved(schema).get("format") == "date-time":
        try:
            return isinstance(value, str) and bool(TIMES.validate_python(value, strict=False))
        except ValidationError:
            return False
    return exchange.is_valid(value, schema)


def is_accepted_in_lax_mode(exchange):
    """Whether body, query and headers are all valid once they are read as Pydantic reads them."""
    parameters = {
        (parameter["in"], parameter["name"].lower() if parameter["in"] == "header" else parameter["name"]): parameter["schema"]
        for parameter in exchange.operation.get("parameters", [])}
    for name, text in exchange.query:
        schema = parameters.get(("query", name))
        if schema is None:
            return False
        value = text.split(",") if schema.get("type") == "array" else text
        if not is_valid_with_times(exchange, read(exchange, value, schema), schema):
            return False
    for name, text in exchange.headers.items():
        schema = parameters.get(("header", name.lower()))
        if schema is not None and not is_valid_with_times(exchange, read(exchange, text, schema), schema):
            return False
    if exchange.media_type == "application/json":
        body = read(exchange, exchange.json_body, exchange.body_schema)
        return exchange.is_valid(body, exchange.body_schema)
    return True


# Accepted, though the schema alone would not have it


def lax_mode(exchange):
    """Validation is Pydantic's in its default, lax mode: see `read_scalar` for what is taken for what."""
    return exchange.status < 300 and is_accepted_in_lax_mode(exchange)


def batch_lines(exchange):
    """A batch judges each line by itself: the bad line has its error in the answer's 200, the others are written."""
    if not exchange.path.endswith("/batch") or exchange.status != 200:
        return False
    results = exchange.response.json()
    if exchange.media_type == "application/x-ndjson":
        return any(result["status"] >= 400 for result in results)
    lines = exchange.json_body
    refused = [result["status"] >= 400 for result in results]
    # The lines that were written must be such as lax mode takes.
    written = [line for line, is_refused in zip(lines, refused, strict=True) if not is_refused]
    items = exchange.body_schema["items"]
    return any(refused) and all(exchange.is_valid(read(exchange, line, items), items) for line in written)


# Refused, though the schema alone would have it


def lines_that_are_no_json(exchange):
    """A schema can say that NDJSON is text, not what is in its lines; an atomic batch is refused for one of them."""
    return exchange.media_type == "application/x-ndjson" and exchange.status == 422 and exchange.path.endswith("/batch")


def key_of_another_request(exchange):
    """An idempotency key belongs to the first request that used it."""
    return _explains(exchange, lambda issue: issue["loc"] == ["header", "x-idempotency-key"] and "another request" in issue["msg"])


def broken_rule(exchange):
    """`salary_min <= salary_max` and `timestamp <= now` are rules between values, which JSON Schema has no word for."""
    if exchange.status == 400:
        answer = exchange.response.json()
        return answer["message"] == "timestamp must not be in the future" and _any_line(exchange, _is_in_the_future)
    rule = "Value error, salary_min must be <= salary_max"
    return _explains(exchange, lambda issue: issue["msg"] == rule and _salaries_are_out_of_order(issue["input"]))


def _is_in_the_future(record):
    timestamp = read_scalar(record.get("timestamp"), {"format": "date-time"})
    return TIMES.validate_python(timestamp) > datetime.now(timezone.utc)


def _salaries_are_out_of_order(record):
    # A merge patch is judged with the rest of the stored record, which the issue's input shows.
    return record["salary_min"] > record["salary_max"]


def _any_line(exchange, is_so):
    if exchange.media_type == "application/x-ndjson":
        lines = [json.loads(line) for line in exchange.body.splitlines() if line.strip()]
    else:
        body = exchange.json_body
        lines = body if isinstance(body, list) else [body]
    return any(is_so(line) for line in lines)


def cursor_of_ones_own(exchange):
    """A cursor is a text that the gateway gave: a made-up one is refused, and so is one beside what a page has not."""
    reasons = ("Value error, cursor is none that this gateway gave",
               "Value error, keyword cannot be combined with cursor", "Value error, sort cannot be combined with cursor",
               "Value error, offset cannot be combined with cursor")
    return any(name == "cursor" for name, _ in exchange.query) and _explains(exchange, lambda issue: issue["msg"] in reasons)


def one_source(exchange):
    """`GET /api/v1/search` needs exactly one of `q` (or `text`) and `like`: OpenAPI cannot say so of parameters."""
    names = {name for name, _ in exchange.query}
    count = bool(names & {"q", "text"}) + ("like" in names)
    return exchange.case.method == "GET" and count != 1 and _explains(
        exchange, lambda issue: issue["msg"] == "Value error, exactly one of text, vector and like is needed")


def mode_without_text(exchange):
    """`mode=keyword` and `mode=hybrid` go with `q`, not with `like` or a vector: between parameters again."""
    query = dict(exchange.query)
    return "q" not in query and "text" not in query and _explains(
        exchange, lambda issue: issue["msg"] == f"Value error, mode {query.get('mode')} searches words and needs text")


def write_to_come(exchange):
    """`min_seq` and `X-Kazi-Min-Seq` name a write: one that has not been made yet is refused, whatever its number."""
    return _explains(exchange, lambda issue: issue["loc"][-1] in ("min_seq", "x-kazi-min-seq")
                     and issue["msg"].startswith("Value error, there is no write "))


def vector_of_bytes(exchange):
    """A vector as the whole body has the collection's dimension times four bytes, finite, not all zero for a cosine."""
    if exchange.media_type != "application/octet-stream":
        return False
    size = exchange.body_schema["minLength"]
    components = struct.unpack(f"<{len(exchange.body) // 4}f", exchange.body[:len(exchange.body) // 4 * 4])
    is_vector = len(exchange.body) == size and all(map(math.isfinite, components)) and any(components)
    return not is_vector and _explains(exchange, lambda issue: issue["loc"] == ["body"])


def vector_too_small(exchange):
    """A component that rounds to zero as float32 is zero, and a vector of zeros has no direction."""
    def is_zero(vector):
        return all(struct.unpack("<f", struct.pack("<f", component))[0] == 0 for component in vector)

    return _explains(exchange, lambda issue: issue["msg"] == "Value error, a vector of zeros has no direction"
                     and is_zero(issue["input"]))


def precondition(exchange):
    """412: `If-Match` names other versions than the record has. Nothing is wrong with the form of the request."""
    return exchange.status == 412 and "If-Match" in exchange.headers


def filter_limits(exchange):
    """A filter has bounds on its depth, its conditions and its values, which are about the whole of it."""
    return _explains(exchange, lambda issue: issue["msg"].startswith("Value error, a filter may "))


def _explains(exchange, is_so):
    """Whether the answer is a 422 all of whose issues are so."""
    return bool(exchange.issues) and all(is_so(issue) for issue in exchange.issues)


EXCEPTIONS = {
    AcceptedNegativeData: [lax_mode, batch_lines, precondition],
    RejectedPositiveData: [
        lines_that_are_no_json, key_of_another_request, broken_rule, cursor_of_ones_own, one_source, mode_without_text, write_to_come, vector_of_bytes, vector_too_small,
        precondition, filter_limits,
    ],
}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure stands: it does unless an exception explains it."""
    exchange = Exchange(case, response)
    for exception in EXCEPTIONS.get(type(failure), []):
        if exception(exchange):
            note(exception.__name__)
            return False
    return True


def note(name):
    """Counts uses of the exceptions, for who wants to know which are still needed."""
    path = os.environ.get("KAZI_EXCEPTIONS_NOTE")
    if path:
        with open(path, "a") as file:
            file.write(name + "\n")
