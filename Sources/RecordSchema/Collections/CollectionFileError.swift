/// Everything that is wrong with the collection files that were loaded.
public struct CollectionFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One thing that is wrong, printed as `jobs.yaml:12: properties.title.minLenght: unknown keyword`.
    public struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// The file's name, without its folder.
        public var file: String
        /// From 1; `nil`: the file as a whole.
        public var line: Int?
        /// Keys from the top of the file, joined by dots; empty: the file as a whole.
        public var place: String
        public var message: String

        public init(file: String, line: Int? = nil, place: String = "", message: String) {
            self.file = file
            self.line = line
            self.place = place
            self.message = message
        }

        public var description: String {
            let position = line.map { "\(file):\($0)" } ?? file
            return place.isEmpty ? "\(position): \(message)" : "\(position): \(place): \(message)"
        }
    }

    /// Never empty; by file, then by line.
    public let problems: [Problem]

    init(_ problems: [Problem]) {
        self.problems = problems.sorted { ($0.file, $0.line ?? 0) < ($1.file, $1.line ?? 0) }
    }

    /// One line for each problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
