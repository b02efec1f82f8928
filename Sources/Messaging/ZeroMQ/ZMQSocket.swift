internal import CZeroMQ
internal import WireProtocol

/// A ZeroMQ socket. It cannot be copied and is not `Sendable`: it stays on the thread that made it, and is closed with
/// its owner.
@safe struct ZMQSocket: ~Copyable {
    enum SendOutcome {
        case sent
        /// The queue to the peer is full, or there is no connection to put it on.
        case full
        /// A ROUTER knows no such peer.
        case unroutable
    }

    /// One message as it came. Frames over the limits were read and let go: `frameCount` and `byteCount` tell of all.
    struct Received {
        var frames: [[UInt8]] = []
        var frameCount = 0
        var byteCount = 0
    }

    private let handle: UnsafeMutableRawPointer

    init(adopting handle: UnsafeMutableRawPointer) {
        unsafe self.handle = unsafe handle
    }

    deinit { unsafe zmq_close(handle) }

    // MARK: Options

    borrowing func set(_ option: CInt, _ value: CInt) throws(MessagingError) {
        var value = value
        let status = unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<CInt>.size)
        guard status == 0 else { throw .systemResources(errno: zmq_errno()) }
    }

    borrowing func set(_ option: CInt, wide value: Int64) throws(MessagingError) {
        var value = value
        let status = unsafe zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size)
        guard status == 0 else { throw .systemResources(errno: zmq_errno()) }
    }

    borrowing func set(_ option: CInt, _ bytes: [UInt8]) throws(MessagingError) {
        let status = unsafe bytes.withUnsafeBytes { bytes in
            unsafe zmq_setsockopt(handle, option, bytes.baseAddress, bytes.count)
        }
        guard status == 0 else { throw .systemResources(errno: zmq_errno()) }
    }

    /// The real endpoint after binding to a wildcard.
    borrowing func lastEndpoint() -> String? {
        var text = [UInt8](repeating: 0, count: 1_024)
        var count = text.count
        let status = unsafe text.withUnsafeMutableBytes { bytes in
            unsafe zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, bytes.baseAddress, &count)
        }
        guard status == 0 else { return nil }
        // The count includes the terminating zero.
        return String(decoding: text.prefix(count).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Lets the socket take up what its I/O thread has told it: new and lost connections, room in queues.
    borrowing func refresh() {
        var events: CInt = 0
        var count = MemoryLayout<CInt>.size
        _ = unsafe zmq_getsockopt(handle, ZMQ_EVENTS, &events, &count)
    }

    // MARK: Connecting

    /// - Returns: 0 or the error's number.
    borrowing func bind(_ endpoint: String) -> CInt {
        unsafe zmq_bind(handle, endpoint) == 0 ? 0 : zmq_errno()
    }

    borrowing func connect(_ endpoint: String) -> CInt {
        unsafe zmq_connect(handle, endpoint) == 0 ? 0 : zmq_errno()
    }

    /// Starts to report connection events to a PAIR socket at `endpoint`; `nil` ends it.
    borrowing func monitor(at endpoint: String?, events: CInt) -> CInt {
        let status = if let endpoint {
            unsafe zmq_socket_monitor(handle, endpoint, events)
        } else {
            unsafe zmq_socket_monitor(handle, nil, 0)
        }
        return status == 0 ? 0 : zmq_errno()
    }

    // MARK: Messages

    /// Sends all frames or none. Never waits.
    borrowing func send(_ frames: [[UInt8]]) -> SendOutcome {
        for (index, frame) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (index + 1 < frames.count ? ZMQ_SNDMORE : 0)
            switch sendFrame(frame, flags) {
            case 0: continue
            case EHOSTUNREACH: return .unroutable
            // Only the first frame finds a queue full: after it libzmq has decided where the message goes, and
            // swallows the rest of one whose connection is lost meanwhile.
            default: return .full
            }
        }
        return .sent
    }

    private borrowing func sendFrame(_ frame: [UInt8], _ flags: CInt) -> CInt {
        var wasRefreshed = false
        while true {
            let status = unsafe frame.withUnsafeBytes { bytes in
                unsafe zmq_send(handle, bytes.baseAddress, bytes.count, flags)
            }
            if status >= 0 { return 0 }
            let error = zmq_errno()
            if error == EINTR { continue }
            // libzmq looks for news of its I/O thread only now and then; a full queue may be old news.
            guard error == EAGAIN, !wasRefreshed else { return error }
            wasRefreshed = true
            refresh()
        }
    }

    /// The next message, or `nil` when there is none. Never waits.
    ///
    /// - Parameters:
    ///   - frameCountMax: Frames that are kept; of a ROUTER the identity is one of them.
    ///   - bytesMax: Bytes that are kept.
    borrowing func receive(frameCountMax: Int, bytesMax: Int) -> Received? {
        var received = Received()
        var message = zmq_msg_t()
        while true {
            unsafe zmq_msg_init(&message)
            // Closing cannot fail on a message that was initialised.
            defer { _ = unsafe zmq_msg_close(&message) }
            let byteCount = unsafe zmq_msg_recv(&message, handle, ZMQ_DONTWAIT)
            if byteCount < 0 {
                if zmq_errno() == EINTR { continue }
                return nil
            }
            received.frameCount += 1
            received.byteCount += Int(byteCount)
            if received.frameCount <= frameCountMax, received.byteCount <= bytesMax {
                // The bytes are libzmq's until the message is closed, so they are copied.
                let bytes = unsafe UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: Int(byteCount))
                unsafe received.frames.append([UInt8](bytes))
            }
            if unsafe zmq_msg_more(&message) == 0 { return received }
        }
    }

    // MARK: Polling

    /// What this socket adds to a poll.
    borrowing func pollItem() -> zmq_pollitem_t {
        unsafe zmq_pollitem_t(socket: handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    }
}
