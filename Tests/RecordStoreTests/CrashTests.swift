import Foundation
import RecordStore
import Testing

/// The program that the package builds beside the tests.
private var crashWriter: URL {
    Bundle.main.executableURL!.resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("StoreCrashWriter")
}

@Suite("Crashes") struct CrashTests {
    let directory = TemporaryDirectory()
    private let collection = StoredCollection(
        name: "crash", textFields: ["n"], vectors: VectorSettings(dimension: 16, metric: "dot"))

    @Test(.timeLimit(.minutes(10))) func `every acknowledged write survives kill -9, once`() async throws {
        var generator = SeededGenerator(seed: UInt64(ProcessInfo.processInfo.processIdentifier))
        var acknowledged: Set<Int> = []
        for round in 0..<10 {
            let enough = Int.random(in: 1...400, using: &generator)
            acknowledged.formUnion(try await writeUntilKilled(from: round * 1_000_000, enough: enough))

            let store = try RecordStore(directory: directory.path, collections: [collection])
            #expect(try await store.integrityCheck() == [])
            var stored: [Int: Int] = [:]
            var seqs: Set<Int64> = []
            var after: Int64 = 0
            while true {
                let page = try await store.page("crash", filter: nil, afterID: after, limit: 1_000)
                for record in page {
                    let text = String(decoding: record.body, as: UTF8.self)
                    let number = try #require(Int(text.filter(\.isNumber)))
                    stored[number, default: 0] += 1
                    seqs.insert(record.seq)
                }
                guard let last = page.last else { break }
                after = last.id
            }
            #expect(stored.values.allSatisfy { $0 == 1 })
            #expect(acknowledged.isSubset(of: stored.keys))
            // Nothing was ever replaced or deleted, so the seqs are all there are.
            #expect(seqs == Set((0..<stored.count).map { Int64($0 + 1) }))
            #expect(store.headSeq == Int64(stored.count))
            try await store.close()
        }
        #expect(acknowledged.count >= 10)
    }

    @Test(.timeLimit(.minutes(10))) func `what is sent again after kill -9 under its idempotency key is written once`() async throws {
        var generator = SeededGenerator(seed: UInt64(ProcessInfo.processInfo.processIdentifier))
        for round in 0..<5 {
            let first = round * 1_000_000
            let enough = Int.random(in: 1...200, using: &generator)
            let acknowledged = try await writeUntilKilled(from: first, enough: enough, keyed: true)
            let store = try RecordStore(directory: directory.path, collections: [collection])
            #expect(try await store.integrityCheck() == [])
            let headSeq = store.headSeq
            // Everything that the writer may have sent, acknowledged or not: its eight lanes are at most one ahead.
            let sent = first...((acknowledged.max() ?? first) + 16)
            var writtenCount = 0
            for number in sent {
                let answer = try await store.write(
                    .insert(crashRecord(number), duplicates: .write), to: "crash", idempotency: crashKey(number))
                #expect(answer.isReplay || !acknowledged.contains(number))
                #expect(answer.body == crashRecord(number).body)
                if !answer.isReplay { writtenCount += 1 }
            }
            #expect(store.headSeq == headSeq + Int64(writtenCount))
            let records = try await store.page("crash", filter: nil, afterID: 0, limit: 10_000)
            let numbers = records.compactMap { Int(String(decoding: $0.body, as: UTF8.self).filter(\.isNumber)) }
            #expect(numbers.filter { $0 >= first }.sorted() == Array(sent))
            try await store.close()
        }
    }

    /// What `StoreCrashWriter` writes under a number.
    private func crashRecord(_ number: Int) -> RecordWrite {
        RecordWrite(
            body: [UInt8]("{\"n\":\"number\(number)\"}".utf8), vector: .set(Array(repeating: Float(number), count: 16)))
    }

    private func crashKey(_ number: Int) throws -> IdempotencyKey {
        try IdempotencyKey("key\(number)", fingerprint: Array(repeating: UInt8(number % 256), count: 32))
    }

    /// Lets the writer write until it has acknowledged `enough` records, kills it, and returns all it acknowledged.
    private func writeUntilKilled(from first: Int, enough: Int, keyed: Bool = false) async throws -> [Int] {
        let (process, output) = try spawn(crashWriter.path, [directory.path, String(first)] + (keyed ? ["keyed"] : []))
        return await withCheckedContinuation { continuation in
            // Reading blocks, so it has a thread of its own.
            Thread.detachNewThread {
                let pipe = FileHandle(fileDescriptor: output, closeOnDealloc: true)
                var text = Data()
                var lineCount = 0
                while true {
                    let piece = pipe.availableData
                    if piece.isEmpty { break }
                    text.append(piece)
                    lineCount += piece.count { $0 == UInt8(ascii: "\n") }
                    if lineCount >= enough { kill(process, SIGKILL) }
                }
                var status: Int32 = 0
                waitpid(process, &status, 0)
                // A last line without its end is no acknowledgement that anyone could have read.
                let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                continuation.resume(returning: lines.compactMap { Int($0) })
            }
        }
    }

    /// Starts a program with its standard output in a pipe. (Foundation's `Process` leaks a little on each run, which the
    /// address sanitizer takes for a failure of the tests.)
    private func spawn(_ program: String, _ arguments: [String]) throws -> (process: pid_t, output: Int32) {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, program, &actions, nil, &words, nil)
        try #require(code == 0, "\(program): \(String(cString: strerror(code)))")
        return (process, ends[0])
    }
}
