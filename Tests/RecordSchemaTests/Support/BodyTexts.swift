@testable import RecordSchema

/// Request bodies as text: mostly well-formed objects whose members are right, wrong, missing, null or twice there.
enum BodyTexts {
    private typealias Fields = [(name: String, good: [String])]

    static func job(using generator: inout SeededGenerator) -> String {
        object(
            [
                ("title", quoted(["Engineer", "  Cook  ", "ab", "\u{1C}Data\u{A0}", "   ", "  "])),
                ("company", quoted(["Acme", "x", " "])), ("description", quoted(["", "Long\ntext"])),
                ("location", quoted(["Nairobi", ""])),
                ("salary_min", ["100", "0", "-0.0", "100.5", "\"90_000\"", "true", "1e5"]),
                ("salary_max", ["200", "200.0", "\" 200 \"", "99.9", "1e6", "0"]),
                ("source", quoted(["linkedin", "brightermonday", "jobwebkenya"])),
                ("posted_at", quoted(Array(ValueTexts.times.prefix(10))) + ValueTexts.unixTimes.prefix(5)),
                ("url", quoted(["https://x.example/1", ""])),
            ], extra: ["extra", "id", "Title", "title "], using: &generator)
    }

    static func wide(using generator: inout SeededGenerator) -> String {
        let inner = innerTexts(using: &generator)
        return object(
            [
                ("integer", ["5", "0", "-5", "\"10\"", "1000000000000", "1e2"]), ("exclusive", ["1", "99", "\"5.0\""]),
                ("number", ["0", "0.25", "-1.25", "1e15", "\"2.5\""]), ("small", ["0.1", "1.5e-7", "0.05"]),
                ("flag", ["true", "\"no\"", "0", "1.0"]), ("day", quoted(["2024-01-15", "1705276800"]) + ["86400"]),
                ("time", quoted(Array(ValueTexts.times.prefix(8))) + ["1700000000"]),
                ("level", ["1", "2", "\"2\"", "1.0", "true"]),
                ("ratio", ["0.5", "1", "\"0.1\"", "true"]),
                ("quote", quoted(["it's", "say \"x\"", "'\"", "a\n\u{200B}é\\"])),
                ("one", ["1", "1.0", "true"]), ("yes", ["true", "1", "1.0"]), ("word", quoted(["it's"])),
                ("code", quoted(["AB-1", "XY-٣٤"])), ("tags", ["[\"a\"]", "[\"a\",\"b\",\"c\"]"]),
                ("numbers", ["[]", "[1,2.5,\"3\",true]"]), ("matrix", ["[[1,2],[]]", "[]"]), ("inner", inner),
                ("inners", ["[]", "[\(inner[0])]", "[\(inner[0]),\(inner[1])]"]),
                ("payload", ["{}", "{\"a\":[1,{\"b\":null}],\"c\":1.0}"]),
                ("anything", ["1", "\"x\"", "[1,{}]", "null"]),
                ("limit", ["1", "\"7\""]), ("nothing", ["null", "\"x\""]),
            ], extra: ["extra", "time ", "Integer"], using: &generator)
    }

    private static func innerTexts(using generator: inout SeededGenerator) -> [String] {
        let fields: Fields = [
            ("count", ["1", "\"2\""]), ("note", quoted(["abc", ""])), ("when", quoted(["2024-01-15"])),
        ]
        return (0..<3).map { _ in object(fields, extra: ["other"], using: &generator) }
    }

    private static func quoted(_ texts: [String]) -> [String] { texts.map(ValueTexts.quoted) }

    private static func object(_ fields: Fields, extra: [String], using generator: inout SeededGenerator) -> String {
        // In a third of the bodies nothing is wrong on purpose.
        let badness = generator.chance(35) ? 0 : Int.random(in: 3...30, using: &generator)
        var members: [String] = []
        for field in fields {
            let isPresent = generator.chance(badness == 0 ? 92 : 80)
            guard isPresent else { continue }
            // An infinite number within any value is refused by us alone: it could not be stored.
            let value =
                generator.chance(badness) && field.name != "anything"
                ? bad(using: &generator) : generator.pick(field.good)
            members.append("\(ValueTexts.quoted(field.name)):\(value)")
            if generator.chance(2) { members.append("\(ValueTexts.quoted(field.name)):\(generator.pick(field.good))") }
        }
        if generator.chance(badness) {
            members.append("\(ValueTexts.quoted(generator.pick(extra))):\(bad(using: &generator))")
        }
        if generator.chance(30) { members.shuffle(using: &generator) }
        return "{\(members.joined(separator: ","))}"
    }

    private static func bad(using generator: inout SeededGenerator) -> String {
        ValueTexts.any(using: &generator)
    }

    /// The text with a few characters missing, doubled or replaced.
    static func damaged(_ body: String, using generator: inout SeededGenerator) -> String {
        var scalars = Array(body.unicodeScalars)
        let characters = Array("{}[]\",:\\ \n\u{1}0123eE+-.utfn".unicodeScalars)
        for _ in 0...Int.random(in: 0...2, using: &generator) where !scalars.isEmpty {
            let index = Int.random(in: 0..<scalars.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: scalars.remove(at: index)
            case 1: scalars.insert(generator.pick(characters), at: index)
            case 2: scalars[index] = generator.pick(characters)
            default: scalars.removeSubrange(index...)
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
