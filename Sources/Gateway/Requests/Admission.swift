import NIOCore

/// One gate for each class of requests, and what their bodies may take of memory together.
struct Admission: Sendable {
    private let gates: [RequestClass: AdmissionGate]
    let bodyBudget: BodyBudget

    init(_ settings: GatewaySettings, eventLoop: any EventLoop) {
        func gate(_ runningMax: Int, waitingMax: Int) -> AdmissionGate {
            AdmissionGate(
                .init(runningMax: runningMax, waitingMax: waitingMax, waitMax: settings.queueTimeout), eventLoop: eventLoop)
        }
        gates = [
            .search: gate(settings.searchCountMax, waitingMax: settings.queuedCountMax),
            .write: gate(settings.writeCountMax, waitingMax: settings.queuedCountMax),
            // An export is over when its reader has read it: nobody waits for that.
            .export: gate(settings.exportCountMax, waitingMax: 0),
            .other: gate(settings.otherCountMax, waitingMax: settings.queuedCountMax),
        ]
        bodyBudget = BodyBudget(bytesMax: settings.bodyMemoryBytesMax)
    }

    /// Lets a request in where it need not wait.
    func enterNow(_ requestClass: RequestClass) -> AdmissionTicket? { gates[requestClass]?.enterNow() }

    /// Lets a request in, or refuses it; `nil` for what is always let in. The time is the current scope's `queue` stage.
    func enter(_ requestClass: RequestClass) async throws(ServiceFailure) -> AdmissionTicket? {
        guard let gate = gates[requestClass] else { return nil }
        return try await RequestScope.measure(.queue) { () async throws(ServiceFailure) in try await gate.enter() }
    }

    /// Refuses a request that would be refused after its body had been read: a body that nobody will look at need not be sent.
    func refuseEarly(_ requestClass: RequestClass) throws(ServiceFailure) { try gates[requestClass]?.refuseEarly() }

    func reserveBody(_ bytes: Int) throws(ServiceFailure) -> BodyReservation {
        guard let reservation = bodyBudget.reserve(bytes) else {
            throw .unavailable("The bodies of other requests take all the memory there is for them", retryAfter: .seconds(1))
        }
        return reservation
    }

    /// By class; classes without a gate have none.
    var figures: [(requestClass: RequestClass, figures: AdmissionGate.Figures)] {
        RequestClass.allCases.compactMap { requestClass in gates[requestClass].map { (requestClass, $0.figures) } }
    }
}
