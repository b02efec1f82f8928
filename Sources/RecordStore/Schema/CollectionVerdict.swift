/// What opening a store with a declaration would do to a collection.
public struct CollectionVerdict: Sendable, Hashable {
    public var name: String
    /// The live records that are stored.
    public var recordCount: Int
    /// Whether nothing of this name is stored yet.
    public var isNew: Bool
    /// What opening would do beside checking the records; in no case does it rewrite a record's fields.
    public var adjustments: [CollectionAdjustment]
    /// Why opening would refuse; `nil`: it would not.
    public var refusal: CollectionChange?

    public init(
        name: String, recordCount: Int, isNew: Bool, adjustments: [CollectionAdjustment],
        refusal: CollectionChange? = nil
    ) {
        self.name = name
        self.recordCount = recordCount
        self.isNew = isNew
        self.adjustments = adjustments
        self.refusal = refusal
    }
}

/// One thing that is done to a stored collection so that it is as declared.
public enum CollectionAdjustment: Sendable, Hashable {
    /// A filter field is new: its values are taken from the records.
    case columnAdded(String)
    case columnDropped(String)
    /// The full-text index covers other fields: it is made anew.
    case textIndexed
    /// The natural key is another: it is taken from the records.
    case keysDerived
    /// What or how records are embedded is another: see `RecordStore.vectorState(of:)`.
    case vectorsMadeAnew
    /// Records are not embedded any more.
    case vectorsDropped
}
