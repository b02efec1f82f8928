import Foundation
import RecordSchema
import RecordStore
import Synchronization
import Testing

/// A data directory that goes with the test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("kazi-store-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var database: String { path + "/kazi.sqlite" }
}

/// One column of each type, and one array of each type that a JSON array may hold.
let jobColumns = [
    FilterColumn(name: "company", type: .string),
    FilterColumn(name: "salary_min", type: .number),
    FilterColumn(name: "posted_at", type: .timestamp),
    FilterColumn(name: "remote", type: .boolean),
    FilterColumn(name: "tags", type: .string, isArray: true),
    FilterColumn(name: "grades", type: .number, isArray: true),
]

func makeCollection(
    _ name: String = "jobs", columns: [FilterColumn] = jobColumns, textFields: [String] = ["title", "notes"],
    keyFields: [String] = ["url"],
    vectors: VectorSettings? = VectorSettings(dimension: 4, metric: "cosine", modelDigest: "mini")
) -> StoredCollection {
    StoredCollection(
        name: name, columns: columns, textFields: textFields, keyFields: keyFields, vectors: vectors,
        schemaDigest: "s1")
}

/// A record whose body is canonical JSON, as the gateway would write it.
func makeRecord(
    title: String, company: String? = nil, notes: [String] = [], values: [[FilterValue]]? = nil, key: String? = nil,
    vector: VectorWrite = .set([1, 0, 0, 0])
) -> RecordWrite {
    var body = "{\"company\":\(company.map(quoted) ?? "null"),\"notes\":[\(notes.map(quoted).joined(separator: ","))]"
    body += ",\"title\":\(quoted(title)),\"url\":\(key.map(quoted) ?? "null")}"
    let filterValues = values ?? [company.map { [.string($0)] } ?? [], [], [], [], [], []]
    return RecordWrite(body: [UInt8](body.utf8), filterValues: filterValues, key: key, vector: vector)
}

func quoted(_ string: String) -> String {
    var json = "\""
    for scalar in string.unicodeScalars {
        switch scalar {
        case "\"": json += "\\\""
        case "\\": json += "\\\\"
        case _ where scalar.value < 0x20:
            let hex = String(scalar.value, radix: 16)
            json += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: json.unicodeScalars.append(scalar)
        }
    }
    return json + "\""
}

func openStore(
    _ directory: TemporaryDirectory, _ collections: [StoredCollection] = [makeCollection()],
    limits: StoreLimits = StoreLimits(), derive: RowDerivation? = nil, onCommit: RecordStore.CommitObserver? = nil
) throws -> RecordStore {
    try RecordStore(
        directory: directory.path, collections: collections, limits: limits, derive: derive, onCommit: onCommit)
}

/// What one task tells another.
final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

extension StoredRecord {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

func expectError(
    _ expected: StoreError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
    await #expect(throws: expected, sourceLocation: sourceLocation) { try await body() }
}
