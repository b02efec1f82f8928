import RecordSchema

/// What has to become of a stored collection so that it is as declared; or why that cannot be.
struct CollectionPlan {
    enum Vectors: Equatable {
        /// What is stored is what is declared.
        case keep
        /// There are no records: the declared settings hold at once.
        case replace
        /// The stored vectors are not wanted any more.
        case drop
        /// The stored vectors serve until there is one of the declared kind for every record.
        case reembed
    }

    let stored: CatalogEntry
    let declared: StoredCollection
    let recordCount: Int
    private(set) var vectors: Vectors = .keep
    /// The first change that the rows there are cannot follow.
    private(set) var refusal: CollectionChange?

    /// - Parameter reembeds: Whether the caller will make new vectors; otherwise a change that needs them is refused.
    init(from stored: CatalogEntry, to declared: StoredCollection, recordCount: Int, reembeds: Bool) {
        self.stored = stored
        self.declared = declared
        self.recordCount = recordCount
        let serving = stored.collection.vectors
        if recordCount == 0 {
            vectors = Self.areEqual(serving, declared.vectors) ? .keep : .replace
            return
        }
        if let change = changedColumn {
            refusal = change
        } else if !Self.areEqual(serving, declared.vectors) {
            // A record's own vector is one of its fields, which no model can make, nor may one replace it.
            let isOurs = [serving, declared.vectors].allSatisfy { $0 == nil || $0?.modelDigest != nil }
            if reembeds, isOurs {
                vectors = declared.vectors == nil ? .drop : .reembed
            } else {
                refusal = Self.change(from: serving, to: declared.vectors)
            }
        }
    }

    /// Whether two declarations give one record the same vector. Embedded fields that nobody wrote down are taken to
    /// be the same.
    static func areEqual(_ left: VectorSettings?, _ right: VectorSettings?) -> Bool {
        guard var left, var right else { return left == right }
        if left.embeddedFields == nil || right.embeddedFields == nil {
            left.embeddedFields = nil
            right.embeddedFields = nil
        }
        return left == right
    }

    private var changedColumn: CollectionChange? {
        for column in declared.columns {
            guard let old = stored.collection.columns.first(where: { $0.name == column.name }) else { continue }
            if old.typeName != column.typeName {
                return .columnType(field: column.name, stored: old.typeName, declared: column.typeName)
            }
        }
        return nil
    }

    private static func change(from stored: VectorSettings?, to declared: VectorSettings?) -> CollectionChange {
        guard let stored, let declared, stored.dimension == declared.dimension else {
            return .dimension(stored: stored?.dimension, declared: declared?.dimension)
        }
        if stored.modelDigest != declared.modelDigest {
            return .model(stored: stored.modelDigest, declared: declared.modelDigest)
        }
        if stored.metric != declared.metric { return .metric(stored: stored.metric, declared: declared.metric) }
        return .embeddedFields(stored: stored.embeddedFields ?? [], declared: declared.embeddedFields ?? [])
    }

    // MARK: What is to be done

    var keyChanged: Bool { stored.collection.keyFields != declared.keyFields }
    var textChanged: Bool { stored.collection.textFields != declared.textFields }

    /// Indices of declared columns that the table does not have as they are to be.
    ///
    /// A column's SQL name depends on the others' where two fields differ only in characters that SQL names leave out;
    /// one whose name changed is dropped and added like any other.
    var addedColumns: [Int] {
        let before = Set(Self.identities(of: stored.collection))
        let identities = Self.identities(of: declared)
        return identities.indices.filter { !before.contains(identities[$0]) }
    }

    /// Indices of stored columns that are not declared as they are.
    var droppedColumns: [Int] {
        let after = Set(Self.identities(of: declared))
        let identities = Self.identities(of: stored.collection)
        return identities.indices.filter { !after.contains(identities[$0]) }
    }

    private static func identities(of collection: StoredCollection) -> [[String]] {
        zip(collection.columns, CollectionTables.columnNames(for: collection.columns))
            .map { [$0.name, $1, $0.typeName] }
    }

    /// Whether the rows have to be read for it.
    var readsRecords: Bool {
        recordCount > 0 && (!addedColumns.isEmpty || keyChanged || stored.collection.schemaDigest != declared.schemaDigest)
    }

    /// Whether it can only be done with the values that follow from the bodies.
    var needsDerivation: Bool { recordCount > 0 && (!addedColumns.isEmpty || keyChanged) }

    var adjustments: [CollectionAdjustment] {
        var adjustments = addedColumns.map { CollectionAdjustment.columnAdded(declared.columns[$0].name) }
        adjustments += droppedColumns.map { .columnDropped(stored.collection.columns[$0].name) }
        if textChanged { adjustments.append(.textIndexed) }
        if keyChanged { adjustments.append(.keysDerived) }
        switch vectors {
        case .keep, .replace: break
        case .drop: adjustments.append(.vectorsDropped)
        case .reembed: adjustments.append(.vectorsMadeAnew)
        }
        return adjustments
    }
}

extension FilterColumn {
    /// As an error names it.
    var typeName: FilterTypeName { isArray ? "array of \(type.rawValue)" : type.rawValue }
}
