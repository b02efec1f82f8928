import Embedding
import Logging
import RecordSchema
import RecordStore
import ServiceLifecycle

/// Makes new vectors, in the background, for collections whose declaration or model changed what is embedded. The old ones
/// serve until the new set is whole; then it takes their place at once, and workers start over.
///
/// Everything that is done is in the store, so that a crash costs the page that was being embedded.
struct Reembedder: Service {
    let catalog: Catalog
    let store: RecordStore
    let embedding: any EmbeddingProvider
    let sets: VectorSets
    let logger: Logger

    private static let pageRecordCount = 64
    private static let pause = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for definition in catalog.searchable where definition.needsModel && !Task.isCancelled {
                await embedAnew(definition)
            }
            // A service that returns is taken for one that has failed or finished; this one waits for the end.
            try? await gracefulShutdown()
        }
    }

    private func embedAnew(_ definition: CollectionDefinition) async {
        let name = definition.name
        var hasBegun = false
        while !Task.isCancelled {
            do {
                let state = try await store.vectorState(of: name)
                sets.set(state, of: name)
                guard state.target != nil else { break }
                if !hasBegun {
                    logger.notice("embedding anew", metadata: ["collection": "\(name)", "records": "\(state.recordCount)"])
                    hasBegun = true
                }
                try await fill(definition)
                _ = try await store.adoptPendingVectors(in: name)
            } catch {
                if Task.isCancelled { return }
                logger.warning("embedding anew was interrupted", metadata: ["collection": "\(name)", "reason": "\(error)"])
                try? await Task.sleep(for: Self.pause)
            }
        }
        if hasBegun, !Task.isCancelled { logger.notice("embedded anew", metadata: ["collection": "\(name)"]) }
    }

    /// One round over the records that lack a vector of the new set.
    private func fill(_ definition: CollectionDefinition) async throws {
        var lastID: Int64 = 0
        while !Task.isCancelled {
            let records = try await store.recordsLackingPendingVector(
                in: definition.name, afterID: lastID, limit: Self.pageRecordCount)
            guard let last = records.last else { return }
            lastID = last.id
            let texts = records.map { record in
                guard case .object(let fields)? = try? JSON(parsing: record.body) else { return "" }
                return definition.embeddingText(of: fields) ?? ""
            }
            let matrix = try await embedding.embed(texts, priority: .ingestion, deadline: nil)
            let vectors = records.enumerated().map { index, record in
                PendingVector(id: record.id, seq: record.seq, vector: matrix.vector(at: index))
            }
            _ = try await store.putPendingVectors(vectors, in: definition.name)
            sets.set(try await store.vectorState(of: definition.name), of: definition.name)
        }
    }
}
