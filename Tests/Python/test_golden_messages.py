"""The reference client and the golden messages: a second reading of proto-docs/protocol.md, beside the Swift tests."""

import pathlib
import re
import sys

import pytest
from google.protobuf import text_format

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import kazi_client as kazi  # noqa: E402

VECTORS = ROOT / "proto-docs" / "vectors"
GENERATION = 0x1122334455667788
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")
ANNOUNCEMENT = f"""
    worker_id: "worker-1" boot_epoch: 1764000000000000 search_endpoint: "tcp://127.0.0.1:7412"
    replicas {{ collection: "jobs" shard_count: 2 applied_seq: 4242 state: REPLICA_STATE_READY vector_count: 604
               memory_bytes: 1048576 store_id: "store-a" generation: {GENERATION} }}
    replicas {{ collection: "points" shard_index: 1 shard_count: 2 state: REPLICA_STATE_STARTING }}
    queue_limit: 256 queue_depth: 3 thread_count: 2 latency_p50_us: 850 latency_p95_us: 2100 latency_p99_us: 4000
    software_version: "0.1.0" """
RECORD = r'record_json: "{\"id\":17,\"title\":\"Data engineer\"}"'
FROM_LINKEDIN = 'compare { field: "source" operator: COMPARISON_OPERATOR_EQUAL value { string: "linkedin" } }'

# Name: kind, request id, remaining ms, status, the body as protobuf text, raw frames as numbers.
EXPECTED = {
    "announce-request": ("ANNOUNCE", 1, 1500, 0, ANNOUNCEMENT, ()),
    "announce-reply": ("ANNOUNCE", 1, 0, 0, f"""
        heartbeat_interval_ms: 1000 store_id: "store-a" head_seq: 4242
        collections {{ name: "jobs" dimension: 4 metric: METRIC_COSINE model_digest: "sha256:53aa5117" head_seq: 4240
            generation: {GENERATION} columns {{ name: "source" type: COLUMN_TYPE_STRING }}
            columns {{ name: "salary_min" type: COLUMN_TYPE_NUMBER }} columns {{ name: "posted_at" type: COLUMN_TYPE_TIMESTAMP }}
            columns {{ name: "tags" type: COLUMN_TYPE_STRING is_array: true }}
            columns {{ name: "remote" type: COLUMN_TYPE_BOOLEAN }} }}
        collections {{ name: "points" dimension: 2 metric: METRIC_EUCLIDEAN head_seq: 4242 generation: 1 }}""", ()),
    "pull-request": ("PULL", 2, 1500, 0, f"""
        collection: "jobs" shard_count: 2 after_seq: 4200 row_limit: 4096 store_id: "store-a"
        generation: {GENERATION}""", ()),
    "pull-reply": ("PULL", 2, 0, 0, """
        head_seq: 4242 scanned_to_seq: 4241 row_count: 3 dimension: 4
        columns { counts: [1, 1] strings { values: ["linkedin", "jobwebkenya"] } }
        columns { counts: [1, 0] numbers { values: 85000.5 } }
        columns { counts: [0, 1] timestamps { values: 1764000000000000 } }
        columns { counts: [2, 0] strings { values: ["go", "swift"] } }
        columns { counts: [1, 1] booleans { values: [true, false] } }""",
        (("Q", [17, 9, 23]), ("Q", [4201, 4210, 4240]), ("B", [1, 2, 1]), ("f", [0.5, -0.5, 0.5, 0.5, 1, 0, 0, 0]))),
    "pull-reply-empty": ("PULL", 3, 0, 0, "head_seq: 4242 scanned_to_seq: 4242",
                         (("Q", []), ("Q", []), ("B", []), ("f", []))),
    "nudge": ("NUDGE", 0, 0, 0, 'collection: "jobs" head_seq: 4243', ()),
    "goodbye": ("GOODBYE", 0, 0, 0, 'worker_id: "worker-1" boot_epoch: 1764000000000000 is_final: true', ()),
    "search-request": ("SEARCH", 0x1234, 1500, 0,
                       f'collection: "jobs" result_limit: 2 query_count: 1 filter {{ {FROM_LINKEDIN} }}',
                       (("f", [0.5, -0.5, 0.5, 0.5]),)),
    "search-request-model": ("SEARCH", 0x1234, 1500, 0,
                             'collection: "jobs" result_limit: 2 query_count: 1 model_digest: "model-v2"',
                             (("f", [0.5, -0.5, 0.5, 0.5]),)),
    "search-reply": ("SEARCH", 0x1234, 0, 0, "applied_seq: 4242 scanned_row_count: 604 hit_counts: 2",
                     (("Q", [17, 5]), ("f", [1, 0.25]))),
    "search-request-full": ("SEARCH", 0xFEDCBA9876543210, 250, 0, f"""
        collection: "jobs" shard {{ index: 1 count: 3 }} result_limit: 11000 min_score: -0.5 min_seq: 4242 exact: true
        query_count: 2
        filter {{ all {{
            filters {{ {FROM_LINKEDIN} }}
            filters {{ any {{
                filters {{ compare {{ field: "salary_min" operator: COMPARISON_OPERATOR_GREATER_THAN_OR_EQUAL
                                      value {{ number: 85000.5 }} }} }}
                filters {{ compare {{ field: "salary_min" operator: COMPARISON_OPERATOR_LESS_THAN value {{ number: -1 }} }} }}
            }} }}
            filters {{ not {{ is_in {{ field: "tags" values {{ string: "go" }} values {{ string: "rust" }} }} }} }}
            filters {{ compare {{ field: "posted_at" operator: COMPARISON_OPERATOR_GREATER_THAN
                                  value {{ timestamp: 1764000000000000 }} }} }}
            filters {{ compare {{ field: "posted_at" operator: COMPARISON_OPERATOR_LESS_THAN_OR_EQUAL
                                  value {{ timestamp: -1 }} }} }}
            filters {{ compare {{ field: "remote" operator: COMPARISON_OPERATOR_EQUAL value {{ boolean: true }} }} }}
            filters {{ exists: "salary_min" }}
        }} }}""", (("f", [0.5, -0.5, 0.5, 0.5, 1, 0, 0, 0]),)),
    "search-reply-two": ("SEARCH", 0xFEDCBA9876543210, 0, 0,
                         "applied_seq: 4242 scanned_row_count: 1208 hit_counts: [1, 0]", (("Q", [17]), ("f", [1]))),
    "search-recall-request": ("SEARCH", 13, 1500, 0, 'collection: "jobs" result_limit: 10 query_count: 1 recall_target: 0.875',
                              (("f", [0.5, -0.5, 0.5, 0.5]),)),
    "search-guarantee-reply": ("SEARCH", 14, 0, 0, """
        applied_seq: 4242 scanned_row_count: 604 hit_counts: [1, 1, 0]
        guarantees { exact: true } guarantees { estimated_recall: 0.875 } guarantees { }""",
                               (("Q", [17, 5]), ("f", [1, 0.25]))),
    "announce-recall-request": ("ANNOUNCE", 15, 1500, 0, """
        worker_id: "worker-1" boot_epoch: 1764000000000000 search_endpoint: "tcp://127.0.0.1:7412" thread_count: 1
        replicas { collection: "jobs" shard_count: 1 applied_seq: 4242 state: REPLICA_STATE_READY
                   recall_at_10: 0.875 recall_replay_count: 300 }""", ()),
    "announce-full-request": ("ANNOUNCE", 18, 1500, 0, """
        worker_id: "worker-1" boot_epoch: 1764000000000000 search_endpoint: "tcp://127.0.0.1:7412" thread_count: 1
        memory_limit_bytes: 1048576
        replicas { collection: "jobs" shard_count: 1 applied_seq: 4200 state: REPLICA_STATE_READY bytes_per_vector: 478
                   is_full: true }""", ()),
    "pull-ahead-request": ("PULL", 19, 1500, 0, f"""
        collection: "jobs" shard_count: 2 after_seq: 4200 row_limit: 4096 store_id: "store-a"
        generation: {GENERATION} reads_ahead: true""", ()),
    "query-recall-request": ("QUERY", 16, 1500, 0,
                             'collection: "jobs" text: "goat" result_limit: 10 exact: true recall_target: 0.5', ()),
    "query-guarantee-reply": ("QUERY", 17, 0, 0, """
        answered_shard_count: 2 shard_count: 2 guarantee { estimated_recall: 0.875 }""", ()),
    "status-request": ("STATUS", 5, 1500, 0, "", ()),
    "status-reply-worker": ("STATUS", 5, 0, 0, f"worker {{ {ANNOUNCEMENT} }}", ()),
    "status-reply-gateway": ("STATUS", 5, 0, 0, """
        gateway { gateway_id: "gateway-1" boot_epoch: 7 store_id: "store-a" head_seq: 4242
            collections { name: "points" dimension: 2 metric: METRIC_EUCLIDEAN head_seq: 4242 generation: 1 }
            workers { announcement { worker_id: "worker-2" boot_epoch: 8 search_endpoint: "tcp://127.0.0.1:7413" }
                      age_ms: 420 is_connected: true }
            software_version: "0.1.0" }""", ()),
    "query-request-text": ("QUERY", 6, 1500, 0, r"""
        collection: "jobs" text: "data engineer, Nairobi" result_limit: 10 offset: 5 min_score: 0.25
        filter_json: "{\"source\": \"linkedin\"}" fields: ["title", "company"] min_seq: 4242""", ()),
    "query-request-like": ("QUERY", 7, 1500, 0,
                           f'collection: "jobs" like_id: 17 result_limit: 1 filter {{ {FROM_LINKEDIN} }}', ()),
    "query-request-vector": ("QUERY", 8, 1500, 0, 'collection: "jobs" result_limit: 3', (("f", [0.5, -0.5, 0.5, 0.5]),)),
    "query-reply": ("QUERY", 6, 0, 0, f"hits {{ id: 17 score: 0.75 {RECORD} }} answered_shard_count: 1 shard_count: 2", ()),
    "put-request": ("PUT", 9, 1500, 0, r'collection: "jobs" record_json: "{\"title\":\"Data engineer\"}"', ()),
    "put-request-replace": ("PUT", 10, 1500, 0,
                            r'collection: "jobs" id: 17 record_json: "{\"title\":\"Data engineer\"}"', ()),
    "put-reply": ("PUT", 9, 0, 0, f"id: 17 seq: 4243 {RECORD}", ()),
    "get-request": ("GET", 11, 1500, 0, 'collection: "jobs" id: 17', ()),
    "get-reply": ("GET", 11, 0, 0, f"id: 17 seq: 4243 {RECORD}", ()),
    "delete-request": ("DELETE", 12, 1500, 0, 'collection: "jobs" id: 9223372036854775807', ()),
    "delete-reply": ("DELETE", 12, 0, 0, "id: 9223372036854775807 seq: 4244", ()),
    "error-invalid": ("PUT", 9, 0, "INVALID", r"""
        message: "the record is not valid"
        detail_json: "[{\"loc\":[\"body\",\"title\"],\"msg\":\"Field required\",\"type\":\"missing\"}]" """, ()),
    "error-busy": ("SEARCH", 0x1234, 0, "BUSY", 'message: "too many requests wait" retry_after_ms: 100', ()),
    "error-stale": ("PULL", 2, 0, "STALE", 'message: "another store"', ()),
    "error-no-preamble": (None, 0, 0, "MALFORMED", 'message: "the header does not begin with KAZI"', ()),
}
NAMES = sorted(path.stem for path in VECTORS.glob("*.hex"))
INVALID_NAMES = sorted(path.stem for path in (VECTORS / "invalid").glob("*.hex"))


def read_vector(name: str) -> tuple[list[bytes], dict[str, str]]:
    """The frames, and the properties that comments before the first frame give."""
    frames: list[bytes] = []
    properties = {}
    for line in (VECTORS / f"{name}.hex").read_text().splitlines():
        if line.startswith("#") and not frames and ": " in line:
            key, value = line[2:].split(": ", 1)
            properties[key] = value
        content = line.split("#")[0]
        if content.startswith("frame "):
            frames.append(b"")
        elif frames:
            frames[-1] += bytes.fromhex(content)
    return frames, properties


def test_every_file_has_an_expectation():
    assert NAMES == sorted(EXPECTED)


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_message_decodes_as_described_and_encodes_to_its_bytes(name):
    kind, request_id, remaining_ms, status, text, raw = EXPECTED[name]
    frames, _ = read_vector(name)
    message = kazi.Message.parse(frames)
    is_reply = name.endswith(("-reply", "-empty", "-two", "-worker", "-gateway")) or name.startswith("error-")
    is_notice = name in ("nudge", "goodbye")
    assert message.kind == (kazi.KINDS[kind] if kind else 0)
    assert message.is_reply == is_reply
    assert message.request_id == request_id and message.remaining_ms == remaining_ms
    assert message.status == (kazi.STATUSES.index(status) if status else 0)
    assert message.trace_id == (bytes(16) if is_notice or kind is None else TRACE)

    body = message.decode()
    assert body == text_format.Parse(text, type(body)())
    numbers = [kazi.bytes_to_numbers(frame, typecode) for frame, (typecode, _) in zip(message.raw, raw, strict=True)]
    assert numbers == [expected for _, expected in raw]

    message.body = body.SerializeToString()
    assert message.frames() == frames


@pytest.mark.parametrize("name", INVALID_NAMES)
def test_what_is_malformed_is_refused_with_the_status_named(name):
    frames, properties = read_vector(f"invalid/{name}")
    if properties["status"] in ("INVALID", "OK") or "vector" in name:
        # Well-formed; which values are acceptable is for the side that serves to say.
        kazi.Message.parse(frames)
        return
    with pytest.raises(kazi.ProtocolError) as refusal:
        kazi.Message.parse(frames).decode()
    assert refusal.value.status == properties["status"]


def test_the_worked_example_of_the_document_is_the_file():
    document = (ROOT / "proto-docs" / "protocol.md").read_text()
    for name in ("search-request", "search-reply"):
        content = (VECTORS / f"{name}.hex").read_text().split("\n\n", 1)[1].rstrip("\n")
        assert f"```\n{content}\n```" in document


def test_the_tables_of_the_document_are_the_clients():
    document = (ROOT / "proto-docs" / "protocol.md").read_text()
    kinds = re.findall(r"^\| (\d+) \| ([A-Z]+) \| `", document, re.MULTILINE)
    assert {name: int(number) for number, name in kinds} == kazi.KINDS
    statuses = re.findall(r"^\| (\d+) \| ([A-Z_]+) \| [^`]", document, re.MULTILINE)
    assert [name for _, name in statuses] == list(kazi.STATUSES)
    assert [int(number) for number, _ in statuses] == list(range(len(kazi.STATUSES)))
