import RecordSchema
import RecordStore

/// The collections this gateway serves. Fixed at start.
struct Catalog: Sendable {
    let collections: [String: CollectionDefinition]
    /// The collection of `/api/v1/search`; `nil`: none can be searched.
    let defaultName: String?

    /// - Parameter chosenDefault: The operator's choice, which must be a searchable collection.
    init(_ definitions: [CollectionDefinition], chosenDefault: String?) throws {
        collections = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, $0) })
        let searchable = definitions.filter(\.isSearchable).map(\.name)
        if let chosenDefault {
            guard searchable.contains(chosenDefault) else {
                throw CatalogError.defaultNotSearchable(chosenDefault, searchable: searchable)
            }
            defaultName = chosenDefault
        } else {
            defaultName = searchable.contains("jobs") ? "jobs" : searchable.sorted().first
        }
    }

    /// The collection's declaration; a name that is none is a 404.
    func collection(_ name: String) throws(ServiceFailure) -> CollectionDefinition {
        guard let definition = collections[name] else { throw .notFound("There is no collection '\(name)'") }
        return definition
    }

    /// In the order of their names.
    var searchable: [CollectionDefinition] {
        collections.values.filter(\.isSearchable).sorted { $0.name < $1.name }
    }
}

extension FieldType {
    /// Whether its values are text that a person would search for words in.
    var holdsText: Bool {
        switch self {
        case .string: true
        case .array(let element, _), .nullable(let element): element.holdsText
        case .choice(let choice): choice.values.contains { $0.stringValue != nil }
        case .any, .integer, .number, .boolean, .dateTime, .date, .object, .dictionary: false
        }
    }
}

enum CatalogError: Error {
    case defaultNotSearchable(String, searchable: [String])
}

extension CollectionDefinition {
    /// Whether records have vectors.
    var isSearchable: Bool { embeddingSource != .none }

    /// Whether its texts are embedded here.
    var needsModel: Bool {
        if case .text = embeddingSource { true } else { false }
    }

    /// What the store has to know of it. `model` is that of the gateway, which every embedded collection needs.
    func stored(model: (dimension: Int, digest: String)?) -> StoredCollection {
        let vectors: VectorSettings? =
            switch embeddingSource {
            case .text:
                model.map {
                    VectorSettings(
                        dimension: $0.dimension, metric: "cosine", modelDigest: $0.digest, embeddedFields: embeddedFields)
                }
            case .vector(let dimension, let metric): VectorSettings(dimension: dimension, metric: metric)
            case .none: nil
            }
        return StoredCollection(
            name: name, columns: columns, textFields: textFields, keyFields: keyFields, vectors: vectors,
            schemaDigest: Digest.sha256(source))
    }

    private var embeddedFields: [String]? {
        if case .text(let fields) = embeddingSource { fields } else { nil }
    }

    /// What a keyword is looked for in: every field that can hold text of its own.
    private var textFields: [String] { fields.filter { $0.type.holdsText }.map(\.name) }
}
