public import ArgumentParser
import Foundation

/// Settings that a flag or else an environment variable gives, both read by the same parser.
public enum EnvironmentSetting {
    /// The flag's value where there is one, else the variable's, else `nil`. An empty variable counts as unset.
    ///
    /// - Throws: `ValidationError` naming the variable when its text is no `Value`; the command line's own usage error.
    public static func optional<Value: ExpressibleByArgument>(_ flag: Value?, _ variable: String) throws -> Value? {
        if let flag { return flag }
        guard let text = ProcessInfo.processInfo.environment[variable], !text.isEmpty else { return nil }
        guard let value = Value(argument: text) else {
            throw ValidationError("The value '\(text)' is invalid for the environment variable \(variable)")
        }
        return value
    }

    /// The flag's value where there is one, else the variable's, else `defaultValue`.
    public static func value<Value: ExpressibleByArgument>(
        _ flag: Value?, _ variable: String, default defaultValue: Value
    ) throws -> Value {
        try optional(flag, variable) ?? defaultValue
    }

    /// Flags that may be repeated: those given, else the variable's text split at commas.
    public static func list(_ flags: [String], _ variable: String) -> [String] {
        if !flags.isEmpty { return flags }
        let text = ProcessInfo.processInfo.environment[variable] ?? ""
        return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// A switch: on when the flag is given or the variable is `1`, `true`, `yes` or `on`.
    ///
    /// - Throws: `ValidationError` for any other text than those and `0`, `false`, `no`, `off`.
    public static func isOn(_ flag: Bool, _ variable: String) throws -> Bool {
        if flag { return true }
        let text = ProcessInfo.processInfo.environment[variable] ?? ""
        switch text.lowercased() {
        case "", "0", "false", "no", "off": return false
        case "1", "true", "yes", "on": return true
        default: throw ValidationError("The value '\(text)' is invalid for the environment variable \(variable)")
        }
    }
}
