import Foundation
@testable import RecordStore
import Synchronization
import Testing

@Suite("Backup and restore") struct BackupTests {
    let directory = TemporaryDirectory()
    let elsewhere = TemporaryDirectory()
    private var file: String { elsewhere.path + "/kazi.backup" }

    init() throws { try FileManager.default.createDirectory(atPath: elsewhere.path, withIntermediateDirectories: true) }

    private var filesElsewhere: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).sorted() }
    }

    /// A closed store with 300 records, and a backup of it.
    private func fillAndBackUp() async throws -> BackupSummary {
        let store = try openStore(directory)
        _ = try await store.write(
            (0..<300).map { .insert(makeRecord(title: "title \($0)", company: "c\($0)"), duplicates: .write) },
            to: "jobs", atomically: true)
        let summary = try await store.backup(to: file)
        try await store.close()
        return summary
    }

    @Test(.timeLimit(.minutes(10))) func `a backup made while writes go on is the store at one moment`() async throws {
        let store = try openStore(directory)
        let record = makeRecord(title: "first")
        let key = try makeKey("k")
        let answer = try await store.write(.insert(record, duplicates: .write), to: "jobs", idempotency: key)
        let user = try await store.accounts.addUser(name: "admin", passwordHash: "x", roles: [])
        let mayStop = Flag()
        let steps = Mutex<[BackupProgress]>([])
        let summary = try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    while !mayStop.isSet { _ = try await store.insert(makeRecord(title: "lane\(lane)"), into: "jobs") }
                }
            }
            defer { mayStop.set() }
            while store.headSeq < 200 { await Task.yield() }
            let summary = try await store.backup(to: file) { step in steps.withLock { $0.append(step) } }
            // Writes were answered after the backup's moment, and go on.
            while store.headSeq <= summary.headSeq { await Task.yield() }
            mayStop.set()
            try await group.waitForAll()
            return summary
        }
        #expect(summary.storeID == store.storeID)
        #expect(summary.headSeq >= 200)
        #expect(summary.recordCounts == ["jobs": Int(summary.headSeq)])
        #expect(summary.byteCount == (try #require(StoreDirectory.fileBytes(file))))
        let last = try #require(steps.withLock { $0.last })
        #expect(last == BackupProgress(step: .verifying, copiedPageCount: summary.pageCount, pageCount: summary.pageCount))
        #expect(try RecordStore.verifyBackup(at: file) == summary)
        #expect(try filesElsewhere == ["kazi.backup"])
        let permissions = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(permissions == 0o600)

        let other = TemporaryDirectory()
        let result = try RecordStore.restore(from: file, into: other.path)
        #expect(result.backup == summary && result.previousDatabase == nil && result.storeID != store.storeID)
        let restored = try openStore(other)
        #expect(restored.storeID == result.storeID)
        #expect(restored.headSeq == summary.headSeq)
        let records = try await restored.page("jobs", filter: nil, afterID: 0, limit: 10_000)
        #expect(records.map(\.seq).sorted() == Array(1...summary.headSeq))
        #expect(try await records == store.records(records.map(\.id), in: "jobs"))
        #expect(try await restored.vector(of: answer.result.id, in: "jobs") == [1, 0, 0, 0])
        #expect(try await restored.integrityCheck() == [])
        #expect(try await restored.write(.insert(record, duplicates: .write), to: "jobs", idempotency: key).isReplay)
        #expect(try await restored.accounts.user(named: "admin") == user)
        // Equal records are still found by their digests.
        #expect(try await restored.insert(record, into: "jobs", duplicates: .skip).kind == .duplicate)
        #expect(try await restored.insert(makeRecord(title: "new"), into: "jobs").seq == summary.headSeq + 1)
    }

    @Test func `a file that is there is replaced only when told`() async throws {
        let store = try openStore(directory)
        try "mine".write(toFile: file, atomically: true, encoding: .utf8)
        await #expect(throws: BackupError.fileExists(path: file)) { _ = try await store.backup(to: file) }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
        let summary = try await store.backup(to: file, replacing: true)
        #expect(try RecordStore.verifyBackup(at: file) == summary)
        #expect(try filesElsewhere == ["kazi.backup"])
        do {
            _ = try await store.backup(to: elsewhere.path + "/no/such/folder")
            Issue.record("written")
        } catch BackupError.store(.unwritable) {}
    }

    @Test(.timeLimit(.minutes(10))) func `a backup that is cancelled leaves nothing, and another may follow`() async throws {
        let store = try openStore(directory)
        let started = Flag()
        let isCancelled = Flag()
        let task = Task {
            try await store.backup(to: file) { _ in
                started.set()
                while !isCancelled.isSet { usleep(1_000) }
            }
        }
        while !started.isSet { await Task.yield() }
        await #expect(throws: BackupError.alreadyRunning) { _ = try await store.backup(to: file) }
        task.cancel()
        isCancelled.set()
        switch await task.result {
        case .success: Issue.record("not cancelled")
        case .failure(let error): #expect(error as? BackupError == .store(.cancelled))
        }
        #expect(try filesElsewhere == [])
        _ = try await store.backup(to: file)
        try await store.close()
        await #expect(throws: BackupError.self) { _ = try await store.backup(to: file, replacing: true) }
    }

    @Test func `what is damaged, foreign or cut short is no backup, and restores nothing`() async throws {
        let summary = try await fillAndBackUp()
        let whole = try Data(contentsOf: URL(fileURLWithPath: file))
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        func refused(_ what: String, _ edit: () throws -> Void) throws {
            try whole.write(to: URL(fileURLWithPath: file))
            try edit()
            #expect(throws: BackupError.self, "\(what)") { try RecordStore.verifyBackup(at: file) }
            #expect(throws: BackupError.self, "\(what)") { try RecordStore.restore(from: file, into: directory.path) }
        }
        try refused("cut short") { try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: file)) }
        try refused("a page of zeros") {
            var bytes = whole
            bytes.replaceSubrange(8 * 4096..<9 * 4096, with: Data(count: 4096))
            try bytes.write(to: URL(fileURLWithPath: file))
        }
        try refused("text") { try "hello".write(toFile: file, atomically: false, encoding: .utf8) }
        try refused("empty") { try Data().write(to: URL(fileURLWithPath: file)) }
        try refused("foreign") { try execute("PRAGMA application_id = 7", on: file) }
        try refused("of a newer release") { try execute("INSERT INTO grdb_migrations VALUES ('99: x')", on: file) }
        try refused("a lost record") { try execute("DELETE FROM \"jobs:records\" WHERE id = 7", on: file) }
        try refused("a lost counter") { try execute("UPDATE counters SET value = 5 WHERE name = 'head_seq'", on: file) }
        try refused("absent") { try FileManager.default.removeItem(atPath: file) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
        try whole.write(to: URL(fileURLWithPath: file))
        #expect(try RecordStore.verifyBackup(at: file) == summary)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.allSatisfy { !$0.contains("restor") })
    }

    @Test func `a store that is open is not restored into`() async throws {
        let summary = try await fillAndBackUp()
        let store = try openStore(directory)
        #expect(throws: BackupError.store(.inUse(path: directory.path))) {
            try RecordStore.restore(from: file, into: directory.path)
        }
        #expect(store.headSeq == summary.headSeq)
        _ = try await store.insert(makeRecord(title: "after"), into: "jobs")
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `the database that was there is kept aside, its unfinished log with it`() async throws {
        let summary = try await fillAndBackUp()
        var store: RecordStore? = try openStore(directory)
        _ = try await store?.insert(makeRecord(title: "after the backup"), into: "jobs")
        // As a crash leaves it: the write is in the log alone.
        let crashed = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: directory.path, toPath: crashed.path)
        try await store?.close()
        store = nil
        #expect((StoreDirectory.fileBytes(crashed.database + "-wal") ?? 0) > 0)

        let result = try RecordStore.restore(from: file, into: crashed.path)
        #expect(result.previousDatabase == crashed.database + ".before-restore-1")
        let restored = try openStore(crashed)
        #expect(restored.headSeq == summary.headSeq)
        #expect(try await restored.integrityCheck() == [])
        try await restored.close()
        #expect(try RecordStore.verifyBackup(at: #require(result.previousDatabase)).headSeq == summary.headSeq + 1)

        // A second time, over a database that cannot be read any more.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: crashed.database))
        try file.truncate(atOffset: 100)
        try file.close()
        let second = try RecordStore.restore(from: self.file, into: crashed.path)
        #expect(second.previousDatabase == crashed.database + ".before-restore-2")
        #expect(second.storeID != result.storeID)
        let third = try RecordStore.restore(from: self.file, into: crashed.path, keepsPrevious: false)
        #expect(third.previousDatabase == nil)
        #expect(StoreDirectory.fileBytes(crashed.database + ".before-restore-3") == nil)
        #expect(try await openStore(crashed).count("jobs", filter: nil) == 300)
    }

    @Test func `a backup of the first release is restored and brought up to date`() async throws {
        try execute(firstSchemaSQL, on: file)
        #expect(try RecordStore.verifyBackup(at: file).recordCounts == ["jobs": 2])
        _ = try RecordStore.restore(from: file, into: directory.path)
        let collection = makeCollection(
            columns: [], textFields: [], vectors: VectorSettings(dimension: 2, metric: "cosine", modelDigest: "mini"))
        let store = try openStore(directory, [collection])
        #expect(store.storeID != "d80c6d8b-3b2a-4e17-a6ae-cdfb282a1146")
        #expect(store.headSeq == 4)
        #expect(try await store.vector(of: 1, in: "jobs") == [1, 0])
    }
}
