import ArgumentParser
import Foundation
import RecordStore
import ServiceRuntime

/// Which accounts a command works on: those of a data directory, whether a gateway serves it or not.
struct AccountOptions: ParsableArguments {
    @Option(help: "The gateway's data directory (KAZI_DATA_DIR, default ./kazi-data).")
    var dataDir: String?

    @Flag(help: "The answer as JSON.")
    var json = false

    /// Opens the accounts, runs `body`, and closes them.
    ///
    /// - Parameter createsDirectory: Whether a directory that is not there is made: keys may come before the first start.
    func with<Result>(
        createsDirectory: Bool = false, _ body: (AccountDatabase) async throws -> Result
    ) async throws -> Result {
        let directory = try EnvironmentSetting.value(dataDir, "KAZI_DATA_DIR", default: "kazi-data")
        guard createsDirectory || FileManager.default.fileExists(atPath: directory + "/kazi.sqlite") else {
            throw CommandFailure("\(directory) has no database: name the gateway's data directory with --data-dir")
        }
        do {
            let accounts = try AccountDatabase(directory: directory)
            defer { accounts.close() }
            return try await body(accounts)
        } catch let error as StoreError {
            throw CommandFailure("\(directory) cannot be used: \(error)")
        } catch let error as AccountError {
            throw CommandFailure(error.explanation)
        }
    }
}

extension AccountError {
    var explanation: String {
        switch self {
        case .keyNotFound(let id): "there is no key \(id)"
        case .userNotFound(let id): "there is no user \(id)"
        case .taken: "the name is taken"
        case .invalidField(let name): "\(name) is empty or too long"
        case .tooMany(let limit): "there are \(limit) already, as many as there may be: remove some"
        case .store(let error): "the database cannot be used: \(error)"
        }
    }
}

/// Times in lists.
enum AccountTime {
    /// `2026-11-25 10:31` in UTC; `-` for none.
    static func text(_ microseconds: Int64?) -> String {
        guard let microseconds else { return "-" }
        let date = Date(timeIntervalSince1970: Double(microseconds) / 1e6)
        return date.formatted(Date.ISO8601FormatStyle(dateTimeSeparator: .space).year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: false).timeSeparator(.colon))
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1e6) }

    /// `90d`, `12h`, `30m`: from now.
    static func after(_ text: String) throws -> Int64 {
        let units: [Character: Int64] = ["m": 60, "h": 3_600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), (1...36_500).contains(count)
        else { throw ValidationError("--expires-in takes a number and a unit, as in 90d, 12h or 30m, not '\(text)'") }
        return now + count * unit * 1_000_000
    }
}
