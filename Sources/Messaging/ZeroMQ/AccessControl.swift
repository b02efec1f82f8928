internal import CZeroMQ

/// Decides who may connect with CURVE: the context's ZAP handler (ZeroMQ RFC 27), answered by the hub's thread,
/// on which it lives.
final class AccessControl {
    private static let endpoint = "inproc://zeromq.zap.01"

    let socket: ZMQSocket
    private let allowedKeys: Set<[UInt8]>

    init(allowing keys: Set<CurvePublicKey>, context: ZMQContext) throws(MessagingError) {
        allowedKeys = Set(keys.map(\.bytes))
        socket = try context.makeSocket(ZMQ_REP)
        try socket.set(ZMQ_LINGER, 0)
        let status = socket.bind(Self.endpoint)
        guard status == 0 else { throw .cannotBind(endpoint: Self.endpoint, errno: status) }
    }

    /// Answers every question that waits.
    ///
    /// - Returns: How many were refused.
    func answerAll() -> Int {
        var refusedCount = 0
        while let question = socket.receive(frameCountMax: 7, bytesMax: 4_096) {
            let isAllowed = allows(question)
            if !isAllowed { refusedCount += 1 }
            let requestID = question.frames.count > 1 ? question.frames[1] : []
            // Version, request id, status code, status text, user id, metadata.
            let answer: [[UInt8]] = [
                Array("1.0".utf8), requestID, Array((isAllowed ? "200" : "400").utf8),
                Array((isAllowed ? "OK" : "unknown key").utf8), [], [],
            ]
            _ = socket.send(answer)
        }
        return refusedCount
    }

    /// Frames: version, request id, domain, address, identity, mechanism, the client's public key. Whether a key is in
    /// the set may be told by timing; public keys are no secret.
    private func allows(_ question: ZMQSocket.Received) -> Bool {
        let frames = question.frames
        return question.frameCount == 7 && frames.count == 7 && frames[0] == Array("1.0".utf8)
            && frames[5] == Array("CURVE".utf8) && allowedKeys.contains(frames[6])
    }
}
