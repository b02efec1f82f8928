import Foundation
import RecordSchema

@testable import VectorIndex

/// A folder of one test, removed with the value's last reference.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "kazi-snapshot-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: String { path + "/rows.snapshot" }
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file))) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: file)) }
}

let sampleSource = SnapshotSource(
    storeID: "store-1", collection: "rows", generation: 0xfeed_0000_0000_0001, shardIndex: 1, shardCount: 3)

/// A column of each type, one value a row and many.
let everyColumn: [FilterColumn] = FilterType.allCases.flatMap { type in
    [FilterColumn(name: type.rawValue, type: type), FilterColumn(name: "\(type.rawValue)s", type: type, isArray: true)]
}

/// Upserts with values in every one of `everyColumn`: some rows have none, arrays have up to three.
func makeVariedUpserts(_ ids: [UInt64], dimension: Int, _ generator: inout SeededGenerator) -> RowBatch {
    var batch = makeUpserts(ids.map { ($0, generator.vector(dimension)) })
    batch.columns = everyColumn.map { column in
        let counts = ids.map { _ in UInt32(generator.next() % (column.isArray ? 4 : 2)) }
        let draws = (0 ..< counts.reduce(0, +)).map { _ in generator.next() % 7 }
        let values: ColumnBatch.Values = switch column.type {
        case .string: .strings(draws.map { $0 == 0 ? "" : "größe \($0)" })
        case .number: .numbers(draws.map { Double($0) / 2 })
        case .timestamp: .timestamps(draws.map { Int64($0) * 1_000_000 })
        case .boolean: .booleans(draws.map { $0 % 2 == 1 })
        }
        return ColumnBatch(counts: counts, values: values)!
    }
    return batch
}

/// Filters that look at every one of `everyColumn`. Made each time: the leak checker does not follow a global's.
var everyFilter: [Filter] {
    everyColumn.flatMap { column -> [Filter] in
        let value: FilterValue = switch column.type {
        case .string: .string("größe 3")
        case .number: .number(1.5)
        case .timestamp: .timestamp(3_000_000)
        case .boolean: .boolean(true)
        }
        return [
            .compare(field: column.name, .equal, value), .exists(field: column.name),
            .not(.compare(field: column.name, .equal, value)),
        ]
    }
}

extension VectorIndex {
    func write(to folder: TemporaryFolder, appliedSeq: UInt64 = 7) throws {
        try writeSnapshot(to: folder.file, source: sampleSource, appliedSeq: appliedSeq)
    }

    /// What is in the folder, as an index of the same configuration.
    func reading(_ folder: TemporaryFolder, threadCount: Int = 2) throws -> VectorIndex {
        try Snapshot(path: folder.file).read(configuration, threadCount: threadCount)
    }

    /// Answers to the same questions: every row, every filter, through lists and without.
    func answers(seed: UInt64 = 99) throws -> [SearchResult] {
        var generator = SeededGenerator(seed: seed)
        let filters: [Filter?] = [nil, nil, nil] + (configuration.columns == everyColumn ? everyFilter : [])
        return try filters.flatMap { filter in
            let vector = generator.vector(configuration.dimension)
            return try [true, false].map { isExact in
                try search(
                    SearchRequest(
                        vector: vector, resultLimit: 300, filter: filter, recallTarget: 0.95, isExact: isExact))
            }
        }
    }
}

/// Recomputes all checksums of a snapshot, so that what was changed in it looks as if it had been written. nil: the
/// manifest does not say where they are any more.
func resealed(_ bytes: [UInt8]) -> [UInt8]? {
    let headerBytes = SnapshotHeader.byteCount
    guard let header = try? SnapshotHeader(bytes, fileBytes: UInt64(bytes.count)) else { return nil }
    let manifestStart = bytes.count - Int(header.manifestBytes)
    guard var manifest = SnapshotManifest(Array(bytes[manifestStart...])),
        let configuration = try? VectorIndexConfiguration(
            dimension: manifest.dimension, metric: manifest.metric, columns: manifest.columns),
        let sectionBytes = manifest.sectionBytes(configuration), sectionBytes == UInt64(manifestStart - headerBytes)
    else { return nil }
    let sections = SnapshotContent(allocating: manifest, configuration: configuration).sections(manifest)
    var offset = headerBytes
    manifest.checksums = sections.map { section in
        defer { offset += section.byteCount }
        return Checksum.best(Array(bytes[offset ..< offset + section.byteCount]))
    }
    let encoded = manifest.encoded
    let sealed = SnapshotHeader(
        fileBytes: UInt64(manifestStart + encoded.count), manifestBytes: UInt64(encoded.count),
        manifestChecksum: Checksum.best(encoded))
    return sealed.encoded + bytes[headerBytes ..< manifestStart] + encoded
}
