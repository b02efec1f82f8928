#!/usr/bin/env python3
"""Throws changed messages at a live gateway or worker, then asks it for its STATUS.

    python scripts/fuzz_protocol.py tcp://127.0.0.1:7411 --count 100000 --seed 1

The messages are the golden ones of proto-docs/vectors with random changes; the seed makes them the same in every run. PUT and
DELETE are left out without --writes, since a change may leave them valid. Exit status 0: the endpoint answered STATUS at
the end and after every thousand messages, and every answer on the way was a message of the protocol.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import random
import sys
import time

import zmq

import kazi_client as kazi

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "proto-docs" / "vectors"
WRITES = {kazi.KINDS["PUT"], kazi.KINDS["DELETE"]}


def read_vector(path: pathlib.Path) -> list[bytes]:
    frames: list[bytes] = []
    for line in path.read_text().splitlines():
        content = line.split("#")[0]
        if content.startswith("frame "):
            frames.append(b"")
        elif frames:
            frames[-1] += bytes.fromhex(content)
    return frames


def change_bytes(frame: bytes, source: random.Random) -> bytes:
    changed = bytearray(frame or b"\0")
    index = source.randrange(len(changed))
    match source.randrange(6):
        case 0:
            changed[index] ^= 1 << source.randrange(8)
        case 1:
            changed[index] = source.choice((0, 1, 0x7F, 0x80, 0xFF))
        case 2:
            changed.insert(index, source.randrange(256))
        case 3:
            del changed[index:index + source.randint(1, 9)]
        case 4:
            changed += source.randbytes(source.choice((1, 8, 100, 5_000)))
        case 5:
            changed[index] = source.randrange(256)
    return bytes(changed)


def change(frames: list[bytes], source: random.Random) -> list[bytes]:
    """One to four changes: of bytes mostly, else of whole frames."""
    frames = list(frames)
    for _ in range(source.randint(1, 4)):
        index = source.randrange(len(frames))
        match source.randrange(12):
            case 0 if len(frames) > 1:
                del frames[index]
            case 1:
                frames.insert(index, frames[index])
            case 2:
                frames[index] = b""
            case 3:
                other = source.randrange(len(frames))
                frames[index], frames[other] = frames[other], frames[index]
            case _:
                frames[index] = change_bytes(frames[index], source)
    return frames


def is_write(frames: list[bytes]) -> bool:
    return len(frames[0]) > 5 and frames[0][5] in WRITES


class Fuzzer:
    def __init__(self, endpoint: str, seed: int, allow_writes: bool):
        self.endpoint = endpoint
        self.source = random.Random(seed)
        self.allow_writes = allow_writes
        # Files of other things have no frames.
        self.seeds = [frames for path in sorted(VECTORS.rglob("*.hex")) if (frames := read_vector(path))]
        self.answers = collections.Counter()
        self.dealer = zmq.Context.instance().socket(zmq.DEALER)
        self.dealer.set(zmq.LINGER, 0)
        self.dealer.connect(endpoint)

    def next_message(self) -> list[bytes]:
        while True:
            frames = change(self.source.choice(self.seeds), self.source)
            if self.allow_writes or not is_write(frames):
                return frames

    def read_answers(self, wait_ms: int = 0) -> None:
        while self.dealer.poll(wait_ms):
            answer = kazi.Message.parse(self.dealer.recv_multipart())
            if not answer.is_reply:
                raise kazi.ProtocolError("MALFORMED", "an answer without the reply bit")
            if answer.status != 0:
                answer.decode()
            self.answers[kazi.STATUSES[answer.status]] += 1

    def check_alive(self, timeout: float) -> dict:
        with kazi.Client(self.endpoint, timeout) as client:
            return client.status()

    def run(self, count: int, status_timeout: float) -> None:
        for number in range(1, count + 1):
            # A queue that is full is no failure: the other side may be slow to answer.
            if not self.dealer.poll(30_000, zmq.POLLOUT):
                raise kazi.NoAnswer(f"the endpoint has taken nothing for 30 s, after {number - 1} messages")
            self.dealer.send_multipart(self.next_message())
            self.read_answers()
            if number % 1_000 == 0:
                self.check_alive(status_timeout)
        self.read_answers(wait_ms=500)


def main() -> int:
    parser = argparse.ArgumentParser(description="Throws changed messages at a gateway or worker.")
    parser.add_argument("endpoint", help="such as tcp://127.0.0.1:7411")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", action="store_true", help="also PUT and DELETE: may change what is stored")
    parser.add_argument("--status-timeout", type=float, default=30.0, metavar="SECONDS")
    options = parser.parse_args()

    fuzzer = Fuzzer(options.endpoint, options.seed, options.writes)
    started = time.monotonic()
    try:
        before = fuzzer.check_alive(options.status_timeout)
        fuzzer.run(options.count, options.status_timeout)
        after = fuzzer.check_alive(options.status_timeout)
    except (kazi.NoAnswer, kazi.ProtocolError, kazi.Refused) as error:
        print(f"fuzz_protocol: FAILED: {error}", file=sys.stderr)
        return 1
    for role in ("worker", "gateway"):
        if before.get(role, {}).get("boot_epoch") != after.get(role, {}).get("boot_epoch"):
            print("fuzz_protocol: FAILED: the process was started anew", file=sys.stderr)
            return 1
    summary = ", ".join(f"{count} {status}" for status, count in fuzzer.answers.most_common())
    print(f"{options.count} changed messages in {time.monotonic() - started:.1f} s, seed {options.seed}; answers: {summary}; "
          "it still answers STATUS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
