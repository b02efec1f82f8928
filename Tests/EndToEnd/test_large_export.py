"""An export of a million records: memory does not grow with the collection, and writes go on meanwhile."""

import contextlib
import pathlib
import sqlite3
import threading

import requests

LINES = """\
$schema: https://json-schema.org/draft/2020-12/schema
title: Line
type: object
required: [text]
properties:
  text: { type: string, minLength: 1 }
"""

COUNT = 1_000_000
MEMORY_BYTES_MAX = 50 << 20


def resident_bytes(pid):
    line = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def multiply(database):
    """Copies the first record until there are `COUNT`: through HTTP it would take minutes and show nothing more."""
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"""
            WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {COUNT})
            INSERT INTO "lines:records" (id, seq, created_at, updated_at, body)
            SELECT n, n, created_at, updated_at, body FROM numbers, (SELECT * FROM "lines:records" WHERE id = 1)""")
        connection.execute("UPDATE counters SET value = ? WHERE name IN ('head_seq', 'live:lines')", (COUNT,))


def test_a_million_records_are_exported_within_50_MiB_while_writes_go_on(new_cluster):
    cluster = new_cluster(collections={"lines": LINES}, workers=0)
    cluster.api.add("lines", {"text": "One of a million lines, each of which says the same as the others."})
    cluster.gateway.stop()
    multiply(cluster.gateway.data / "kazi.sqlite")
    cluster.gateway.start()
    api = cluster.api
    assert api.total("lines") == COUNT
    for _ in range(100):
        api.add("lines", {"text": "warm"})

    idle, peak = resident_bytes(cluster.gateway.pid), 0
    stop = threading.Event()
    written = []

    def write():
        own = cluster.new_api()
        while not stop.is_set():
            written.append(own.add("lines", {"text": f"Meanwhile {len(written)}"}).record["id"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        lines = 0
        with requests.get(cluster.gateway.http + "/api/v1/export/lines.ndjson", stream=True, timeout=600) as answer:
            assert answer.status_code == 200
            for chunk in answer.iter_content(1 << 20):
                lines += chunk.count(b"\n")
                peak = max(peak, resident_bytes(cluster.gateway.pid))
    finally:
        stop.set()
        writer.join()
    assert lines >= COUNT + 100, "every record that was there when it began"
    assert lines <= COUNT + 100 + len(written)
    assert len(written) > 10, "writes went on"
    assert peak - idle <= MEMORY_BYTES_MAX, f"{peak - idle} bytes more than when idle"
