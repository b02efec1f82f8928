import HTTPTypes
import RecordStore

/// Names the versions of records for HTTP: `"1234-5f2a90c1"`, strong tags of RFC 9110 section 8.8.3.
///
/// A version is its `seq` in its store. A store that a backup was restored to counts on from the backup's `seq`, and so gives
/// numbers again that clients may have seen on other versions; it has another identity, of which the second half is made.
struct EntityTags: Sendable {
    private let ending: String

    init(storeID: String) {
        let digits = String(Digest.sha256Prefix(storeID) >> 32, radix: 16)
        ending = "-" + String(repeating: "0", count: 8 - digits.count) + digits + "\""
    }

    func of(_ record: StoredRecord) -> String { "\"\(record.seq)\(ending)" }
}

/// The condition in `If-Match` or `If-None-Match`: some tags, or `*`.
struct EntityTagCondition: Sendable {
    private let isAny: Bool
    private let tags: Set<String>

    /// `nil` without the header.
    init?(_ value: String?) {
        guard let value else { return nil }
        let parts = value.split(separator: ",").map { part in
            part.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
        }.map { String($0) }
        isAny = parts.contains("*")
        tags = Set(parts)
    }

    /// Strong comparison, for `If-Match`: a weak tag matches nothing.
    ///
    /// - Parameter tag: A strong one, in quotes.
    func matchesStrongly(_ tag: String) -> Bool { isAny || tags.contains(tag) }

    /// Weak comparison, for `If-None-Match`, with a strong tag.
    func matchesWeakly(_ tag: String) -> Bool { isAny || tags.contains(tag) || tags.contains("W/" + tag) }
}
