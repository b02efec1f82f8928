import Foundation
import RecordSchema
import Testing

@testable import VectorIndex

/// proto-docs/vectors/snapshot/three-rows.hex: its bytes, `#` begins a comment.
private func goldenBytes() throws -> [UInt8] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "proto-docs/vectors/snapshot/three-rows.hex")
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").flatMap { line in
        line.prefix { $0 != "#" }.split(separator: " ").compactMap { UInt8($0, radix: 16) }
    }
}

extension Tag {
    @Tag static var golden: Self
}

/// The worked example of proto-docs/snapshot.md, which Tests/Python/test_snapshot_file.py takes apart as well.
@Suite("The golden snapshot", .tags(.golden)) struct SnapshotGoldenTests {
    private func makeGoldenIndex() throws -> VectorIndex {
        let columns = [
            FilterColumn(name: "city", type: .string), FilterColumn(name: "sizes", type: .number, isArray: true),
        ]
        let index = try makeIndex(dimension: 3, metric: .euclidean, columns: columns)
        var batch = makeUpserts([(17, [1, 2, 2]), (18, [0, 0, -4]), (19, [127, 0, 0])])
        batch.columns = [
            ColumnBatch(counts: [1, 0, 1], values: .strings(["Nakuru", "Nakuru"]))!,
            ColumnBatch(counts: [2, 0, 1], values: .numbers([0.5, 2, -1]))!,
        ]
        try index.apply(batch)
        try index.apply(makeDeletes([18], columns: columns))
        return index
    }

    private let source = SnapshotSource(
        storeID: "store-a", collection: "jobs", generation: 0x1122_3344_5566_7788, shardIndex: 1, shardCount: 2)

    @Test func `is what is written`() throws {
        let folder = try TemporaryFolder()
        try makeGoldenIndex().writeSnapshot(to: folder.file, source: source, appliedSeq: 4_242)
        let written = try folder.bytes()
        let golden = try goldenBytes()
        #expect(written == golden)
        if written != golden {
            Issue.record("written: \(written.map { String(format: "%02x", $0) }.joined(separator: " "))")
        }
    }

    @Test func `is read`() throws {
        let folder = try TemporaryFolder()
        try folder.write(goldenBytes())
        let snapshot = try Snapshot(path: folder.file)
        #expect(snapshot.source == source && snapshot.appliedSeq == 4_242 && snapshot.liveRowCount == 2)
        let index = try snapshot.read(try snapshot.configuration(), threadCount: 1)
        let result = try index.search(
            SearchRequest(vector: [1, 2, 2], filter: .compare(field: "sizes", .greaterThan, .number(1.5))))
        #expect(result.ids == [17])
        #expect(try abs(#require(result.scores.first)) < 0.02)
    }
}
