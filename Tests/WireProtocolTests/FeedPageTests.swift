import RecordSchema
import Testing
import WireProtocol

/// A page that lies about its rows would make a worker skip changes or read past its arrays.
@Suite("Feed pages") struct FeedPageTests {
    private func makePage() -> FeedPage {
        FeedPage(
            headSeq: 9, scannedToSeq: 8, dimension: 2, ids: [1, 2], seqs: [4, 8], kinds: [.upsert, .delete],
            vectors: [1, 2], columns: [ColumnBatch(counts: [1], values: .booleans([true]))].compactMap { $0 })
    }

    private func error(_ change: (inout FeedPage) -> Void) throws -> WireError? {
        var page = makePage()
        change(&page)
        let content = try page.encoded()
        return #expect(throws: WireError.self) { try FeedPage(decoding: content) }
    }

    @Test func `survive the wire`() throws {
        #expect(try FeedPage(decoding: makePage().encoded()) == makePage())
    }

    @Test func `are refused when their arrays do not match`() throws {
        #expect(try error { $0.seqs = [4] } == .rawFrameSize(frameIndex: 1, foundBytes: 8, expectedBytes: 16))
        #expect(try error { $0.kinds = [.upsert] } == .rawFrameSize(frameIndex: 2, foundBytes: 1, expectedBytes: 2))
        #expect(try error { $0.vectors = [1] } == .rawFrameSize(frameIndex: 3, foundBytes: 4, expectedBytes: 8))
        #expect(try error { $0.kinds = [.upsert, .upsert] }?.status == .malformed)
        #expect(try error { $0.dimension = 0 } == .missing(field: "dimension"))
        #expect(try error { $0.columns.append(ColumnBatch(type: .string)) } == .outOfRange(field: "columns.counts"))
    }

    @Test func `are refused when their seqs do not ascend, or lead past the rows`() throws {
        #expect(try error { $0.seqs = [8, 8] } == .outOfRange(field: "seqs"))
        #expect(try error { $0.seqs = [0, 8] } == .outOfRange(field: "seqs"))
        #expect(try error { $0.scannedToSeq = 7 } == .outOfRange(field: "scanned_to_seq"))
        #expect(try error { $0.headSeq = 7 } == .outOfRange(field: "scanned_to_seq"))
        #expect(try error { $0.headSeq = .max } == .outOfRange(field: "head_seq"))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `are refused when a component is not finite`(component: Float) throws {
        #expect(try error { $0.vectors[1] = component } == .notFinite(field: "vectors"))
    }
}
