import Access
import ArgumentParser
import RecordSchema
import RecordStore

/// `kazi keys`: API keys of a data directory. A running gateway sees every change with its next request.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke API keys.", subcommands: [Add.self, List.self, Revoke.self, Remove.self],
        defaultSubcommand: List.self)

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it: it is shown this once, and stored as a hash.")

        @Argument(help: "What it is for, such as 'nightly import'.")
        var name: String

        @Option(help: "reader, writer or admin.")
        var role = "reader"

        @Option(parsing: .upToNextOption, help: "Collections that it covers, default all.")
        var collections: [String] = []

        @Option(help: "How long it is good, as 90d, 12h or 30m; default for ever.")
        var expiresIn: String?

        @OptionGroup var options: AccountOptions

        func run() async throws {
            guard let role = Role(rawValue: role) else {
                throw ValidationError("--role takes reader, writer or admin, not '\(role)'")
            }
            do { try AccessNameFault.check(name) } catch { throw ValidationError("the name cannot be used: \(error)") }
            let expiresAt = try expiresIn.map(AccountTime.after)
            let key = APIKey.generate()
            let row = try await options.with(createsDirectory: true) { accounts in
                try await accounts.addKey(
                    hash: key.hash.bytes, prefix: key.prefix, name: name, role: role.rawValue,
                    collections: collections.isEmpty ? nil : collections, expiresAt: expiresAt)
            }
            if options.json {
                var members = row.json.objectValue ?? [:]
                members["key"] = .string(key.text)
                try Terminal.write(JSON.object(members).serialized() + [UInt8(ascii: "\n")])
            } else {
                try Terminal.write(key.text + "\n")
                if Terminal.standardOutputIsTerminal {
                    Terminal.writeError("Key \(row.id), \(role.rawValue). Keep it: it is not shown again.\n")
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys; never the keys themselves.")

        @OptionGroup var options: AccountOptions

        func run() async throws {
            let rows = try await options.with { try await $0.keys() }
            if options.json {
                return try Terminal.write(JSON.array(rows.map(\.json)).serialized() + [UInt8(ascii: "\n")])
            }
            var table = TextTable(columns: [
                .init(heading: "ID", alignsRight: true), .init(heading: "KEY"), .init(heading: "NAME"),
                .init(heading: "ROLE"), .init(heading: "COLLECTIONS"), .init(heading: "STATE"), .init(heading: "CREATED"),
                .init(heading: "EXPIRES"),
            ])
            for row in rows {
                table.append([
                    String(row.id), row.prefix + "…", row.name, row.role, row.collections?.joined(separator: ",") ?? "all",
                    row.state, AccountTime.text(row.createdAt), AccountTime.text(row.expiresAt),
                ])
            }
            try Terminal.write(table.text)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key useless from now on.")

        @Argument(help: "The key's id, as `kazi keys list` shows it.")
        var id: Int64

        @OptionGroup var options: AccountOptions

        func run() async throws {
            let row = try await options.with { try await $0.revokeKey(id: id) }
            try Terminal.write(
                options.json
                    ? row.json.serialized() + [UInt8(ascii: "\n")]
                    : Array("key \(row.id) (\(row.name)) is revoked\n".utf8))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a key from the list.")

        @Argument(help: "The key's id.")
        var id: Int64

        @OptionGroup var options: AccountOptions

        func run() async throws {
            try await options.with { try await $0.removeKey(id: id) }
            try Terminal.write("key \(id) is deleted\n")
        }
    }
}

extension APIKeyRow {
    fileprivate var state: String {
        if revokedAt != nil { return "revoked" }
        return isUsable(at: AccountTime.now) ? "active" : "expired"
    }

    fileprivate var json: JSON {
        [
            "id": .integer(id), "prefix": .string(prefix), "name": .string(name), "role": .string(role),
            "collections": collections.map { .array($0.map(JSON.string)) } ?? .null, "state": .string(state),
            "created_at": .string(AccountTime.text(createdAt)),
            "expires_at": expiresAt.map { .string(AccountTime.text($0)) } ?? .null,
        ]
    }
}

extension TextTable {
    /// The lines, as wide as the terminal where there is one.
    var text: String {
        lines(width: Terminal.standardOutputIsTerminal ? Terminal.width(of: 1) : nil).map { $0 + "\n" }.joined()
    }
}
