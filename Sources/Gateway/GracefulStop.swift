import HummingbirdCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The first step of a graceful stop: nobody who has got through to this gateway is turned away, nobody new gets through.
///
/// Closing a listening socket resets the connections that the kernel has made and the process has not accepted yet, with
/// the requests that may have been sent on them. So new connection attempts are dropped first, unanswered: the client's
/// system tries again a second later, and is then refused. What has begun to get through is let through and accepted, and
/// only then the socket may be closed.
final class GracefulStop: Service {
    private let registry: ConnectionRegistry
    private let listener = NIOLockedValueBox<(any Channel)?>(nil)

    /// For attempts that the kernel has answered already: their clients' side of the handshake is on its way.
    private static let handshakeTime = Duration.milliseconds(200)
    private static let quietTime = Duration.milliseconds(50)
    /// How long the accepting of what has got through may take beyond that.
    private static let acceptTimeout = Duration.seconds(2)

    init(registry: ConnectionRegistry) { self.registry = registry }

    /// The socket that is listened on.
    func listens(on channel: any Channel) { listener.withLockedValue { $0 = channel } }

    /// Waits for the stop of the process, and returns when the listening socket may be closed.
    func run() async throws {
        try? await gracefulShutdown()
        registry.drain()
        guard let channel = listener.withLockedValue({ $0 }), let socket = channel as? any SocketOptionProvider else { return }
        do {
            try await AttemptFilter.attach(to: socket)
        } catch {
            // A system that knows no such filter: the stop goes on without it.
            return
        }
        try? await Task.sleep(for: Self.handshakeTime)
        await waitUntilAllAreIn(socket)
    }

    /// Waits until no connection is on its way from the kernel to the task that serves it, for a while on end: one that is
    /// neither accepted nor served when the socket is closed is lost, and NIO ends the process over it.
    private func waitUntilAllAreIn(_ socket: any SocketOptionProvider) async {
        let deadline = ContinuousClock.now + Self.acceptTimeout
        var quietSince: ContinuousClock.Instant?
        while ContinuousClock.now < deadline {
            // Of a listening socket this is how many connections wait to be accepted.
            guard let waitingCount = try? await socket.getTCPInfo().get().tcpi_unacked else { return }
            if waitingCount > 0 || registry.isAccepting {
                quietSince = nil
            } else if let quietSince {
                if ContinuousClock.now - quietSince >= Self.quietTime { return }
            } else {
                quietSince = .now
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}

/// A socket filter (socket(7), SO_ATTACH_FILTER) that drops attempts to connect and lets everything else pass: a classic
/// BPF program in the layout of <linux/filter.h>, which Swift does not see.
private enum AttemptFilter {
    /// `struct sock_filter`.
    private struct Instruction {
        var code: UInt16
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var constant: UInt32
    }

    /// `struct sock_fprog`: the number of instructions, and where they are.
    @safe private struct Program: @unchecked Sendable {
        var count: UInt16
        // Points at `instructions` below, which are never freed or written.
        var instructions: UnsafePointer<Instruction>
    }

    /// A packet begins with its TCP header, whose byte 13 has the flags; SYN is 2.
    private static let listing = [
        Instruction(code: 0x30, constant: 13),  // load byte 13
        Instruction(code: 0x45, jumpTrue: 0, jumpFalse: 1, constant: 2),  // has it bit 2? else skip one
        Instruction(code: 0x06, constant: 0),  // keep nothing of the packet: it is dropped
        Instruction(code: 0x06, constant: .max),  // keep all of it
    ]

    // Allocated once and for ever, 32 bytes: the kernel copies them while the option is set.
    private nonisolated(unsafe) static let instructions: UnsafePointer<Instruction> = {
        let place = UnsafeMutableBufferPointer<Instruction>.allocate(capacity: listing.count)
        _ = unsafe place.initialize(from: listing)
        guard let start = place.baseAddress else { preconditionFailure("an allocation of 32 bytes has an address") }
        return unsafe UnsafePointer(start)
    }()

    private static let attachFilter = NIOBSDSocket.Option(rawValue: 26)

    static func attach(to socket: any SocketOptionProvider) async throws {
        let program = unsafe Program(count: UInt16(listing.count), instructions: instructions)
        try await socket.unsafeSetSocketOption(level: .socket, name: attachFilter, value: program).get()
    }
}
