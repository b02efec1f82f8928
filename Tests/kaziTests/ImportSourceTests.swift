import Testing

@testable import kazi

@Suite("Import source") struct ImportSourceTests {
    private func batches(_ path: String, recordCount: Int) async throws -> [[Int]] {
        let source = try ImportSource(.init(path: path, batchRecordCount: recordCount))
        var batches: [[Int]] = []
        while let batch = try await source.nextBatch() { batches.append(batch.entries.map(\.lineNumber)) }
        return batches
    }

    @Test func `hands out batches in the order of the file, the last one short`() async throws {
        try await withTemporaryFile("a.ndjson", Array(String(repeating: "{}\n", count: 7).utf8)) { path in
            let found = try await batches(path, recordCount: 3)
            #expect(found == [[1, 2, 3], [4, 5, 6], [7]])
        }
    }

    @Test func `drops a byte order mark, and an empty file has no batches`() async throws {
        try await withTemporaryFile("a.csv", [0xEF, 0xBB, 0xBF] + Array("title\nCook\n".utf8)) { path in
            let source = try ImportSource(.init(path: path))
            let first = try await source.nextBatch()?.entries.first
            #expect(first?.json == Array(#"{"title":"Cook"}"#.utf8))
        }
        let batches = try await withTemporaryFile("a.ndjson", []) { try await self.batches($0, recordCount: 3) }
        #expect(batches == [])
    }

    @Test func `what comes before a fault is handed out first`() async throws {
        try await withTemporaryFile("a.json", Array("[{},{},{\"cut".utf8)) { path in
            let source = try ImportSource(.init(path: path))
            let first = try await source.nextBatch()
            #expect(first?.entries.count == 2)
            await #expect(throws: ImportFileError.endsInsideRecord(lineNumber: 1)) { try await source.nextBatch() }
        }
    }

    @Test func `large records make small batches`() async throws {
        let line = "\"" + String(repeating: "x", count: 3 << 20) + "\"\n"
        try await withTemporaryFile("a.ndjson", Array(String(repeating: line, count: 4).utf8)) { path in
            let found = try await batches(path, recordCount: 500)
            #expect(found == [[1, 2, 3], [4]])
        }
    }

    @Test func `a file that cannot be read says why`() throws {
        #expect(throws: ImportFileError.unreadable(path: "/nowhere/x", reason: "No such file or directory")) {
            _ = try ImportSource(.init(path: "/nowhere/x"))
        }
    }
}

@Suite("Batch answers") struct BatchAnswerTests {
    @Test func `each result is an outcome, or another attempt where that may help`() {
        #expect(BatchSender.finalOutcome(["status": 201, "id": 1, "result": "created"]) == .created)
        #expect(BatchSender.finalOutcome(["status": 200, "id": 1, "result": "updated"]) == .updated)
        #expect(BatchSender.finalOutcome(["status": 200, "id": 1, "result": "duplicate"]) == .duplicate)
        #expect(
            BatchSender.finalOutcome(["status": 400, "error": "data_quality_error", "message": "m", "field": "f"])
                == .refused(status: 400, ["error": "data_quality_error", "message": "m", "field": "f"]))
        for status in [429, 500, 503] { #expect(BatchSender.finalOutcome(["status": .integer(Int64(status))]) == nil) }
        #expect(BatchSender.finalOutcome(["id": 1]) == nil)
    }

    @Test func `counts are told in one line`() {
        var counts = ImportCounts()
        for outcome in [LineOutcome.created, .created, .updated, .duplicate, .refused(status: 422, [:])] { counts.add(outcome) }
        #expect(
            counts.summary(elapsed: .milliseconds(2500))
                == "5 records read: 2 created, 1 updated, 1 duplicate, 1 refused; 2.5 s, 2 records/s")
    }
}
