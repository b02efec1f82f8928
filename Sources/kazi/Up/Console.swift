import Foundation

/// What a person at a terminal reads: results on standard output, everything else on standard error.
enum Console {
    static func show(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    static func note(_ text: String) { FileHandle.standardError.write(Data("kazi: \(text)\n".utf8)) }
}
