import NIOCore

/// Whether a transfer goes fast enough, measured over stretches of time in which only the client is waited for.
struct TransferPace {
    private let stretch: TimeAmount
    private let stretchBytes: Int
    /// Of the whole transfer, up to the last pause.
    private var waited = TimeAmount.zero
    /// Of this stretch, up to the last pause.
    private var waitedInStretch = TimeAmount.zero
    /// Since when the client is waited for; `nil`: it is not.
    private var waitStart: NIODeadline?
    private var bytesInStretch = 0
    /// What lies in the outgoing buffer unless the client has taken some of it.
    private var bufferedBytes = 0

    init(_ limits: ConnectionLimits) {
        stretch = limits.stallTimeout
        stretchBytes = limits.stallBytes
    }

    /// A transfer begins, and the client is waited for.
    ///
    /// - Parameter bufferedBytes: What lies in the outgoing buffer; nothing for what comes in.
    mutating func begin(_ now: NIODeadline, bufferedBytes: Int = 0) {
        waited = .zero
        startStretch()
        self.bufferedBytes = bufferedBytes
        waitStart = now
    }

    mutating func passed(_ bytes: Int) { bytesInStretch += bytes }

    /// The client is waited for from now on.
    mutating func resume(_ now: NIODeadline) { if waitStart == nil { waitStart = now } }

    /// The client is not waited for from now on.
    mutating func pause(_ now: NIODeadline) {
        guard let start = waitStart else { return }
        waited = waited + (now - start)
        waitedInStretch = waitedInStretch + (now - start)
        waitStart = nil
    }

    /// Bytes went into the outgoing buffer.
    mutating func buffered(_ bytes: Int) { bufferedBytes += bytes }

    /// Takes note of what lies in the outgoing buffer now: the rest of it has passed.
    mutating func found(buffered bytes: Int) {
        bytesInStretch += max(0, bufferedBytes - bytes)
        bufferedBytes = bytes
    }

    /// Looks at a stretch that is over, and begins the next one.
    mutating func isTooSlow(_ now: NIODeadline) -> Bool {
        guard time(waitedInStretch, now) >= stretch else { return false }
        defer {
            pauseAndResume(now)
            startStretch()
        }
        return bytesInStretch < stretchBytes || bytesInStretch == 0
    }

    func isTooLong(_ now: NIODeadline, _ limit: TimeAmount) -> Bool { time(waited, now) >= limit }

    /// When the stretch, or the time for the whole, will be over if the client is waited for until then.
    func nextDeadline(total: TimeAmount?) -> NIODeadline {
        let start = waitStart ?? .now()
        let end = start + (stretch - waitedInStretch)
        return total.map { min(end, start + ($0 - waited)) } ?? end
    }

    private func time(_ counted: TimeAmount, _ now: NIODeadline) -> TimeAmount {
        waitStart.map { counted + (now - $0) } ?? counted
    }

    private mutating func pauseAndResume(_ now: NIODeadline) {
        guard waitStart != nil else { return }
        pause(now)
        resume(now)
    }

    private mutating func startStretch() {
        waitedInStretch = .zero
        bytesInStretch = 0
    }
}
