import RecordSchema
import RecordStore

/// What became of one line of a batch.
enum BatchResult: Sendable {
    case written(WriteResult)
    case refused(ServiceFailure)
}

struct BatchOptions: Sendable {
    /// All or nothing.
    var isAtomic = false
    var duplicates = DuplicatePolicy.write
}

extension RecordService {
    /// Records in one batch at most.
    static let batchRecordCountMax = 10_000
    /// Lines that are embedded and written together: large enough to share a commit, small enough that a batch neither
    /// blocks other writers nor holds all its vectors at once.
    static let chunkLineCount = 256

    /// Writes the lines in order, and returns one result for each.
    ///
    /// - Parameter lines: Each the JSON of a record, or why the line is none.
    func writeBatch(
        _ lines: [Result<JSON, ServiceFailure>], to collection: String, _ options: BatchOptions
    ) async throws(ServiceFailure) -> [BatchResult] {
        let definition = try catalog.collection(collection)
        let records = RequestScope.measureNow(.validate) { validate(lines, definition) }
        if options.isAtomic { return try await writeAtomically(records, definition, options) }
        var results: [BatchResult] = []
        results.reserveCapacity(records.count)
        var start = 0
        while start < records.count {
            let end = min(start + Self.chunkLineCount, records.count)
            results += await writeChunk(Array(records[start..<end]), definition, options)
            start = end
        }
        return results
    }

    private func validate(
        _ lines: [Result<JSON, ServiceFailure>], _ definition: CollectionDefinition
    ) -> [Result<ValidRecord, ServiceFailure>] {
        let now = WallClock.microseconds()
        return lines.enumerated().map { index, line in
            line.flatMap { body in
                definition.validate(body, now: now, at: ["body", .index(index)]).mapError { failure in
                    switch failure {
                    case .invalid(let issues): .invalid(issues)
                    case .dataQuality(let message, let field): .dataQuality(message: message, field: field)
                    }
                }
            }
        }
    }

    /// Lines that are refused do not disturb the others; when the store or the model fails, all lines of the chunk say
    /// so, and the batch can be sent again.
    private func writeChunk(
        _ records: [Result<ValidRecord, ServiceFailure>], _ definition: CollectionDefinition, _ options: BatchOptions
    ) async -> [BatchResult] {
        let valid = records.compactMap { try? $0.get() }
        let written: [BatchResult]
        do {
            written = try await write(valid, definition, options, atomically: false)
        } catch {
            written = valid.map { _ in .refused(error) }
        }
        var rest = written[...]
        return records.map { record in
            switch record {
            case .success: rest.removeFirst()
            case .failure(let failure): .refused(failure)
            }
        }
    }

    private func writeAtomically(
        _ records: [Result<ValidRecord, ServiceFailure>], _ definition: CollectionDefinition, _ options: BatchOptions
    ) async throws(ServiceFailure) -> [BatchResult] {
        var issues: [ValidationIssue] = []
        for case .failure(let failure) in records {
            guard case .invalid(let lineIssues) = failure else { throw failure }
            issues += lineIssues
            if issues.count > ValidationFailure.issueCountLimit { break }
        }
        guard issues.isEmpty else { throw .invalid(Array(issues.prefix(ValidationFailure.issueCountLimit))) }
        return try await write(records.compactMap { try? $0.get() }, definition, options, atomically: true)
    }

    private func write(
        _ records: [ValidRecord], _ definition: CollectionDefinition, _ options: BatchOptions, atomically: Bool
    ) async throws(ServiceFailure) -> [BatchResult] {
        guard !records.isEmpty else { return [] }
        let vectors = try await embedNew(records, definition, options)
        let operations = zip(records, vectors).map {
            WriteOperation.insert(rowWrite($0, $1, definition.name), duplicates: options.duplicates)
        }
        let results = try await RequestScope.measure(.store) { () async throws(ServiceFailure) in
            try await store.mapped { try await $0.write(operations, to: definition.name, atomically: atomically) }
        }
        return results.map { result in
            switch result {
            case .success(let written): .written(written)
            case .failure(let error): .refused(ServiceFailure(error))
            }
        }
    }

    /// Embeds what is not there yet: a line that repeats a stored record, or an earlier line, is not embedded for
    /// nothing when it will be skipped.
    private func embedNew(
        _ records: [ValidRecord], _ definition: CollectionDefinition, _ options: BatchOptions
    ) async throws(ServiceFailure) -> [VectorWrite] {
        // A vector that is there may be of the set that is being replaced.
        let isSettled = sets.state(of: definition.name)?.target == nil
        guard definition.needsModel, options.duplicates == .skip, isSettled else { return try await embed(records, definition) }
        let existing = try await store.mapped {
            try await $0.duplicates(of: records.map { rowWrite($0, .none, definition.name) }, in: definition.name)
        }
        var vectors = [VectorWrite?](repeating: nil, count: records.count)
        for (index, id) in existing.enumerated() {
            guard let id, let vector = try await store.mapped({ try await $0.vector(of: id, in: definition.name) })
            else { continue }
            // Should the record be deleted before the insert looks again, this one is written with the same vector.
            vectors[index] = .set(vector)
        }
        let newIndices = records.indices.filter { vectors[$0] == nil }
        let embedded = try await embed(newIndices.map { records[$0] }, definition)
        for (index, vector) in zip(newIndices, embedded) { vectors[index] = vector }
        return vectors.map { $0 ?? .none }
    }
}
