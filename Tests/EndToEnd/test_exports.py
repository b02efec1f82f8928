"""Streamed exports: CSV as RFC 4180 has it, NDJSON as the API shows records."""

import csv
import io
import json

import pytest

from harness.collections import JOBS_WITHOUT_VECTORS, job

COLLECTIONS = {"export_jobs": JOBS_WITHOUT_VECTORS, "export_empty": JOBS_WITHOUT_VECTORS}
FIELDS = ["title", "company", "description", "location", "salary_min", "salary_max", "source", "posted_at", "url"]


@pytest.fixture(scope="module")
def stored(pair):
    pair.api.add_all("export_jobs", [
        job(title=f"Post {number}", description='Says "karibu", twice,\r\nand once more\n' if number % 3 == 0 else "naïve – 你好", location=None,
            salary_min=number if number % 2 else None, url=f"https://jobs.example/export/{number}") for number in range(1203)])
    return pair.api.all_records("export_jobs")


def test_ndjson_is_a_record_a_line(api, stored):
    answer = api.get("/api/v1/export/export_jobs.ndjson")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.content.decode().splitlines()] == stored


def test_csv_is_read_back_by_pythons_reader(api, stored):
    answer = api.get("/api/v1/export/export_jobs.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "export_jobs.csv" in answer.headers["Content-Disposition"]
    header, *rows = csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True)
    assert header == ["id", *FIELDS, "created_at", "updated_at"]
    assert len(rows) == len(stored)
    for row, record in zip(rows, stored):
        assert row == ["" if record[name] is None else str(record[name]) for name in header]


def test_a_filter_narrows_an_export(api, stored):
    lines = api.get("/api/v1/export/export_jobs.ndjson", **{"salary_min.gte": 1001}).content.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [r["id"] for r in stored if (r["salary_min"] or 0) >= 1001]


def test_an_empty_collection_is_a_header_or_nothing(api):
    assert api.get("/api/v1/export/export_empty.csv").text == ",".join(["id", *FIELDS, "created_at", "updated_at"]) + "\r\n"
    assert api.get("/api/v1/export/export_empty.ndjson").content == b""


@pytest.mark.parametrize("file", ["export_jobs", "export_jobs.xml", "nothing.csv", ".csv", "export_jobs.csv.csv"])
def test_anything_else_is_a_404(api, file):
    assert api.get(f"/api/v1/export/{file}").status_code == 404
