import CKernels

/// What searches rely on without looking, and what a writer of snapshots therefore never breaks: found out once, so that
/// no file of whatever origin leads a search outside its memory.
extension SnapshotContent {
    /// Parts that `fault(inPart:)` looks at, each by itself, so that threads can share them.
    var checkedPartCount: Int { segments.count + (arrangement.map { 1 + $0.layers.count } ?? 0) }

    /// The first contradiction in one of the parts; nil: there is none.
    func fault(inPart index: Int) -> SnapshotError? {
        let fault: (part: SnapshotPart, index: Int)?
        if index < segments.count {
            fault = segments[index].fault.map { ($0, index) }
        } else if index == segments.count {
            fault = arrangement?.fault
        } else {
            let layer = index - segments.count - 1
            fault = arrangement.flatMap { $0.layers[layer].fault(segments: segments) }.map { ($0, layer) }
        }
        return fault.map { .contradictory($0.part, index: $0.index) }
    }
}

extension SegmentView {
    fileprivate var fault: SnapshotPart? {
        var liveCount = 0
        for word in 0 ..< wordCount { liveCount += live[word].nonzeroBitCount }
        let lastBits = rowCount - (wordCount - 1) * 64
        let bitsPastTheEnd = lastBits == 64 ? 0 : live[wordCount - 1] >> UInt64(lastBits)
        guard liveCount == liveRowCount, bitsPastTheEnd == 0 else { return .live }
        guard codes.scales.areFinite(rowCount) else { return .scales }
        if let norms = codes.norms, !norms.areFinite(rowCount) { return .norms }
        for column in columns {
            if let fault = column.fault(rowCount: rowCount) { return fault }
        }
        return nil
    }
}

extension ColumnView {
    fileprivate func fault(rowCount: Int) -> SnapshotPart? {
        switch self {
        case .strings(let values, let dictionary):
            guard dictionary.ends.isAscending(to: UInt64(dictionary.bytes.capacity)) else { return .stringEnds }
            let count = dictionary.count
            return values.fault(rowCount: rowCount) { Int($0) < count }
        case .numbers(let values): return values.fault(rowCount: rowCount) { !$0.isAbsent }
        case .timestamps(let values): return values.fault(rowCount: rowCount) { !$0.isAbsent }
        case .booleans(let values): return values.fault(rowCount: rowCount) { $0 <= 1 }
        }
    }
}

extension ValuesView {
    fileprivate func fault(rowCount: Int, isValue: (Element) -> Bool) -> SnapshotPart? {
        if let ends {
            guard ends.isAscending(to: UInt32(values.capacity)) else { return .ends }
        } else if values.capacity != rowCount {
            return .values
        }
        let isArray = ends != nil
        for index in 0 ..< values.capacity {
            let value = unsafe values.base[index]
            // Only a row that is no array says by a value that it has none.
            guard isValue(value) || (!isArray && value.isAbsent) else { return .values }
        }
        return nil
    }
}

extension SnapshotContent.Arrangement {
    fileprivate var fault: (part: SnapshotPart, index: Int)? {
        guard centroids.scales.areFinite(listCount) else { return (.centroidScales, 0) }
        guard let norms = centroids.norms, norms.areFinite(listCount) else { return (.centroidNorms, 0) }
        guard spreads.areFinite(listCount) else { return (.spreads, 0) }
        for (index, shares) in shares.enumerated() {
            var earlier: Float = 0
            for place in 0 ..< shares.capacity {
                // Also false for NaN.
                guard shares[place] >= earlier, shares[place] <= 1 else { return (.shares, index) }
                earlier = shares[place]
            }
        }
        for (index, recalls) in recalls.enumerated() {
            for place in 0 ..< recalls.capacity {
                guard recalls[place] >= 0, recalls[place] <= 1 else { return (.recalls, index) }
            }
        }
        return nil
    }
}

extension CoarseLayer {
    fileprivate func fault(segments: [SegmentView]) -> SnapshotPart? {
        guard starts[0] == 0, starts.isAscending(to: UInt32(rowCount)) else { return .starts }
        guard factors.areFinite(rowCount) else { return .factors }
        guard errors.areFinite(rowCount) else { return .errors }
        if let biases, !biases.areFinite(rowCount) { return .biases }
        // By slot: the rows that the layer may name; 0 where it covers nothing.
        var endRows = Array(repeating: 0, count: (coverage.map(\.slot).max() ?? -1) + 1)
        for item in coverage {
            guard endRows[item.slot] == 0 else { return .manifest }
            endRows[item.slot] = item.endRow
        }
        for segment in segments {
            guard let item = coverage.first(where: { $0.slot == segment.slot && $0.serial == segment.serial }) else { continue }
            guard item.endRow <= segment.rowCount else { return .manifest }
        }
        for index in 0 ..< rowCount {
            let place = unsafe places.base[index]
            guard Int(place >> 16) < endRows.count, Int(place & 0xffff) < endRows[Int(place >> 16)] else { return .places }
        }
        return nil
    }
}

extension SharedBuffer where Element == Float {
    /// Whether the first `count` elements are neither NaN nor infinite: a sum of what is left of them when multiplied by
    /// zero is zero then, and a loop without a branch is as fast as memory.
    fileprivate func areFinite(_ count: Int) -> Bool {
        precondition(count <= capacity, "elements that there are")
        var sum: Float = 0
        for index in 0 ..< count { sum += unsafe base[index] * 0 }
        return sum == 0
    }
}

extension SharedBuffer where Element: BinaryInteger {
    /// Whether each element is at least the one before it and the last is `end`; without elements, whether that is 0.
    fileprivate func isAscending(to end: Element) -> Bool {
        var earlier: Element = 0
        for index in 0 ..< capacity {
            let element = unsafe base[index]
            guard element >= earlier else { return false }
            earlier = element
        }
        return earlier == end
    }
}
