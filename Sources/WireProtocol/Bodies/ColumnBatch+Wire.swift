internal import SwiftProtobuf
internal import RecordSchema

extension ColumnBatch {
    /// - Parameter rowCount: How many rows the page's kinds call for.
    init(_ proto: ProtoColumnBatch, rowCount: Int) throws(WireError) {
        let values: Values = switch proto.values {
        case .strings(let list): .strings(list.values)
        case .numbers(let list): .numbers(list.values)
        case .timestamps(let list): .timestamps(list.values)
        case .booleans(let list): .booleans(list.values)
        case nil: throw .missing(field: "columns.values")
        }
        if case .numbers(let numbers) = values, numbers.contains(where: \.isNaN) {
            throw .notFinite(field: "columns.values")
        }
        guard proto.counts.count == rowCount, let batch = ColumnBatch(counts: proto.counts, values: values) else {
            throw .outOfRange(field: "columns.counts")
        }
        self = batch
    }

    var proto: ProtoColumnBatch {
        var proto = ProtoColumnBatch()
        proto.counts = counts
        switch values {
        case .strings(let values): proto.strings = .with { $0.values = values }
        case .numbers(let values): proto.numbers = .with { $0.values = values }
        case .timestamps(let values): proto.timestamps = .with { $0.values = values }
        case .booleans(let values): proto.booleans = .with { $0.values = values }
        }
        return proto
    }
}
