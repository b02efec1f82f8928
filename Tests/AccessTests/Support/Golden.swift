import Foundation
import Testing

/// What `scripts/access/make-golden` wrote.
enum Golden {
    private static func read<Value: Decodable>(_ name: String) -> Value {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/\(name).json")
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: file))
        } catch {
            preconditionFailure("\(file.path) cannot be read: \(error)")
        }
    }

    struct Tokens: Decodable, Sendable {
        struct Case: Decodable, Sendable, CustomTestStringConvertible {
            let name: String
            let token: String
            /// `accepted`, or the name of a case of `AccessTokenError`.
            let outcome: String
            var testDescription: String { name }
        }

        let now: Int64
        let secret: String
        let previousSecret: String
        let cases: [Case]
    }

    struct Password: Decodable, Sendable {
        let password: String
        let encoded: String
    }

    struct Key: Decodable, Sendable {
        /// 40 bytes in hexadecimal digits, in the order in which a new key takes them.
        let random: String
        let key: String
        let id: String
        let sha256: String
    }

    struct Address: Decodable, Sendable {
        let text: String
        let isValid: Bool
        let isLoopback: Bool?
        /// The network that one client is.
        let group: String?
    }

    struct Requests: Decodable, Sendable, CustomTestStringConvertible {
        struct Request: Decodable, Sendable {
            let now: Int64
            let isAllowed: Bool
            let remaining: Int
            let reset: Int64
            let retryAfter: Int64
        }

        let limit: String
        let requests: [Request]
        var testDescription: String { limit }
    }

    static let tokens: Tokens = read("tokens")
    static let passwords: [Password] = read("passwords")
    static let keys: [Key] = read("keys")
    static let addresses: [Address] = read("addresses")
    static let rateLimits: [Requests] = read("rate-limits")
}
