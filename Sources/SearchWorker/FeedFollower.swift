import Logging
import Messaging
import NIOConcurrencyHelpers
import VectorIndex
import WireProtocol

/// Pulls the feed of one replica: pages while there are more, then sleeps until it is woken.
///
/// A lost nudge costs at most a heartbeat, whose answer names the head too.
final class FeedFollower: Sendable {
    private let replica: HeldReplica
    private let gateway: PeerConnection
    private let logger: Logger
    private let onApplied: @Sendable (Bool) -> Void
    private let onStale: @Sendable () -> Void
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    private let task = NIOLockedValueBox<Task<Void, Never>?>(nil)

    private static let pullTimeout = Duration.seconds(30)
    private static let retryDelayRange = Duration.milliseconds(50)...Duration.seconds(2)

    /// - Parameters:
    ///   - onApplied: Called after each page; `true`: the replica became ready with it, or full.
    ///   - onStale: Called once, when the gateway no longer gives this replica's feed.
    init(
        _ replica: HeldReplica, gateway: PeerConnection, logger: Logger,
        onApplied: @escaping @Sendable (Bool) -> Void, onStale: @escaping @Sendable () -> Void
    ) {
        self.replica = replica
        self.gateway = gateway
        self.logger = logger
        self.onApplied = onApplied
        self.onStale = onStale
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func start() {
        replica.onMissing = { [weak self] in self?.wake() }
        task.withLockedValue { $0 = Task { await follow() } }
    }

    /// There is something to pull.
    func wake() { waker.yield() }

    func stop() {
        task.withLockedValue { $0 }?.cancel()
        waker.finish()
    }

    private func follow() async {
        var retryDelay = Self.retryDelayRange.lowerBound
        var wakes = wakes.makeAsyncIterator()
        while !Task.isCancelled {
            do throws(RequestError) {
                if replica.resumeIfThereIsRoom() {
                    logger.notice("there is memory for more rows again", metadata: ["collection": "\(replica.info.name)"])
                    onApplied(true)
                }
                let page = try await gateway.request(replica.nextPull, timeout: Self.pullTimeout)
                guard apply(page) else { return }
                retryDelay = Self.retryDelayRange.lowerBound
                if page.scannedToSeq < page.headSeq || replica.isBehind { continue }
                // One more pull after the last page would tell the gateway how far we are; so does the next heartbeat,
                // but whoever waits for a write to be searchable waits for that.
                if page.rowCount > 0 { continue }
                if await wakes.next() == nil { return }
            } catch {
                if case .refused(let reply) = error, reply.status == .stale || reply.status == .notFound {
                    logger.notice(
                        "giving up a replica", metadata: ["collection": "\(replica.info.name)", "reason": "\(reply.message)"])
                    return onStale()
                }
                if error == .closed { return }
                logger.debug("cannot pull", metadata: ["collection": "\(replica.info.name)", "reason": "\(error)"])
                try? await Task.sleep(for: retryDelay)
                retryDelay = min(retryDelay * 2, Self.retryDelayRange.upperBound)
            }
        }
    }

    /// Returns `false` when this replica can go no further.
    private func apply(_ page: FeedPage) -> Bool {
        do {
            let wasFull = replica.isFull
            onApplied(try replica.apply(page))
            if replica.isFull, !wasFull {
                logger.warning(
                    "no memory for more rows (--memory-limit)",
                    metadata: [
                        "collection": "\(replica.info.name)", "rows": "\(replica.index.statistics.liveRowCount)",
                        "bytes_per_row": "\(replica.bytesPerRow)",
                        "applied_seq": "\(replica.appliedSeq)",
                    ])
            }
            return true
        } catch {
            // Another try would meet the same page: the replica stays where it is, behind, and says so.
            logger.error(
                "cannot apply the feed",
                metadata: [
                    "collection": "\(replica.info.name)", "after_seq": "\(replica.appliedSeq)", "reason": "\(error)",
                ])
            return false
        }
    }
}
