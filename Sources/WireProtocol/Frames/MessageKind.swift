/// What a message asks or tells. The header's kind byte is this number; a reply has bit 7 set as well.
public enum MessageKind: UInt8, Sendable, Hashable, CaseIterable {
    case announce = 1
    case pull = 2
    case nudge = 3
    case search = 4
    case status = 5
    case query = 6
    case put = 7
    case get = 8
    case delete = 9
    case goodbye = 10

    /// One-way messages are never answered, not even with an error, and have request id 0.
    public var isOneWay: Bool { self == .nudge || self == .goodbye }
}
