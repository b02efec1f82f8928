public import RecordSchema

/// What the store has to know of a collection: a declaration in plain values, which `open` compares with what the
/// database holds.
///
/// Filter columns, text fields and key fields may change from one start to the next: tables are altered and filled
/// from the stored bodies. A change that would make stored vectors wrong is an error while rows exist.
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
    /// Identifies the text of the declaration; kept for operators to read.
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

    public init(dimension: Int, metric: String, modelDigest: String? = nil) {
        self.dimension = dimension
        self.metric = metric
        self.modelDigest = modelDigest
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

/// Derives a row's values from a stored body, when a declaration gained columns or changed its key. Throws when the
/// body does not validate under the collection as it is declared now.
public typealias RowDerivation = @Sendable (_ collection: String, _ body: [UInt8]) throws -> DerivedValues
