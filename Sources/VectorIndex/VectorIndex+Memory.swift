extension VectorIndex {
    /// An upper estimate of the memory that the index needs once it has applied so many rows more that are new to it, in
    /// bytes: what it has, the rows, a tail that grows ahead of them, and the lists beside those that will replace them
    /// while these are made. Array columns with many values a row, and new strings, come on top.
    ///
    /// - Parameter upsertCount: At least 0.
    public func projectedBytes(adding upsertCount: Int) -> Int {
        let statistics = statistics
        let rowCount = statistics.liveRowCount + upsertCount
        let tailGrowthRowCount = min(max(64, rowCount), configuration.segmentRowLimit / 4)
        let rowBytes = configuration.bytesPerRow
        // The id map is copied when it grows, and the codes of the tail.
        let copiedBytes = rowCount * RowMap.bytesPerRow
        let ownBytes = statistics.totalBytes - statistics.arrangementBytes
        return ownBytes + (upsertCount + tailGrowthRowCount) * rowBytes + copiedBytes
            + configuration.arrangingBytes(rowCount: rowCount)
    }
}

extension VectorIndexConfiguration {
    /// `bytesPerRow` and what a row takes in a list. The lists themselves, three times the square root of the rows, take
    /// little more than a vector of int8 each.
    public var arrangedBytesPerRow: Int { bytesPerRow + coarseBytesPerRow }

    private var coarseBytesPerRow: Int {
        CoarseLayer.bytesPerRow(
            byteCount: Rotation.codeDimension(dimension) / 8, hasBiases: metric == .euclidean)
    }

    /// Memory for the lists of so many rows, and at the same time for making others.
    func arrangingBytes(rowCount: Int) -> Int {
        guard rowCount >= ArrangeJob.rowCountMinimum else { return 0 }
        let listCount = Partitioning.listCount(forRowCount: rowCount)
        let centroidBytes = listCount * (rowStride + 3 * MemoryLayout<Float>.size)
        let listsBytes = centroidBytes + rowCount * coarseBytesPerRow
        let trainingBytes = PartitioningTrainer.workingBytes(listCount: listCount, rowStride: rowStride)
        // Sorting and calibrating note the list of each row.
        let sortingBytes = rowCount * (coarseBytesPerRow + 2 * MemoryLayout<Int32>.size)
        return listsBytes + centroidBytes + max(trainingBytes, sortingBytes)
    }
}
