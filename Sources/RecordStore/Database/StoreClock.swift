import Foundation

/// Time and identity, as the store writes them down.
enum StoreClock {
    /// Microseconds since 1970-01-01T00:00:00Z.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

    /// A random UUID in lower case.
    static func randomID() -> [UInt8] { [UInt8](UUID().uuidString.lowercased().utf8) }
}
