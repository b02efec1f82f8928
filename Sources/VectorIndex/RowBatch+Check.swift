import RecordSchema

extension RowBatch {
    /// Values of one row in an array column.
    static let valueCountLimit = 65_535

    /// Finds all that could be wrong before the first row is applied.
    func check(_ configuration: VectorIndexConfiguration) throws(IndexError) {
        guard kinds.count == ids.count else {
            throw .malformedBatch(.kindCount(expectedCount: ids.count, foundCount: kinds.count))
        }
        let upsertCount = kinds.count { $0 == .upsert }
        guard columns.count == configuration.columns.count else {
            throw .malformedBatch(
                .columnCount(expectedCount: configuration.columns.count, foundCount: columns.count))
        }
        for index in columns.indices {
            try checkColumn(index, configuration.columns[index], upsertCount: upsertCount)
        }
        guard vectors.count == upsertCount * configuration.dimension else {
            throw .malformedBatch(
                .vectorFloatCount(expectedCount: upsertCount * configuration.dimension, foundCount: vectors.count))
        }
        try checkVectors(configuration)
    }

    private func checkVectors(_ configuration: VectorIndexConfiguration) throws(IndexError) {
        let dimension = configuration.dimension
        var upsertIndex = 0
        for rowIndex in kinds.indices where kinds[rowIndex] == .upsert {
            let fault = unsafe vectors.withUnsafeBufferPointer { vectors in
                let first = upsertIndex * dimension
                return unsafe RowEncoder.fault(
                    of: UnsafeBufferPointer(rebasing: vectors[first ..< first + dimension]),
                    metric: configuration.metric)
            }
            if let fault { throw .invalidVector(rowIndex: rowIndex, fault) }
            upsertIndex += 1
        }
    }

    private func checkColumn(_ index: Int, _ column: FilterColumn, upsertCount: Int) throws(IndexError) {
        let batch = columns[index]
        guard batch.type == column.type else {
            throw .malformedBatch(.columnType(columnIndex: index, expected: column.type, found: batch.type))
        }
        guard batch.rowCount == upsertCount else {
            throw .malformedBatch(
                .columnRowCount(columnIndex: index, expectedCount: upsertCount, foundCount: batch.rowCount))
        }
        let limit = column.isArray ? Self.valueCountLimit : 1
        if let upsertIndex = batch.counts.firstIndex(where: { $0 > limit }) {
            throw .malformedBatch(
                .valueCount(
                    columnIndex: index, upsertIndex: upsertIndex, foundCount: Int(batch.counts[upsertIndex]),
                    limitCount: limit))
        }
        let absentIndex: Int? = switch batch.values {
        case .numbers(let numbers): numbers.firstIndex { $0.isAbsent }
        case .timestamps(let timestamps): timestamps.firstIndex { $0.isAbsent }
        case .strings, .booleans: nil
        }
        if let absentIndex { throw .malformedBatch(.value(columnIndex: index, valueIndex: absentIndex)) }
    }
}
