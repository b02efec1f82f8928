import ArgumentParser
import Foundation

/// The terminal, if there is one, and writing to it and to pipes.
enum Terminal {
    static var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var standardOutputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Columns of the terminal behind a descriptor; `nil` where there is none or it does not say.
    static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Whatever cannot be shown on standard error is lost; there is nobody to tell.
    static func writeError(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Writes to standard output. A reader that has gone away (`kazi … | head`) ends the command quietly, with the
    /// status a shell gives to a process that `SIGPIPE` ended.
    static func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Foundation.write(STDOUT_FILENO, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EPIPE { throw ExitCode(128 + SIGPIPE) }
                throw CommandFailure("cannot write to standard output: \(systemErrorText(errno))")
            }
            offset += count
        }
    }

    static func write(_ text: String) throws { try write(Array(text.utf8)) }
}
