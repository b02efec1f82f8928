#!/usr/bin/env python3
"""A reference client of the Kazi wire protocol: proto-docs/protocol.md and kazi.proto, nothing else.

As a program:

    python scripts/kazi_client.py search --worker tcp://127.0.0.1:7412 --collection jobs --vector-file query.f32
    python scripts/kazi_client.py query --gateway tcp://127.0.0.1:7411 "python data engineer"
    python scripts/kazi_client.py put --gateway tcp://127.0.0.1:7411 --collection jobs '{"title": "…", …}'
    python scripts/kazi_client.py get|delete --gateway … --collection jobs 17
    python scripts/kazi_client.py status --endpoint tcp://127.0.0.1:7411

As a module: `Client(endpoint)` with `search`, `query`, `put`, `get`, `delete`, `status`. One thread at a time.

Needs pyzmq, protobuf and the program protoc (Debian: protobuf-compiler), which reads the schema anew in each process: so no
generated file can be older than it, or of another protobuf release than the one installed.
"""

from __future__ import annotations

import argparse
import array
import dataclasses
import json
import os
import pathlib
import struct
import subprocess
import sys
import time

import zmq
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message, message_factory

PROTO_FOLDER = pathlib.Path(__file__).resolve().parent.parent / "proto-docs"

MAGIC = b"KAZI"
VERSION = 1
PREAMBLE = struct.Struct("<4sBBBBQ")
HEADER = struct.Struct("<4sBBBBQ16sII")
REPLY_BIT = 0x80
FRAME_COUNT_MAX = 8

KINDS = {
    "ANNOUNCE": 1, "PULL": 2, "NUDGE": 3, "SEARCH": 4, "STATUS": 5,
    "QUERY": 6, "PUT": 7, "GET": 8, "DELETE": 9, "GOODBYE": 10,
}
ONE_WAY_KINDS = {KINDS["NUDGE"], KINDS["GOODBYE"]}
STATUSES = (
    "OK", "MALFORMED", "UNSUPPORTED_VERSION", "UNKNOWN_KIND", "BODY_TOO_LARGE", "INVALID", "NOT_FOUND", "CONFLICT", "BUSY",
    "DEADLINE_EXCEEDED", "NOT_CAUGHT_UP", "UNAVAILABLE", "STALE", "INTERNAL", "UNAUTHORIZED",
)
# Name of the request's and of the reply's body, and how many raw frames each has; None: it depends on the body.
BODIES = {
    KINDS["ANNOUNCE"]: ("Announcement", 0, "AnnouncementReply", 0),
    KINDS["PULL"]: ("PullRequest", 0, "FeedPage", 4),
    KINDS["NUDGE"]: ("Nudge", 0, None, 0),
    KINDS["SEARCH"]: ("SearchRequest", 1, "SearchReply", 2),
    KINDS["STATUS"]: ("StatusRequest", 0, "StatusReply", 0),
    KINDS["QUERY"]: ("QueryRequest", None, "QueryReply", 0),
    KINDS["PUT"]: ("PutRequest", 0, "RecordReply", 0),
    KINDS["GET"]: ("GetRequest", 0, "RecordReply", 0),
    KINDS["DELETE"]: ("DeleteRequest", 0, "RecordReply", 0),
    KINDS["GOODBYE"]: ("Goodbye", 0, None, 0),
}


def _load_schema() -> dict[str, type[message.Message]]:
    """The message classes of kazi.proto by their short names."""
    try:
        compiled = subprocess.run(
            ["protoc", f"--proto_path={PROTO_FOLDER}", "--descriptor_set_out=/dev/stdout", "kazi.proto"],
            check=True, capture_output=True).stdout
    except FileNotFoundError:
        raise SystemExit("kazi_client: needs the program protoc; on Debian: apt-get install protobuf-compiler")
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"kazi_client: protoc refused {PROTO_FOLDER}/kazi.proto: {error.stderr.decode()}")
    files = descriptor_pb2.FileDescriptorSet.FromString(compiled)
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    names = [name.name for name in files.file[0].message_type]
    package = files.file[0].package
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in names}


SCHEMA = _load_schema()


class ProtocolError(Exception):
    """Bytes that are not a message: with the status that a receiver answers."""

    def __init__(self, status: str, reason: str):
        super().__init__(f"{status}: {reason}")
        self.status = status


class Refused(Exception):
    """The peer answered with a status other than OK."""

    def __init__(self, status: str, error: message.Message):
        super().__init__(f"{status}: {error.message}")
        self.status = status
        self.retry_after_ms = error.retry_after_ms if error.HasField("retry_after_ms") else None
        self.detail = json.loads(error.detail_json) if error.detail_json else None


class NoAnswer(Exception):
    """Nothing came within the time."""


@dataclasses.dataclass
class Message:
    """One message; `kind` is without the reply bit."""

    kind: int
    request_id: int
    is_reply: bool = False
    status: int = 0
    trace_id: bytes = bytes(16)
    remaining_ms: int = 0
    body: bytes = b""
    raw: tuple[bytes, ...] = ()

    def frames(self) -> list[bytes]:
        kind = self.kind | REPLY_BIT if self.is_reply else self.kind
        header = HEADER.pack(
            MAGIC, VERSION, kind, self.status, 0, self.request_id, self.trace_id, self.remaining_ms, 0)
        return [header, self.body, *self.raw]

    @staticmethod
    def parse(frames: list[bytes]) -> "Message":
        """Section 3.2 of the document, steps 1 to 5, in its order."""
        header = frames[0] if frames else b""
        if len(header) < PREAMBLE.size or header[:4] != MAGIC:
            raise ProtocolError("MALFORMED", "no preamble")
        _, version, kind, status, _, request_id = PREAMBLE.unpack_from(header)
        if version != VERSION:
            raise ProtocolError("UNSUPPORTED_VERSION", f"version {version}")
        if len(header) != HEADER.size or not 2 <= len(frames) <= FRAME_COUNT_MAX:
            raise ProtocolError("MALFORMED", "header size or frame count")
        trace_id, remaining_ms, _ = struct.unpack_from("<16sII", header, PREAMBLE.size)
        is_reply = bool(kind & REPLY_BIT)
        kind &= ~REPLY_BIT
        if not is_reply:
            if kind not in BODIES:
                raise ProtocolError("UNKNOWN_KIND", f"kind {kind}")
            if status != 0 or (request_id == 0) != (kind in ONE_WAY_KINDS):
                raise ProtocolError("MALFORMED", "status or request id")
        return Message(kind, request_id, is_reply, status, trace_id, remaining_ms, frames[1], tuple(frames[2:]))

    def decode(self) -> message.Message:
        """The body as the protobuf message of this kind: step 7 of section 3.2."""
        if self.is_reply and self.status != 0:
            name, raw_count = "Error", 0
        else:
            request, request_raw, reply, reply_raw = BODIES[self.kind]
            name, raw_count = (reply, reply_raw) if self.is_reply else (request, request_raw)
        body = SCHEMA[name]()
        try:
            body.ParseFromString(self.body)
        except message.DecodeError:
            raise ProtocolError("MALFORMED", f"the body is no {name}")
        if raw_count is None:
            raw_count = 0 if body.WhichOneof("source") else 1
        if len(self.raw) != raw_count:
            raise ProtocolError("MALFORMED", f"{len(self.raw)} raw frames, not {raw_count}")
        return body


def floats_to_bytes(values) -> bytes:
    """float32, little-endian."""
    numbers = array.array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def bytes_to_numbers(frame: bytes, typecode: str) -> list:
    """`typecode` is array's: f for float32, Q for uint64."""
    numbers = array.array(typecode)
    if len(frame) % numbers.itemsize:
        raise ProtocolError("MALFORMED", "the size of a raw frame is no multiple of a number's")
    numbers.frombytes(frame)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


class Client:
    """A DEALER to one gateway or worker. Waits for each answer."""

    def __init__(self, endpoint: str, timeout: float = 10.0, curve: tuple[bytes, bytes, bytes] | None = None):
        """`curve`: this side's public and secret key and the server's public key, in Z85."""
        self.timeout = timeout
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.set(zmq.LINGER, 0)
        if curve:
            self._socket.curve_publickey, self._socket.curve_secretkey, self._socket.curve_serverkey = curve
        self._socket.connect(endpoint)
        self._last_request_id = 0

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def request(self, kind: str, body: message.Message, raw: tuple[bytes, ...] = ()) -> tuple[message.Message, Message]:
        """Sends one request and waits for its answer: the decoded body, and the whole message for its raw frames."""
        self._last_request_id += 1
        deadline = time.monotonic() + self.timeout
        sent = Message(
            KINDS[kind], self._last_request_id, trace_id=os.urandom(16), remaining_ms=max(1, int(self.timeout * 1000)),
            body=body.SerializeToString(), raw=raw)
        self._socket.send_multipart(sent.frames())
        while True:
            left_ms = int((deadline - time.monotonic()) * 1000)
            if left_ms <= 0 or not self._socket.poll(left_ms):
                raise NoAnswer(f"no answer to {kind} within {self.timeout} s")
            reply = Message.parse(self._socket.recv_multipart())
            # Late answers to requests that were given up are dropped, and so are notices.
            if reply.is_reply and reply.request_id == self._last_request_id:
                break
        content = reply.decode()
        if reply.status != 0:
            raise Refused(STATUSES[reply.status] if reply.status < len(STATUSES) else "INTERNAL", content)
        return content, reply

    def search(
        self, collection: str, vectors: list[list[float]], result_limit: int = 10, *, min_score: float | None = None,
        filter: message.Message | None = None, min_seq: int = 0, exact: bool = False, recall_target: float | None = None,
    ) -> list[list[tuple[int, float]]]:
        """Asks a worker: for each vector its hits as (id, score), best first."""
        body = SCHEMA["SearchRequest"](
            collection=collection, result_limit=result_limit, min_score=min_score, filter=filter, min_seq=min_seq,
            exact=exact, query_count=len(vectors), recall_target=recall_target)
        reply, whole = self.request("SEARCH", body, (b"".join(map(floats_to_bytes, vectors)),))
        ids, scores = bytes_to_numbers(whole.raw[0], "Q"), bytes_to_numbers(whole.raw[1], "f")
        if not len(ids) == len(scores) == sum(reply.hit_counts):
            raise ProtocolError("MALFORMED", "hit counts do not match the raw frames")
        hits = iter(zip(ids, scores))
        return [[next(hits) for _ in range(count)] for count in reply.hit_counts]

    def query(
        self, collection: str, text: str | None = None, *, like: int | None = None, vector: list[float] | None = None,
        result_limit: int = 10, offset: int = 0, min_score: float | None = None, filter: dict | None = None,
        fields: tuple[str, ...] = (), min_seq: int = 0,
    ) -> list[dict]:
        """Asks a gateway by exactly one of `text`, `like` and `vector`: the records, each with its `score`."""
        if sum(source is not None for source in (text, like, vector)) != 1:
            raise ValueError("exactly one of text, like and vector")
        body = SCHEMA["QueryRequest"](
            collection=collection, text=text, like_id=like, result_limit=result_limit, offset=offset,
            min_score=min_score, filter_json=json.dumps(filter).encode() if filter is not None else None,
            fields=fields, min_seq=min_seq)
        reply, _ = self.request("QUERY", body, () if vector is None else (floats_to_bytes(vector),))
        return [json.loads(hit.record_json) | {"id": hit.id, "score": hit.score} for hit in reply.hits]

    def put(self, collection: str, record: dict, id: int | None = None) -> tuple[dict, int]:
        """Creates a record, or replaces the one with this id: the record as stored, and its seq."""
        body = SCHEMA["PutRequest"](collection=collection, id=id, record_json=json.dumps(record).encode())
        reply, _ = self.request("PUT", body)
        return json.loads(reply.record_json), reply.seq

    def get(self, collection: str, id: int) -> dict:
        reply, _ = self.request("GET", SCHEMA["GetRequest"](collection=collection, id=id))
        return json.loads(reply.record_json)

    def delete(self, collection: str, id: int) -> int:
        """Returns the seq of the deletion."""
        reply, _ = self.request("DELETE", SCHEMA["DeleteRequest"](collection=collection, id=id))
        return reply.seq

    def status(self) -> dict:
        """The worker's announcement or the gateway's status, as protobuf's JSON."""
        reply, _ = self.request("STATUS", SCHEMA["StatusRequest"]())
        return json_format.MessageToDict(reply, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Talks to a Kazi gateway or worker over ZeroMQ.")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    commands = parser.add_subparsers(dest="command", required=True)

    search = commands.add_parser("search", help="ask a worker for the ids nearest to vectors")
    search.add_argument("--worker", required=True, dest="endpoint", metavar="ENDPOINT")
    search.add_argument("--collection", default="jobs")
    search.add_argument("--vector-file", required=True, help="one vector: float32 little-endian, or a JSON list")
    search.add_argument("--top-k", type=int, default=10)
    search.add_argument("--exact", action="store_true")

    query = commands.add_parser("query", help="ask a gateway for records")
    query.add_argument("text")
    query.add_argument("--top-k", type=int, default=10)
    query.add_argument("--filter", type=json.loads, help="as in the HTTP API, JSON")
    query.add_argument("--fields", nargs="*", default=())
    put = commands.add_parser("put", help="write a record")
    put.add_argument("record", type=json.loads, help="JSON")
    put.add_argument("--id", type=int)
    get = commands.add_parser("get", help="read a record")
    delete = commands.add_parser("delete", help="delete a record")
    for command in (get, delete):
        command.add_argument("id", type=int)
    for command in (query, put, get, delete):
        command.add_argument("--gateway", required=True, dest="endpoint", metavar="ENDPOINT")
        command.add_argument("--collection", default="jobs")
    status = commands.add_parser("status", help="how a gateway or worker is")
    status.add_argument("--endpoint", "--gateway", "--worker", required=True)

    options = parser.parse_args(arguments)
    try:
        with Client(options.endpoint, options.timeout) as client:
            print(json.dumps(_run(client, options), indent=2, ensure_ascii=False))
    except (Refused, NoAnswer, ProtocolError, OSError, ValueError) as error:
        print(f"kazi_client: {error}", file=sys.stderr)
        if isinstance(error, Refused) and error.detail is not None:
            print(json.dumps(error.detail, indent=2, ensure_ascii=False), file=sys.stderr)
        return 1
    return 0


def _run(client: Client, options: argparse.Namespace):
    match options.command:
        case "search":
            content = pathlib.Path(options.vector_file).read_bytes()
            is_json = content.lstrip()[:1] == b"["
            vector = json.loads(content) if is_json else bytes_to_numbers(content, "f")
            hits = client.search(options.collection, [vector], options.top_k, exact=options.exact)[0]
            return [{"id": id, "score": score} for id, score in hits]
        case "query":
            return client.query(
                options.collection, options.text, result_limit=options.top_k, filter=options.filter,
                fields=tuple(options.fields))
        case "put":
            record, seq = client.put(options.collection, options.record, options.id)
            return {"seq": seq, "record": record}
        case "get":
            return client.get(options.collection, options.id)
        case "delete":
            return {"seq": client.delete(options.collection, options.id)}
        case "status":
            return client.status()


if __name__ == "__main__":
    sys.exit(main())
