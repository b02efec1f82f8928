import Access
import ArgumentParser
import Foundation
import RecordSchema
import RecordStore

/// `kazi users`: people who may sign in at `/auth/token`.
struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Add, list, change and disable users.",
        subcommands: [Add.self, List.self, Change.self, Disable.self, Enable.self, Remove.self], defaultSubcommand: List.self)

    /// The roles that `--role` names.
    private static func roles(_ names: [String]) throws -> [String] {
        for name in names where Role(rawValue: name) == nil {
            throw ValidationError("--role takes reader, writer or admin, not '\(name)'")
        }
        return names
    }

    private static func user(named name: String, in accounts: AccountDatabase) async throws -> UserRow {
        guard let row = try await accounts.user(named: name) else { throw CommandFailure("there is no user '\(name)'") }
        return row
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a user. The password is asked for, or read from standard input where that is no terminal.")

        @Argument(help: "What they type to sign in.")
        var name: String

        @Option(parsing: .upToNextOption, help: "reader, writer or admin.")
        var role: [String] = ["reader"]

        @OptionGroup var options: AccountOptions

        func run() async throws {
            let roles = try Users.roles(role)
            do { try AccessNameFault.check(name) } catch { throw ValidationError("the name cannot be used: \(error)") }
            let hash = try PasswordPrompt.newHash()
            let row = try await options.with(createsDirectory: true) { accounts in
                try await accounts.addUser(name: name, passwordHash: hash.encoded, roles: roles)
            }
            try Terminal.write(options.json ? row.json.serialized() + [UInt8(ascii: "\n")] : Array("user \(row.name) is added\n".utf8))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users.")

        @OptionGroup var options: AccountOptions

        func run() async throws {
            let rows = try await options.with { try await $0.users() }
            if options.json {
                return try Terminal.write(JSON.array(rows.map(\.json)).serialized() + [UInt8(ascii: "\n")])
            }
            var table = TextTable(columns: [
                .init(heading: "NAME"), .init(heading: "ROLES"), .init(heading: "STATE"), .init(heading: "CREATED"),
            ])
            for row in rows {
                table.append([row.name, row.roles.joined(separator: ","), row.state, AccountTime.text(row.createdAt)])
            }
            try Terminal.write(table.text)
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give a user other roles or another password.")

        @Argument(help: "The user's name.")
        var name: String

        @Option(parsing: .upToNextOption, help: "reader, writer or admin.")
        var role: [String] = []

        @Flag(help: "Ask for a new password.")
        var password = false

        @OptionGroup var options: AccountOptions

        func run() async throws {
            let roles = try Users.roles(role)
            guard password || !roles.isEmpty else { throw ValidationError("say --role or --password") }
            let hash = password ? try PasswordPrompt.newHash() : nil
            try await options.with { accounts in
                let row = try await Users.user(named: name, in: accounts)
                _ = try await accounts.changeUser(id: row.id) { row in
                    if !roles.isEmpty { row.roles = roles }
                    if let hash { row.passwordHash = hash.encoded }
                }
            }
            try Terminal.write("user \(name) is changed\n")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a user sign in no longer. Tokens that were issued are refused from then on.")

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var options: AccountOptions

        func run() async throws {
            try await options.with { accounts in
                _ = try await accounts.disableUser(id: try await Users.user(named: name, in: accounts).id)
            }
            try Terminal.write("user \(name) is disabled\n")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a disabled user sign in again.")

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var options: AccountOptions

        func run() async throws {
            try await options.with { accounts in
                let id = try await Users.user(named: name, in: accounts).id
                _ = try await accounts.changeUser(id: id) { $0.disabledAt = nil }
            }
            try Terminal.write("user \(name) is enabled\n")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a user.")

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var options: AccountOptions

        func run() async throws {
            try await options.with { accounts in
                try await accounts.removeUser(id: try await Users.user(named: name, in: accounts).id)
            }
            try Terminal.write("user \(name) is deleted\n")
        }
    }
}

extension UserRow {
    fileprivate var state: String { disabledAt == nil ? "active" : "disabled" }

    fileprivate var json: JSON {
        [
            "name": .string(name), "roles": .array(roles.map(JSON.string)), "state": .string(state),
            "created_at": .string(AccountTime.text(createdAt)),
        ]
    }
}

/// Reading a password without showing it.
enum PasswordPrompt {
    private static let passwordBytesMax = 4096

    /// The hash of a password that is typed twice at a terminal, or that is the first line of standard input.
    static func newHash() throws -> PasswordHash {
        let password: String
        if isatty(STDIN_FILENO) == 1 {
            password = try hidden("Password: ")
            guard try hidden("Again: ") == password else { throw CommandFailure("the two passwords are not the same") }
        } else {
            password = readLine() ?? ""
        }
        do {
            return try PasswordHash(hashing: password)
        } catch {
            throw CommandFailure(error.explanation)
        }
    }

    private static func hidden(_ prompt: String) throws -> String {
        Terminal.writeError(prompt)
        var settings = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw CommandFailure("the terminal cannot be asked: \(systemErrorText(errno))")
        }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Terminal.writeError("\n")
        }
        guard let line = readLine(), line.utf8.count <= passwordBytesMax else { throw CommandFailure("no password was given") }
        return line
    }
}
