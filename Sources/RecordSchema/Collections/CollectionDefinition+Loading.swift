import Foundation

extension CollectionDefinition {
    /// Reads one collection file; the collection has the file's name.
    ///
    /// Throws everything that is wrong with the file at once.
    public static func load(path: String) throws(CollectionFileError) -> CollectionDefinition {
        let file = URL(fileURLWithPath: path)
        let fileName = file.lastPathComponent
        let source: String
        do {
            let data = try Data(contentsOf: file)
            guard data.count <= sizeLimitBytes else {
                throw CollectionFileError([.init(file: fileName, message: "is larger than \(sizeLimitBytes) bytes")])
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                throw CollectionFileError([.init(file: fileName, message: "is not UTF-8")])
            }
            source = text
        } catch let error as CollectionFileError {
            throw error
        } catch {
            throw CollectionFileError([
                .init(file: fileName, message: "cannot be read: \(error.localizedDescription)")
            ])
        }
        return try CollectionDefinition(source: source, fileName: fileName)
    }

    /// Reads every `*.yaml` and `*.yml` of a folder, in the order of their names.
    ///
    /// Throws everything that is wrong with all files at once, and when there is none.
    public static func loadAll(directory: String) throws(CollectionFileError) -> [CollectionDefinition] {
        let folder = URL(fileURLWithPath: directory).lastPathComponent
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CollectionFileError([
                .init(file: folder, message: "cannot be read: \(error.localizedDescription)")
            ])
        }
        let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        guard !files.isEmpty else {
            throw CollectionFileError([.init(file: folder, message: "has no collection file (*.yaml)")])
        }
        var definitions: [CollectionDefinition] = []
        var problems: [CollectionFileError.Problem] = []
        for file in files {
            do throws(CollectionFileError) {
                let definition = try load(path: "\(directory)/\(file)")
                if definitions.contains(where: { $0.name == definition.name }) {
                    problems.append(.init(file: file, message: "another file declares this collection too"))
                }
                definitions.append(definition)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw CollectionFileError(problems) }
        return definitions
    }

    /// A collection's file is read into memory whole.
    private static let sizeLimitBytes = 1 << 20

    /// Reads the text of a collection file.
    ///
    /// - Parameter fileName: Without the folder; what is before the last dot names the collection.
    public init(source: String, fileName: String) throws(CollectionFileError) {
        let root = try FileNode.parse(source, file: fileName)
        var reader = FileReader(file: fileName)
        let name = reader.collectionName(fileName)
        let definition = reader.definition(root, name: name, source: source)
        guard let definition, reader.problems.isEmpty else { throw CollectionFileError(reader.problems) }
        self = definition
    }
}

extension FileReader {
    /// Paths beside `/api/v1/{collection}` that a collection of the name would hide.
    private static let reservedNames = ["search", "export", "stats", "profile", "collections"]
    /// What the system itself puts into a record or a hit.
    private static let reservedFields = ["id", "created_at", "updated_at", "score", "vector"]
    private static let fieldCountLimit = 500
    private static let topKeywords = [
        "$schema", "$id", "$comment", "title", "description", "type", "required", "properties", "additionalProperties",
        "examples", "deprecated", "x-kazi",
    ]

    fileprivate mutating func collectionName(_ fileName: String) -> String {
        let name = String(fileName.prefix(upTo: fileName.lastIndex(of: ".") ?? fileName.endIndex))
        if !Self.isName(name, isLowercase: true) {
            report(1, "", "the file's name must be a collection's: a to z, then a to z, 0 to 9 or _, at most 63 in all")
        } else if Self.reservedNames.contains(name) {
            report(1, "", "a collection cannot be called \(name): that is a path of the API")
        }
        return name
    }

    /// A letter, then letters, digits and underscores, at most 63.
    private static func isName(_ name: String, isLowercase: Bool) -> Bool {
        guard (1...63).contains(name.utf8.count) else { return false }
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): continue
            case UInt8(ascii: "A")...UInt8(ascii: "Z") where !isLowercase: continue
            case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0: continue
            case UInt8(ascii: "_") where index > 0 || !isLowercase: continue
            default: return false
            }
        }
        return true
    }

    fileprivate mutating func definition(_ root: FileNode, name: String, source: String) -> CollectionDefinition? {
        guard let entries = entries(root, "") else { return nil }
        for entry in entries where !Self.topKeywords.contains(entry.key) {
            reportUnknown(entry, in: "", known: Self.topKeywords, noun: "keyword")
        }
        let keywords = Dictionary(entries.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        checkTop(keywords)
        guard keywords["properties"] != nil else {
            report(root.line, "", "properties is missing")
            return nil
        }
        let problemCount = problems.count
        guard let type = objectType(keywords, "", depth: 0) else { return nil }
        checkFields(keywords["properties"])
        // With a property missing from the list, all that names it would be reported as well.
        let isComplete = problems.count == problemCount
        let extensions = self.extensions(keywords["x-kazi"], fields: isComplete ? type.fields : nil)
        return CollectionDefinition(
            name: name, title: keywords["title"]?.json.stringValue,
            description: keywords["description"]?.json.stringValue, type: type, extensions: extensions,
            schema: root.json.objectValue ?? [:], source: source)
    }

    private mutating func checkTop(_ keywords: [String: FileNode]) {
        for keyword in ["$id", "$comment", "title", "description"] {
            if let node = keywords[keyword] { _ = string(node, keyword) }
        }
        if let node = keywords["examples"] { _ = elements(node, "examples") }
        if let node = keywords["deprecated"] { _ = boolean(node, "deprecated") }
        if let node = keywords["$schema"], let schema = string(node, "$schema"),
            schema != "https://json-schema.org/draft/2020-12/schema"
        {
            report(node.line, "$schema", "must be https://json-schema.org/draft/2020-12/schema")
        }
        if let node = keywords["type"], node.json != "object" { report(node.line, "type", "must be object") }
    }

    private mutating func checkFields(_ properties: FileNode?) {
        guard let properties, case .mapping(let entries) = properties.content else { return }
        if entries.isEmpty || entries.count > Self.fieldCountLimit {
            report(properties.line, "properties", "1 to \(Self.fieldCountLimit) fields are supported")
        }
        for entry in entries {
            let place = Self.join("properties", entry.key)
            if Self.reservedFields.contains(entry.key) {
                report(entry.line, place, "\(entry.key) is a name that the system uses itself")
            } else if !Self.isName(entry.key, isLowercase: false) {
                report(
                    entry.line, place,
                    "a field's name is a letter or _, then letters, digits and _, at most 63 in all")
            }
        }
    }
}
