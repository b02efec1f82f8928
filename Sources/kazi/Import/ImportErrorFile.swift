import Foundation
import RecordSchema

/// The lines that were refused, one JSON object each: line number, status, what the gateway said, and the input. The file
/// is made with the first of them.
struct ImportErrorFile {
    let path: String
    private var handle: FileHandle?
    private var pending: [UInt8] = []

    init(path: String) { self.path = path }

    /// - Parameter status: `nil` when the line was not sent.
    mutating func append(lineNumber: Int, status: Int?, _ detail: JSONObject, _ input: [UInt8]) throws {
        var object: JSONObject = [
            "line": .integer(Int64(lineNumber)), "status": status.map { .integer(Int64($0)) } ?? .null,
        ]
        for member in detail.members { object[member.key] = member.value }
        object["input"] = (try? JSON(parsing: input)) ?? .string(String(decoding: input, as: UTF8.self))
        object.serialize(into: &pending)
        pending.append(UInt8(ascii: "\n"))
    }

    mutating func flush() throws {
        guard !pending.isEmpty else { return }
        defer { pending.removeAll(keepingCapacity: true) }
        if handle == nil {
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else {
                throw CommandFailure("cannot write the refused lines to \(path): \(systemErrorText(errno))")
            }
            handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        }
        do {
            try handle?.write(contentsOf: Data(pending))
        } catch {
            throw CommandFailure("cannot write the refused lines to \(path): \(error.localizedDescription)")
        }
    }
}
