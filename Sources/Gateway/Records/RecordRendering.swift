import RecordSchema
import RecordStore

/// Stored records as clients see them: `{"id": …, fields…, "created_at": …, "updated_at": …}`.
///
/// The stored body is copied as it is; nothing is decoded for a whole record.
enum RecordRendering {
    /// What is shown beside the record's own fields.
    struct Extras {
        /// The similarity of a search hit.
        var score: Float?
        /// The record's vector, where the request names it.
        var vector: [Float]?
    }

    static func append(_ record: StoredRecord, _ extras: Extras = Extras(), to bytes: inout [UInt8]) {
        bytes += "{\"id\":".utf8
        bytes += String(record.id).utf8
        let members = record.body.dropFirst().dropLast()
        if !members.isEmpty {
            bytes.append(UInt8(ascii: ","))
            bytes += members
        }
        bytes += ",\"created_at\":\"".utf8
        Timestamp.appendRFC3339(record.createdAt, to: &bytes)
        bytes += "\",\"updated_at\":\"".utf8
        Timestamp.appendRFC3339(record.updatedAt, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        append(extras, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    /// The record with only the named fields, beside `id` and the extras.
    static func append(
        _ record: StoredRecord, fields: [String], _ extras: Extras, to bytes: inout [UInt8]
    ) throws(ServiceFailure) {
        guard case .object(let stored) = try record.parsedBody() else {
            throw .faulty(reason: "the stored body of record \(record.id) is no object")
        }
        bytes += "{\"id\":".utf8
        bytes += String(record.id).utf8
        for field in fields {
            let value: JSON? =
                switch field {
                case "created_at": .string(Timestamp.rfc3339(record.createdAt))
                case "updated_at": .string(Timestamp.rfc3339(record.updatedAt))
                default: stored[field]
                }
            guard let value else { continue }
            bytes.append(UInt8(ascii: ","))
            JSON.string(field).serialize(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            value.serialize(into: &bytes)
        }
        append(extras, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    static func array(
        _ records: [StoredRecord], extras: (StoredRecord) -> Extras = { _ in Extras() }
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(records.reduce(2) { $0 + $1.body.count + 100 })
        bytes.append(UInt8(ascii: "["))
        for (index, record) in records.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(record, extras(record), to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    static func object(_ record: StoredRecord) -> [UInt8] {
        var bytes: [UInt8] = []
        append(record, to: &bytes)
        return bytes
    }

    private static func append(_ extras: Extras, to bytes: inout [UInt8]) {
        if let vector = extras.vector {
            bytes += ",\"vector\":[".utf8
            for (index, component) in vector.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                // The shortest text that reads back as the same float32.
                bytes += component.description.utf8
            }
            bytes.append(UInt8(ascii: "]"))
        }
        if let score = extras.score {
            bytes += ",\"score\":".utf8
            bytes += score.description.utf8
        }
    }
}
