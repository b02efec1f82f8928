"""`kazi`, the person's tool: import, export, search, status."""

import csv
import io
import json
import os
import pty
import select
import subprocess

import pytest

from harness.collections import JOBS, JOBS_WITHOUT_VECTORS, job, points
from harness.processes import BIN, clean_environment, free_port, run

COLLECTIONS = {
    **dict.fromkeys(["cli_jobs", "cli_csv", "cli_errors", "cli_pipe", "cli_terminal"], JOBS_WITHOUT_VECTORS), "cli_search": JOBS,
}


def kazi(cluster, command, *arguments, **options):
    """Runs `kazi COMMAND` against the cluster's gateway."""
    return run("kazi", command, *arguments, "--url", cluster.gateway.http, **options)


def succeeded(result):
    assert result.returncode == 0, f"status {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result


def write_ndjson(path, records):
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return path


def written_fields(record):
    """A record without what the gateway adds."""
    return {name: value for name, value in record.items() if name not in ("id", "created_at", "updated_at") and value is not None}


RECORDS = [job(title=f"Mwalimu {number} “é”", salary_min=number * 1.5, location="Voi" if number % 2 else "line\nbreak, \"quoted\"")
           for number in range(250)]


def test_ndjson_is_imported_and_again_without_effect(pair, tmp_path):
    file = write_ndjson(tmp_path / "jobs.ndjson", RECORDS)
    first = succeeded(kazi(pair, "import", file, "--collection", "cli_jobs"))
    assert "250" in first.stdout + first.stderr
    stored = pair.api.all_records("cli_jobs")
    assert [written_fields(record) for record in sorted(stored, key=lambda record: record["id"])] == RECORDS
    succeeded(kazi(pair, "import", file, "--collection", "cli_jobs"))
    assert pair.api.all_records("cli_jobs") == stored, "the second run wrote nothing"


def test_csv_columns_are_mapped_to_fields(pair, tmp_path):
    file = tmp_path / "postings.csv"
    with open(file, "w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["Job Title", "Employer", "Pay from", "location", "unused"])
        rows.writerow(["Welder", "Simba, Builders \"Ltd\"", "35000", "Thika", "x"])
        rows.writerow(["Cook", "Mama\nOven", "", "", "y"])
        rows.writerow(["Mwalimu “é”", "Shule", "1e4", " Voi ", ""])
    arguments = ["--collection", "cli_csv", "--map", "title=Job Title", "--map", "company=Employer", "--map", "salary_min=Pay from",
                 "--set", "source=jobwebkenya"]
    succeeded(kazi(pair, "import", file, *arguments))
    stored = pair.api.all_records("cli_csv")
    assert [written_fields(record) for record in stored] == [
        {"title": "Welder", "company": 'Simba, Builders "Ltd"', "salary_min": 35000, "location": "Thika", "source": "jobwebkenya"},
        {"title": "Cook", "company": "Mama\nOven", "source": "jobwebkenya"},
        {"title": "Mwalimu “é”", "company": "Shule", "salary_min": 10000, "location": " Voi ", "source": "jobwebkenya"},
    ]
    succeeded(kazi(pair, "import", file, *arguments))
    assert pair.api.all_records("cli_csv") == stored
    missing = kazi(pair, "import", file, "--collection", "cli_csv", "--map", "title=No Such Column")
    assert missing.returncode != 0
    assert "No Such Column" in missing.stderr


def test_standard_input_is_a_file_too(pair):
    lines = "".join(json.dumps(job(title=f"Piped {number}")) + "\n" for number in range(30))
    succeeded(kazi(pair, "import", "-", "--collection", "cli_pipe", input=lines))
    assert [record["title"] for record in pair.api.all_records("cli_pipe")] == [f"Piped {number}" for number in range(30)]


def test_lines_that_are_refused_go_to_a_file_and_the_rest_goes_in(pair, tmp_path):
    file = tmp_path / "mixed.ndjson"
    file.write_text("\n".join([
        json.dumps(job(title="Good one")), '{"title": "half', json.dumps(job(company=...)), json.dumps(job(title="Good two")),
        json.dumps(job(salary_min=2, salary_max=1))]) + "\n")
    errors = tmp_path / "errors.ndjson"
    result = kazi(pair, "import", file, "--collection", "cli_errors", "--errors", errors)
    assert result.returncode != 0, "a script must notice"
    assert sorted(record["title"] for record in pair.api.all_records("cli_errors")) == ["Good one", "Good two"]
    told = [json.loads(line) for line in errors.read_text().splitlines()]
    assert [entry["line"] for entry in told] == [2, 3, 5]
    assert "company" in json.dumps(told[1]) and "salary_min must be <= salary_max" in json.dumps(told[2])


def test_a_file_that_is_not_there_and_a_gateway_that_is_not_there(pair, tmp_path):
    missing = kazi(pair, "import", tmp_path / "nothing.ndjson", "--collection", "cli_jobs")
    assert missing.returncode != 0 and "nothing.ndjson" in missing.stderr
    file = write_ndjson(tmp_path / "one.ndjson", [job()])
    unknown = kazi(pair, "import", file, "--collection", "no_such_collection")
    assert unknown.returncode != 0 and "no_such_collection" in unknown.stderr
    nobody = run("kazi", "status", "--url", f"http://127.0.0.1:{free_port()}")
    assert nobody.returncode not in (0, 64) and nobody.stderr.strip()
    for result in (missing, unknown, nobody):
        assert "Fatal" not in result.stderr and len(result.stderr.splitlines()) <= 3


def test_a_terminal_sees_the_progress(pair, tmp_path):
    """Rate and remaining time are for people: on a terminal they are drawn, in a pipe they are not."""
    file = write_ndjson(tmp_path / "jobs.ndjson", [job(title=f"Progress {number}") for number in range(3_000)])
    arguments = ["import", str(file), "--collection", "cli_terminal", "--url", pair.gateway.http]
    ours, theirs = pty.openpty()
    with subprocess.Popen([BIN / "kazi", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
                          env=clean_environment(TERM="xterm")) as process:
        os.close(theirs)
        screen = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                screen += os.read(ours, 65536)
            except OSError:  # EIO: the other end is closed
                break
        assert process.wait(60) == 0
    os.close(ours)
    text = screen.decode(errors="replace")
    assert "\r" in text.replace("\r\n", "\n") and "/s" in text
    piped = succeeded(run("kazi", *arguments))
    assert "\r" not in piped.stdout + piped.stderr


def test_a_search_is_a_readable_table(pair):
    for title, company in (("Beekeeper", "Mwingi Honey"), ("Locksmith", "Key & Co"), ("Tea Taster", "Kericho Highlands")):
        pair.api.add("cli_search", job(title=title, company=company), wait="searchable")
    result = succeeded(kazi(pair, "search", "honey and bees", "--collection", "cli_search"))
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    beekeeper, = [line for line in lines if "Beekeeper" in line]
    assert "Mwingi Honey" in beekeeper
    assert lines.index(beekeeper) < min(lines.index(line) for line in lines if "Locksmith" in line or "Tea Taster" in line)
    assert "\x1b" not in result.stdout, "no colours into a pipe"


@pytest.fixture
def filled(new_cluster):
    """A pair with records of every type of field, some of them with vectors."""
    cluster = new_cluster(collections={"jobs": JOBS, "points": points(4)}, workers=1)
    cluster.api.add_all("jobs", RECORDS[:40] + [job(url="https://jobs.example/x", posted_at="2026-03-01T08:30:00.5Z")])
    cluster.api.add_all("points", [
        {"label": f"p{number}", "vector": [number / 7, -1, 0.1, 3e-5], "tags": ["a", "b,c"][:number % 3],
         "is_open": bool(number % 2), "size": number / 3}
        for number in range(40)])
    return cluster


def test_what_is_exported_can_be_imported_elsewhere(filled, new_cluster, tmp_path):
    other = new_cluster(collections={"jobs": JOBS, "points": points(4)}, workers=1)
    for collection in ("jobs", "points"):
        file = tmp_path / f"{collection}.ndjson"
        file.write_text(succeeded(kazi(filled, "export", collection)).stdout)
        assert len(file.read_text().splitlines()) == filled.api.total(collection)
        succeeded(kazi(other, "import", file, "--collection", collection))

        def contents(cluster):
            return sorted((written_fields(record) for record in cluster.api.all_records(collection)), key=json.dumps)

        assert contents(other) == contents(filled)
    # The vectors went along: both answer a search alike.
    query = {"vector": [1, -1, 0, 0], "top_k": 1000, "fields": ["label"]}
    for cluster in (filled, other):
        cluster.api.add("points", {"label": "marker", "vector": [0, 0, 0, 1]}, wait="searchable")

    def ranking(cluster):
        return [(hit["label"], round(hit["score"], 4)) for hit in cluster.api.search("points", **query)]

    assert ranking(other) == ranking(filled)


def test_csv_is_exported_with_a_header_row(filled):
    text = succeeded(kazi(filled, "export", "jobs", "--format", "csv")).stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == filled.api.total("jobs")
    by_title = {row["title"]: row for row in rows}
    for record in RECORDS[:40]:
        row = by_title[record["title"]]
        assert (row["company"], row["location"], float(row["salary_min"])) == (record["company"], record["location"], record["salary_min"])
        assert row["description"] == ""


def test_the_status_tells_collections_and_workers(filled):
    text = succeeded(kazi(filled, "status")).stdout
    for word in ("database: connected", "ready 1, total 1", "jobs: shards 1/1", "points: shards 1/1"):
        assert word in text


def test_a_reader_that_closes_the_pipe_early_is_no_crash(filled):
    process = subprocess.Popen(
        [BIN / "kazi", "export", "jobs", "--url", filled.gateway.http],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
    process.stdout.close()
    assert b"Fatal" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)
