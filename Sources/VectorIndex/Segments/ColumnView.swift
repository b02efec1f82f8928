import RecordSchema

/// One column of a segment as a search sees it: the values of the rows published to it.
enum ColumnView: Sendable {
    case strings(ValuesView<UInt32>, StringDictionaryView)
    case numbers(ValuesView<Double>)
    case timestamps(ValuesView<Int64>)
    case booleans(ValuesView<UInt8>)
}

/// How a column stores one value. A row without a value of a column that is no array holds `absent`.
protocol ColumnElement: BitwiseCopyable, Sendable {
    static var absent: Self { get }
    var isAbsent: Bool { get }
}

/// A string's code: its index in the segment's dictionary.
extension UInt32: ColumnElement {
    static var absent: UInt32 { .max }
    var isAbsent: Bool { self == .max }
}

/// NaN is no value of a number column, so it stands for absence, and no comparison holds for it.
extension Double: ColumnElement {
    static var absent: Double { .nan }
    var isAbsent: Bool { isNaN }
}

extension Int64: ColumnElement {
    static var absent: Int64 { .min }
    var isAbsent: Bool { self == .min }
}

/// A boolean: 0 false, 1 true, 2 absent.
extension UInt8: ColumnElement {
    static var absent: UInt8 { 2 }
    var isAbsent: Bool { self == 2 }
}

/// The values of a column's rows. Row `i` of an array column has `values[ends[i - 1] ..< ends[i]]`, the first from 0;
/// row `i` of another column has `values[i]`.
struct ValuesView<Element: ColumnElement>: Sendable {
    let values: SharedBuffer<Element>
    let ends: SharedBuffer<UInt32>?

    func valueRange(ofRow row: Int) -> Range<Int> {
        guard let ends else { return row ..< row + 1 }
        return (row == 0 ? 0 : Int(ends[row - 1])) ..< Int(ends[row])
    }
}

/// The distinct strings of a segment's column, by code: string `code` is bytes `ends[code - 1] ..< ends[code]`.
struct StringDictionaryView: Sendable {
    let bytes: SharedBuffer<UInt8>
    let ends: SharedBuffer<UInt64>
    let count: Int

    /// Calls `body` with the UTF-8 of the string `code`, valid during the call.
    func withString<Result>(_ code: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        let start = code == 0 ? 0 : Int(ends[code - 1])
        return unsafe body(UnsafeBufferPointer(start: bytes.base + start, count: Int(ends[code]) - start))
    }
}
