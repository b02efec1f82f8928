"""What FastAPI and Pydantic answer for the same model: the outside authority on validation.

`ask` runs a real FastAPI application in this process, without a server or a socket.
"""

import asyncio
import json
from datetime import datetime
from enum import Enum
from typing import Self

from fastapi import FastAPI
from pydantic import BaseModel, Field, field_validator, model_validator


class Source(str, Enum):
    brightermonday = "brightermonday"
    linkedin = "linkedin"
    jobwebkenya = "jobwebkenya"


class JobSchema(BaseModel):
    """`harness.collections.JOBS`, as a Python programmer would have written it."""

    title: str = Field(min_length=2, max_length=200)
    company: str = Field(min_length=1)
    description: str | None = Field(default=None, max_length=20000)
    location: str | None = None
    salary_min: float | None = Field(default=None, ge=0)
    salary_max: float | None = Field(default=None, ge=0)
    source: Source
    posted_at: datetime | None = None
    url: str | None = None

    @field_validator("title")
    @classmethod
    def trim(cls, title: str) -> str:
        return title.strip()

    @model_validator(mode="after")
    def salaries_are_in_order(self) -> Self:
        if self.salary_min is not None and self.salary_max is not None and self.salary_min > self.salary_max:
            raise ValueError("salary_min must be <= salary_max")
        return self


app = FastAPI()


@app.post("/jobs", status_code=201)
async def create(job: JobSchema) -> JobSchema:
    return job


def ask(body):
    """Posts `body` (bytes of JSON) to the application; its status and its decoded answer."""
    received = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        received.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/jobs", "raw_path": b"/jobs", "root_path": "", "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }
    asyncio.run(app(scope, receive, send))
    answer = b"".join(message.get("body", b"") for message in received)
    return received[0]["status"], json.loads(answer)
