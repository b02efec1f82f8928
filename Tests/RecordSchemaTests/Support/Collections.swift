import Foundation

@testable import RecordSchema

/// Collections for tests.
enum Collections {
    /// The folder of the collections that ship with the product.
    static let shipped = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../Sources/Gateway/Resources/collections").standardized.path

    static func jobs() throws -> CollectionDefinition {
        try CollectionDefinition.load(path: shipped + "/jobs.yaml")
    }

    static func events() throws -> CollectionDefinition {
        try CollectionDefinition.load(path: shipped + "/events.yaml")
    }

    /// Every kind of field that a file can declare; `Wide` in `Fixtures/oracle.py`.
    static func wide() throws -> CollectionDefinition {
        try CollectionDefinition(
            source: #"""
                type: object
                required: [integer, time, nothing]
                additionalProperties: false
                properties:
                  integer:   { type: integer, minimum: -5, maximum: 1000000000000, multipleOf: 5 }
                  exclusive: { type: integer, exclusiveMinimum: 0, exclusiveMaximum: 100 }
                  number:    { type: number, exclusiveMinimum: -1.5, exclusiveMaximum: 1e16, multipleOf: 0.25 }
                  small:     { type: number, minimum: 1.5e-7, maximum: 0.1 }
                  flag:      { type: boolean }
                  day:       { type: string, format: date }
                  time:      { type: string, format: date-time }
                  level:     { type: integer, enum: [1, 2, 1000000] }
                  ratio:     { type: number, enum: [0.5, 1, 0.1] }
                  quote:     { type: string, enum: ["it's", 'say "x"', "'\"", "a\n\u200bé\\"] }
                  one:       { const: 1 }
                  "yes":     { type: boolean, const: true }
                  word:      { type: string, const: "it's" }
                  code:      { type: string, pattern: '^[A-Z]{2}-\d+$' }
                  tags:      { type: array, items: { type: string }, minItems: 1, maxItems: 3 }
                  numbers:   { type: array, items: { type: number } }
                  matrix:    { type: array, items: { type: array, items: { type: integer } } }
                  inner: &inner
                    type: object
                    required: [count]
                    properties:
                      count: { type: integer }
                      note:  { type: string, maxLength: 3 }
                      when:  { type: string, format: date }
                  inners:    { type: array, items: *inner }
                  payload:   { type: object }
                  anything:  {}
                  limit:     { type: integer, default: 10 }
                  nothing:   { type: [string, "null"] }
                """#, fileName: "wide.yaml")
    }
}
