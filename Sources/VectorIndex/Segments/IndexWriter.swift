import RecordSchema

/// All that only the applier touches: the segments to write to, and where each id's row is.
///
/// A row's place is `slot << 16 | row`: segments have at most 65,536 rows and, with the limits of the configuration,
/// there are fewer than 65,535 of them.
final class IndexWriter {
    private let configuration: VectorIndexConfiguration
    private var encoder: RowEncoder
    /// By slot; an empty slot is taken again.
    private var segments: [SegmentWriter?] = []
    private var tail: SegmentWriter?
    private var nextSerial: UInt64 = 0
    private var map = RowMap()
    /// Put here when it is done, so that every publication carries the newest.
    var arrangement: Arrangement?
    private let filterCache = FilterCache()
    /// The segment whose live rows are being moved to the tail, and the first row not looked at.
    private var evacuation: (segment: SegmentWriter, nextRow: Int)?

    init(_ configuration: VectorIndexConfiguration) {
        self.configuration = configuration
        encoder = RowEncoder(configuration)
    }

    /// Takes over the segments of a snapshot and what it had of an arrangement. Called once, before anything is applied.
    ///
    /// The segment opened last is the tail again if it has room: it may have been sealed, which does no harm.
    /// - Parameter restored: Checked, in the order of their slots.
    func restore(_ restored: [SegmentView], arrangement: Arrangement?) throws(SnapshotError) {
        precondition(segments.isEmpty && nextSerial == 0, "an index that nothing was applied to")
        let lastSerial = restored.map(\.serial).max()
        for view in restored {
            let isTail = view.serial == lastSerial && view.rowCount < configuration.segmentRowLimit
            let segment = SegmentWriter(restoring: view, isTail: isTail, configuration: configuration)
            while segments.count <= view.slot { segments.append(nil) }
            segments[view.slot] = segment
            if isTail { tail = segment }
        }
        map = RowMap(rowCount: restored.reduce(0) { $0 + $1.liveRowCount })
        for (index, view) in restored.enumerated() {
            for row in 0 ..< view.rowCount where view.isLive(row) {
                let place = UInt32(view.slot) << 16 | UInt32(row)
                let earlier = map.put(view.ids[row], at: place, idAt: { self.id(at: $0) })
                guard earlier == nil else { throw .contradictory(.ids, index: index) }
            }
        }
        self.arrangement = arrangement
        let covered = arrangement?.layers.flatMap { $0.coverage.map(\.serial) } ?? []
        nextSerial = max(lastSerial ?? 0, covered.max() ?? 0) + 1
    }

    // MARK: Rows

    /// Applies a checked batch: see `RowBatch.check`.
    ///
    /// - Parameter addsRows: Whether rows of ids that are not there are taken.
    /// - Returns: How many were not.
    func apply(_ batch: borrowing RowBatch, addsRows: Bool = true) -> Int {
        let dimension = configuration.dimension
        var upsertIndex = 0
        // Upserts whose columns the tail still lacks: columns are appended a run at a time.
        var firstPendingUpsert = 0
        var leftOutCount = 0
        var valueIndices = Array(repeating: 0, count: configuration.columns.count)
        let ids = batch.ids, kinds = batch.kinds, columns = batch.columns
        unsafe batch.vectors.withUnsafeBufferPointer { vectors in
            for index in ids.indices {
                switch kinds[index] {
                case .delete:
                    if let place = remove(ids[index]) { kill(place) }
                case .upsert where !addsRows && !holds(ids[index]):
                    tail?.appendColumns(columns, rows: firstPendingUpsert ..< upsertIndex, valueIndices: &valueIndices)
                    for column in columns.indices { valueIndices[column] += Int(columns[column].counts[upsertIndex]) }
                    upsertIndex += 1
                    firstPendingUpsert = upsertIndex
                    leftOutCount += 1
                case .upsert:
                    if needsNewTail {
                        tail?.appendColumns(columns, rows: firstPendingUpsert ..< upsertIndex, valueIndices: &valueIndices)
                        firstPendingUpsert = upsertIndex
                    }
                    let segment = openTail()
                    let first = upsertIndex * dimension
                    let vector = unsafe UnsafeBufferPointer(rebasing: vectors[first ..< first + dimension])
                    let row = unsafe segment.append(id: ids[index], vector: vector, encoder: &encoder)
                    if let earlier = put(ids[index], segment: segment, row: row) { kill(earlier) }
                    upsertIndex += 1
                }
            }
        }
        tail?.appendColumns(columns, rows: firstPendingUpsert ..< upsertIndex, valueIndices: &valueIndices)
        return leftOutCount
    }

    private func holds(_ id: UInt64) -> Bool { map.place(of: id, idAt: { self.id(at: $0) }) != nil }

    /// Live rows if a checked batch were applied, counting an id that is new twice in the batch twice.
    func liveRowCountAtMost(after batch: borrowing RowBatch) -> Int {
        let ids = batch.ids, kinds = batch.kinds
        let upsertCount = kinds.count { $0 == .upsert }
        guard map.count + upsertCount > configuration.rowLimit else { return map.count + upsertCount }
        let newCount = ids.indices.count { index in
            kinds[index] == .upsert && map.place(of: ids[index], idAt: { id(at: $0) }) == nil
        }
        return map.count + newCount
    }

    private func id(at place: UInt32) -> UInt64 {
        guard let segment = segments[Int(place >> 16)] else { preconditionFailure("the map names a segment that went") }
        return segment.id(ofRow: Int(place & 0xffff))
    }

    private func put(_ id: UInt64, segment: SegmentWriter, row: Int) -> UInt32? {
        map.put(id, at: UInt32(segment.slot) << 16 | UInt32(row), idAt: { self.id(at: $0) })
    }

    private func remove(_ id: UInt64) -> UInt32? { map.remove(id, idAt: { self.id(at: $0) }) }

    private func kill(_ place: UInt32) { segments[Int(place >> 16)]?.kill(Int(place & 0xffff)) }

    // MARK: Segments

    /// Whether the next row goes to a segment yet to be opened.
    ///
    /// A tail that would have to grow while a quarter of it is dead is sealed instead: its live rows move on, and the
    /// index of a small collection that is rewritten again and again stays small.
    private var needsNewTail: Bool {
        guard let tail else { return true }
        return tail.isFull || (tail.isAtCapacity && isWasteful(tail))
    }

    private func isWasteful(_ segment: SegmentWriter) -> Bool { segment.deadRowCount * 4 >= segment.rowCount }

    private func openTail() -> SegmentWriter {
        if let tail, !needsNewTail { return tail }
        tail?.seal()
        let slot = segments.firstIndex { $0 == nil } ?? segments.count
        precondition(slot < 0xffff, "the configuration's row limit keeps the number of segments below 65,535")
        let segment = SegmentWriter(slot: slot, serial: nextSerial, configuration: configuration)
        nextSerial += 1
        if slot == segments.count { segments.append(segment) } else { segments[slot] = segment }
        tail = segment
        return segment
    }

    /// Moves live rows out of segments that have many dead ones, `rowBudget` rows at most, and lets empty segments go.
    ///
    /// Returns whether more is to do. A row is moved like a replacement: a new place in the tail, the old bit cleared,
    /// both in the same publication, so no search misses it or finds it twice.
    func compact(rowBudget: Int) -> Bool {
        if let tail, tail.rowCount >= 1_024 || tail.liveRowCount == 0, tail.deadRowCount * 2 >= tail.rowCount {
            tail.seal()
            self.tail = nil
        }
        var remaining = rowBudget
        while true {
            guard let next = evacuation ?? nextToEvacuate() else { break }
            let segment = next.segment
            var row = next.nextRow
            while row < segment.rowCount, segment.liveRowCount > 0, remaining > 0 {
                if segment.isLive(row) {
                    let target = openTail()
                    let targetRow = target.append(row: row, of: segment)
                    _ = put(segment.id(ofRow: row), segment: target, row: targetRow)
                    segment.kill(row)
                    remaining -= 1
                }
                row += 1
            }
            guard segment.liveRowCount == 0 else {
                evacuation = (segment, row)
                break
            }
            evacuation = nil
            segments[segment.slot] = nil
        }
        dropEmptySegments()
        return evacuation != nil
    }

    private func nextToEvacuate() -> (segment: SegmentWriter, nextRow: Int)? {
        let candidates = segments.lazy.compactMap { $0 }.filter { $0.isSealed && self.isWasteful($0) }
        return candidates.max { $0.deadRowCount < $1.deadRowCount }.map { ($0, 0) }
    }

    private func dropEmptySegments() {
        for slot in segments.indices {
            guard let segment = segments[slot], segment.isSealed, segment.liveRowCount == 0 else { continue }
            if evacuation?.segment === segment { evacuation = nil }
            segments[slot] = nil
        }
        while let last = segments.last, last == nil { segments.removeLast() }
    }

    // MARK: Publication

    func publish() -> IndexView {
        var statistics = IndexStatistics()
        statistics.idBytes = map.allocatedBytes
        var views: [SegmentView] = []
        for case let segment? in segments {
            statistics.segmentCount += 1
            statistics.liveRowCount += segment.liveRowCount
            statistics.deadRowCount += segment.deadRowCount
            statistics.codeBytes += segment.codeBytes
            statistics.columnBytes += segment.columnBytes
            statistics.idBytes += segment.idBytes
            if segment.liveRowCount > 0 { views.append(segment.publish()) }
        }
        statistics.arrangementBytes = arrangement?.allocatedBytes ?? 0
        let view = IndexView(
            segments: views, statistics: statistics, arrangement: arrangement, filterCache: filterCache)
        return view
    }
}
