"""What a Python engineer would write in place of the gateway: FastAPI, Pydantic and SQLite, for `scripts/bench/http`.

The same model with the same rules, the same durability (write-ahead log, `synchronous=FULL`), the same answers. Reads have a
connection for each thread; writes take turns on one, as SQLite wants it.
"""

import json
import os
import sqlite3
import threading
from datetime import datetime, timezone
from enum import Enum
from typing import Annotated, Self

from fastapi import FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, Field, field_validator, model_validator

DATABASE = os.environ["PEER_DATABASE"]


class Source(str, Enum):
    brightermonday = "brightermonday"
    linkedin = "linkedin"
    jobwebkenya = "jobwebkenya"


class JobSchema(BaseModel):
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


class Job(JobSchema):
    id: int
    created_at: str
    updated_at: str


def connect():
    connection = sqlite3.connect(DATABASE, check_same_thread=False, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


writer = connect()
writer.execute("CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, body TEXT NOT NULL, created_at TEXT NOT NULL)")
turn = threading.Lock()
local = threading.local()
app = FastAPI()


def reader():
    if not hasattr(local, "connection"):
        local.connection = connect()
    return local.connection


def shown(row):
    return {"id": row[0], **json.loads(row[1]), "created_at": row[2], "updated_at": row[2]}


@app.post("/api/v1/jobs", status_code=201)
def create(job: JobSchema) -> Job:
    body = job.model_dump_json()
    now = datetime.now(timezone.utc).isoformat()
    with turn:
        id = writer.execute("INSERT INTO jobs (body, created_at) VALUES (?, ?)", (body, now)).lastrowid
    return Job(**shown((id, body, now)))


@app.get("/api/v1/jobs")
def list_jobs(response: Response, limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0) -> list[Job]:
    rows = reader().execute("SELECT id, body, created_at FROM jobs ORDER BY id LIMIT ? OFFSET ?", (limit, offset)).fetchall()
    response.headers["X-Total-Count"] = str(reader().execute("SELECT count(*) FROM jobs").fetchone()[0])
    return [Job(**shown(row)) for row in rows]


@app.get("/api/v1/jobs/{id}")
def read(id: int) -> Job:
    row = reader().execute("SELECT id, body, created_at FROM jobs WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise HTTPException(404, f"There is no record {id}")
    return Job(**shown(row))


@app.get("/health")
def health() -> dict:
    reader().execute("SELECT 1").fetchone()
    return {"status": "ok", "database": "connected", "workers": {}}
