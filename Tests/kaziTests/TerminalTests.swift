import ArgumentParser
import RecordSchema
import Testing

@testable import kazi

@Suite("Tables") struct TextTableTests {
    @Test func `columns are as wide as their widest cell, numbers to the right`() {
        var table = TextTable(columns: [.init(heading: "title"), .init(heading: "pay", alignsRight: true)])
        table.append(["Cook", "35,000"])
        table.append(["Mhandisi 🛠️", "9"])
        #expect(table.lines(width: nil) == ["title           pay", "Cook         35,000", "Mhandisi 🛠️       9"])
    }

    @Test(arguments: [
        ([5, 40, 30], 60, [5, 26, 25]), ([5, 40, 30], 200, [5, 40, 30]), ([5, 40, 30, 20], 50, [5, 21, 20]),
        ([5, 40, 30], 30, [5, 23]), ([5], 3, [5]),
    ])
    func `the widest columns are cut first, then the last are left out`(natural: [Int], width: Int, expected: [Int]) {
        #expect(TextTable.fitted(natural, into: width) == expected)
    }

    @Test func `a record cannot move the cursor`() {
        #expect(DisplayWidth.truncated("a\u{1B}[2J\nb\r\u{2028}c", to: 80) == "a [2J b  c")
    }

    // Widths as wcwidth 0.2.13 gives them.
    @Test(arguments: [("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("😀", 2), ("ﾊ", 1), ("", 0), ("Nai\u{200D}robi", 7)])
    func `text is as wide as a terminal shows it`(text: String, width: Int) { #expect(DisplayWidth.of(text) == width) }

    @Test(arguments: [("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abc", 0, "")])
    func `cut text ends in an ellipsis and keeps within its width`(text: String, width: Int, expected: String) {
        #expect(DisplayWidth.truncated(text, to: width) == expected)
    }

    @Test func `hits of any collection show their short fields`() {
        let table = HitTable(hits: [
            ["id": 1, "title": "Cook", "about": .string(String(repeating: "long ", count: 20)), "pay": 35000, "url": "https://a.example/1",
             "tags": ["a", "b"], "none": .null, "score": 0.93456],
            ["id": 2, "title": "Baker", "about": "x", "pay": 27500.5, "url": "https://a.example/2", "none": .null, "score": -0.0004],
        ])
        #expect(table.lines(width: nil) == [
            "score  title      pay  tags", "0.935  Cook    35,000  a, b", "0.000  Baker  27500.5",
        ])
    }
}

@Suite("Progress") struct ProgressTests {
    @Test func `the rate is that of the last ten seconds, and the rest goes at the same pace`() {
        var meter = ProgressMeter()
        for second in 1...30 {
            // A slow beginning that is forgotten: 10 a second, then 100 a second.
            let count = second <= 10 ? second * 10 : 100 + (second - 10) * 100
            meter.record(time: .seconds(second), itemCount: count, fraction: Double(count) / 4100)
        }
        #expect(abs(meter.rate - 100) < 1e-9)
        #expect(meter.remaining.map { abs($0.inSeconds - 20) < 1e-6 } == true)
        #expect(ProgressLine.text(meter, width: nil) == "51 %  2,100 records  100/s  0:20 left")
        #expect(ProgressLine.text(meter, width: 60) == "[#########         ]  51 %  2,100 records  100/s  0:20 left")
        #expect(ProgressLine.text(meter, width: 20).count < 20)
    }

    @Test func `an unknown whole has neither bar nor end`() {
        var meter = ProgressMeter()
        meter.record(time: .seconds(2), itemCount: 5000, fraction: nil)
        #expect(ProgressLine.text(meter, width: 80) == "5,000 records  2,500/s")
    }

    @Test(arguments: [(0, "0:00"), (7, "0:07"), (750, "12:30"), (11_045, "3:04:05")])
    func `times are clocks`(seconds: Int, text: String) { #expect(Duration.seconds(seconds).formatted(.clock) == text) }

    @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1234567, "-1,234,567")])
    func `numbers are grouped`(number: Int, text: String) { #expect(ProgressLine.grouped(number) == text) }
}

@Suite("Arguments") struct ArgumentTests {
    @Test func `conditions become a filter, those of one field together`() throws {
        #expect(
            try FilterArgument.filter(["source=linkedin", "pay.gte=100", "pay.lt=200", "town.in=Voi,Meru", "pay.exists=true", "a.b=c=d"])
                == [
                    "source": .object(["eq": "linkedin"]), "pay": .object(["gte": "100", "lt": "200", "exists": true]),
                    "town": .object(["in": ["Voi", "Meru"]]), "a.b": .object(["eq": "c=d"]),
                ])
    }

    @Test(arguments: [["source"], ["=x"], ["a=1", "a=2"]])
    func `what is no condition is refused`(arguments: [String]) {
        #expect(throws: ValidationError.self) { try FilterArgument.filter(arguments) }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"), ("https://kazi.example/", "https://kazi.example"), ("127.0.0.1:8000", nil),
        ("ftp://x", nil), ("http://", nil), ("http://x?y", nil), ("", nil),
    ])
    func `an address has a scheme and a host`(text: String, baseURL: String?) {
        #expect(GatewayAddress(text)?.baseURL == baseURL)
    }

    @Test(arguments: [
        ["import", "x", "--batch-size", "0"], ["import", "x", "--delimiter", "é"], ["import", "x", "--map", "title"],
        ["import", "x", "--map", "a=b", "--set", "a=c"], ["search", "x", "-k", "1001"], ["export", "a", "--collection", "b"],
        ["eval", "x", "--connections", "0"], ["status", "--timeout", "0", "extra"],
    ])
    func `what makes no sense is refused before anything happens`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Kazi.parseAsRoot(arguments) }
    }

    @Test(arguments: [
        (#"{"detail": "Not Found"}"#, "Not Found"), (#"{"detail": [{"loc": ["query", "limit"], "msg": "bad"}]}"#, "query.limit: bad"),
        (#"{"error": "data_quality_error", "message": "in the future"}"#, "in the future"), ("<html>", "Bad Gateway"),
    ])
    func `an error body becomes one line`(body: String, text: String) {
        #expect(GatewayClient.message(Array(body.utf8), status: 502) == text)
    }

    @Test func `health is shown whatever it holds`() {
        let health: JSONObject = [
            "status": "degraded", "database": "connected", "workers": .object(["ready": 1, "total": 2]),
            "collections": .object(["jobs": .object(["shards": "1/1", "lag": .null])]), "list": .array([.object(["id": "worker-1"])]),
        ]
        #expect(
            HealthText.text(health, url: "http://x") == """
                gateway at http://x: degraded
                  database: connected
                  workers: ready 1, total 2
                  collections:
                    jobs: shards 1/1, lag unknown
                  list:
                    id worker-1
                """)
    }
}
