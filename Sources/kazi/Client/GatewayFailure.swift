/// Why a request to a gateway brought no usable answer. Each is one line for the person at the terminal.
enum GatewayFailure: Error, Equatable {
    /// Nobody listens at the address.
    case connectionRefused(url: String)
    /// The connection could not be made or broke, for another reason.
    case connectionLost(url: String, reason: String)
    case timedOut(url: String, after: Duration)
    /// The gateway answered with a status that is no success.
    case refused(status: Int, message: String, retryAfter: Duration?)
    /// The answer is none that this version understands.
    case unexpectedAnswer(String)

    /// Whether the same request may well succeed a moment later.
    var isTransient: Bool {
        switch self {
        case .connectionRefused, .connectionLost, .timedOut: true
        case .refused(let status, _, _): Self.isTransient(status: status)
        case .unexpectedAnswer: false
        }
    }

    /// Too many requests, or a fault on the gateway's side.
    static func isTransient(status: Int) -> Bool { status == 429 || status >= 500 }

    /// How long the gateway asked to be left alone.
    var retryAfter: Duration? {
        if case .refused(_, _, let retryAfter) = self { retryAfter } else { nil }
    }
}

extension GatewayFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .connectionRefused(let url):
            "no gateway listens at \(url); `kazi up` starts one, --url names another"
        case .connectionLost(let url, let reason):
            "the connection to the gateway at \(url) failed: \(reason)"
        case .timedOut(let url, let duration):
            "the gateway at \(url) did not answer within \(duration.formatted(.seconds))"
        case .refused(let status, let message, _):
            "the gateway answered \(status): \(message)"
        case .unexpectedAnswer(let what):
            "the gateway's answer is not what this version of kazi expects: \(what)"
        }
    }
}

extension Duration {
    enum TextStyle {
        /// `60 s`, `0.25 s`
        case seconds
        /// `0:07`, `12:30`, `3:04:05`
        case clock
    }

    /// The duration as a person reads it.
    func formatted(_ style: TextStyle) -> String {
        switch style {
        case .seconds:
            let seconds = inSeconds
            return seconds == seconds.rounded() ? "\(Int(seconds)) s" : "\((seconds * 1000).rounded() / 1000) s"
        case .clock:
            let total = max(0, components.seconds)
            let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60)
            func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return hours > 0 ? "\(hours):\(padded(minutes)):\(padded(seconds))" : "\(minutes):\(padded(seconds))"
        }
    }

    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// The nearest representable duration; `seconds` is finite and within ±1e9.
    static func fractionalSeconds(_ seconds: Double) -> Duration {
        .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
}
