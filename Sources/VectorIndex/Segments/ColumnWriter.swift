import RecordSchema

/// The applier's end of one column of a segment.
struct ColumnWriter {
    private enum Storage {
        case strings(ValuesWriter<UInt32>, StringDictionary)
        case numbers(ValuesWriter<Double>)
        case timestamps(ValuesWriter<Int64>)
        case booleans(ValuesWriter<UInt8>)
    }

    private var storage: Storage

    init(_ column: FilterColumn) {
        storage = switch column.type {
        case .string: .strings(ValuesWriter(isArray: column.isArray), StringDictionary())
        case .number: .numbers(ValuesWriter(isArray: column.isArray))
        case .timestamp: .timestamps(ValuesWriter(isArray: column.isArray))
        case .boolean: .booleans(ValuesWriter(isArray: column.isArray))
        }
    }

    /// Goes on with a column of a snapshot.
    init(restoring view: ColumnView, rowCount: Int, isSealed: Bool) {
        storage = switch view {
        case .strings(let values, let dictionary):
            .strings(
                ValuesWriter(restoring: values, rowCount: rowCount), StringDictionary(restoring: dictionary, isSealed: isSealed))
        case .numbers(let values): .numbers(ValuesWriter(restoring: values, rowCount: rowCount))
        case .timestamps(let values): .timestamps(ValuesWriter(restoring: values, rowCount: rowCount))
        case .booleans(let values): .booleans(ValuesWriter(restoring: values, rowCount: rowCount))
        }
    }

    var view: ColumnView {
        switch storage {
        case .strings(let values, let dictionary): .strings(values.view, dictionary.view)
        case .numbers(let values): .numbers(values.view)
        case .timestamps(let values): .timestamps(values.view)
        case .booleans(let values): .booleans(values.view)
        }
    }

    var allocatedBytes: Int {
        switch storage {
        case .strings(let values, let dictionary): values.allocatedBytes + dictionary.allocatedBytes
        case .numbers(let values): values.allocatedBytes
        case .timestamps(let values): values.allocatedBytes
        case .booleans(let values): values.allocatedBytes
        }
    }

    /// Appends rows `rows` of a checked batch of the column's type, whose values begin at `valueIndex`. Returns where
    /// the values of the row after them begin.
    mutating func append(_ batch: ColumnBatch, rows: Range<Int>, valueIndex: Int) -> Int {
        var next = valueIndex
        switch (storage, batch.values) {
        case (.strings(var values, let dictionary), .strings(let strings)):
            for row in rows {
                values.appendRow(count: Int(batch.counts[row])) { index in
                    var string = strings[next + index]
                    return string.withUTF8 { unsafe dictionary.code(of: $0) }
                }
                next += Int(batch.counts[row])
            }
            storage = .strings(values, dictionary)
        case (.numbers(var values), .numbers(let numbers)):
            next = values.appendRows(batch.counts[rows], valueIndex: next) { numbers[$0] }
            storage = .numbers(values)
        case (.timestamps(var values), .timestamps(let timestamps)):
            next = values.appendRows(batch.counts[rows], valueIndex: next) { timestamps[$0] }
            storage = .timestamps(values)
        case (.booleans(var values), .booleans(let booleans)):
            next = values.appendRows(batch.counts[rows], valueIndex: next) { booleans[$0] ? 1 : 0 }
            storage = .booleans(values)
        default:
            preconditionFailure("the batch was checked against the columns")
        }
        return next
    }

    /// Appends one row of the same column in another segment.
    mutating func append(row: Int, of other: ColumnView) {
        switch (storage, other) {
        case (.strings(var values, let dictionary), .strings(let otherValues, let otherDictionary)):
            values.appendRow(row, of: otherValues) { code in
                unsafe otherDictionary.withString(Int(code)) { unsafe dictionary.code(of: $0) }
            }
            storage = .strings(values, dictionary)
        case (.numbers(var values), .numbers(let otherValues)):
            values.appendRow(row, of: otherValues) { $0 }
            storage = .numbers(values)
        case (.timestamps(var values), .timestamps(let otherValues)):
            values.appendRow(row, of: otherValues) { $0 }
            storage = .timestamps(values)
        case (.booleans(var values), .booleans(let otherValues)):
            values.appendRow(row, of: otherValues) { $0 }
            storage = .booleans(values)
        default:
            preconditionFailure("segments of one index have the same columns")
        }
    }

    func seal() {
        if case .strings(_, let dictionary) = storage { dictionary.seal() }
    }
}

/// The applier's end of a `ValuesView`.
struct ValuesWriter<Element: ColumnElement> {
    private var values: AppendBuffer<Element>
    private var ends: AppendBuffer<UInt32>?

    init(isArray: Bool) {
        values = AppendBuffer()
        ends = isArray ? AppendBuffer() : nil
    }

    init(restoring view: ValuesView<Element>, rowCount: Int) {
        values = AppendBuffer(view.values, count: view.valueRange(ofRow: rowCount - 1).upperBound)
        ends = view.ends.map { AppendBuffer($0, count: rowCount) }
    }

    var view: ValuesView<Element> { ValuesView(values: values.storage, ends: ends?.storage) }

    var allocatedBytes: Int { values.storage.allocatedBytes + (ends?.storage.allocatedBytes ?? 0) }

    mutating func appendRow(count: Int, value: (Int) -> Element) {
        for index in 0 ..< count { values.append(value(index)) }
        if ends != nil {
            // At most 65,536 rows of at most 65,535 values.
            ends?.append(UInt32(values.count))
        } else if count == 0 {
            values.append(.absent)
        }
    }

    mutating func appendRows(_ counts: ArraySlice<UInt32>, valueIndex: Int, value: (Int) -> Element) -> Int {
        var next = valueIndex
        for count in counts {
            appendRow(count: Int(count)) { value(next + $0) }
            next += Int(count)
        }
        return next
    }

    mutating func appendRow(_ row: Int, of other: ValuesView<Element>, convert: (Element) -> Element) {
        let range = other.valueRange(ofRow: row)
        appendRow(count: range.count) { index in
            let value = other.values[range.lowerBound + index]
            return value.isAbsent ? value : convert(value)
        }
    }
}
