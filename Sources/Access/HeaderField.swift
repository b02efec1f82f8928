/// One header of an answer. This module knows no HTTP library, so it says what to send as text.
public struct HeaderField: Sendable, Equatable {
    /// In the spelling of the standard that defines it; names are compared without regard to case.
    public let name: String
    /// Visible ASCII and single spaces, never a line break.
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
