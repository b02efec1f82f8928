import HTTPTypes
import RecordSchema

/// `?wait=searchable`: a write that is answered when searches see it.
struct SearchableWait: Sendable {
    let catalog: Catalog
    let cluster: ClusterDriver
    let timeout: Duration

    static let parameter = Parameter(
        name: "wait", type: .string(oneOf: ["searchable"]),
        summary: "`searchable`: answer when searches see the write; `X-Kazi-Searchable` says whether they do.")

    /// Whether the request asks for it.
    static func isWanted(_ query: QueryString) throws(ServiceFailure) -> Bool {
        var reader = ParameterReader(query)
        let word = reader.text(parameter)
        try reader.check()
        return word != nil
    }

    /// Returns `true` as soon as every live replica has applied the write; `false` when that takes longer than the
    /// timeout. The write stands either way. A collection without vectors has no replicas to wait for.
    func wait(for seq: Int64, in collection: String) async -> Bool {
        guard catalog.collections[collection]?.isSearchable == true else { return true }
        // The write is done, and others may go on with theirs.
        RequestScope.current?.leave()
        return await RequestScope.measure(.wait) {
            await cluster.waitUntilApplied(seq, of: collection, timeout: timeout)
        }
    }

    /// The headers of an answer to a write: its `seq`, and whether the wait that was asked for came to its end.
    func headers(_ seq: Int64, in collection: String, waits: Bool) async -> HTTPFields {
        var headers: HTTPFields = [.kaziSeq: String(seq)]
        if waits { headers[.kaziSearchable] = await wait(for: seq, in: collection) ? "true" : "false" }
        return headers
    }
}
