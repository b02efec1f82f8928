/// A collection as its file declares it: what a record is, what is embedded, what may be filtered on.
///
/// Immutable, and made only from a file whose every part was checked, so that validation has no case for a field that
/// does not exist or a rule that cannot be evaluated.
public struct CollectionDefinition: Sendable {
    /// `[a-z][a-z0-9_]{0,62}`, from the file's name.
    public let name: String
    public let title: String?
    public let description: String?
    /// The fields, in the order of the file, and whether a body with others is refused; otherwise those are dropped.
    public let type: ObjectType
    /// Fields whose text loses the white space at both ends once it has passed the other checks.
    public let trimmedFields: [String]
    public let embeddingSource: EmbeddingSource
    /// The filterable fields, in the order of `x-kazi: filter`.
    public let columns: [FilterColumn]
    /// The fields of the natural key; empty: there is none.
    public let keyFields: [String]
    public let rules: [Rule]
    /// The declaration as JSON, all of it in the file's order: what an OpenAPI document shows.
    public let schema: JSONObject
    /// The text of the file: what a digest of the declaration is made of.
    public let source: String

    /// The fields in the order of the file.
    public var fields: [Field] { type.fields }

    init(
        name: String, title: String?, description: String?, type: ObjectType, extensions: CollectionExtensions,
        schema: JSONObject, source: String
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.type = type
        self.trimmedFields = extensions.trimmedFields
        self.embeddingSource = extensions.embeddingSource
        self.columns = extensions.columns
        self.keyFields = extensions.keyFields
        self.rules = extensions.rules
        self.schema = schema
        self.source = source
    }
}
