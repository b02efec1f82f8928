import NIOConcurrencyHelpers
import WireProtocol

/// What is known of one request from either door while it is served: its names, and where its time goes.
///
/// It follows the request through the services as a task-local value, so that none of them takes it as a parameter and
/// each works without it.
final class RequestScope: Sendable {
    @TaskLocal static var current: RequestScope?
    /// Of a request that has not been looked at yet.
    static let unnamed = RequestScope(requestID: "", traceID: .none)

    private struct State {
        var stages = StageTimes()
        var callerID = ""
        var collection = ""
        var receivedBytes = 0
        var ticket: AdmissionTicket?
        var bodyReservation: BodyReservation?
    }

    /// The client's `X-Request-ID` where it is sane, else made here.
    let requestID: String
    /// Names the work in every process that takes part in it.
    let traceID: TraceID
    /// `nil` for requests that are bounded otherwise.
    let admission: Admission?
    let requestClass: RequestClass
    private let state = NIOLockedValueBox(State())

    init(requestID: String, traceID: TraceID, admission: Admission? = nil, requestClass: RequestClass = .vital) {
        self.requestID = requestID
        self.traceID = traceID
        self.admission = admission
        self.requestClass = requestClass
    }

    var stages: StageTimes { state.withLockedValue(\.stages) }

    /// Who asks, by the name of a key or a user; empty: nobody known. Never a secret: it is logged.
    var callerID: String {
        get { state.withLockedValue(\.callerID) }
        set { state.withLockedValue { $0.callerID = newValue } }
    }

    /// The collection that the request is about; empty: none.
    var collection: String {
        get { state.withLockedValue(\.collection) }
        set { state.withLockedValue { $0.collection = newValue } }
    }

    /// Bytes of the request's body that were read.
    var receivedBytes: Int {
        get { state.withLockedValue(\.receivedBytes) }
        set { state.withLockedValue { $0.receivedBytes = newValue } }
    }

    func add(_ time: Duration, to stage: RequestStage) { state.withLockedValue { $0.stages.add(time, to: stage) } }

    // MARK: Admission

    /// Waits for the right to be served, and keeps it until the request has ended or `leave` is called.
    func enter() async throws(ServiceFailure) {
        guard let admission else { return }
        if let ticket = admission.enterNow(requestClass) {
            state.withLockedValue { state in
                state.ticket = ticket
                state.stages.add(.zero, to: .queue)
            }
        } else if let ticket = try await admission.enter(requestClass) {
            state.withLockedValue { $0.ticket = ticket }
        }
    }

    /// Keeps room for the request's body until the request has ended.
    func reserveBody(_ bytes: Int) throws(ServiceFailure) {
        guard let admission else { return }
        let reservation = try admission.reserveBody(bytes)
        state.withLockedValue { $0.bodyReservation = reservation }
    }

    /// Makes room for another request: what this one still waits for is not work of this process.
    func leave() {
        let ticket = state.withLockedValue { state in
            defer { state.ticket = nil }
            return state.ticket
        }
        ticket?.leave()
    }

    // MARK: Measuring

    /// Adds the time that `work` takes to a stage of the current request, whether it succeeds or fails.
    static func measure<Value, Failure: Error>(
        _ stage: RequestStage, _ work: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        guard let scope = current else { return try await work() }
        let start = ContinuousClock.now
        defer { scope.add(ContinuousClock.now - start, to: stage) }
        return try await work()
    }

    /// The same for work that does not wait.
    static func measureNow<Value, Failure: Error>(
        _ stage: RequestStage, _ work: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard let scope = current else { return try work() }
        let start = ContinuousClock.now
        defer { scope.add(ContinuousClock.now - start, to: stage) }
        return try work()
    }
}
