import Access
import Hummingbird
import HummingbirdCore
import NIOConcurrencyHelpers
import NIOCore

/// Every open HTTP connection: how many there are, which of them rest, and whether the gateway is stopping.
final class ConnectionRegistry: Sendable {
    /// One open connection, as others may see it.
    final class Record: Sendable {
        fileprivate let channel: any Channel
        /// The client's; `nil` where there is none.
        let address: NetworkAddress?
        private let restingSince: NIOLockedValueBox<NIODeadline?>

        init(_ channel: any Channel) {
            self.channel = channel
            address = channel.remoteAddress?.ipAddress.flatMap { NetworkAddress($0) }
            restingSince = NIOLockedValueBox(.now())
        }

        /// Since when nothing is under way; `nil` while something is.
        var rest: NIODeadline? {
            get { restingSince.withLockedValue { $0 } }
            set { restingSince.withLockedValue { $0 = newValue } }
        }

        fileprivate func askToMakeRoom() { channel.pipeline.fireUserInboundEventTriggered(MakeRoom()) }
    }

    /// Asks a connection to close if it still rests.
    struct MakeRoom: Sendable {}

    struct Figures: Sendable {
        var open = 0
        var resting = 0
        var accepted: UInt64 = 0
        var ended: [ConnectionFault.Kind: UInt64] = [:]
    }

    private struct State {
        var records: [ObjectIdentifier: Record] = [:]
        var addresses: AddressBook
        var acceptedCount: UInt64 = 0
        var endings: [ConnectionFault.Kind: UInt64] = [:]
        var isDraining = false
        /// Accepted, and not closed: a moment ahead of `records`.
        var openCount = 0
    }

    let connectionCountMax: Int
    private let state: NIOLockedValueBox<State>

    init(connectionCountMax: Int, addresses: AddressBook) {
        self.connectionCountMax = connectionCountMax
        state = NIOLockedValueBox(State(addresses: addresses))
    }

    var figures: Figures {
        let (records, accepted, endings) = state.withLockedValue { (Array($0.records.values), $0.acceptedCount, $0.endings) }
        return Figures(
            open: records.count, resting: records.count { $0.rest != nil }, accepted: accepted, ended: endings)
    }

    /// Takes note of a connection.
    ///
    /// - Returns: Whether it may go on. Where its address has as many as it may have, the one of those that has rested longest
    ///   makes room for it; where none rests, it has to go itself.
    func opened(_ record: Record) -> Bool {
        let crowd = state.withLockedValue { state in
            state.records[ObjectIdentifier(record)] = record
            state.acceptedCount += 1
            let crowd = state.addresses.crowd(around: record)
            if crowd == nil { state.addresses.add(record) }
            return crowd
        }
        guard let crowd else { return true }
        guard let resting = Self.longestResting(of: crowd) else { return false }
        // It is not asked twice: the next newcomer has to find another one.
        resting.rest = nil
        resting.askToMakeRoom()
        state.withLockedValue { $0.addresses.add(record) }
        return true
    }

    func closed(_ record: Record) {
        state.withLockedValue { state in
            state.records[ObjectIdentifier(record)] = nil
            state.addresses.remove(record)
        }
    }

    /// Counts a connection that ended early.
    func ended(_ kind: ConnectionFault.Kind) { state.withLockedValue { $0.endings[kind, default: 0] += 1 } }

    /// Whether connections are to be closed after the answer that is under way: others wait for their place, or the
    /// gateway is stopping.
    var wantsConnectionsClosed: Bool {
        state.withLockedValue { $0.isDraining || $0.openCount >= connectionCountMax }
    }

    var isDraining: Bool { state.withLockedValue(\.isDraining) }

    /// Whether there are connections that were accepted and are not served yet.
    var isAccepting: Bool { state.withLockedValue { $0.openCount > $0.records.count } }

    /// From now on every answer closes its connection.
    func drain() { state.withLockedValue { $0.isDraining = true } }

    // MARK: Accepting

    fileprivate func accepted() { state.withLockedValue { $0.openCount += 1 } }

    fileprivate func released() { state.withLockedValue { $0.openCount -= 1 } }

    /// Whether one more connection may be accepted. When there is no room, the one that has rested longest is asked to
    /// make some: clients that hold connections for nothing do not keep others out.
    fileprivate func hasRoom() -> Bool {
        let full = state.withLockedValue { state -> [Record]? in
            state.isDraining || state.openCount < connectionCountMax ? nil : Array(state.records.values)
        }
        guard let full else { return true }
        Self.longestResting(of: full)?.askToMakeRoom()
        return false
    }

    private static func longestResting(of records: [Record]) -> Record? {
        var longest: (record: Record, rest: NIODeadline)?
        for record in records {
            guard let rest = record.rest else { continue }
            if longest.map({ rest < $0.rest }) ?? true { longest = (record, rest) }
        }
        return longest?.record
    }
}

/// Tells the server's socket when to accept.
struct ConnectionAdmission: AvailableConnectionsDelegate {
    let registry: ConnectionRegistry

    mutating func connectionOpened() { registry.accepted() }
    mutating func connectionClosed() { registry.released() }
    func isAcceptingNewConnections() -> Bool { registry.hasRoom() }
}
