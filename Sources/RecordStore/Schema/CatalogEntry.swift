import Foundation
import GRDB
import RecordSchema

/// A collection as the database has it.
struct CatalogEntry: Sendable, Hashable {
    /// As declared when the store was last opened; its `vectors` are those that serve.
    var collection: StoredCollection
    /// What the vectors in the making are; `nil`: none are.
    var target: VectorSettings?
    /// Grows when another set of vectors begins to serve.
    var generation = 0

    init(_ collection: StoredCollection) {
        self.collection = collection
    }
}

extension CollectionCatalog {
    static func addColumns(_ db: Database) throws {
        try db.run("ALTER TABLE collections ADD COLUMN embedded_fields TEXT")
        try db.run("ALTER TABLE collections ADD COLUMN vector_generation INTEGER NOT NULL DEFAULT 0")
        // A JSON object, see `CatalogVectors`.
        try db.run("ALTER TABLE collections ADD COLUMN target TEXT")
    }

    /// Every collection that the database holds, declared now or not.
    func storedCollections() throws -> [CatalogEntry] {
        try db.texts("SELECT name FROM collections ORDER BY name").compactMap(load)
    }

    func load(_ name: String) throws -> CatalogEntry? {
        // A backup of an older release is read before it is migrated.
        let isOld = try db.integer(
            "SELECT count(*) FROM pragma_table_info('collections') WHERE name = 'vector_generation'") == 0
        let newer = isOld ? "NULL, 0, NULL" : "embedded_fields, vector_generation, target"
        let sql = """
            SELECT columns, text_fields, key_fields, dimension, metric, model_digest, schema_digest, \(newer) \
            FROM collections WHERE name = ?
            """
        return try db.using(sql, cached: false) { statement in
            try statement.bind(text: [UInt8](name.utf8), at: 1)
            guard try statement.step() else { return nil }
            let decoder = JSONDecoder()
            let columns = try decoder.decode([CatalogColumn].self, from: Data(statement.bytes(0)))
            var vectors: VectorSettings?
            if !statement.isNull(3) {
                vectors = VectorSettings(
                    dimension: Int(statement.int64(3)), metric: statement.text(4),
                    modelDigest: statement.isNull(5) ? nil : statement.text(5),
                    embeddedFields: statement.isNull(7) ? nil : try statement.strings(7))
            }
            var entry = CatalogEntry(
                StoredCollection(
                    name: name, columns: try columns.map { try $0.column }, textFields: try statement.strings(1),
                    keyFields: try statement.strings(2), vectors: vectors, schemaDigest: statement.text(6)))
            entry.generation = Int(statement.int64(8))
            if !statement.isNull(9) {
                entry.target = try decoder.decode(CatalogVectors.self, from: Data(statement.bytes(9))).settings
            }
            return entry
        }
    }

    func save(_ entry: CatalogEntry) throws {
        let collection = entry.collection
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func json(_ value: (some Encodable)?) throws -> SQLValue {
            try value.map { .text([UInt8](try encoder.encode($0))) } ?? .null
        }
        func text(_ string: String?) -> SQLValue { string.map { .text([UInt8]($0.utf8)) } ?? .null }
        let sql = """
            INSERT OR REPLACE INTO collections (name, columns, text_fields, key_fields, dimension, metric, model_digest, \
            schema_digest, embedded_fields, vector_generation, target) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        try db.run(sql, [
            text(collection.name), try json(collection.columns.map(CatalogColumn.init)),
            try json(collection.textFields), try json(collection.keyFields),
            collection.vectors.map { .integer(Int64($0.dimension)) } ?? .null, text(collection.vectors?.metric),
            text(collection.vectors?.modelDigest), text(collection.schemaDigest),
            try json(collection.vectors?.embeddedFields), .integer(Int64(entry.generation)),
            try json(entry.target.map(CatalogVectors.init)),
        ])
    }
}

/// A filter column as the catalog writes it down.
private struct CatalogColumn: Codable {
    var name: String
    var type: String
    var isArray: Bool

    init(_ column: FilterColumn) {
        name = column.name
        type = column.type.rawValue
        isArray = column.isArray
    }

    var column: FilterColumn {
        get throws {
            guard let type = FilterType(rawValue: type) else {
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no column type \(type)"))
            }
            return FilterColumn(name: name, type: type, isArray: isArray)
        }
    }
}

/// Vector settings as the catalog writes them down.
private struct CatalogVectors: Codable {
    var dimension: Int
    var metric: String
    var modelDigest: String?
    var embeddedFields: [String]?

    init(_ settings: VectorSettings) {
        dimension = settings.dimension
        metric = settings.metric
        modelDigest = settings.modelDigest
        embeddedFields = settings.embeddedFields
    }

    var settings: VectorSettings {
        VectorSettings(
            dimension: dimension, metric: metric, modelDigest: modelDigest, embeddedFields: embeddedFields)
    }
}
