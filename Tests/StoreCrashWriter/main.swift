import Foundation
import RecordStore

/// Writes numbered records into a store until it is killed, from eight tasks at once, and prints the number of each after the store
/// has acknowledged it. Arguments: the data directory, the first number.
let arguments = CommandLine.arguments
guard arguments.count == 3, let first = Int(arguments[2]) else {
    FileHandle.standardError.write(Data("usage: StoreCrashWriter DIRECTORY FIRST\n".utf8))
    exit(2)
}
let collection = StoredCollection(
    name: "crash", textFields: ["n"], vectors: VectorSettings(dimension: 16, metric: "dot"))
let store = try RecordStore(directory: arguments[1], collections: [collection])
await withTaskGroup(of: Void.self) { group in
    for lane in 0..<8 {
        group.addTask {
            var number = first + lane
            while true {
                let record = RecordWrite(
                    body: [UInt8]("{\"n\":\"number\(number)\"}".utf8), vector: .set(Array(repeating: Float(number), count: 16)))
                guard (try? await store.insert(record, into: "crash")) != nil else { return }
                // One write a line, and a line is shorter than a pipe's atomic size: lanes do not mix.
                FileHandle.standardOutput.write(Data("\(number)\n".utf8))
                number += 8
            }
        }
    }
}
