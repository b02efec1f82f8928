"""Says what Pydantic and Python's json make of values, for tests that compare ours with them.

Reads one JSON request a line from standard input and writes one answer a line:

    {"model": "job", "body": "<JSON text>"}       a request body, judged as FastAPI judges it
    {"type": "datetime", "values": ["<JSON text>", ...]}   single values, judged by a type alone
    {"json": "<text>"}                            json.loads
    {"fastapi": "job", "body": "<JSON text>"}     the same, sent to a FastAPI application: its status and answer
    {"pattern": "a+", "values": ["<text>", ...]}  whether the pattern is valid, and which texts match
"""

import asyncio
import functools
import json
import re
import sys
from datetime import date, datetime, timezone
from enum import Enum, IntEnum
from typing import Annotated, Any, Dict, List, Literal, Optional

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticKnownError

# What cannot be stored as JSON is refused by Pydantic too with this setting.
FINITE = ConfigDict(allow_inf_nan=False)


def within_utc(value):
    """Ours alone: an instant outside of the years 1 to 9999 in UTC has no RFC 3339 form there."""
    if value.tzinfo is not None:
        try:
            value.astimezone(timezone.utc)
        except OverflowError:
            year = 0 if value.year == 1 else 10000
            raise PydanticKnownError("datetime_parsing", {"error": f"year {year} is out of range"})
    return value


Instant = Annotated[datetime, AfterValidator(within_utc)]


class Source(str, Enum):
    brightermonday = "brightermonday"
    linkedin = "linkedin"
    jobwebkenya = "jobwebkenya"


class Job(BaseModel):
    model_config = FINITE
    title: str = Field(min_length=2, max_length=200)
    company: str = Field(min_length=1)
    description: Optional[str] = Field(None, max_length=20000)
    location: Optional[str] = None
    salary_min: Optional[float] = Field(None, ge=0)
    salary_max: Optional[float] = Field(None, ge=0)
    source: Source
    posted_at: Optional[Instant] = None
    url: Optional[str] = None

    @field_validator("title")
    @classmethod
    def strip(cls, value):
        return value.strip()

    @model_validator(mode="after")
    def ordered(self):
        if self.salary_min is not None and self.salary_max is not None and self.salary_min > self.salary_max:
            raise ValueError("salary_min must be <= salary_max")
        return self


class Level(IntEnum):
    one = 1
    two = 2
    big = 1000000


class Ratio(float, Enum):
    half = 0.5
    one = 1.0
    tenth = 0.1


class Quote(str, Enum):
    single = "it's"
    double = 'say "x"'
    both = "'\""
    control = "a\n\u200bé\\"


class Inner(BaseModel):
    model_config = FINITE
    count: int
    note: Optional[str] = Field(None, max_length=3)
    when: Optional[date] = None


class Wide(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, extra="forbid")
    integer: int = Field(ge=-5, le=1000000000000, multiple_of=5)
    exclusive: Optional[int] = Field(None, gt=0, lt=100)
    number: Optional[float] = Field(None, gt=-1.5, lt=1e16, multiple_of=0.25)
    small: Optional[float] = Field(None, ge=1.5e-7, le=0.1)
    flag: Optional[bool] = None
    day: Optional[date] = None
    time: Instant
    level: Optional[Level] = None
    ratio: Optional[Ratio] = None
    quote: Optional[Quote] = None
    one: Optional[Literal[1]] = None
    yes: Optional[Literal[True]] = None
    word: Optional[Literal["it's"]] = None
    code: Optional[str] = Field(None, pattern=r"^[A-Z]{2}-\d+$")
    tags: Optional[List[str]] = Field(None, min_length=1, max_length=3)
    numbers: Optional[List[float]] = None
    matrix: Optional[List[List[int]]] = None
    inner: Optional[Inner] = None
    inners: Optional[List[Inner]] = None
    payload: Optional[Dict[str, Any]] = None
    anything: Optional[Any] = None
    limit: int = 10
    nothing: Optional[str] = Field(...)


FINITE_FLOAT = Annotated[float, Field(allow_inf_nan=False)]
TYPES = {
    "integer": TypeAdapter(int),
    "number": TypeAdapter(FINITE_FLOAT),
    "boolean": TypeAdapter(bool),
    "datetime": TypeAdapter(Instant),
    "date": TypeAdapter(date),
    "string": TypeAdapter(str),
}
MODELS = {"job": TypeAdapter(Job), "wide": TypeAdapter(Wide)}


def stored(value):
    """The form in which a value is stored: timestamps in UTC, with a fraction only where there is one."""
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return {name: stored(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list):
        return [stored(element) for element in value]
    if isinstance(value, dict):
        return {key: stored(element) for key, element in value.items()}
    return value


def shown(error, prefix):
    """An error as FastAPI prints it: without its address, an exception as an empty object."""
    result = {key: error[key] for key in ("type", "loc", "msg", "input")}
    result["loc"] = prefix + list(error["loc"])
    if "ctx" in error:
        result["ctx"] = {key: {} if isinstance(value, Exception) else value for key, value in error["ctx"].items()}
    return result


def judged(adapter, value, prefix):
    try:
        return {"ok": stored(adapter.validate_python(value, from_attributes=True))}
    except ValidationError as failure:
        return {"errors": [shown(error, prefix) for error in failure.errors(include_url=False)]}


def decoded(text):
    """The value, or the answer when there is none."""
    try:
        return json.loads(text), None
    except json.JSONDecodeError as failure:
        return None, {"message": failure.msg, "position": failure.pos}
    except ValueError as failure:
        return None, {"message": "other: " + str(failure), "position": 0}
    except RecursionError:
        return None, {"message": "depth", "position": 0}


def body(model, text):
    value, failure = decoded(text)
    if failure is not None:
        return {
            "errors": [
                {
                    "type": "json_invalid",
                    "loc": ["body", failure["position"]],
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": failure["message"]},
                }
            ]
        }
    if value is None:
        return {"errors": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]}
    return judged(MODELS[model], value, ["body"])


class Application:
    """A FastAPI application with one route for each model, called without a server between."""

    def __init__(self):
        from fastapi import FastAPI

        self.app = FastAPI()
        self.app.add_api_route("/job", self.job, methods=["POST"])
        self.app.add_api_route("/wide", self.wide, methods=["POST"])

    def job(self, body: Job):
        return stored(body)

    def wide(self, body: Wide):
        return stored(body)

    async def post(self, model, text):
        messages = [{"type": "http.request", "body": text.encode(), "more_body": False}]
        status, parts = 0, []

        async def receive():
            return messages.pop() if messages else {"type": "http.disconnect"}

        async def send(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": "/" + model,
            "root_path": "",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }
        try:
            await self.app(scope, receive, send)
        except ValueError:
            # It cannot write an answer that shows an infinite number.
            return {"status": 500, "body": None}
        return {"status": status, "body": json.loads(b"".join(parts))}


@functools.cache
def application():
    return Application()


def pattern(source, texts):
    try:
        adapter = TypeAdapter(Annotated[str, Field(pattern=source)])
    except Exception:
        return {"valid": False}
    matches = []
    for text in texts:
        try:
            adapter.validate_python(text)
            matches.append(True)
        except ValidationError:
            matches.append(False)
    return {"valid": True, "matches": matches}


def answer(request):
    if "fastapi" in request:
        return asyncio.run(application().post(request["fastapi"], request["body"]))
    if "model" in request:
        return body(request["model"], request["body"])
    if "type" in request:
        adapter = TYPES[request["type"]]
        return [judged(adapter, json.loads(text), []) for text in request["values"]]
    if "pattern" in request:
        return pattern(request["pattern"], request["values"])
    value, failure = decoded(request["json"])
    if failure is not None:
        return failure
    # Half a surrogate pair is nothing that can be answered in UTF-8.
    return {"surrogate": True} if re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)) else {"value": value}


def main():
    if sys.argv[1:] == ["--check"]:
        import pydantic

        print(pydantic.VERSION)
        return
    output = sys.stdout
    for line in sys.stdin:
        output.write(json.dumps(answer(json.loads(line)), separators=(",", ":")) + "\n")


main()
