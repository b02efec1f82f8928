import GRDB

extension RecordStore {
    /// What opening the store in `directory` with these declarations would do and refuse, found out without changing
    /// anything, also while the store is open; blocks for as long as reading the records takes.
    ///
    /// - Parameters:
    ///   - reembeds: As it would be given at opening.
    ///   - derive: As it would be given at opening: without it records are not read, and new columns are an error.
    /// - Returns: One verdict for each declaration, in order. Where there is no store yet, every collection is new.
    public static func check(
        _ collections: [StoredCollection], in directory: String, reembeds: Bool = false, derive: RowDerivation? = nil
    ) throws(StoreError) -> [CollectionVerdict] {
        let path = directory + "/kazi.sqlite"
        do {
            if (StoreDirectory.fileBytes(path) ?? 0) == 0 {
                try CollectionCatalog.refuseFaults(in: collections)
                return collections.map {
                    CollectionVerdict(name: $0.name, recordCount: 0, isNew: true, adjustments: [])
                }
            }
            try DatabaseFile.probe(path, openingCheckBytesMax: 0)
            var configuration = Configuration()
            configuration.label = "kazi.check"
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { db in
                try DatabaseFile.refuseNewer(db, path: path)
                return try CollectionCatalog(db: db, derive: derive, reembeds: reembeds).check(collections)
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw DatabaseFile.openingError(error, path: path)
        }
    }
}
