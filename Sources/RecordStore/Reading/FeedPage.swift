import GRDB
import RecordSchema

/// A feed page while it is being read.
struct FeedPage {
    private let tables: CollectionTables
    private var ids: [Int64] = []
    private var seqs: [Int64] = []
    private var kinds: [FeedRows.Kind] = []
    private var vectors: [Float] = []
    private var columns: [FeedColumn]
    private(set) var byteCount = 0

    init(_ tables: CollectionTables) {
        self.tables = tables
        columns = tables.collection.columns.map(FeedColumn.init)
    }

    var rowCount: Int { ids.count }

    mutating func append(id: Int64, seq: Int64, from row: SQLStatement) throws {
        row.reset()
        try row.bind(id, at: 1)
        guard try row.step() else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        ids.append(id)
        seqs.append(seq)
        byteCount += 32
        let isDeleted = row.int64(0) != 0
        if isDeleted || (tables.dimension > 0 && row.isNull(1)) {
            kinds.append(.remove)
            return
        }
        if tables.dimension > 0 {
            guard row.appendFloats(1, count: tables.dimension, to: &vectors) else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            byteCount += tables.dimension * 4
        }
        kinds.append(.upsert)
        for index in columns.indices { byteCount += columns[index].append(row, 2 + index) }
    }

    func rows(headSeq: Int64, scannedToSeq: Int64) -> FeedRows {
        FeedRows(
            ids: ids, seqs: seqs, kinds: kinds, vectors: vectors, columns: columns.map(\.batch), headSeq: headSeq,
            scannedToSeq: scannedToSeq, vectorGeneration: tables.generation)
    }
}

/// One column of a page: the arrays of a `ColumnBatch`, each by itself, so that a row is appended in place.
private struct FeedColumn {
    private let column: FilterColumn
    private var counts: [UInt32] = []
    // Of these four only the one of the column's type is filled.
    private var strings: [String] = []
    private var numbers: [Double] = []
    private var timestamps: [Int64] = []
    private var booleans: [Bool] = []

    init(_ column: FilterColumn) {
        self.column = column
    }

    /// Appends a column of the statement's row; returns about how many bytes that took.
    mutating func append(_ row: SQLStatement, _ index: Int) -> Int {
        if row.isNull(index) {
            counts.append(0)
            return 4
        }
        let values = ColumnCoding.decode(row, column: index, column)
        counts.append(UInt32(values.count))
        var byteCount = 4
        for value in values {
            byteCount += 16
            switch value {
            case .string(let string):
                strings.append(string)
                byteCount += string.utf8.count
            case .number(let number): numbers.append(number)
            case .timestamp(let microseconds): timestamps.append(microseconds)
            case .boolean(let flag): booleans.append(flag)
            }
        }
        return byteCount
    }

    var batch: ColumnBatch {
        let values: ColumnBatch.Values = switch column.type {
        case .string: .strings(strings)
        case .number: .numbers(numbers)
        case .timestamp: .timestamps(timestamps)
        case .boolean: .booleans(booleans)
        }
        guard let batch = ColumnBatch(counts: counts, values: values) else {
            preconditionFailure("a column counts the values that it appends")
        }
        return batch
    }
}
