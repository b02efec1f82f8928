/// Rows under headings, laid out for a terminal.
struct TextTable: Sendable {
    struct Column: Sendable, Equatable {
        let heading: String
        var alignsRight = false
    }

    let columns: [Column]
    private var rows: [[String]] = []

    /// A column with longer values than this is never made narrower: leaving out the last column tells more than cutting
    /// all of them to stumps.
    static let columnWidthMin = 16
    private static let gap = "  "

    init(columns: [Column]) { self.columns = columns }

    /// - Parameter cells: One for each column.
    mutating func append(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells)
    }

    /// The table in lines of at most `width` columns: the widest columns are cut first, and when that is not enough the
    /// last ones are left out. A `width` of `nil` cuts nothing.
    func lines(width: Int?) -> [String] {
        let cells = ([columns.map(\.heading)] + rows).map { row in row.map { DisplayWidth.truncated($0, to: .max) } }
        let natural = columns.indices.map { index in cells.map { DisplayWidth.of($0[index]) }.max() ?? 0 }
        let widths = width.map { Self.fitted(natural, into: $0) } ?? natural
        return cells.enumerated().map { line, row in
            var text = widths.enumerated().map { index, width in
                // Headings stand where the values stand.
                Self.padded(DisplayWidth.truncated(row[index], to: width), to: width, right: columns[index].alignsRight)
            }.joined(separator: Self.gap)
            while text.last == " " { text.removeLast() }
            return text
        }
    }

    /// Widths of as many leading columns as fit.
    static func fitted(_ natural: [Int], into width: Int) -> [Int] {
        var widths = natural
        while widths.count > 1, minimum(widths) > width { widths.removeLast() }
        var excess = widths.reduce(0, +) + gap.count * (widths.count - 1) - width
        while excess > 0 {
            guard let widest = widths.indices.max(by: { (widths[$0], $0) < (widths[$1], $1) }), widths[widest] > columnWidthMin
            else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private static func minimum(_ widths: [Int]) -> Int {
        widths.reduce(0) { $0 + min($1, columnWidthMin) } + gap.count * (widths.count - 1)
    }

    private static func padded(_ text: String, to width: Int, right: Bool) -> String {
        let padding = String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
        return right ? padding + text : text + padding
    }
}
