import Foundation

/// Progress on standard error: one line that is drawn over and over on a terminal, a line now and then elsewhere.
struct ProgressLine {
    private let isTerminal: Bool
    private var lastShown: Duration?
    private var isDrawn = false

    /// How often the line changes.
    var interval: Duration { isTerminal ? .milliseconds(200) : .seconds(5) }

    init(isTerminal: Bool = Terminal.standardErrorIsTerminal) { self.isTerminal = isTerminal }

    /// Shows the meter's state, unless the last was shown less than `interval` ago.
    mutating func show(_ meter: ProgressMeter, at time: Duration) {
        if let lastShown, time - lastShown < interval { return }
        // Without a terminal a short run says nothing on its way.
        if !isTerminal, lastShown == nil, time < interval { return }
        lastShown = time
        if isTerminal {
            Terminal.writeError("\r\u{1B}[K" + Self.text(meter, width: Terminal.width(of: STDERR_FILENO) ?? 80))
            isDrawn = true
        } else {
            Terminal.writeError(Self.text(meter, width: nil) + "\n")
        }
    }

    /// Wipes the line, before something else is written.
    mutating func clear() {
        guard isDrawn else { return }
        Terminal.writeError("\r\u{1B}[K")
        isDrawn = false
    }

    /// - Parameter width: The terminal's columns, all but the last of which are used; `nil` for a line without a bar.
    static func text(_ meter: ProgressMeter, width: Int?) -> String {
        var parts: [String] = []
        if let fraction = meter.fraction { parts.append("\(Int(fraction * 100)) %") }
        parts.append("\(grouped(meter.itemCount)) records")
        parts.append("\(grouped(Int(meter.rate.rounded())))/s")
        if let remaining = meter.remaining { parts.append("\(remaining.formatted(.clock)) left") }
        let text = parts.joined(separator: "  ")
        guard let width, let fraction = meter.fraction else { return String(text.prefix(max(0, (width ?? .max) - 1))) }
        let barWidth = min(40, width - 1 - text.count - 4)
        guard barWidth >= 5 else { return String(text.prefix(max(0, width - 1))) }
        let filled = Int((Double(barWidth) * min(1, max(0, fraction))).rounded(.down))
        return "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: barWidth - filled) + "]  " + text
    }

    /// `1234567` as `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }
}
