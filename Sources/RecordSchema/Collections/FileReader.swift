/// Reads the parts of a collection file and collects everything that is wrong on the way.
struct FileReader {
    let file: String
    private(set) var problems: [CollectionFileError.Problem] = []

    init(file: String) {
        self.file = file
    }

    mutating func report(_ line: Int, _ place: String, _ message: String) {
        problems.append(.init(file: file, line: line, place: place, message: message))
    }

    // MARK: - Values of a type, or a problem

    mutating func string(_ node: FileNode, _ place: String) -> String? {
        if case .scalar(.string(let text)) = node.content { return text }
        report(node.line, place, "must be a string, not \(node.kind)")
        return nil
    }

    mutating func boolean(_ node: FileNode, _ place: String) -> Bool? {
        if case .scalar(.boolean(let value)) = node.content { return value }
        report(node.line, place, "must be true or false, not \(node.kind)")
        return nil
    }

    /// A finite number.
    mutating func number(_ node: FileNode, _ place: String) -> Double? {
        if case .scalar(let value) = node.content, let number = value.doubleValue, number.isFinite { return number }
        report(node.line, place, "must be a number, not \(node.kind)")
        return nil
    }

    mutating func integer(_ node: FileNode, _ place: String) -> Int64? {
        if case .scalar(let value) = node.content {
            if case .integer(let integer) = value { return integer }
            if case .number(let number) = value, let integer = Int64(exactly: number) { return integer }
        }
        report(node.line, place, "must be an integer, not \(node.kind)")
        return nil
    }

    /// 0 or more.
    mutating func count(_ node: FileNode, _ place: String) -> Int? {
        guard let integer = integer(node, place) else { return nil }
        if integer < 0 { report(node.line, place, "must not be negative") }
        // A larger limit is none: no body is that long.
        return Int(min(max(0, integer), Int64(Int32.max)))
    }

    mutating func elements(_ node: FileNode, _ place: String) -> [FileNode]? {
        if case .sequence(let elements) = node.content { return elements }
        report(node.line, place, "must be a list, not \(node.kind)")
        return nil
    }

    mutating func entries(_ node: FileNode, _ place: String) -> [FileNode.Entry]? {
        if case .mapping(let entries) = node.content { return entries }
        report(node.line, place, "must be a mapping, not \(node.kind)")
        return nil
    }

    /// Different strings, each with its line.
    mutating func names(_ node: FileNode, _ place: String) -> [(name: String, line: Int)] {
        var names: [(name: String, line: Int)] = []
        for element in elements(node, place) ?? [] {
            guard let name = string(element, place) else { continue }
            if names.contains(where: { $0.name == name }) {
                report(element.line, place, "\(name) is there twice")
            } else {
                names.append((name, element.line))
            }
        }
        return names
    }

    // MARK: - Keywords

    /// Reports a keyword that is none of `known`, with the nearest of them.
    mutating func reportUnknown(_ entry: FileNode.Entry, in place: String, known: [String], noun: String) {
        let suggestion = known.min { Self.distance($0, entry.key) < Self.distance($1, entry.key) }
        var message = "unknown \(noun)"
        if let suggestion, Self.distance(suggestion, entry.key) <= max(1, entry.key.count / 3) {
            message += "; did you mean \(suggestion)?"
        }
        report(entry.line, Self.join(place, entry.key), message)
    }

    static func join(_ place: String, _ key: String) -> String {
        place.isEmpty ? key : "\(place).\(key)"
    }

    /// How many letters to insert, delete, replace or swap with their neighbour to make one word of the other.
    static func distance(_ first: String, _ second: String) -> Int {
        let first = Array(first.lowercased().unicodeScalars.prefix(64))
        let second = Array(second.lowercased().unicodeScalars.prefix(64))
        var rows = [Array(0...second.count)]
        for row in 0..<first.count {
            var costs = [row + 1]
            for column in 0..<second.count {
                let replacement = rows[row][column] + (first[row] == second[column] ? 0 : 1)
                var cost = min(replacement, rows[row][column + 1] + 1, costs[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    cost = min(cost, rows[row - 1][column - 1] + 1)
                }
                costs.append(cost)
            }
            rows.append(costs)
        }
        return rows[first.count][second.count]
    }
}
