import HTTPTypes
import RecordStore

/// A record's version as HTTP names it: its `seq` in quotes, a strong tag of RFC 9110 section 8.8.3.
enum EntityTag {
    static func of(_ record: StoredRecord) -> String { "\"\(record.seq)\"" }
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
    func matchesStrongly(_ record: StoredRecord) -> Bool { isAny || tags.contains(EntityTag.of(record)) }

    /// Weak comparison, for `If-None-Match`.
    func matchesWeakly(_ record: StoredRecord) -> Bool { matchesWeakly(EntityTag.of(record)) }

    /// The same for a strong tag in quotes.
    func matchesWeakly(_ tag: String) -> Bool { isAny || tags.contains(tag) || tags.contains("W/" + tag) }
}
