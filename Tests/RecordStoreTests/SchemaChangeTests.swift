import Foundation
import RecordSchema
import RecordStore
import Testing

/// Takes the values of `columns` out of a body in which fields have their column's own type.
private func derivation(_ columns: [FilterColumn], key: String? = nil) -> RowDerivation {
    { _, body in
        let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:]
        let values = columns.map { column -> [FilterValue] in
            switch object[column.name] {
            case let string as String: [.string(string)]
            case let list as [String]: list.map { .string($0) }
            default: []
            }
        }
        return DerivedValues(filterValues: values, key: key.flatMap { object[$0] as? String })
    }
}

@Suite("Changed declarations") struct SchemaChangeTests {
    let directory = TemporaryDirectory()
    private let company = FilterColumn(name: "company", type: .string)

    private func fill(_ collection: StoredCollection, count: Int = 600) async throws {
        let store = try openStore(directory, [collection])
        let operations: [WriteOperation] = (0..<count).map { index in
            let record = makeRecord(
                title: "title\(index)", company: "c\(index % 7)", notes: ["note\(index)"],
                values: collection.columns.map { $0.name == "company" ? [.string("c\(index % 7)")] : [] })
            return .insert(record, duplicates: .write)
        }
        _ = try await store.write(operations, to: collection.name, atomically: true)
        _ = try await store.delete(1, from: collection.name)
        try await store.close()
    }

    @Test func `a new filter field is filled from the bodies, and indexes hear of it`() async throws {
        try await fill(makeCollection(columns: [], keyFields: []))
        let columns = [company, FilterColumn(name: "notes", type: .string, isArray: true)]
        let store = try openStore(directory, [makeCollection(columns: columns, keyFields: [])], derive: derivation(columns))
        #expect(try await store.count("jobs", filter: .compare(field: "company", .equal, .string("c3"))) == 86)
        #expect(try await store.count("jobs", filter: .compare(field: "notes", .equal, .string("note5"))) == 1)
        #expect(store.headSeq == 601 + 599)
        let page = try await store.feed("jobs", shardIndex: 0, shardCount: 1, afterSeq: 601, limit: 1_000)
        #expect(page.rowCount == 599)
        #expect(page.columns[0].valueCount == 599)
        #expect(try await store.integrityCheck() == [])
        try await store.close()
        // The second time nothing is left to do.
        let again = try openStore(directory, [makeCollection(columns: columns, keyFields: [])])
        #expect(again.headSeq == 1_200)
    }

    @Test func `a filter field that is gone takes its column along, and may come back`() async throws {
        try await fill(makeCollection(columns: [company], keyFields: []))
        var store = try openStore(directory, [makeCollection(columns: [], keyFields: [])])
        await expectError(.invalidFilter(.unknownField("company"))) {
            _ = try await store.count("jobs", filter: .exists(field: "company"))
        }
        try await store.close()
        store = try openStore(directory, [makeCollection(columns: [company], keyFields: [])], derive: derivation([company]))
        #expect(try await store.count("jobs", filter: .exists(field: "company")) == 599)
    }

    @Test func `other text fields make another text index`() async throws {
        try await fill(makeCollection(columns: [company], textFields: ["title"], keyFields: []))
        let store = try openStore(directory, [makeCollection(columns: [company], textFields: ["notes", "company"], keyFields: [])])
        for (keyword, count) in [("title5", 0), ("note5", 1), ("c3", 86)] {
            let hits = try await store.keywordSearch("jobs", keyword: keyword, filter: nil, limit: 1_000, offset: 0)
            #expect(hits.count == count)
        }
        _ = try await store.delete(6, from: "jobs")
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `a new natural key is filled from the bodies, unless two records share it`() async throws {
        try await fill(makeCollection(columns: [company], keyFields: []))
        #expect(throws: StoreError.incompatibleCollection(name: "jobs", .duplicateKey(firstID: 2, secondID: 9))) {
            _ = try openStore(
                directory, [makeCollection(columns: [company], keyFields: ["company"])],
                derive: derivation([company], key: "company"))
        }
        let store = try openStore(
            directory, [makeCollection(columns: [company], keyFields: ["title"])], derive: derivation([company], key: "title"))
        let record = makeRecord(title: "title5", values: [[]], key: "title5")
        #expect(try await store.insert(record, into: "jobs").kind == .updated)
    }

    @Test func `what stored rows cannot follow is refused by name`() async throws {
        let stored = makeCollection(columns: [company], keyFields: [])
        try await fill(stored)
        // What is embedded was not written down by the first declaration, and is by the second.
        var known = stored
        known.vectors?.embeddedFields = ["title"]
        try await openStore(directory, [known]).close()
        func refused(_ change: CollectionChange, derive: RowDerivation? = nil, _ edit: (inout StoredCollection) -> Void) {
            var declared = stored
            edit(&declared)
            #expect(throws: StoreError.incompatibleCollection(name: "jobs", change)) {
                _ = try openStore(directory, [declared], derive: derive)
            }
        }
        refused(.columnType(field: "company", stored: "string", declared: "array of string")) { $0.columns[0].isArray = true }
        refused(.columnType(field: "company", stored: "string", declared: "number")) { $0.columns[0].type = .number }
        refused(.dimension(stored: 4, declared: 5)) { $0.vectors?.dimension = 5 }
        refused(.dimension(stored: 4, declared: nil)) { $0.vectors = nil }
        refused(.model(stored: "mini", declared: "maxi")) { $0.vectors?.modelDigest = "maxi" }
        refused(.model(stored: "mini", declared: nil)) { $0.vectors?.modelDigest = nil }
        refused(.metric(stored: "cosine", declared: "dot")) { $0.vectors?.metric = "dot" }
        struct Invalid: Error {}
        refused(.recordsDoNotValidate(count: 599, firstIDs: Array(2...11)), derive: { _, _ in throw Invalid() }) {
            $0.columns.append(FilterColumn(name: "new", type: .number))
        }
        refused(.embeddedFields(stored: ["title"], declared: ["title", "company"])) {
            $0.vectors?.embeddedFields = ["title", "company"]
        }
        // Each refusal changed nothing.
        let store = try openStore(directory, [stored])
        #expect(store.headSeq == 601)
        #expect(try await store.integrityCheck() == [])
        for id in try await store.page("jobs", filter: nil, afterID: 0, limit: 1_000).map(\.id) {
            _ = try await store.delete(id, from: "jobs")
        }
        try await store.close()
        // Without rows everything may change.
        let other = makeCollection(
            columns: [FilterColumn(name: "company", type: .number)], vectors: VectorSettings(dimension: 2, metric: "dot"))
        let changed = try openStore(directory, [other])
        _ = try await changed.insert(makeRecord(title: "a", values: [[.number(1)]], vector: .set([1, 2])), into: "jobs")
        #expect(try await changed.count("jobs", filter: .compare(field: "company", .equal, .number(1))) == 1)
    }

    /// Refuses the bodies that contain one of the words.
    private func refusing(_ words: [String]) -> RowDerivation {
        struct Invalid: Error {}
        let inner = derivation([company])
        return { collection, body in
            let text = String(decoding: body, as: UTF8.self)
            if words.contains(where: text.contains) { throw Invalid() }
            return try inner(collection, body)
        }
    }

    @Test func `a declaration that stored records break is refused with their count and first ids`() async throws {
        let stored = makeCollection(columns: [company], keyFields: [])
        try await fill(stored)
        var declared = stored
        declared.schemaDigest = "s2"
        // Record i has the company c(i - 1) mod 7, and the first was deleted: 86 have c3, among them 4, 11, 18, ...
        let change = CollectionChange.recordsDoNotValidate(count: 86, firstIDs: (0..<10).map { Int64(4 + 7 * $0) })
        #expect(throws: StoreError.incompatibleCollection(name: "jobs", change)) {
            _ = try openStore(directory, [declared], derive: refusing(["\"c3\""]))
        }
        let few = CollectionChange.recordsDoNotValidate(count: 2, firstIDs: [301, 600])
        #expect(throws: StoreError.incompatibleCollection(name: "jobs", few)) {
            _ = try openStore(directory, [declared], derive: refusing(["\"title300\"", "\"title599\"", "\"title0\""]))
        }
        // The same text of the declaration: nobody looks at the records.
        try await openStore(directory, [stored], derive: refusing(["title"])).close()
        try await openStore(directory, [declared], derive: refusing([])).close()
        let store = try openStore(directory, [declared], derive: refusing(["title"]))
        #expect(store.headSeq == 601)
        #expect(try await store.integrityCheck() == [])
    }

    @Test func `a check beforehand comes to the verdict of opening, and changes nothing`() async throws {
        let stored = makeCollection(columns: [company], keyFields: [])
        try await fill(stored)
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        let columns = [company, FilterColumn(name: "notes", type: .string, isArray: true)]
        typealias Change = (
            adjustments: [CollectionAdjustment], refusal: CollectionChange?, derive: RowDerivation,
            edit: (inout StoredCollection) -> Void
        )
        let changes: [Change] = [
            ([], nil, derivation([company]), { _ in }),
            ([], nil, derivation([company]), { $0.schemaDigest = "s2" }),
            ([], .recordsDoNotValidate(count: 1, firstIDs: [6]), refusing(["\"title5\""]), { $0.schemaDigest = "s2" }),
            ([.columnAdded("notes")], nil, derivation(columns), { $0.columns = columns }),
            ([.columnDropped("company")], nil, derivation([]), { $0.columns = [] }),
            (
                [.columnAdded("company"), .columnDropped("company")],
                .columnType(field: "company", stored: "string", declared: "number"), derivation([company]),
                { $0.columns[0].type = .number }
            ),
            ([.textIndexed], nil, derivation([company]), { $0.textFields = ["company"] }),
            ([.keysDerived], nil, derivation([company], key: "title"), { $0.keyFields = ["title"] }),
            ([.keysDerived], .duplicateKey(firstID: 2, secondID: 9), derivation([company], key: "company"), { $0.keyFields = ["company"] }),
            ([], .model(stored: "mini", declared: "maxi"), derivation([company]), { $0.vectors?.modelDigest = "maxi" }),
        ]
        for (index, change) in changes.enumerated() {
            var declared = stored
            change.edit(&declared)
            let verdicts = try RecordStore.check([declared, makeCollection("new")], in: directory.path, derive: change.derive)
            #expect(verdicts[0] == CollectionVerdict(
                name: "jobs", recordCount: 599, isNew: false, adjustments: change.adjustments, refusal: change.refusal), "\(index)")
            #expect(verdicts[1].isNew)
            let copy = TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: copy.path, withIntermediateDirectories: true)
            try before.write(to: URL(fileURLWithPath: copy.database))
            if let refusal = change.refusal {
                #expect(throws: StoreError.incompatibleCollection(name: "jobs", refusal), "\(index)") {
                    _ = try openStore(copy, [declared], derive: change.derive)
                }
            } else {
                let store = try openStore(copy, [declared], derive: change.derive)
                #expect(try await store.integrityCheck() == [], "\(index)")
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
        // Also while a store is open, with what it has written so far.
        let store = try openStore(directory, [stored])
        _ = try await store.delete(6, from: "jobs")
        var declared = stored
        declared.schemaDigest = "s2"
        let verdict = try RecordStore.check([declared], in: directory.path, derive: refusing(["\"title5\""]))
        #expect(verdict[0] == CollectionVerdict(name: "jobs", recordCount: 598, isNew: false, adjustments: []))
        #expect(try RecordStore.check([stored], in: directory.path + "/nowhere").allSatisfy(\.isNew))
        #expect(throws: StoreError.unusableCollection(name: "Jobs", .invalidName)) {
            _ = try RecordStore.check([makeCollection("Jobs")], in: directory.path)
        }
    }

    @Test func `a collection that is added later, or left out for a while, does not disturb the others`() async throws {
        try await fill(makeCollection(columns: [company], keyFields: []))
        let events = makeCollection("events", columns: [], textFields: [], vectors: nil)
        var store = try openStore(directory, [events])
        _ = try await store.insert(RecordWrite(body: [UInt8]("{}".utf8)), into: "events")
        await expectError(.unknownCollection("jobs")) { _ = try await store.count("jobs", filter: nil) }
        try await store.close()
        store = try openStore(directory, [makeCollection(columns: [company], keyFields: []), events])
        #expect(try await store.count("jobs", filter: nil) == 599)
        #expect(try await store.count("events", filter: nil) == 1)
        #expect(store.headSeq == 602)
    }
}
