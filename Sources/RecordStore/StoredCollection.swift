public import RecordSchema

/// What the store has to know of a collection: a declaration in plain values, which `open` compares with what the
/// database holds.
///
/// Filter columns, text fields and key fields may change from one start to the next: tables are altered and filled
/// from the stored bodies. A change that would make stored vectors wrong is an error while rows exist, or, for a
/// caller that makes new ones, the beginning of that: see `RecordStore.vectorState(of:)`.
public struct StoredCollection: Sendable, Hashable {
    /// 1...100 characters of `a-z 0-9 _ -`, the first a letter.
    public var name: String
    /// In the order of the collection file; every list of filter values has this order. At most 500.
    public var columns: [FilterColumn]
    /// Top-level fields of the body that full-text search covers: a string, or an array, of which the strings count.
    /// At most 100.
    public var textFields: [String]
    /// The fields that make the natural key. The store compares them only to see that they changed; the key of a
    /// record comes with the record.
    public var keyFields: [String]
    /// `nil`: the collection has no vectors.
    public var vectors: VectorSettings?
    /// Identifies the text of the declaration. When it changes, every record is read under the new one.
    public var schemaDigest: String

    public init(
        name: String, columns: [FilterColumn] = [], textFields: [String] = [], keyFields: [String] = [],
        vectors: VectorSettings? = nil, schemaDigest: String = ""
    ) {
        self.name = name
        self.columns = columns
        self.textFields = textFields
        self.keyFields = keyFields
        self.vectors = vectors
        self.schemaDigest = schemaDigest
    }
}

/// What the vectors of a collection are. All of them are of one kind; another model's never mix in.
public struct VectorSettings: Sendable, Hashable {
    /// 1...65536.
    public var dimension: Int
    /// `cosine`, `dot` or `euclidean`; the store only keeps it.
    public var metric: String
    /// The model that embeds the records' text, weights and precision included. `nil`: every record brings its own
    /// vector, which is then one of its fields when two records are compared for equality.
    public var modelDigest: String?
    /// The fields whose text is embedded, in order. The store only compares them; `nil`: not written down, and taken to
    /// be those that were embedded so far.
    public var embeddedFields: [String]?

    public init(dimension: Int, metric: String, modelDigest: String? = nil, embeddedFields: [String]? = nil) {
        self.dimension = dimension
        self.metric = metric
        self.modelDigest = modelDigest
        self.embeddedFields = embeddedFields
    }
}

/// The parts of a row that follow from its body alone.
public struct DerivedValues: Sendable, Hashable {
    /// One list for each column of the collection, in order.
    public var filterValues: [[FilterValue]]
    /// `nil`: the record has no natural key.
    public var key: String?

    public init(filterValues: [[FilterValue]], key: String? = nil) {
        self.filterValues = filterValues
        self.key = key
    }
}

/// Derives a row's values from a stored body, for each record when a declaration changed. Throws when the body does not
/// validate under the collection as it is declared now: then the declaration is refused.
public typealias RowDerivation = @Sendable (_ collection: String, _ body: [UInt8]) throws -> DerivedValues
