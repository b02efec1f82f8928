import Foundation
import RecordStore

/// Writes numbered records into a store until it is killed, from eight tasks at once, and prints the number of each after the store
/// has acknowledged it. Arguments: the data directory, the first number, and `keyed` for writes under an idempotency key each.
let arguments = CommandLine.arguments
guard (3...4).contains(arguments.count), arguments.count == 3 || arguments[3] == "keyed", let first = Int(arguments[2]) else {
    FileHandle.standardError.write(Data("usage: StoreCrashWriter DIRECTORY FIRST [keyed]\n".utf8))
    exit(2)
}
let isKeyed = arguments.count == 4
let collection = StoredCollection(
    name: "crash", textFields: ["n"], vectors: VectorSettings(dimension: 16, metric: "dot"))
let store = try RecordStore(directory: arguments[1], collections: [collection])

@Sendable func write(_ record: RecordWrite, _ number: Int) async throws {
    if isKeyed {
        let key = try IdempotencyKey("key\(number)", fingerprint: Array(repeating: UInt8(number % 256), count: 32))
        _ = try await store.write(.insert(record, duplicates: .write), to: "crash", idempotency: key)
    } else {
        _ = try await store.insert(record, into: "crash")
    }
}

await withTaskGroup(of: Void.self) { group in
    for lane in 0..<8 {
        group.addTask {
            var number = first + lane
            while true {
                let record = RecordWrite(
                    body: [UInt8]("{\"n\":\"number\(number)\"}".utf8), vector: .set(Array(repeating: Float(number), count: 16)))
                guard (try? await write(record, number)) != nil else { return }
                // One write a line, and a line is shorter than a pipe's atomic size: lanes do not mix.
                FileHandle.standardOutput.write(Data("\(number)\n".utf8))
                number += 8
            }
        }
    }
}
