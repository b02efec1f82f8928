import Foundation
import Testing

@testable import VectorIndex

@Suite("Damaged snapshots") struct SnapshotDamageTests {
    /// Small enough that every byte can be tried.
    private func makeSmallIndex() throws -> VectorIndex {
        let index = try makeIndex(dimension: 12, metric: .euclidean, columns: everyColumn)
        var generator = SeededGenerator(seed: 1)
        try index.apply(makeVariedUpserts((0 ..< 20).map(UInt64.init), dimension: 12, &generator))
        try index.apply(makeDeletes([3, 17], columns: everyColumn))
        return index
    }

    /// Arranged, and then left with the fewest rows that stay so.
    private func makeArrangedIndex() throws -> VectorIndex {
        var vectors = ClusteredVectors(dimension: 16, seed: 2)
        let index = try makeIndex(dimension: 16)
        try index.apply(makeUpserts((0 ..< 4_200).map { (UInt64($0), vectors.next()) }))
        index.arrangeFully()
        try index.apply(makeDeletes((1_100 ..< 4_200).map(UInt64.init)))
        while index.compact() {}
        index.arrangeFully()
        try #require(index.view.arrangement != nil)
        return index
    }

    /// Changes single bytes of the file in place, each by a bit that differs from byte to byte.
    private func checkFlips(_ index: VectorIndex, every step: Int = 1) throws {
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let bytes = try folder.bytes()
        let file = try #require(FileHandle(forUpdatingAtPath: folder.file))
        var undetected: [Int] = []
        for offset in stride(from: 0, to: bytes.count, by: step) {
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: [bytes[offset] ^ (1 << UInt8((offset * 5) % 8))])
            do {
                _ = try index.reading(folder, threadCount: 1)
                undetected.append(offset)
            } catch let error as SnapshotError where error.isFaultOfTheFile {
            }
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: [bytes[offset]])
        }
        #expect(undetected == [])
        #expect(try index.reading(folder).answers() == index.answers())
    }

    @Test(.timeLimit(.minutes(5))) func `are found by any changed byte`() throws { try checkFlips(makeSmallIndex()) }

    @Test(.timeLimit(.minutes(10))) func `are found by any changed byte of an arrangement`() throws {
        try checkFlips(makeArrangedIndex(), every: 3)
    }

    @Test(.timeLimit(.minutes(5))) func `are found by any missing end, and by one too many`() throws {
        let index = try makeSmallIndex()
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let bytes = try folder.bytes()
        for byteCount in bytes.indices {
            try folder.write(Array(bytes[..<byteCount]))
            let error = #expect(throws: SnapshotError.self) { try index.reading(folder) }
            #expect(error?.isFaultOfTheFile == true)
        }
        try folder.write(bytes + [0])
        #expect(throws: SnapshotError.wrongSize(expectedBytes: UInt64(bytes.count), foundBytes: UInt64(bytes.count + 1))) {
            try index.reading(folder)
        }
    }

    @Test func `are told from files of another version, order or kind`() throws {
        let index = try makeSmallIndex()
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let bytes = try folder.bytes()
        func expect(_ error: SnapshotError, offset: Int, _ replacement: [UInt8]) throws {
            var changed = bytes
            changed.replaceSubrange(offset ..< offset + replacement.count, with: replacement)
            try folder.write(changed)
            #expect(throws: error) { try index.reading(folder) }
        }
        try expect(.notASnapshot, offset: 0, Array("SQLite f".utf8))
        try expect(.foreignByteOrder, offset: 8, bytes[8 ..< 12].reversed())
        try expect(.unknownVersion(0), offset: 12, [0, 0, 0, 0])
        try expect(.unknownVersion(2), offset: 12, [2, 0, 0, 0])
        try folder.write([])
        #expect(throws: SnapshotError.wrongSize(expectedBytes: 40, foundBytes: 0)) { try index.reading(folder) }
        try FileManager.default.removeItem(atPath: folder.file)
        #expect(throws: SnapshotError.system(.open, code: ENOENT)) { try index.reading(folder) }
    }

    /// With checksums that are right again: what a program with an error, or somebody who means harm, could write. It is
    /// refused, or makes an index that can be searched and changed, whatever it finds.
    @Test(.timeLimit(.minutes(10)), arguments: [false, true])
    func `never lead outside the memory, even with right checksums`(isArranged: Bool) throws {
        let index = isArranged ? try makeArrangedIndex() : try makeSmallIndex()
        let dimension = index.configuration.dimension
        let folder = try TemporaryFolder()
        try index.write(to: folder)
        let bytes = try folder.bytes()
        var generator = SeededGenerator(seed: 3)
        var readCount = 0
        for _ in 0 ..< 1_500 {
            var changed = bytes
            // Near the end for the manifest, anywhere for the rest.
            let range = generator.next() % 3 == 0 ? max(40, bytes.count - 900) ..< bytes.count : 40 ..< bytes.count
            for _ in 0 ... generator.next() % 3 {
                let offset = range.lowerBound + Int(generator.next() % UInt64(range.count))
                changed[offset] = [0, 1, 0x7f, 0x80, 0xff, UInt8(truncatingIfNeeded: generator.next())][Int(generator.next() % 6)]
            }
            // The manifest's own checksum first, or what was changed there is never looked at.
            guard let sealed = resealed(withManifestOf: changed).flatMap(resealed) else { continue }
            try folder.write(sealed)
            guard let restored = try? index.reading(folder, threadCount: 1) else { continue }
            readCount += 1
            _ = try restored.answers()
            var upserts = generator
            let ids = (0 ..< 50).map { _ in upserts.next() % 2_000 }
            try restored.apply(
                restored.configuration.columns.isEmpty
                    ? makeUpserts(ids.map { ($0, upserts.vector(dimension)) })
                    : makeVariedUpserts(ids, dimension: dimension, &upserts))
            try restored.apply(makeDeletes((0 ..< 30).map(UInt64.init), columns: restored.configuration.columns))
            restored.compact()
            for _ in 0 ..< 4 { restored.arrange() }
            _ = try restored.answers()
        }
        #expect(readCount > 20)
    }

    /// The bytes with a header that fits the manifest as it is now.
    private func resealed(withManifestOf bytes: [UInt8]) -> [UInt8]? {
        var reader = ByteReader(Array(bytes[24 ..< 32]))
        guard let manifestBytes = reader.read(UInt64.self), manifestBytes <= UInt64(bytes.count - 40) else { return nil }
        let header = SnapshotHeader(
            fileBytes: UInt64(bytes.count), manifestBytes: manifestBytes,
            manifestChecksum: Checksum.best(Array(bytes[(bytes.count - Int(manifestBytes))...])))
        return header.encoded + bytes[40...]
    }
}
