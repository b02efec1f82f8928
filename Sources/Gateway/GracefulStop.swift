import HummingbirdCore
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import ServiceLifecycle

/// The first step of a graceful stop: nobody who has got through to this gateway is turned away, nobody new gets through.
///
/// Closing a listening socket resets the connections that the kernel has made and the process has not accepted yet, with
/// the requests that may have been sent on them. So new connection attempts are dropped first, unanswered: the client's
/// system tries again a second later, and is then refused. What has got through is accepted, and only then the socket
/// may be closed.
final class GracefulStop: Service {
    private let registry: ConnectionRegistry
    private let listener = NIOLockedValueBox<(any Channel)?>(nil)

    /// How long the accepting of what has got through may take.
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
            // A socket filter that keeps none of a packet's bytes: the packet is dropped (socket(7), SO_ATTACH_FILTER).
            try await DropAllFilter.attach(to: socket)
        } catch {
            // A system that knows no such filter: the stop goes on without it.
            return
        }
        let deadline = ContinuousClock.now + Self.acceptTimeout
        while ContinuousClock.now < deadline {
            // Of a listening socket this is how many connections wait to be accepted.
            guard let waiting = try? await socket.getTCPInfo().get().tcpi_unacked, waiting > 0 else { break }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }
}

/// A classic BPF program of one instruction, "return 0", in the layout of <linux/filter.h>, which Swift does not see.
private enum DropAllFilter {
    /// `struct sock_filter`: code, jt, jf, k. `BPF_RET | BPF_K` is 6.
    private struct Instruction {
        var code: UInt16 = 6
        var jumpTrue: UInt8 = 0
        var jumpFalse: UInt8 = 0
        var constant: UInt32 = 0
    }

    /// `struct sock_fprog`: the number of instructions, and where they are.
    @safe private struct Program: @unchecked Sendable {
        var count: UInt16 = 1
        // Points at `instruction` below, which is never freed or written.
        var instructions: UnsafePointer<Instruction>
    }

    // Allocated once and for ever, eight bytes: the kernel copies it while the option is set.
    private nonisolated(unsafe) static let instruction: UnsafePointer<Instruction> = {
        let place = UnsafeMutablePointer<Instruction>.allocate(capacity: 1)
        unsafe place.initialize(to: Instruction())
        return unsafe UnsafePointer(place)
    }()

    private static let attachFilter = NIOBSDSocket.Option(rawValue: 26)

    static func attach(to socket: any SocketOptionProvider) async throws {
        let program = unsafe Program(instructions: instruction)
        try await socket.unsafeSetSocketOption(level: .socket, name: attachFilter, value: program).get()
    }
}
