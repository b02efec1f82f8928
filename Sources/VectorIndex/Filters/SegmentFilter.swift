import RecordSchema

/// A compiled filter over one segment: conditions on strings have become sets of the segment's string codes.
///
/// Evaluated for a run of rows at a time, so that bitmaps stay small and rows that no search reaches cost nothing.
indirect enum SegmentFilter {
    case all([SegmentFilter])
    case any([SegmentFilter])
    case not(SegmentFilter)
    case exists(ColumnView)
    /// Bit `code` of the words is set when the string satisfies the condition.
    case strings(ValuesView<UInt32>, codeBits: [UInt64])
    case numbers(ValuesView<Double>, ValueTest<Double>)
    case timestamps(ValuesView<Int64>, ValueTest<Int64>)
    case booleans(ValuesView<UInt8>, values: UInt8)

    init(_ filter: CompiledFilter, segment: SegmentView) {
        switch filter {
        case .all(let children): self = .all(children.map { SegmentFilter($0, segment: segment) })
        case .any(let children): self = .any(children.map { SegmentFilter($0, segment: segment) })
        case .not(let child): self = .not(SegmentFilter(child, segment: segment))
        case .exists(let column): self = .exists(segment.columns[column])
        case .strings(let column, let test):
            guard case .strings(let values, let dictionary) = segment.columns[column] else { Self.trapOnType() }
            self = .strings(values, codeBits: Self.codeBits(of: test, in: dictionary))
        case .numbers(let column, let test):
            guard case .numbers(let values) = segment.columns[column] else { Self.trapOnType() }
            self = .numbers(values, test)
        case .timestamps(let column, let test):
            guard case .timestamps(let values) = segment.columns[column] else { Self.trapOnType() }
            self = .timestamps(values, test)
        case .booleans(let column, let accepted):
            guard case .booleans(let values) = segment.columns[column] else { Self.trapOnType() }
            self = .booleans(values, values: accepted)
        }
    }

    private static func trapOnType() -> Never { preconditionFailure("the filter was validated against the columns") }

    private static func codeBits(of test: StringTest, in dictionary: StringDictionaryView) -> [UInt64] {
        var bits = Array(repeating: UInt64(0), count: (dictionary.count + 63) / 64)
        for code in 0 ..< dictionary.count where unsafe dictionary.withString(code, { unsafe test.holds(for: $0) }) {
            bits[code / 64] |= 1 << UInt64(code % 64)
        }
        return bits
    }

    /// Sets bit `i` of `words` to whether row `rows.lowerBound + i` satisfies the filter.
    ///
    /// Bits past the last row mean nothing.
    /// - Parameters:
    ///   - rows: Published rows of the segment; `lowerBound` is a multiple of 64.
    ///   - words: One for each 64 rows begun.
    func evaluate(rows: Range<Int>, into words: inout [UInt64]) {
        switch self {
        case .all(let children):
            words.fill(.max)
            combine(children, rows: rows, into: &words, isDone: { $0 == 0 }, operation: { $0 & $1 })
        case .any(let children):
            words.fill(0)
            combine(children, rows: rows, into: &words, isDone: { $0 == .max }, operation: { $0 | $1 })
        case .not(let child):
            child.evaluate(rows: rows, into: &words)
            for index in words.indices { words[index] = ~words[index] }
        case .exists(let column):
            evaluateExists(column, rows: rows, into: &words)
        case .strings(let values, let codeBits):
            values.test(rows: rows, into: &words) { code in
                !code.isAbsent && codeBits[Int(code / 64)] >> UInt64(code % 64) & 1 == 1
            }
        case .numbers(let values, let test):
            Self.evaluate(test, of: values, rows: rows, into: &words)
        case .timestamps(let values, let test):
            Self.evaluate(test, of: values, rows: rows, into: &words)
        case .booleans(let values, let accepted):
            values.test(rows: rows, into: &words) { accepted >> $0 & 1 == 1 }
        }
    }

    private func combine(
        _ children: [SegmentFilter], rows: Range<Int>, into words: inout [UInt64],
        isDone: (UInt64) -> Bool, operation: (UInt64, UInt64) -> UInt64
    ) {
        var childWords = Array(repeating: UInt64(0), count: words.count)
        for child in children {
            child.evaluate(rows: rows, into: &childWords)
            for index in words.indices { words[index] = operation(words[index], childWords[index]) }
            if words.allSatisfy(isDone) { return }
        }
    }

    private func evaluateExists(_ column: ColumnView, rows: Range<Int>, into words: inout [UInt64]) {
        switch column {
        case .strings(let values, _): values.test(rows: rows, into: &words) { !$0.isAbsent }
        case .numbers(let values): values.test(rows: rows, into: &words) { !$0.isAbsent }
        case .timestamps(let values): values.test(rows: rows, into: &words) { !$0.isAbsent }
        case .booleans(let values): values.test(rows: rows, into: &words) { !$0.isAbsent }
        }
    }

    /// One loop for each comparison, so that the comparison is not chosen again for every row.
    private static func evaluate<Element: ColumnElement & Comparable>(
        _ test: ValueTest<Element>, of values: ValuesView<Element>, rows: Range<Int>, into words: inout [UInt64]
    ) {
        switch test {
        case .compare(.equal, let other):
            values.test(rows: rows, into: &words) { !$0.isAbsent && $0 == other }
        case .compare(.greaterThan, let other):
            values.test(rows: rows, into: &words) { !$0.isAbsent && $0 > other }
        case .compare(.greaterThanOrEqual, let other):
            values.test(rows: rows, into: &words) { !$0.isAbsent && $0 >= other }
        case .compare(.lessThan, let other):
            values.test(rows: rows, into: &words) { !$0.isAbsent && $0 < other }
        case .compare(.lessThanOrEqual, let other):
            values.test(rows: rows, into: &words) { !$0.isAbsent && $0 <= other }
        case .isIn(let others):
            values.test(rows: rows, into: &words) { !$0.isAbsent && others.containsSorted($0) }
        }
    }
}

extension ValuesView {
    /// Sets the bit of each row of which some value passes `test`. A row without a value has `absent` or nothing.
    @inline(__always)
    fileprivate func test(rows: Range<Int>, into words: inout [UInt64], _ test: (Element) -> Bool) {
        precondition(rows.lowerBound % 64 == 0 && rows.count <= words.count * 64, "whole words")
        guard ends == nil else { return testArrays(rows: rows, into: &words, test) }
        precondition(rows.upperBound <= values.capacity, "rows that were published")
        for wordIndex in words.indices {
            let first = rows.lowerBound + wordIndex * 64
            var word: UInt64 = 0
            for bit in 0 ..< max(0, min(64, rows.upperBound - first)) {
                word |= (unsafe test(values.base[first + bit]) ? 1 : 0) << UInt64(bit)
            }
            words[wordIndex] = word
        }
    }

    @inline(__always)
    private func testArrays(rows: Range<Int>, into words: inout [UInt64], _ test: (Element) -> Bool) {
        words.fill(0)
        for row in rows {
            for index in valueRange(ofRow: row) where test(values[index]) {
                words[(row - rows.lowerBound) / 64] |= 1 << UInt64(row % 64)
                break
            }
        }
    }
}

extension [UInt64] {
    fileprivate mutating func fill(_ word: UInt64) {
        for index in indices { self[index] = word }
    }
}

extension Array where Element: Comparable {
    /// Whether an ascending array has `element`.
    fileprivate func containsSorted(_ element: Element) -> Bool {
        var low = 0, high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low] == element
    }
}
