import RecordSchema

/// What a route is, for the OpenAPI document: written where the route is declared, from the values that the route reads
/// its request with.
struct Operation: Sendable {
    /// What the body of a request is.
    enum Body: Sendable, Equatable {
        case none
        /// A record of the collection.
        case record
        /// An RFC 7396 merge patch of one.
        case mergePatch
        case batch
        case search
        /// JSON of a schema of its own, for routes that are about no collection.
        case json(schema: JSON, example: JSON)
        /// A form, as of OAuth 2.
        case form(schema: JSON, example: JSON)
    }

    /// What an answer with success holds.
    enum Content: Sendable, Equatable {
        case none
        case record
        case records
        /// Records, or with `cursor` a page of them.
        case recordsOrPage
        case hits
        case batchResults
        case health
        case liveness
        case csv
        case ndjson
        case text
        case html
        case openAPI
        /// JSON of a schema of its own.
        case json(schema: JSON, example: JSON)
    }

    /// Unique among routes, and without the name of a collection: that is appended where a path has one.
    let id: String
    let tag: String
    let summary: String
    var parameters: [Parameter] = []
    /// Whether the collection's filter fields are parameters too.
    var takesFilters = false
    /// Request headers that the route reads, each with a sentence.
    var headers: [(name: String, summary: String)] = []
    var body = Body.none
    /// Success, by status.
    var answers: [(status: Int, content: Content, summary: String)]
    /// The headers of those answers, beside `X-Request-ID`, which every answer has.
    var answerHeaders: [AnswerHeader] = []
    /// The other statuses that the route answers with, beside 422 and 500.
    var failures: [Int] = []
    /// Who may use it; `nil`: what `Access` says of the route's method.
    var access: Access?
}
