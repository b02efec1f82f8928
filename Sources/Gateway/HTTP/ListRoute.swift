import HTTPTypes
import Hummingbird
import RecordSchema
import RecordStore

/// The records of a collection: a stretch by limit and offset, or page by page with a cursor.
struct ListRoute: Sendable {
    let records: RecordService

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/{collection}",
                Operation(
                    id: "list", tag: "records", summary: "The records, all or those that pass a keyword and filters.",
                    parameters: Self.parameters, takesFilters: true,
                    answers: [(200, .recordsOrPage, "A list; with cursor, a page")], answerHeaders: [.totalCount, .link],
                    failures: [404, 503]), list)
        ]
    }

    static let limit = Parameter.integer("limit", 1...1_000, default: 100, "Records at most.")
    static let offset = Parameter.integer("offset", 0...Int64(Int32.max), default: 0, "Records to leave out first.")
    static let keyword = Parameter(
        name: "keyword", type: .string, summary: "Words, all of which a record must have; `word*` finds what begins so.",
        example: "data engineer")
    static let sort = Parameter(
        name: "sort", type: .string,
        summary: "`id`, `created_at`, `updated_at` or a filter field; `-` in front for descending order.",
        example: "-created_at")
    static let cursor = Parameter(
        name: "cursor", type: .string,
        summary: "Pages by cursor in place of a list: empty for the first, then `next_cursor` of the page before.")
    static let vectors = Parameter.flag("vectors", "Show the vectors that records brought.")
    static let parameters = [limit, offset, keyword, sort, cursor, vectors]

    func list(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let definition = try records.catalog.collection(context.collectionName)
        var reader = ParameterReader(request.queryString)
        let limit = reader.integer(Self.limit)
        let offset = reader.integer(Self.offset)
        let keyword = reader.text(Self.keyword)
        let sort = Self.sort(&reader, definition)
        // Records that bring their own vectors show them on request, so that what is exported can be imported again.
        let showsVectors = reader.flag(Self.vectors) && !definition.needsModel && definition.isSearchable
        let filter = reader.filter(except: Self.parameters, columns: definition.columns)
        if let cursor = reader.text(Self.cursor) {
            let afterID = Cursor.decode(cursor, &reader)
            for parameter in [Self.keyword, Self.sort, Self.offset] where reader.query[parameter.name] != nil {
                reader.refuse(parameter.name, "cannot be combined with cursor")
            }
            try reader.check()
            return try await page(
                definition.name, filter, afterID: afterID ?? 0, limit: limit, showsVectors: showsVectors)
        }
        try reader.check()
        let list = try await records.store.mapped {
            try await $0.list(
                definition.name, keyword: keyword, filter: filter, sort: sort, limit: limit, offset: offset)
        }
        var headers: HTTPFields = [.totalCount: String(list.totalCount)]
        headers[.link] = PageLinks.header(
            path: request.uri.path, query: reader.query, limit: limit, offset: offset, totalCount: list.totalCount)
        return .json(.ok, try await render(list.records, definition.name, showsVectors: showsVectors), headers: headers)
    }

    private func page(
        _ collection: String, _ filter: Filter?, afterID: Int64, limit: Int, showsVectors: Bool
    ) async throws(ServiceFailure) -> Response {
        // One more than asked for tells whether there is a next page.
        var found = try await records.store.mapped {
            try await $0.page(collection, filter: filter, afterID: afterID, limit: limit + 1)
        }
        let hasMore = found.count > limit
        if hasMore { found.removeLast(found.count - limit) }
        var body = Array("{\"items\":".utf8)
        body += try await render(found, collection, showsVectors: showsVectors)
        body += ",\"next_cursor\":".utf8
        let next = hasMore ? found.last.map { JSON.string(Cursor.encode($0.id)) } : nil
        (next ?? .null).serialize(into: &body)
        body.append(UInt8(ascii: "}"))
        return .json(.ok, body)
    }

    private func render(
        _ found: [StoredRecord], _ collection: String, showsVectors: Bool
    ) async throws(ServiceFailure) -> [UInt8] {
        guard showsVectors else { return RecordRendering.array(found) }
        var vectors: [Int64: [Float]] = [:]
        for record in found {
            vectors[record.id] = try await records.store.mapped { try await $0.vector(of: record.id, in: collection) }
        }
        return RecordRendering.array(found) { RecordRendering.Extras(vector: vectors[$0.id]) }
    }

    /// `sort=posted_at`, `sort=-salary_min`; the fields are those that may be filtered on, and `id`, `created_at`,
    /// `updated_at`.
    private static func sort(_ reader: inout ParameterReader, _ definition: CollectionDefinition) -> RecordSort? {
        guard let text = reader.text(sort) else { return nil }
        let descending = text.hasPrefix("-")
        let name = descending ? String(text.dropFirst()) : text
        switch name {
        case "id": return RecordSort(by: .id, descending: descending)
        case "created_at": return RecordSort(by: .createdAt, descending: descending)
        case "updated_at": return RecordSort(by: .updatedAt, descending: descending)
        default:
            let sortable = definition.columns.filter { !$0.isArray }.map(\.name)
            guard sortable.contains(name) else {
                let names = (["id", "created_at", "updated_at"] + sortable).joined(separator: ", ")
                reader.refuse("sort", "is one of \(names), with - in front for descending order")
                return nil
            }
            return RecordSort(by: .field(name), descending: descending)
        }
    }
}

/// Where a page begins, as an opaque text: clients send back what they were given and nothing else.
private enum Cursor {
    private static let version = "1-"

    static func encode(_ lastID: Int64) -> String { version + String(lastID, radix: 36) }

    /// An empty cursor asks for the first page.
    static func decode(_ text: String, _ reader: inout ParameterReader) -> Int64? {
        if text.isEmpty { return 0 }
        guard text.hasPrefix(version), let id = Int64(text.dropFirst(version.count), radix: 36), id >= 0 else {
            reader.refuse("cursor", "is none that this gateway gave")
            return nil
        }
        return id
    }
}

/// RFC 8288 links to the neighbouring stretches of a list.
private enum PageLinks {
    static func header(path: String, query: QueryString, limit: Int, offset: Int, totalCount: Int) -> String? {
        var links: [String] = []
        func add(_ relation: String, _ offset: Int) {
            var parameters = query.parameters.filter { $0.name != "offset" && $0.name != "limit" }
                .map { "\(escape($0.name))=\(escape($0.value))" }
            parameters += ["limit=\(limit)", "offset=\(offset)"]
            links.append("<\(path)?\(parameters.joined(separator: "&"))>; rel=\"\(relation)\"")
        }
        if offset > 0 {
            add("first", 0)
            add("prev", max(0, offset - limit))
        }
        if offset + limit < totalCount {
            add("next", offset + limit)
            add("last", (totalCount - 1) / limit * limit)
        }
        return links.isEmpty ? nil : links.joined(separator: ", ")
    }

    /// Percent-encodes all but RFC 3986's unreserved characters.
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if PathNormalization.isUnreserved(byte) {
                escaped.append(Character(UnicodeScalar(byte)))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
