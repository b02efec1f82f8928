import Yams

/// A value in a YAML file with the line it stands in.
///
/// Plain scalars are read as YAML 1.2's core schema has it, so that `no` and `on` are strings and an `enum` of country
/// codes keeps Norway.
struct FileNode {
    enum Content {
        case scalar(JSON)
        case sequence([FileNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var line: Int
        var value: FileNode
    }

    var line: Int
    var content: Content

    /// Aliases are written out, and a few lines of them can stand for more than any memory holds.
    private static let nodeCountLimit = 100_000

    /// The first and only document of the file.
    static func parse(_ yaml: String, file: String) throws(CollectionFileError) -> FileNode {
        let root: Node?
        do {
            root = try compose(yaml: yaml)
        } catch let error as YamlError {
            throw CollectionFileError([problem(error, file: file)])
        } catch {
            throw CollectionFileError([.init(file: file, message: "not YAML: \(error)")])
        }
        guard let root else { throw CollectionFileError([.init(file: file, message: "the file is empty")]) }
        var nodeCount = 0
        do throws(Failure) {
            return try FileNode(root, line: 1, nodeCount: &nodeCount)
        } catch {
            throw CollectionFileError([.init(file: file, line: error.line, message: error.message)])
        }
    }

    private struct Failure: Error {
        var line: Int
        var message: String
    }

    private init(_ node: Node, line: Int, nodeCount: inout Int) throws(Failure) {
        let line = node.mark?.line ?? line
        nodeCount += 1
        guard nodeCount <= Self.nodeCountLimit else {
            throw Failure(line: line, message: "more than \(Self.nodeCountLimit) values")
        }
        self.line = line
        switch node {
        case .scalar(let scalar):
            content = .scalar(Self.value(of: scalar))
        case .sequence(let sequence):
            var elements: [FileNode] = []
            for element in sequence {
                elements.append(try FileNode(element, line: line, nodeCount: &nodeCount))
            }
            content = .sequence(elements)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let keyLine = key.mark?.line ?? line
                guard case .scalar(let scalar) = key else {
                    throw Failure(line: keyLine, message: "a key that is no string")
                }
                let value = try FileNode(value, line: keyLine, nodeCount: &nodeCount)
                entries.append(Entry(key: scalar.string, line: keyLine, value: value))
            }
            content = .mapping(entries)
        case .alias:
            throw Failure(line: line, message: "an alias without its anchor")
        }
    }

    private static func problem(_ error: YamlError, file: String) -> CollectionFileError.Problem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return .init(file: file, line: mark.line, message: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.sorted().joined(separator: ", ")
            return .init(file: file, line: context.mark.line, message: "more than once in one mapping: \(keys)")
        case .reader(let problem, _, _, _):
            return .init(file: file, message: "not YAML: \(problem)")
        default:
            return .init(file: file, message: "not YAML: \(error)")
        }
    }
}

// MARK: - Scalars

extension FileNode {
    private static func value(of scalar: Node.Scalar) -> JSON {
        let isString = scalar.tag.rawValue == Tag.Name.str.rawValue
        guard !isString, scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        return plainValue(scalar.string)
    }

    /// The value of an unquoted scalar: YAML 1.2.2 §10.3.2.
    static func plainValue(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        default: break
        }
        let bytes = Array(text.utf8)
        let digits = bytes.dropFirst(bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+") ? 1 : 0)
        if !digits.isEmpty, digits.allSatisfy(NumberText.isDigit) {
            return Int64(text).map(JSON.integer) ?? .number(Double(text) ?? .infinity)
        }
        if text.hasPrefix("0x"), let value = Int64(text.dropFirst(2), radix: 16) { return .integer(value) }
        if text.hasPrefix("0o"), let value = Int64(text.dropFirst(2), radix: 8) { return .integer(value) }
        return NumberText.decimal(bytes[...]).map(JSON.number) ?? .string(text)
    }
}

extension FileNode {
    /// The node as a JSON value.
    var json: JSON {
        switch content {
        case .scalar(let value): return value
        case .sequence(let elements): return .array(elements.map(\.json))
        case .mapping(let entries):
            var object = JSONObject()
            for entry in entries { object[entry.key] = entry.value.json }
            return .object(object)
        }
    }

    /// What the node is, for messages.
    var kind: String {
        switch content {
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .scalar(.null): "null"
        case .scalar(.boolean): "a boolean"
        case .scalar(.string(let text)): "the string \(PythonText.repr(text))"
        case .scalar(let value): "the number \(PythonText.repr(value))"
        }
    }
}
