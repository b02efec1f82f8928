/// Rows of delimited text, with quotes as RFC 4180 has them, or without quotes.
///
/// Lenient where Python's `csv` module is: a quote inside an unquoted value is part of it, and text after a closing
/// quote is appended. Rows end with LF, CR LF or CR. Strict in one place: a quote must be closed before the input ends.
struct DelimitedParser: Sendable {
    struct Row: Sendable, Equatable {
        /// The line in which the row begins.
        let lineNumber: Int
        let cells: [[UInt8]]
    }

    private enum State { case rowStart, cellStart, unquoted, quoted, quoteInQuoted }

    private let delimiter: UInt8
    private let hasQuotes: Bool
    private var state = State.rowStart
    private var cell: [UInt8] = []
    private var cells: [[UInt8]] = []
    private var rowBytes = 0
    private var lineNumber = 1
    private var rowLineNumber = 1
    private var quoteLineNumber = 1
    private var previousWasCarriageReturn = false

    init(delimiter: UInt8 = UInt8(ascii: ","), hasQuotes: Bool = true) {
        self.delimiter = delimiter
        self.hasQuotes = hasQuotes
    }

    mutating func consume(_ chunk: ArraySlice<UInt8>, into rows: inout [Row]) throws(ImportFileError) {
        for byte in chunk {
            let isSecondOfPair = previousWasCarriageReturn && byte == UInt8(ascii: "\n")
            previousWasCarriageReturn = byte == UInt8(ascii: "\r")
            if isSecondOfPair && state != .quoted { continue }
            step(byte, into: &rows)
            if (byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")) && !isSecondOfPair { lineNumber += 1 }
            if rowBytes > RecordLimits.recordBytesMax {
                throw state == .quoted ? .unterminatedQuote(lineNumber: quoteLineNumber) : .recordTooLong(lineNumber: rowLineNumber)
            }
        }
    }

    mutating func finish(into rows: inout [Row]) throws(ImportFileError) {
        if state == .quoted { throw .unterminatedQuote(lineNumber: quoteLineNumber) }
        if state != .rowStart { endRow(into: &rows) }
    }

    private mutating func step(_ byte: UInt8, into rows: inout [Row]) {
        let isLineEnd = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        switch state {
        case .quoted:
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { keep(byte) }
        case .quoteInQuoted where byte == UInt8(ascii: "\""):
            keep(byte)
            state = .quoted
        case .rowStart where isLineEnd:
            break
        case .rowStart, .cellStart:
            if state == .rowStart { rowLineNumber = lineNumber }
            if hasQuotes && byte == UInt8(ascii: "\"") {
                quoteLineNumber = lineNumber
                state = .quoted
            } else {
                endOrKeep(byte, isLineEnd: isLineEnd, into: &rows)
            }
        case .unquoted, .quoteInQuoted:
            endOrKeep(byte, isLineEnd: isLineEnd, into: &rows)
        }
    }

    private mutating func endOrKeep(_ byte: UInt8, isLineEnd: Bool, into rows: inout [Row]) {
        if isLineEnd {
            endRow(into: &rows)
        } else if byte == delimiter {
            endCell()
            state = .cellStart
        } else {
            keep(byte)
            state = .unquoted
        }
    }

    private mutating func keep(_ byte: UInt8) {
        cell.append(byte)
        rowBytes += 1
    }

    private mutating func endCell() {
        cells.append(cell)
        cell.removeAll(keepingCapacity: true)
        rowBytes += 1
    }

    private mutating func endRow(into rows: inout [Row]) {
        endCell()
        rows.append(Row(lineNumber: rowLineNumber, cells: cells))
        cells.removeAll(keepingCapacity: true)
        rowBytes = 0
        state = .rowStart
    }
}
