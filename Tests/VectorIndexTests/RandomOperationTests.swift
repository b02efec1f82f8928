import Foundation
import RecordSchema
import Testing

@testable import VectorIndex

@Suite("Random operations") struct RandomOperationTests {
    /// Upserts, replacements, deletes and searches in random order, against a model that keeps floats in a dictionary.
    @Test(arguments: Metric.allCases, [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `agree with a dictionary of floats`(metric: Metric, seed: UInt64) throws {
        let dimension = [1, 3, 4, 5, 17, 64, 100, 384][Int(seed) - 1]
        var random = RandomRows(generator: SeededGenerator(seed: seed &* 1_000 &+ UInt64(dimension)))
        let index = try makeIndex(dimension: dimension, metric: metric, columns: RandomRows.columns)
        var model = NaiveModel(metric: metric, columns: RandomRows.columns)
        // Few ids: rows are replaced often, also within a batch. The range moves, so that deletes find their rows.
        for step in 0 ..< (dimension > 50 ? 25 : 60) {
            let batch = makeBatch(step: step, dimension: dimension, &random, &model)
            try index.apply(batch)
            #expect(index.statistics.liveRowCount == model.rows.count)
            try check(index, model, dimension: dimension, &random)
        }
    }

    private func makeBatch(
        step: Int, dimension: Int, _ random: inout RandomRows, _ model: inout NaiveModel
    ) -> RowBatch {
        var batch = RowBatch(
            ids: [], kinds: [], vectors: [], columns: RandomRows.columns.map { ColumnBatch(type: $0.type) })
        let deleteShare = step % 20 < 15 ? 0.1 : 0.7
        for _ in 0 ..< Int.random(in: 0...80, using: &random.generator) {
            let id = UInt64.random(in: 0 ..< 500, using: &random.generator) &* 0x1_0000_0001
            batch.ids.append(id)
            if Double.random(in: 0 ..< 1, using: &random.generator) < deleteShare {
                batch.kinds.append(.delete)
                model.rows[id] = nil
            } else {
                batch.kinds.append(.upsert)
                let magnitude = [0.01, 1, 100].randomElement(using: &random.generator)! as Float
                let row = NaiveModel.Row(
                    vector: random.generator.vector(dimension, magnitude: magnitude),
                    values: random.values())
                batch.vectors += row.vector
                for column in row.values.indices { batch.columns[column].append(row.values[column]) }
                model.rows[id] = row
            }
        }
        return batch
    }

    private func check(
        _ index: VectorIndex, _ model: NaiveModel, dimension: Int, _ random: inout RandomRows
    ) throws {
        let query = random.generator.vector(dimension)
        let filter = Bool.random(using: &random.generator) ? random.filter() : nil
        let limit = [1, 3, 10, 100, 1_000].randomElement(using: &random.generator)!
        var expected = model.rows.filter { filter == nil || model.holds(filter!, for: $0.value) }
            .mapValues { model.score(query, $0.vector) }
        let matched = expected.count
        var request = SearchRequest(vector: query, resultLimit: limit, filter: filter)
        let tolerances = expected.keys.reduce(into: [UInt64: Double]()) { list, id in
            list[id] = tolerance(query, model.rows[id]!.vector, metric: model.metric)
        }
        if Bool.random(using: &random.generator), let score = expected.values.sorted().dropFirst(matched / 2).first {
            request.minimumScore = Float(score)
            let lowest = Double(Float(score))
            expected = expected.filter { $0.value >= lowest - tolerances[$0.key]! }
        }
        let result = try index.search(request)
        #expect(result.matchedRowCount == matched)
        #expect(result.scannedRowCount >= matched)
        #expect(result.ids.count <= limit)
        #expect(Set(result.ids).count == result.ids.count)
        #expect(zip(result.scores, result.scores.dropFirst()).allSatisfy { $0 >= $1 })
        for (id, score) in zip(result.ids, result.scores) {
            guard let exact = expected[id] else {
                Issue.record("\(id) is no match")
                continue
            }
            #expect(abs(Double(score) - exact) <= tolerances[id]!)
        }
        // Whatever is missing may not be clearly better than what is there.
        if let worst = result.scores.last, result.ids.count == limit {
            let found = Set(result.ids), slack = 2 * tolerances.values.max()!
            for (id, score) in expected where !found.contains(id) && score > Double(worst) + slack {
                Issue.record("\(id) with \(score) is missing")
            }
        } else if request.minimumScore == nil {
            #expect(Set(result.ids) == Set(expected.keys))
        } else {
            let lowest = Double(request.minimumScore!)
            let clear = expected.filter { $0.value >= lowest + tolerances[$0.key]! }
            #expect(Set(clear.keys).isSubset(of: Set(result.ids)))
        }
    }

    /// A code is off by at most half a step of `largest / 127`, and the scale by as much again: the error vector's
    /// norm is below `√dimension × largest / 127`. A product is off by that times the query's norm, a cosine by that
    /// over both norms, a distance by that itself. 1e-5 of the product of norms is left for float sums.
    private func tolerance(_ query: [Float], _ vector: [Float], metric: Metric) -> Double {
        func norm(_ vector: [Float]) -> Double {
            vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
        let largest = Double(vector.map(abs).max()!)
        let error = Double(vector.count).squareRoot() * largest / 127
        return switch metric {
        case .dot: norm(query) * (error + 1e-5 * norm(vector))
        case .cosine: error / norm(vector) + 1e-5
        case .euclidean: error + 1e-5 * (norm(query) + norm(vector))
        }
    }
}
