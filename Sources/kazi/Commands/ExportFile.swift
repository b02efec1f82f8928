import Foundation

/// Where an export goes: standard output, or a file that appears under its name only when it is whole.
struct ExportFile: ~Copyable {
    private let path: String?
    private let temporaryPath: String?
    private let handle: FileHandle?
    private var isFinished = false

    /// - Parameter path: `-` is standard output.
    init(path: String) throws {
        guard path != "-" else {
            (self.path, temporaryPath, handle) = (nil, nil, nil)
            return
        }
        let temporary = path + ".\(ProcessInfo.processInfo.processIdentifier).part"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw CommandFailure("cannot write \(temporary): \(systemErrorText(errno))") }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        (self.path, temporaryPath) = (path, temporary)
    }

    deinit {
        if let temporaryPath, !isFinished { try? FileManager.default.removeItem(atPath: temporaryPath) }
    }

    func write(_ bytes: [UInt8]) throws {
        guard let handle, let path else { return try Terminal.write(bytes) }
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// Gives the file its name, once its content is on the disk.
    mutating func finish() throws {
        guard let handle, let path, let temporaryPath else { return }
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw CommandFailure("cannot write \(path): \(error.localizedDescription)")
        }
        guard unsafe rename(temporaryPath, path) == 0 else {
            throw CommandFailure("cannot rename \(temporaryPath) to \(path): \(systemErrorText(errno))")
        }
        isFinished = true
    }
}
