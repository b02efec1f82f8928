/// A periodic action of a hub. Released, it ends.
public final class HubTimer: Sendable {
    let id: UInt64
    private let mailbox: HubMailbox

    init(id: UInt64, mailbox: HubMailbox) {
        self.id = id
        self.mailbox = mailbox
    }

    deinit { cancel() }

    /// The action does not begin again; one that runs now ends. A second call does nothing.
    public func cancel() {
        mailbox.postControl(.removeTimer(id: id))
    }
}
