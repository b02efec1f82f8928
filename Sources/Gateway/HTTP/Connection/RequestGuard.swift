import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHTTP1
import NIOTLS

/// Stands between the HTTP parser and everything else on a connection, and holds the client to what HTTP and the limits
/// say: requests that can be read in one way only, heads and bodies that arrive in time, answers that are taken in time.
///
/// A fault goes inwards as a `ConnectionFault`, behind the parts of earlier requests, so that it is answered in its turn;
/// after it nothing more is read. Lives on the connection's event loop.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// What is coming in.
    private enum Reading: Equatable {
        /// A TLS handshake, which has to be over before anything can be said.
        case handshake
        /// Nothing: the next byte begins a request.
        case nothing
        case head
        case body
        /// Whatever comes is dropped.
        case over
    }

    /// A request whose answer has not gone out whole.
    private struct Owed {
        let version: HTTPVersion
        let isHead: Bool
        let keepsAlive: Bool
        /// The client sends the body only when it is told to.
        var awaitsInvitation: Bool
    }

    let limits: ConnectionLimits
    let registry: ConnectionRegistry
    private var record: ConnectionRegistry.Record?
    private var reading: Reading
    private var owed = CircularBuffer<Owed>(initialCapacity: 2)
    private var pace: TransferPace
    private var answerPace: TransferPace
    private var headStart = NIODeadline.now()
    private var restStart = NIODeadline.now()
    private var hasSeenPart = false
    private var closesAfterAnswer = false
    /// A fault waits for its answer, which is the last one.
    private var owesFaultAnswer = false
    private var isInputClosed = false
    private var isDraining = false
    private var lingerEnd: NIODeadline?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(limits: ConnectionLimits, registry: ConnectionRegistry, isBehindTLS: Bool) {
        reading = isBehindTLS ? .handshake : .nothing
        self.limits = limits
        self.registry = registry
        pace = TransferPace(limits)
        answerPace = TransferPace(limits)
    }

    // MARK: Life of the connection

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard record == nil else { return }
        let record = ConnectionRegistry.Record(context.channel)
        self.record = record
        let mayGoOn = registry.opened(record)
        restStart = .now()
        headStart = restStart
        guard mayGoOn else {
            registry.ended(.addressLimit)
            reading = .over
            // Not before whoever opens the channel has done so.
            let channel = context.channel
            return channel.eventLoop.execute { channel.close(promise: nil) }
        }
        schedule(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        timer?.task.cancel()
        timer = nil
        if let record { registry.closed(record) }
        record = nil
        reading = .over
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            isDraining = true
            schedule(context)
        case let event as TLSUserEvent:
            if case .handshakeCompleted = event, reading == .handshake {
                reading = .nothing
                restStart = .now()
                schedule(context)
            }
            context.fireUserInboundEventTriggered(event)
        case is ConnectionRegistry.MakeRoom:
            if isResting { close(context, .evicted) }
        case let event as ChannelEvent where event == .inputClosed:
            isInputClosed = true
            if lingerEnd != nil {
                context.close(promise: nil)
            } else {
                context.fireUserInboundEventTriggered(event)
            }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private var isResting: Bool { (reading == .nothing || reading == .handshake) && owed.isEmpty }

    private func close(_ context: ChannelHandlerContext, _ kind: ConnectionFault.Kind) {
        registry.ended(kind)
        reading = .over
        context.close(promise: nil)
    }

    // MARK: Requests

    func read(context: ChannelHandlerContext) {
        // Whoever is behind us wants more: from here on it is the client who is waited for.
        pace.resume(.now())
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasSeenPart = true
        guard reading != .over else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            record?.rest = nil
            reading = .head
            if let fault = RequestHeadRules.fault(in: head) { return raise(fault, context) }
            reading = .body
            pace.begin(.now())
            owed.append(
                Owed(
                    version: head.version, isHead: head.method == .HEAD, keepsAlive: RequestHeadRules.keepsAlive(head),
                    awaitsInvitation: head.version == .http1_1 && RequestHeadRules.expectsContinue(head)))
        case .body(let buffer): pace.passed(buffer.readableBytes)
        case .end: reading = owed.last?.keepsAlive == true ? .nothing : .over
        }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        pace.pause(now)
        if !hasSeenPart, reading == .nothing {
            // Bytes have come that make no whole head yet.
            reading = .head
            headStart = now
            record?.rest = nil
        }
        hasSeenPart = false
        if reading == .head || reading == .body { schedule(context) }
        context.fireChannelReadComplete()
        // Nobody behind us reads any more, and what is unread when we close resets the connection.
        if lingerEnd != nil { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        raise(ConnectionFault(error, limitBytes: limits.headBytesMax), context)
    }

    private func raise(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        guard reading != .over else { return }
        let isInsideRequest = reading == .body
        reading = .over
        registry.ended(fault.kind)
        if isInsideRequest {
            context.fireErrorCaught(InterruptedRequest(fault: fault))
        } else {
            owesFaultAnswer = true
            context.fireErrorCaught(fault)
        }
    }

    // MARK: Answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var part = unwrapOutboundIn(data)
        switch part {
        case .head(var head):
            if head.status == .continue {
                if !owed.isEmpty { owed[owed.startIndex].awaitsInvitation = false }
            } else {
                decorate(&head)
                part = .head(head)
            }
        case .body(.byteBuffer(let buffer)): answerPace.buffered(buffer.readableBytes)
        case .body: break
        case .end:
            // An answer to `HEAD` has no body, hence no last chunk either; no bytes at all keep the promises in order.
            if owed.popFirst()?.isHead == true { part = .body(.byteBuffer(ByteBuffer())) }
            context.write(wrapOutboundOut(part), promise: promise)
            return answered(context)
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }

    /// Says in an answer whether the connection goes on after it.
    private func decorate(_ head: inout HTTPResponseHead) {
        let request = owed.first
        if let request, request.version == .http1_0 { head.version = request.version }
        let asksToClose = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
        let isLast = request.map { !$0.keepsAlive || $0.awaitsInvitation } ?? true
        // HTTP/1.0 has no chunks: a body of no known length ends with the connection.
        let isUnframed = request?.version == .http1_0 && head.headers["content-length"].isEmpty
        // The end of the input stands behind the last request that is owed an answer, or its body is still on its way: it
        // is answered without that, and reading the rest for nothing could take long.
        let isBeforeEnd = owed.count <= 1 && (reading == .body || (reading == .over && !owesFaultAnswer))
        if asksToClose || isLast || isUnframed || isBeforeEnd || isDraining || registry.wantsConnectionsClosed {
            closesAfterAnswer = true
            head.headers.replaceOrAdd(name: "Connection", value: "close")
        } else if let request, request.version == .http1_0 {
            head.headers.replaceOrAdd(name: "Connection", value: "keep-alive")
        }
    }

    private func answered(_ context: ChannelHandlerContext) {
        if closesAfterAnswer {
            reading = .over
            // Whoever is behind us sees the end of the input, and closes the output after what it has written.
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        } else if isResting {
            restStart = .now()
            record?.rest = restStart
            schedule(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            answerPace.pause(.now())
        } else {
            answerPace.begin(.now(), bufferedBytes: bufferedBytes(context))
            schedule(context)
        }
        context.fireChannelWritabilityChanged()
    }

    /// What this process has written and the kernel has not taken.
    private func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
        (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        reading = .over
        guard mode == .output, lingerEnd == nil else { return context.close(mode: mode, promise: promise) }
        if isInputClosed {
            context.close(mode: .all, promise: promise)
            return
        }
        lingerEnd = .now() + limits.lingerTimeout
        schedule(context)
        context.close(mode: .output, promise: promise)
        context.read()
    }

    // MARK: Time

    /// Sets the timer to the next moment at which something may be due, unless it is set to an earlier one.
    private func schedule(_ context: ChannelHandlerContext) {
        guard record != nil, let deadline = nextDeadline(context) else { return }
        if let timer {
            if timer.deadline <= deadline { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound((guard: self, context: context), eventLoop: context.eventLoop)
        timer = (
            deadline,
            context.eventLoop.scheduleTask(deadline: deadline) {
                let (own, context) = bound.value
                own.timer = nil
                own.check(context)
            }
        )
    }

    private var restTimeout: TimeAmount { isDraining ? min(limits.drainTimeout, limits.idleTimeout) : limits.idleTimeout }

    private func nextDeadline(_ context: ChannelHandlerContext) -> NIODeadline? {
        var deadlines: [NIODeadline] = []
        if let lingerEnd { deadlines.append(lingerEnd) }
        switch reading {
        case .nothing: if owed.isEmpty { deadlines.append(restStart + restTimeout) }
        case .head, .handshake: deadlines.append(headStart + limits.headTimeout)
        case .body: deadlines.append(pace.nextDeadline(total: limits.bodyTimeout))
        case .over: break
        }
        if !context.channel.isWritable { deadlines.append(answerPace.nextDeadline(total: nil)) }
        return deadlines.min()
    }

    private func check(_ context: ChannelHandlerContext) {
        guard record != nil else { return }
        let now = NIODeadline.now()
        if let lingerEnd, lingerEnd <= now { return context.close(promise: nil) }
        if !context.channel.isWritable {
            answerPace.found(buffered: bufferedBytes(context))
            if answerPace.isTooSlow(now) { return close(context, .slowReader) }
        }
        switch reading {
        case .nothing:
            if owed.isEmpty, restStart + restTimeout <= now {
                reading = .over
                return context.close(promise: nil)
            }
        case .handshake: if headStart + limits.headTimeout <= now { return close(context, .slowHead) }
        case .head: if headStart + limits.headTimeout <= now { raise(.slowHead, context) }
        case .body:
            if pace.isTooSlow(now) || pace.isTooLong(now, limits.bodyTimeout) { raise(.slowBody, context) }
        case .over: break
        }
        schedule(context)
    }
}
