import Testing

@testable import RecordSchema

@Suite("Bodies against Pydantic", .enabled(if: Oracle.isAvailable, Oracle.absence))
struct PydanticBodyTests {
    @Test(.timeLimit(.minutes(10)))
    func `of jobs get the same verdict, errors and stored form`() throws {
        var generator = SeededGenerator(seed: 1)
        let bodies = (0..<6_000).map { _ in BodyTexts.job(using: &generator) }
        try compare("job", bodies, with: try Collections.jobs())
    }

    @Test(.timeLimit(.minutes(10)))
    func `with every kind of field get the same verdict, errors and stored form`() throws {
        var generator = SeededGenerator(seed: 2)
        let bodies = (0..<6_000).map { _ in BodyTexts.wide(using: &generator) }
        try compare("wide", bodies, with: try Collections.wide())
    }

    @Test(.timeLimit(.minutes(10)))
    func `that are no objects or no JSON get the same errors`() throws {
        var generator = SeededGenerator(seed: 3)
        var bodies = [
            "", " ", "null", "[]", "1", "\"x\"", "true", "{", "{}", "{\"title\":}", "{\"title\":\"\\q\"}", "nul",
        ]
        for _ in 0..<500 { bodies.append(BodyTexts.damaged(BodyTexts.job(using: &generator), using: &generator)) }
        try compare("job", bodies, with: try Collections.jobs())
    }

    @Test(.timeLimit(.minutes(10)))
    func `get the very answer of a FastAPI application`() throws {
        var generator = SeededGenerator(seed: 6)
        var bodies = ["", "null", "[]", "{", "{\"title\":1,}"]
        for _ in 0..<150 {
            bodies.append(BodyTexts.job(using: &generator))
            bodies.append(BodyTexts.damaged(BodyTexts.job(using: &generator), using: &generator))
        }
        let definition = try Collections.jobs()
        let requests = bodies.map { JSON.object(["fastapi": "job", "body": .string($0)]) }
        var differences: [String] = []
        for (body, theirs) in zip(bodies, try Oracle.answers(to: requests)) where theirs.objectValue?["status"] != 500 {
            // The gateway takes no body for null.
            let ours = answer(body.isEmpty ? "null" : body, definition)
            if text(ours) != text(theirs) {
                differences.append("\(body)\n  ours \(text(ours))\n  FastAPI's \(text(theirs))")
            }
        }
        let isEmpty = differences.isEmpty
        #expect(isEmpty, summary(differences))
    }

    /// Status and body as the gateway makes them of a verdict.
    private func answer(_ body: String, _ definition: CollectionDefinition) -> JSON {
        let verdict = verdict(body, definition)
        guard let errors = verdict.objectValue?["errors"] else {
            return .object(["status": 200, "body": verdict.objectValue?["ok"] ?? .null])
        }
        return .object(["status": 422, "body": .object(["detail": errors])])
    }

    private func compare(_ model: String, _ bodies: [String], with definition: CollectionDefinition) throws {
        let requests = bodies.map { JSON.object(["model": .string(model), "body": .string($0)]) }
        let answers = try Oracle.answers(to: requests)
        var differences: [String] = []
        var validCount = 0
        for (body, theirs) in zip(bodies, answers) {
            let ours = verdict(body, definition)
            if theirs.objectValue?["ok"] != nil { validCount += 1 }
            if text(ours) != text(theirs) {
                differences.append(Self.difference(body, ours, theirs))
            }
        }
        let isEmpty = differences.isEmpty
        #expect(isEmpty, summary(differences))
        // The generator has to reach both sides.
        #expect(
            bodies.count < 1_000 || (bodies.count / 20..<bodies.count / 2).contains(validCount), "\(validCount) valid")
    }

    /// The body, and what only one side says of it.
    private static func difference(_ body: String, _ ours: JSON, _ theirs: JSON) -> String {
        func parts(_ verdict: JSON) -> [String] {
            verdict.objectValue?["errors"]?.arrayValue?.map(text) ?? [text(verdict)]
        }
        let (our, their) = (parts(ours), parts(theirs))
        let mine = our.filter { !their.contains($0) }.map { String($0.prefix(300)) }
        let other = their.filter { !our.contains($0) }.map { String($0.prefix(300)) }
        return "\(body.prefix(300))\n  ours only: \(mine)\n  Pydantic's only: \(other)"
    }

    private func verdict(_ body: String, _ definition: CollectionDefinition) -> JSON {
        let value: JSON
        do {
            value = try JSON(parsing: Array(body.utf8))
        } catch {
            return .object(["errors": [error.issue().json]])
        }
        switch definition.validate(value, now: 0) {
        case .success(let record): return .object(["ok": .object(record.fields)])
        case .failure(.invalid(let issues)): return .object(["errors": .array(issues.map(\.json))])
        case .failure(.dataQuality(let message, _)): return .object(["quality": .string(message)])
        }
    }
}
