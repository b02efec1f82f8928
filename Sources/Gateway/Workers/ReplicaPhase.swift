import Cluster

/// `Cluster`'s state of a replica, by a name that the wire protocol does not use too. (The module's name is that of its
/// main type, so it cannot qualify another.)
typealias ReplicaPhase = ReplicaState
