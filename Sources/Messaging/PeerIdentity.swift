/// Names one connection to the hub's bound socket while it lasts: a peer that reconnects has another.
public struct PeerIdentity: Sendable, Hashable {
    let bytes: [UInt8]
}
