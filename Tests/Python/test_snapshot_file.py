"""The golden snapshot, taken apart by proto-docs/snapshot.md alone: a second reading of it, beside the Swift tests."""

import pathlib
import struct

FILE = pathlib.Path(__file__).resolve().parents[2] / "proto-docs" / "vectors" / "snapshot" / "three-rows.hex"


def crc32c(content):
    """RFC 3720, 12.1, a bit at a time."""
    state = 0xFFFFFFFF
    for byte in content:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    return state ^ 0xFFFFFFFF


class Reader:
    def __init__(self, content):
        self.content, self.next = content, 0

    def __call__(self, format):
        values = struct.unpack_from("<" + format, self.content, self.next)
        self.next += struct.calcsize("<" + format)
        return values[0] if len(values) == 1 else values

    def text(self):
        return self(f"{self('I')}s").decode()

    def list(self, element):
        return [element() for _ in range(self("I"))]


def test_the_golden_snapshot_is_what_the_document_says():
    assert crc32c(b"123456789") == 0xE3069283
    content = bytes.fromhex("".join(line.split("#")[0] for line in FILE.read_text().splitlines()))

    header = Reader(content)
    assert header("8s") == b"KAZISNAP" and header("I") == 0x0A0B0C0D and header("I") == 1
    file_bytes, manifest_bytes, manifest_checksum, header_checksum = header("QQII")
    assert header.next == 40 and file_bytes == len(content)
    assert header_checksum == crc32c(content[:36])
    encoded = content[len(content) - manifest_bytes:]
    assert manifest_checksum == crc32c(encoded)

    manifest = Reader(encoded)
    assert (manifest.text(), manifest.text()) == ("store-a", "jobs")
    assert manifest("Q") == 0x1122334455667788 and manifest("II") == (1, 2) and manifest("Q") == 4242
    assert manifest("IB") == (3, 2)
    columns = manifest.list(lambda: (manifest.text(), *manifest("BB")))
    assert columns == [("city", 0, 0), ("sizes", 1, 1)]
    segments = manifest.list(lambda: (manifest("IQII"), [manifest("QIQ") for _ in columns]))
    assert segments == [((0, 0, 3, 2), [(3, 1, 6), (3, 0, 0)])]
    assert manifest("B") == 0
    checksums = manifest.list(lambda: manifest("I"))
    assert manifest.next == len(encoded)

    sections = Reader(content[40:len(content) - manifest_bytes])
    expected = []

    def section(format):
        start = sections.next
        values = sections(format)
        expected.append(crc32c(sections.content[start:sections.next]))
        return values

    codes = section("48s")
    scales, norms = section("3f"), section("3f")
    # A row stands for scale times its codes, each stored with 128 added.
    rows = [[scale * (code - 128) for code in codes[start:start + 3]] for start, scale in zip((0, 16, 32), scales)]
    for row, vector in zip(rows, ([1, 2, 2], [0, 0, -4], [127, 0, 0])):
        assert max(abs(a - b) for a, b in zip(row, vector)) <= max(map(abs, vector)) / 254 + 1e-6
    assert all(abs(norm - sum(x * x for x in row)) < 1e-3 * norm for norm, row in zip(norms, rows))
    assert section("3Q") == (17, 18, 19)
    assert section("Q") == 0b101
    assert section("3I") == (0, 0xFFFFFFFF, 0)  # city
    assert section("6s") == b"Nakuru" and section("Q") == 6
    assert section("3d") == (0.5, 2, -1)  # sizes
    assert section("3I") == (2, 2, 3)
    assert sections.next == len(sections.content)
    assert checksums == expected
