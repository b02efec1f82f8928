import Foundation
import RecordSchema
import Synchronization
import Testing

@testable import VectorIndex

@Suite("Snapshots") struct SnapshotTests {
    /// An index with every column, some rows replaced and some deleted.
    private func makeVariedIndex(
        rowCount: Int, dimension: Int = 20, metric: Metric = .cosine, seed: UInt64 = 1
    ) throws -> VectorIndex {
        let index = try makeIndex(dimension: dimension, metric: metric, columns: everyColumn)
        var generator = SeededGenerator(seed: seed)
        for start in stride(from: 0, to: rowCount, by: 1_000) {
            let ids = (start ..< min(start + 1_000, rowCount)).map(UInt64.init)
            try index.apply(makeVariedUpserts(ids, dimension: dimension, &generator))
        }
        let ids = (0 ..< rowCount).map(UInt64.init)
        try index.apply(makeVariedUpserts(ids.filter { $0 % 5 == 2 }, dimension: dimension, &generator))
        try index.apply(makeDeletes(ids.filter { $0 % 7 == 3 }, columns: everyColumn))
        return index
    }

    /// The one that was written and the one that was read, asked and changed alike, stay alike; and what is read is
    /// written again with the same bytes.
    private func checkRoundTrip(_ index: VectorIndex, seed: UInt64) throws {
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let bytes = try folder.bytes()
        let restored = try index.reading(folder)
        #expect(restored.statistics.liveRowCount == index.statistics.liveRowCount)
        #expect(restored.snapshotMark == index.snapshotMark)
        // As text: also what is added to the type some day.
        #expect(
            restored.view.arrangement.map { "\($0.arrangement.calibration) \($0.arrangement.partitioning.spreads)" }
                == index.view.arrangement.map { "\($0.arrangement.calibration) \($0.arrangement.partitioning.spreads)" })
        #expect(try restored.answers() == index.answers())
        try restored.write(to: folder)
        #expect(try folder.bytes() == bytes)

        var generator = SeededGenerator(seed: seed)
        let dimension = index.configuration.dimension
        for step in 0 ..< 12 {
            let ids = (0 ..< 300).map { _ in generator.next() % 9_000 }
            let gone = (0 ..< 100).map { _ in generator.next() % 9_000 }
            let upserts = index.configuration.columns.isEmpty
                ? makeUpserts(ids.map { ($0, generator.vector(dimension)) })
                : makeVariedUpserts(ids, dimension: dimension, &generator)
            for either in [index, restored] {
                try either.apply(upserts)
                try either.apply(makeDeletes(gone, columns: index.configuration.columns))
                if step % 4 == 3 { either.compact() }
                if step % 3 == 2 { either.arrangeFully() }
            }
            let found = try restored.answers(seed: UInt64(step)), expected = try index.answers(seed: UInt64(step))
            // How rows lie in segments and lists may differ by then; what is found by comparing all may not.
            #expect(exact(found) == exact(expected))
            #expect(found.map(\.matchedRowCount) == expected.map(\.matchedRowCount))
        }
        #expect(restored.statistics.liveRowCount == index.statistics.liveRowCount)
    }

    private func exact(_ results: [SearchResult]) -> [[Float]] {
        results.enumerated().filter { $0.offset % 2 == 0 }.map(\.element.scores)
    }

    @Test(arguments: Metric.allCases, [0, 1, 15, 16, 17, 64, 1_500])
    func `give back what was written`(metric: Metric, rowCount: Int) throws {
        try checkRoundTrip(makeVariedIndex(rowCount: rowCount, metric: metric), seed: UInt64(rowCount))
    }

    @Test(arguments: Metric.allCases) func `give back an arrangement`(metric: Metric) throws {
        var vectors = ClusteredVectors(dimension: 33, seed: 2)
        let index = try makeIndex(dimension: 33, metric: metric)
        func fill(_ ids: Range<Int>) throws {
            try index.apply(makeUpserts(ids.map { (UInt64($0), vectors.next()) }))
        }
        try fill(0 ..< 6_000)
        index.arrangeFully()
        // A second layer, some of the first dead, and a tail that is in none.
        try fill(6_000 ..< 6_900)
        index.arrangeFully()
        try fill(6_900 ..< 7_200)
        try index.apply(makeDeletes((0 ..< 7_200).filter { $0 % 11 == 0 }.map(UInt64.init)))
        let arranged = try #require(index.view.arrangement)
        #expect(arranged.layers.count == 2 && arranged.restRowCount > 0)
        try checkRoundTrip(index, seed: 3)
    }

    @Test func `give back several segments, some of which are gone`() throws {
        let index = try makeIndex(dimension: 4_000)
        var generator = SeededGenerator(seed: 4)
        for start in stride(from: 0, to: 18_000, by: 1_000) {
            try index.apply(makeUpserts((start ..< start + 1_000).map { (UInt64($0), generator.vector(4_000)) }))
        }
        // The first two segments go altogether, and their slots are empty.
        try index.apply(makeDeletes((0 ..< 16_600).map(UInt64.init)))
        while index.compact() {}
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let restored = try index.reading(folder)
        #expect(restored.view.segments.map(\.slot) == index.view.segments.map(\.slot))
        #expect(try restored.answers() == index.answers())
        // A slot that is empty is taken again, by a segment of another serial.
        for either in [index, restored] {
            var generator = SeededGenerator(seed: 5)
            try either.apply(makeUpserts((0 ..< 9_000).map { (UInt64($0), generator.vector(4_000)) }))
        }
        #expect(try restored.answers().map(\.scores) == index.answers().map(\.scores))
        #expect(Set(restored.view.segments.map(\.serial)).count == restored.view.segments.count)
    }

    /// A tail goes on giving codes to strings: those that it had keep theirs.
    @Test func `give back a tail with many strings`() throws {
        let columns = [FilterColumn(name: "name", type: .string)]
        let index = try makeIndex(dimension: 8, columns: columns)
        func apply(_ ids: Range<Int>, to index: VectorIndex) throws {
            var generator = SeededGenerator(seed: 1)
            var batch = makeUpserts(ids.map { (UInt64($0), generator.vector(8)) })
            batch.columns = [
                ColumnBatch(
                    counts: Array(repeating: 1, count: ids.count), values: .strings(ids.map { "name \($0 % 3_000)" }))!
            ]
            try index.apply(batch)
        }
        try apply(0 ..< 2_000, to: index)
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let restored = try index.reading(folder)
        try apply(2_000 ..< 4_000, to: index)
        try apply(2_000 ..< 4_000, to: restored)
        let bytes = try folder.bytes()
        try index.write(to: folder)
        let grown = try folder.bytes()
        #expect(grown != bytes)
        try restored.write(to: folder)
        #expect(try folder.bytes() == grown)
        for name in [0, 999, 1_000, 1_999, 2_500] {
            let request = SearchRequest(
                vector: Array(repeating: 1, count: 8), filter: .compare(field: "name", .equal, .string("name \(name)")))
            #expect(try restored.search(request).matchedRowCount == (name < 1_000 ? 2 : 1))
        }
    }

    @Test func `say what they are of`() throws {
        let folder = try TemporaryFolder()
        let index = try makeVariedIndex(rowCount: 50)
        try index.write(to: folder, appliedSeq: 1 << 62)
        let snapshot = try Snapshot(path: folder.file)
        #expect(snapshot.source == sampleSource)
        #expect(snapshot.appliedSeq == 1 << 62)
        #expect(snapshot.liveRowCount == index.statistics.liveRowCount)
        #expect(try snapshot.fileBytes == folder.bytes().count)
        let configuration = try snapshot.configuration()
        #expect(configuration.dimension == 20 && configuration.metric == .cosine && configuration.columns == everyColumn)
    }

    @Test func `are not read as another shape, nor above the row limit`() throws {
        let folder = try TemporaryFolder()
        let index = try makeVariedIndex(rowCount: 50)
        try index.write(to: folder)
        let snapshot = try Snapshot(path: folder.file)
        let liveRowCount = index.statistics.liveRowCount
        for other in [
            try VectorIndexConfiguration(dimension: 21, metric: .cosine, columns: everyColumn),
            try VectorIndexConfiguration(dimension: 20, metric: .dot, columns: everyColumn),
            try VectorIndexConfiguration(dimension: 20, metric: .cosine, columns: everyColumn.reversed()),
        ] {
            #expect(throws: SnapshotError.otherShape) { try snapshot.read(other, threadCount: 1) }
        }
        func read(rowLimit: Int) throws -> VectorIndex {
            let configuration = try VectorIndexConfiguration(
                dimension: 20, metric: .cosine, columns: everyColumn, rowLimit: rowLimit)
            return try snapshot.read(configuration, threadCount: 1)
        }
        #expect(throws: SnapshotError.tooManyRows(rowCount: liveRowCount, rowLimit: liveRowCount - 1)) {
            try read(rowLimit: liveRowCount - 1)
        }
        let full = try read(rowLimit: liveRowCount)
        var generator = SeededGenerator(seed: 6)
        #expect(throws: IndexError.full(rowLimit: liveRowCount)) {
            try full.apply(makeVariedUpserts([77_777], dimension: 20, &generator))
        }
    }

    @Test func `replace the one before at once, and leave nothing else`() throws {
        let folder = try TemporaryFolder()
        let index = try makeFilledIndex(rowCount: 100, dimension: 8)
        try index.write(to: folder, appliedSeq: 1)
        let earlier = try Snapshot(path: folder.file)
        try index.apply(makeDeletes([0, 1, 2]))
        try index.write(to: folder, appliedSeq: 2)
        // What is open stays what it was.
        #expect(earlier.appliedSeq == 1)
        #expect(try earlier.read(index.configuration, threadCount: 1).statistics.liveRowCount == 100)
        #expect(try Snapshot(path: folder.file).read(index.configuration, threadCount: 1).statistics.liveRowCount == 97)
        #expect(folder.names == ["rows.snapshot"])
    }

    @Test func `that are given up leave the one before`() throws {
        let folder = try TemporaryFolder()
        let index = try makeFilledIndex(rowCount: 100, dimension: 8)
        try index.write(to: folder, appliedSeq: 1)
        let bytes = try folder.bytes()
        #expect(throws: SnapshotError.cancelled) {
            try index.writeSnapshot(to: folder.file, source: sampleSource, appliedSeq: 2, isCancelled: { true })
        }
        #expect(throws: SnapshotError.system(.open, code: ENOENT)) {
            try index.writeSnapshot(to: folder.path + "/none/rows.snapshot", source: sampleSource, appliedSeq: 2)
        }
        try FileManager.default.createDirectory(atPath: folder.path + "/taken", withIntermediateDirectories: true)
        #expect(throws: SnapshotError.system(.rename, code: EISDIR)) {
            try index.writeSnapshot(to: folder.path + "/taken", source: sampleSource, appliedSeq: 2)
        }
        #expect(try folder.bytes() == bytes)
        #expect(folder.names == ["rows.snapshot", "taken"])
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "a device that is always full"))
    func `say that a disk is full`() throws {
        let folder = try TemporaryFolder()
        let index = try makeFilledIndex(rowCount: 100, dimension: 8)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file + SnapshotWriter.unfinishedSuffix, withDestinationPath: "/dev/full")
        let error = #expect(throws: SnapshotError.self) { try index.write(to: folder) }
        guard case .system(_, let code) = error else { throw try #require(error) }
        #expect(code == ENOSPC || code == ENODEV)
        #expect(folder.names == [])
    }

    /// Every batch gives all rows one vector of its own: an index that was read has the rows of one batch, whole, and of
    /// none older than the batch that was applied before the snapshot was begun.
    @Test(.timeLimit(.minutes(5))) func `are whole while rows change, are searched and arranged`() throws {
        let dimension = 24, rowCount = 5_000
        let index = try makeIndex(dimension: dimension)
        let ids = (0 ..< rowCount).map(UInt64.init)
        @Sendable func makeVector(_ version: Int) -> [Float] {
            var generator = SeededGenerator(seed: UInt64(version))
            return generator.vector(dimension)
        }
        @Sendable func apply(_ version: Int) throws {
            let vector = makeVector(version)
            try index.apply(
                RowBatch(
                    ids: ids, kinds: Array(repeating: .upsert, count: rowCount),
                    vectors: Array(repeatElement(vector, count: rowCount).joined())))
        }
        try apply(1)
        let applied = Atomic(1), isDone = Atomic(false)
        let threads = Threads()
        threads.start {
            while !isDone.load(ordering: .relaxed) {
                let version = applied.load(ordering: .relaxed) + 1
                do { try apply(version) } catch { Issue.record(error) }
                applied.store(version, ordering: .releasing)
            }
        }
        threads.start { while !isDone.load(ordering: .relaxed) { index.arrange() } }
        threads.start {
            while !isDone.load(ordering: .relaxed) {
                let result = try? index.search(SearchRequest(vector: makeVector(3), resultLimit: 10))
                if result?.ids.count != 10 { Issue.record("\(String(describing: result))") }
            }
        }
        defer {
            isDone.store(true, ordering: .relaxed)
            threads.join()
        }
        let folder = try TemporaryFolder()
        for _ in 0 ..< 12 {
            let begun = applied.load(ordering: .acquiring)
            try index.write(to: folder, appliedSeq: UInt64(begun))
            let restored = try index.reading(folder)
            let result = try restored.search(SearchRequest(vector: makeVector(0), resultLimit: rowCount, isExact: true))
            #expect(result.ids == ids && result.scores.first == result.scores.last)
            let score = result.scores[0]
            let versions = begun ... applied.load(ordering: .acquiring) + 1
            let expected = try versions.map { version in
                let lone = try makeIndex(dimension: dimension)
                try lone.apply(makeUpserts([(0, makeVector(version))]))
                return try lone.search(SearchRequest(vector: makeVector(0), resultLimit: 1)).scores[0]
            }
            #expect(expected.contains(score))
        }
    }
}
