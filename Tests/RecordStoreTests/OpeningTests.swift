import Foundation
import RecordSchema
import RecordStore
import Testing

@Suite("Opening") struct OpeningTests {
    let directory = TemporaryDirectory()

    /// A closed store with a thousand records: a few hundred pages.
    private func fill() async throws {
        let store = try openStore(directory)
        _ = try await store.write(
            (0..<1_000).map { .insert(makeRecord(title: "title \($0)", company: "c\($0)"), duplicates: .write) },
            to: "jobs", atomically: true)
        try await store.close()
    }

    private func expectCorrupt(_ open: () throws -> RecordStore) {
        do {
            _ = try open()
            Issue.record("opened")
        } catch StoreError.corrupt(let path, let detail) {
            #expect(path == directory.database)
            #expect(!detail.isEmpty)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func `one process at a time, and one store in it`() async throws {
        let store = try openStore(directory)
        #expect(throws: StoreError.inUse(path: directory.path)) { _ = try openStore(directory) }
        try await store.close()
        try await openStore(directory).close()
    }

    @Test func `a store that is let go without closing leaves its files free and whole`() async throws {
        var store: RecordStore? = try openStore(directory)
        _ = try await store?.insert(makeRecord(title: "a"), into: "jobs")
        store = nil
        // The writer's queue may hold the store a moment longer.
        let deadline = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < deadline {
            if let again = try? openStore(directory) {
                #expect(try await again.count("jobs", filter: nil) == 1)
                return
            }
            await Task.yield()
        }
        Issue.record("the lock is still held")
    }

    @Test func `a file that is no database is told so, and left alone`() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        for content in ["hello", String(repeating: "not a database ", count: 1_000)] {
            try content.write(toFile: directory.database, atomically: false, encoding: .utf8)
            #expect(throws: StoreError.notADatabase(path: directory.database)) { _ = try openStore(directory) }
            #expect(try String(contentsOfFile: directory.database, encoding: .utf8) == content)
        }
    }

    @Test func `another application's database is told so, and left alone`() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try execute("PRAGMA application_id = 7; CREATE TABLE theirs (a)", on: directory.database)
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        #expect(throws: StoreError.foreignDatabase(path: directory.database, applicationID: 7)) {
            _ = try openStore(directory)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
        try execute("PRAGMA application_id = 0", on: directory.database)
        #expect(throws: StoreError.foreignDatabase(path: directory.database, applicationID: 0)) {
            _ = try openStore(directory)
        }
    }

    @Test(arguments: [1, 3, 10, 50]) func `a file that is cut short is corrupt`(pagesLeft: Int) async throws {
        try await fill()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.database))
        try file.truncate(atOffset: UInt64(pagesLeft * 4096))
        try file.close()
        expectCorrupt { try openStore(directory) }
        var limits = StoreLimits()
        limits.openingCheckBytesMax = 0
        expectCorrupt { try openStore(directory, limits: limits) }
    }

    @Test(arguments: [1, 2, 3]) func `a file with pages of random bytes is corrupt`(seed: UInt64) async throws {
        try await fill()
        var generator = SeededGenerator(seed: seed)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.database))
        let pageCount = try file.seekToEnd() / 4096
        for _ in 0..<(pageCount / 3) {
            try file.seek(toOffset: UInt64.random(in: 1..<pageCount, using: &generator) * 4096)
            try file.write(contentsOf: Data((0..<4096).map { _ in UInt8.random(in: 0...255, using: &generator) }))
        }
        try file.close()
        expectCorrupt { try openStore(directory) }
    }

    @Test func `a path that cannot be a directory is unwritable`() throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        let file = directory.path + "/file"
        try "x".write(toFile: file, atomically: true, encoding: .utf8)
        for path in [file, file + "/below", "/proc/kazi"] {
            do {
                _ = try RecordStore(directory: path, collections: [])
                Issue.record("opened \(path)")
            } catch StoreError.unwritable(_, let detail) {
                #expect(!detail.isEmpty)
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    @Test func `a database of a newer release is told so`() async throws {
        try await fill()
        try execute("INSERT INTO grdb_migrations VALUES ('9: from the future')", on: directory.database)
        #expect(throws: StoreError.newerVersion(path: directory.database, migration: "9: from the future")) {
            _ = try openStore(directory)
        }
    }

    @Test func `a database of the first release is brought up to date, and works`() async throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        try execute(firstSchemaSQL, on: directory.database)
        let collection = makeCollection(
            columns: [], textFields: [], vectors: VectorSettings(dimension: 2, metric: "cosine", modelDigest: "mini"))
        for _ in 0..<2 {
            let store = try openStore(directory, [collection])
            #expect(store.storeID == "d80c6d8b-3b2a-4e17-a6ae-cdfb282a1146")
            #expect(try await store.records([1, 2, 3], in: "jobs").map(\.text) == [
                "{\"title\":\"Nurse\",\"url\":\"a\"}", "{\"title\":\"Cook\",\"url\":null}",
            ])
            #expect(try await store.vector(of: 3, in: "jobs") == [0, 1])
            #expect(try await store.integrityCheck() == [])
            try await store.close()
        }
        let store = try openStore(directory, [collection])
        let record = RecordWrite(body: [UInt8]("{}".utf8), vector: .set([1, 1]))
        for isReplay in [false, true] {
            let answer = try await store.write(
                .insert(record, duplicates: .write), to: "jobs", idempotency: makeKey("k"))
            #expect((answer.result.id, answer.result.seq, answer.isReplay) == (4, 5, isReplay))
        }
    }

    @Test func `an empty file, and a database with nothing in it, become a store`() async throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: directory.database, contents: nil))
        try await openStore(directory).close()
        let other = TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
        try execute("PRAGMA journal_mode = WAL; CREATE TABLE a (b); DROP TABLE a", on: other.database)
        try await openStore(other).close()
    }

    @Test func `declarations that cannot be stored are refused by name`() throws {
        func fault(_ collection: StoredCollection, _ fault: CollectionFault) {
            #expect(throws: StoreError.unusableCollection(name: collection.name, fault)) {
                _ = try openStore(directory, [collection])
            }
        }
        for name in ["", "Jobs", "1a", "a:b", "a\"b", "jöbs", String(repeating: "a", count: 101)] {
            fault(makeCollection(name), .invalidName)
        }
        let twice = [FilterColumn(name: "a", type: .string), FilterColumn(name: "a", type: .number)]
        fault(makeCollection(columns: twice), .fieldDeclaredTwice("a"))
        fault(makeCollection(vectors: VectorSettings(dimension: 0, metric: "dot")), .invalidDimension(0))
        #expect(throws: StoreError.unusableCollection(name: "jobs", .declaredTwice)) {
            _ = try openStore(directory, [makeCollection(), makeCollection()])
        }
    }
}
