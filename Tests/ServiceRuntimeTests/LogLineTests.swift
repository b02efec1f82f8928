import Foundation
import Logging
import Testing

@testable import ServiceRuntime

@Suite("A log line") struct LogLineTests {
    private func line(
        _ message: String = "request", _ fields: [(name: String, value: Logger.MetadataValue)] = [], time: Int64 = 0
    ) -> LogLine {
        LogLine(level: .info, label: "kazi.test", message: message, fields: fields, time: time)
    }

    private func text(_ line: LogLine, _ format: LogFormat) -> String { String(decoding: line.bytes(format), as: UTF8.self) }

    /// What Foundation's parser reads in the line.
    private func object(_ line: LogLine) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(line.bytes(.json))) as? [String: Any])
    }

    /// From Python: `datetime.fromtimestamp(t / 1e6, UTC).isoformat(timespec="milliseconds")`.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (999, "1970-01-01T00:00:00.000Z"), (1_000, "1970-01-01T00:00:00.001Z"),
        (86_399_999_999, "1970-01-01T23:59:59.999Z"), (86_400_000_000, "1970-01-02T00:00:00.000Z"),
        (68_169_600_000_000, "1972-02-29T00:00:00.000Z"), (951_782_399_999_000, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000_000, "2000-03-01T00:00:00.000Z"),
        (1_764_080_096_123_456, "2025-11-25T14:14:56.123Z"), (2_147_483_648_000_000, "2038-01-19T03:14:08.000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999_000, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
    func `tells the time in UTC to the millisecond`(microseconds: Int64, expected: String) throws {
        #expect(try object(line(time: microseconds))["time"] as? String == expected)
        #expect(text(line(time: microseconds), .text).hasPrefix(expected + " info kazi.test: request"))
    }

    @Test func `has its fields in the order given, and numbers as numbers`() throws {
        let fields: [(name: String, value: Logger.MetadataValue)] = [
            ("status", .stringConvertible(200)), ("bytes", .stringConvertible(UInt64.max)), ("low", .stringConvertible(Int64.min)),
            ("ms", .stringConvertible(1.25)), ("isSlow", .stringConvertible(true)), ("path", "/api/v1/jobs"),
            ("nothing", .stringConvertible(Double.nan)),
        ]
        #expect(
            text(line("request", fields), .json)
                == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","logger":"kazi.test","message":"request","status":200,"#
                + #""bytes":18446744073709551615,"low":-9223372036854775808,"ms":1.25,"isSlow":true,"path":"/api/v1/jobs","nothing":"nan"}"#
                + "\n")
        #expect(
            text(line("request", fields), .text)
                == "1970-01-01T00:00:00.000Z info kazi.test: request status=200 bytes=18446744073709551615 low=-9223372036854775808 "
                + "ms=1.25 isSlow=true path=/api/v1/jobs nothing=nan\n")
    }

    private static let hostile: [String] = [
        "", "a b", "\"", "\\", "a=b", "line\nbreak", "\r\n{\"level\":\"info\"}", "\t", "\0", "\u{1B}[2J\u{1B}]0;title\u{07}",
        "\u{7F}", "\u{85}\u{9B}31m", "\u{2028}\u{2029}", "ﬁn – 你好 🐝", "a\u{FEFF}b", "\u{202E}desrever", "a\u{0301}", "</script>",
    ]

    @Test(arguments: hostile)
    func `is one line of JSON that says what was logged, whatever that was`(value: String) throws {
        let line = line(value, [("value", .string(value)), ("array", .array([.string(value)]))])
        let bytes = line.bytes(.json)
        #expect(bytes.last == UInt8(ascii: "\n"))
        let scalars = String(decoding: bytes.dropLast(), as: UTF8.self).unicodeScalars
        #expect(!scalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0 == "\u{2028}" || $0 == "\u{2029}" })
        let object = try object(line)
        #expect(object["message"] as? String == value)
        #expect(object["value"] as? String == value)
    }

    @Test(arguments: hostile)
    func `as text is one line too, in which no value can pass for another field`(value: String) {
        let text = text(line("request", [("a", .string(value)), ("b", .stringConvertible(1))]), .text)
        let scalars = text.unicodeScalars.dropLast()
        #expect(!scalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0 == "\u{2028}" || $0 == "\u{2029}" })
        #expect(text.hasPrefix("1970-01-01T00:00:00.000Z info kazi.test: request a="))
        #expect(text.hasSuffix(" b=1\n"))
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"=\\".utf8.contains($0) }
        #expect(text.contains("a=\"") == !isPlain)
    }

    @Test(arguments: [2_047, 2_048, 2_049, 100_000])
    func `cuts a long value, and says so`(length: Int) throws {
        let value = String(repeating: "é", count: length)
        let logged = try #require(try object(line("request", [("value", .string(value))]))["value"] as? String)
        #expect(logged == (length <= 2_048 ? value : String(value.prefix(2_048)) + "…"))
        #expect(text(line("request", [("value", .string(value))]), .text).unicodeScalars.count < 2_200)
    }
}
