import HTTPTypes
import Hummingbird
import NIOCore
import RecordSchema
import RecordStore

/// A whole collection as one streamed file: `/api/v1/export/jobs.csv`, `/api/v1/export/jobs.ndjson`.
///
/// Read page by page with a cursor, so memory does not grow with the collection, writes go on meanwhile, and no record
/// that stays is skipped or seen twice. A slow reader slows the reading, nothing else.
struct ExportRoute: Sendable {
    let records: RecordService

    var routes: [Route] {
        [
            Route(
                .get, "/api/v1/export/{file}",
                Operation(
                    id: "export", tag: "records", summary: "The whole collection as one streamed file.", takesFilters: true,
                    answers: [(200, .csv, "CSV as in RFC 4180, or NDJSON")], answerHeaders: [.contentDisposition],
                    failures: [404, 503]), export)
        ]
    }

    private static let pageRecordCount = 500

    func export(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        let file = context.parameters.get("file") ?? ""
        guard let dot = file.lastIndex(of: "."), let format = Format(rawValue: String(file[file.index(after: dot)...]))
        else { throw ServiceFailure.notFound("An export is a collection's name with .csv or .ndjson") }
        let definition = try records.catalog.collection(String(file[..<dot]))
        context.scope.collection = definition.name
        var reader = ParameterReader(request.queryString)
        let filter = reader.filter(except: [], columns: definition.columns)
        try reader.check()
        // The first page is read before the answer begins: a store that fails is a 503 and no broken file.
        let first = try await page(definition.name, filter, afterID: 0)
        let body = ResponseBody { [self] writer in
            if let header = format.header(definition) { try await writer.write(ByteBuffer(bytes: header)) }
            var page = first
            while let last = page.last {
                var bytes: [UInt8] = []
                for record in page { try format.append(record, definition, to: &bytes) }
                try await writer.write(ByteBuffer(bytes: bytes))
                if page.count < Self.pageRecordCount { break }
                page = try await self.page(definition.name, filter, afterID: last.id)
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType,
                .contentDisposition: "attachment; filename=\"\(definition.name).\(format.rawValue)\"",
            ], body: body)
    }

    private func page(_ collection: String, _ filter: Filter?, afterID: Int64) async throws(ServiceFailure) -> [StoredRecord] {
        try await records.store.mapped {
            try await $0.page(collection, filter: filter, afterID: afterID, limit: Self.pageRecordCount)
        }
    }

    private enum Format: String {
        /// RFC 4180 with a header row: `id`, the fields in the order of the collection file, `created_at`, `updated_at`.
        case csv
        /// A record a line, as the API shows it.
        case ndjson

        var contentType: String {
            switch self {
            case .csv: "text/csv; charset=utf-8; header=present"
            case .ndjson: "application/x-ndjson"
            }
        }

        func header(_ definition: CollectionDefinition) -> [UInt8]? {
            guard self == .csv else { return nil }
            let names = ["id"] + definition.fields.map(\.name) + ["created_at", "updated_at"]
            return CSVRow.bytes(names.map { .string($0) })
        }

        func append(
            _ record: StoredRecord, _ definition: CollectionDefinition, to bytes: inout [UInt8]
        ) throws(ServiceFailure) {
            switch self {
            case .ndjson:
                RecordRendering.append(record, to: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            case .csv:
                let fields = try record.parsedBody().objectValue ?? [:]
                let values: [JSON] =
                    [.integer(record.id)] + definition.fields.map { fields[$0.name] ?? .null }
                    + [.string(Timestamp.rfc3339(record.createdAt)), .string(Timestamp.rfc3339(record.updatedAt))]
                bytes += CSVRow.bytes(values)
            }
        }
    }
}

/// One line of RFC 4180.
enum CSVRow {
    /// Null is an empty cell, text is itself, and everything else is its JSON; the line ends with CR LF.
    static func bytes(_ values: [JSON]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            switch value {
            case .null: break
            case .string(let text): append(Array(text.utf8), to: &bytes)
            default: append(value.serialized(), to: &bytes)
            }
        }
        bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        return bytes
    }

    private static func append(_ cell: [UInt8], to bytes: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let needsQuotes = cell.contains {
            $0 == quote || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
        guard needsQuotes else {
            bytes += cell
            return
        }
        bytes.append(quote)
        for byte in cell {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }
}
