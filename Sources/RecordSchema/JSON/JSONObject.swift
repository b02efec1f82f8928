/// The members of a JSON object in the order in which their keys first appeared. Keys differ by code points, and of
/// two members with one key the later value stays at the earlier place, as in a Python dictionary.
public struct JSONObject: Sendable {
    public struct Member: Sendable, Hashable {
        public let key: String
        public var value: JSON

        public static func == (left: Member, right: Member) -> Bool {
            left.key.hasSameCodePoints(as: right.key) && left.value == right.value
        }
    }

    public private(set) var members: [Member] = []
    /// The index of each key in `members`; empty up to `linearSearchLimit` members, where a search is quicker.
    private var indices: [ExactKey: Int] = [:]

    private static let linearSearchLimit = 12

    public init() {}

    /// The members in order; of two with one key the later value counts.
    public init(_ members: some Sequence<(String, JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    public var count: Int { members.count }
    public var isEmpty: Bool { members.isEmpty }

    /// The value of `key`; setting appends a new key at the end, and setting `nil` removes the member.
    public subscript(key: String) -> JSON? {
        get { index(of: key).map { members[$0].value } }
        set {
            guard let newValue else { return remove(key) }
            if let index = index(of: key) {
                members[index].value = newValue
            } else {
                append(key, newValue)
            }
        }
    }

    public mutating func reserveCapacity(_ count: Int) {
        members.reserveCapacity(count)
    }

    private func index(of key: String) -> Int? {
        guard indices.isEmpty else { return indices[ExactKey(key)] }
        return members.firstIndex { $0.key.hasSameCodePoints(as: key) }
    }

    /// Appends a member whose key is known to be a new one.
    mutating func append(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if !indices.isEmpty {
            indices[ExactKey(key)] = members.count - 1
        } else if members.count > Self.linearSearchLimit {
            buildIndices()
        }
    }

    private mutating func remove(_ key: String) {
        guard let index = index(of: key) else { return }
        members.remove(at: index)
        indices = [:]
        if members.count > Self.linearSearchLimit { buildIndices() }
    }

    private mutating func buildIndices() {
        indices.reserveCapacity(members.count * 2)
        for (index, member) in members.enumerated() { indices[ExactKey(member.key)] = index }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements)
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members == right.members
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(members)
    }
}

/// A string that equals only the same code points.
private struct ExactKey: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactKey, right: ExactKey) -> Bool {
        left.text.hasSameCodePoints(as: right.text)
    }
}
