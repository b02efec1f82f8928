import Cluster
import Embedding
import RecordSchema
import RecordStore

/// The answer to a search.
struct SearchAnswer: Sendable {
    struct Hit: Sendable {
        let record: StoredRecord
        let score: Float
        /// Where the request asked for it.
        var vector: [Float]?
    }

    var hits: [Hit]
    /// Shards that answered; `nil` for a search by words alone, which no worker answers.
    var coverage: ShardCoverage?
    /// How sure the workers are of what they found.
    var guarantee = ResultGuarantee.unknown
}

/// Text or vector in, records out: embeds, asks the workers, fetches what they found from the store.
struct SearchService: Sendable {
    let catalog: Catalog
    let store: RecordStore
    let embedding: (any EmbeddingProvider)?
    let cluster: ClusterDriver
    let sets: VectorSets

    /// Candidates that each list gives to a fusion of both: beyond them a rank adds next to nothing.
    private static let fusionDepth = 100
    /// The constant of reciprocal rank fusion: Cormack, Clarke and Büttcher 2009, doi:10.1145/1571941.1572114.
    private static let fusionConstant: Float = 60

    func search(
        _ command: SearchCommand, in definition: CollectionDefinition, deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> SearchAnswer {
        var answer: SearchAnswer
        switch command.mode {
        case .semantic: answer = try await semantic(command, definition, deadline)
        case .keyword: answer = try await keyword(command, definition)
        case .hybrid: answer = try await hybrid(command, definition, deadline)
        }
        if command.showsVector {
            for index in answer.hits.indices {
                let id = answer.hits[index].record.id
                answer.hits[index].vector = try await store.mapped { try await $0.vector(of: id, in: definition.name) }
            }
        }
        return answer
    }

    // MARK: By meaning

    private func semantic(
        _ command: SearchCommand, _ definition: CollectionDefinition, _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> SearchAnswer {
        let query = try await queryVector(command, definition, deadline)
        var answer = try await nearest(to: query, command, definition, minSeq: command.minSeq, deadline)
        if answer.missingCount > 0 {
            // A worker named records that have been deleted since. Those that have seen the deletion name others.
            answer = try await nearest(to: query, command, definition, minSeq: store.headSeq, deadline)
        }
        return SearchAnswer(hits: answer.hits, coverage: answer.coverage, guarantee: answer.guarantee)
    }

    private struct Nearest {
        var hits: [SearchAnswer.Hit]
        var missingCount: Int
        var coverage: ShardCoverage
        var guarantee: ResultGuarantee
    }

    private func nearest(
        to query: QueryVector, _ command: SearchCommand, _ definition: CollectionDefinition, minSeq: Int64,
        _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> Nearest {
        // The record that others shall be like is its own nearest neighbour.
        let excluded: Int64? = if case .like(let id) = command.source { id } else { nil }
        let limit = command.offset + command.resultLimit + (excluded == nil ? 0 : 1)
        let result = try await cluster.search(
            ClusterSearch(
                collection: definition.name, vector: query.components, resultLimit: limit,
                minimumScore: command.minimumScore, filter: command.filter, minSeq: minSeq, isExact: command.isExact,
                recallTarget: command.recallTarget, modelDigest: query.modelDigest, allowPartial: command.allowPartial),
            deadline: deadline)
        let page = result.hits.filter { $0.id != excluded }.dropFirst(command.offset).prefix(command.resultLimit)
        let hits = try await fetch(page.map { ($0.id, $0.score) }, definition)
        return Nearest(hits: hits, missingCount: page.count - hits.count, coverage: result.coverage, guarantee: result.guarantee)
    }

    /// What a search looks for, and the model that can tell what is near it; empty where the client alone knows.
    private struct QueryVector {
        let components: [Float]
        var modelDigest = ""
    }

    private func queryVector(
        _ command: SearchCommand, _ definition: CollectionDefinition, _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> QueryVector {
        try await RequestScope.measure(.embed) { () async throws(ServiceFailure) in
            try await vector(of: command, definition, deadline)
        }
    }

    private func vector(
        of command: SearchCommand, _ definition: CollectionDefinition, _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> QueryVector {
        switch command.source {
        case .vector(let vector): return QueryVector(components: vector)
        case .like(let id):
            guard let vector = try await store.mapped({ try await $0.storedVector(of: id, in: definition.name) }) else {
                throw .notFound("There is no record \(id) in '\(definition.name)' to be like")
            }
            return QueryVector(components: vector.components, modelDigest: vector.modelDigest ?? "")
        case .text(let text):
            guard let embedding else { throw .faulty(reason: "a text search without a model") }
            guard !sets.serveAnotherModel(in: definition.name) else {
                throw .unavailable(
                    "The records of '\(definition.name)' are being embedded by another model", retryAfter: .seconds(10))
            }
            do {
                let vector = try await embedding.embed(text, priority: .query, deadline: deadline)
                return QueryVector(components: vector, modelDigest: sets.modelDigest ?? "")
            } catch {
                throw ServiceFailure(error)
            }
        }
    }

    // MARK: By words

    private func keyword(
        _ command: SearchCommand, _ definition: CollectionDefinition
    ) async throws(ServiceFailure) -> SearchAnswer {
        var found = try await keywordHits(command, definition, limit: command.resultLimit, offset: command.offset)
        if let minimum = command.minimumScore { found.removeAll { $0.score < minimum } }
        let hits = try await fetch(found.map { ($0.id, $0.score) }, definition)
        return SearchAnswer(hits: hits, coverage: nil)
    }

    private func keywordHits(
        _ command: SearchCommand, _ definition: CollectionDefinition, limit: Int, offset: Int
    ) async throws(ServiceFailure) -> [ScoredID] {
        guard case .text(let text) = command.source else { throw .faulty(reason: "a search by words without text") }
        let found = try await RequestScope.measure(.search) { () async throws(ServiceFailure) in
            try await store.mapped {
                try await $0.keywordSearch(
                    definition.name, keyword: text, filter: command.filter, limit: limit, offset: offset)
            }
        }
        return found.map { ScoredID(id: $0.id, score: Float($0.score)) }
    }

    // MARK: Both

    private func hybrid(
        _ command: SearchCommand, _ definition: CollectionDefinition, _ deadline: ContinuousClock.Instant
    ) async throws(ServiceFailure) -> SearchAnswer {
        let depth = max(Self.fusionDepth, command.offset + command.resultLimit)
        let query = try await queryVector(command, definition, deadline)
        let meaning = try await cluster.search(
            ClusterSearch(
                collection: definition.name, vector: query.components, resultLimit: depth, filter: command.filter,
                minSeq: command.minSeq, isExact: command.isExact, recallTarget: command.recallTarget,
                modelDigest: query.modelDigest,
                allowPartial: command.allowPartial),
            deadline: deadline)
        let words = try await keywordHits(command, definition, limit: depth, offset: 0)
        var fused = Self.fuse([meaning.hits, words])
        if let minimum = command.minimumScore { fused.removeAll { $0.score < minimum } }
        let page = fused.dropFirst(command.offset).prefix(command.resultLimit)
        let hits = try await fetch(page.map { ($0.id, $0.score) }, definition)
        return SearchAnswer(hits: hits, coverage: meaning.coverage, guarantee: meaning.guarantee)
    }

    /// Reciprocal rank fusion: each list gives a record 1 / (constant + rank), ranks from 1.
    static func fuse(_ lists: [[ScoredID]]) -> [ScoredID] {
        var scores: [Int64: Float] = [:]
        for list in lists {
            for (index, hit) in list.enumerated() { scores[hit.id, default: 0] += 1 / (fusionConstant + Float(index + 1)) }
        }
        return scores.map { ScoredID(id: $0.key, score: $0.value) }.sorted(by: ScoredID.isBetter)
    }

    // MARK: Records

    /// The live ones of these records, in the order given.
    private func fetch(
        _ scored: [(id: Int64, score: Float)], _ definition: CollectionDefinition
    ) async throws(ServiceFailure) -> [SearchAnswer.Hit] {
        guard !scored.isEmpty else { return [] }
        let records = try await RequestScope.measure(.fetch) { () async throws(ServiceFailure) in
            try await store.mapped { try await $0.records(scored.map(\.id), in: definition.name) }
        }
        var rest = scored[...]
        return records.compactMap { record -> SearchAnswer.Hit? in
            // Both lists have one order; ids without a live record are passed over.
            while let next = rest.popFirst() {
                if next.id == record.id { return SearchAnswer.Hit(record: record, score: next.score) }
            }
            return nil
        }
    }
}
