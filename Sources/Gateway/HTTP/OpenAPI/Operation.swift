import RecordSchema

/// What a route is, for the OpenAPI document: written where the route is declared, from the values that the route reads
/// its request with.
struct Operation: Sendable {
    /// What the body of a request is.
    enum Body: Sendable {
        case none
        /// A record of the collection.
        case record
        /// An RFC 7396 merge patch of one.
        case mergePatch
        case batch
        case search
    }

    /// What an answer with success holds.
    enum Content: Sendable {
        case none
        case record
        case records
        /// Records, or with `cursor` a page of them.
        case recordsOrPage
        case hits
        case batchResults
        case collections
        case health
        case liveness
        case csv
        case ndjson
        case text
        case openAPI
    }

    /// Unique among routes; with a collection's name appended, unique in the document.
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
    /// The other statuses that the route answers with, beside 422 and 500.
    var failures: [Int] = []
}
