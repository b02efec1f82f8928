import Foundation
import Glibc
import Logging
import NIOConcurrencyHelpers

/// Takes whole lines from any thread and writes them to a file descriptor from a thread of its own, so that nobody who
/// logs waits for whoever reads: a pipe that is full stops this thread and no other.
///
/// Lines are written whole and in the order in which they were taken. What waits is bounded; what comes beyond that is
/// dropped, and a line says how many there were.
final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var droppedCount = 0
        /// Lines are being written that are no longer in `pending`.
        var isWriting = false
    }

    /// Bytes that may wait.
    static let pendingBytesMax = 4 << 20

    private let state = NIOLockedValueBox(State())
    /// 1 while there is something to write. Held for a moment only; `state` has its own lock.
    private let signal = ConditionLock(value: 0)
    private let descriptor: Int32

    /// - Parameter descriptor: Stays open as long as the process lives.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        let thread = Thread { [self] in run() }
        thread.name = "kazi-log"
        thread.start()
    }

    /// Takes a line, with its end.
    func write(_ line: [UInt8]) {
        let mustSignal = state.withLockedValue { state in
            guard state.pending.count + line.count <= Self.pendingBytesMax else {
                state.droppedCount += 1
                return false
            }
            defer { state.pending += line }
            return state.pending.isEmpty
        }
        guard mustSignal else { return }
        signal.lock()
        signal.unlock(withValue: 1)
    }

    /// Waits until everything taken so far is written, at most for `timeout`: a reader that has stopped reading must not
    /// keep a process from ending.
    func flush(timeout: Duration) {
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            if state.withLockedValue({ $0.pending.isEmpty && !$0.isWriting }) { return }
            usleep(500)
        }
    }

    private func run() {
        while true {
            signal.lock(whenValue: 1)
            signal.unlock(withValue: 0)
            let (lines, droppedCount) = state.withLockedValue { state in
                defer {
                    state.pending = []
                    state.droppedCount = 0
                    state.isWriting = true
                }
                return (state.pending, state.droppedCount)
            }
            writeWhole(lines)
            if droppedCount > 0 {
                let line = LogLine(
                    level: .warning, label: "kazi.log", message: "log lines were dropped",
                    fields: [("count", .stringConvertible(droppedCount))], time: ProcessLog.now())
                writeWhole(line.bytes(ProcessLog.format))
            }
            state.withLockedValue { $0.isWriting = false }
        }
    }

    private func writeWhole(_ bytes: [UInt8]) {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: start), buffer.count - start)
            }
            if count > 0 {
                start += count
            } else if count < 0, errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&wait, 1, 1000)
            } else if count < 0, errno == EINTR {
                continue
            } else {
                // Nobody can be told that the log cannot be written.
                return
            }
        }
    }
}
