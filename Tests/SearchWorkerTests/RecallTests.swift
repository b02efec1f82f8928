import Testing
import VectorIndex
import WireProtocol

@testable import SearchWorker

@Suite("Measured recall") struct RecallWindowTests {
    private func makeWindow(_ samples: Int, found: Int, promised: Float) -> RecallWindow {
        let window = RecallWindow()
        for _ in 0 ..< samples { window.record(RecallSample(foundCount: found, wantedCount: 10, estimatedRecall: promised)) }
        return window
    }

    @Test func `is none before the first replay`() {
        let window = RecallWindow()
        window.record(RecallSample(foundCount: 10, wantedCount: 10, estimatedRecall: nil))
        window.record(RecallSample(foundCount: 0, wantedCount: 0, estimatedRecall: 0.9))
        #expect(window.measuredRecall == nil && window.replayCount == 0)
        #expect(window.guarantee(.estimatedRecall(0.9)) == .estimatedRecall(0.9))
    }

    @Test func `is of the last replays`() {
        let window = makeWindow(300, found: 2, promised: 0.9)
        #expect(window.measuredRecall == 0.2)
        for _ in 0 ..< RecallWindow.sampleCountMax {
            window.record(RecallSample(foundCount: 9, wantedCount: 10, estimatedRecall: 0.9))
        }
        #expect(window.measuredRecall == 0.9)
        #expect(window.replayCount == UInt64(300 + RecallWindow.sampleCountMax))
    }

    @Test func `lowers a promise by what live queries fell short of theirs, and raises none`() {
        func promise(_ window: RecallWindow, _ recall: Float) -> Float {
            if case .estimatedRecall(let recall) = window.guarantee(.estimatedRecall(recall)) { recall } else { -1 }
        }
        let short = makeWindow(32, found: 8, promised: 0.9)
        #expect(abs(promise(short, 0.9) - 0.8) < 1e-5)
        #expect(abs(promise(short, 0.5) - 0.4) < 1e-5)
        #expect(promise(makeWindow(32, found: 0, promised: 1), 0.9) == 0)
        #expect(promise(makeWindow(200, found: 10, promised: 0.8), 0.8) == 0.8)
        // Too few to say so.
        #expect(promise(makeWindow(31, found: 8, promised: 0.9), 0.9) == 0.9)
        #expect(short.guarantee(.exact) == .exact)
    }
}

@Suite("Recall sampler") struct RecallSamplerTests {
    /// Rows that lie on a curve, so that each has neighbours.
    private func makeIndex(rowCount: Int) throws -> VectorIndex {
        let index = VectorIndex(try VectorIndexConfiguration(dimension: 16, metric: .cosine))
        for start in stride(from: 0, to: rowCount, by: 1_000) {
            let ids = Array(UInt64(start) ..< UInt64(min(start + 1_000, rowCount)))
            try index.apply(
                RowBatch(ids: ids, kinds: ids.map { _ in .upsert }, vectors: ids.flatMap { vector(Float($0)) }))
        }
        return index
    }

    private func vector(_ place: Float) -> [Float] {
        (0 ..< 16).map { component in
            // Angles that turn at different speeds; a triangle wave is as good as a sine here.
            let turn = place * 0.001 * Float(component * 7 + 3)
            return abs(turn.truncatingRemainder(dividingBy: 4) - 2) - 1
        }
    }

    @Test(.timeLimit(.minutes(2))) func `replays live searches through lists`() throws {
        let index = try makeIndex(rowCount: 8_000)
        while index.arrange(rowLimit: 10_000) {}
        let arranger = BackgroundArranger()
        let sampler = RecallSampler(arranger: arranger), window = RecallWindow()
        var place: Float = 0
        // Two, so that the budget has been given back once. The time limit is the deadline.
        while window.replayCount < 2 {
            place += 1
            let request = SearchRequest(vector: vector(place + 0.5), resultLimit: 3, minimumScore: 0.1)
            sampler.offer(request, try index.search(request), of: index, to: window)
        }
        arranger.shutdown()
        #expect(try #require(window.measuredRecall) > 0.5)
    }

    @Test func `leaves exact searches alone`() throws {
        let index = try makeIndex(rowCount: 1_000)
        let arranger = BackgroundArranger()
        let sampler = RecallSampler(arranger: arranger), window = RecallWindow()
        let request = SearchRequest(vector: vector(5))
        for _ in 0 ..< 100 { sampler.offer(request, try index.search(request), of: index, to: window) }
        // Errands are done in order: when this one is, an earlier one would be, too.
        let (done, continuation) = AsyncStream<Void>.makeStream()
        #expect(arranger.run { continuation.finish() })
        _ = done
        arranger.shutdown()
        #expect(window.replayCount == 0)
    }
}
