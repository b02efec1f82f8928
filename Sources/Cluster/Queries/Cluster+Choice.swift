// Whom to ask.

/// What there is for a shard.
enum ReplicaChoice {
    case worker(Int)
    /// Replicas are there, but all have as many requests as they take or are left alone after BUSY.
    case full(retryAfterNanoseconds: Int64)
    case none
}

extension Cluster {
    /// How good a replica is, before load is looked at. Lower is better.
    private enum Tier {
        static let fresh = 0
        /// Ready, but behind `minSeq`: it waits on its side.
        static let behind = 1
        /// Not whole: it reads the feed, or has no memory for all of it.
        static let catchingUp = 2
        static let draining = 3
        static let suspect = 4
        /// Added for a worker that was asked for this shard before.
        static let tried = 8
    }

    /// A replica of the shard to ask next: of the best tier the less loaded of two taken at random.
    ///
    /// Power of two choices (Mitzenmacher 2001, doi:10.1109/71.963420): near the balance of asking the least loaded,
    /// without every gateway running to the same one.
    ///
    /// - Parameters:
    ///   - task: Workers at which it is in flight are passed over; those it has tried come last.
    ///   - mayRepeat: Whether a worker may be asked again that was tried and is not in flight.
    mutating func choose(
        collectionSlot: Int, setIndex: Int, shardIndex: Int, minSeq: Int64, task: ShardTask, mayRepeat: Bool
    ) -> ReplicaChoice {
        let busyAtFirst = task.first >= 0 ? attempts.elements[task.first].workerSlot : -1
        let busyAtSecond = task.second >= 0 ? attempts.elements[task.second].workerSlot : -1
        let wasTried = task.attemptCount + task.rescueCount > 0
        var candidates = CandidatePair()
        var roomAt = Int64.max
        for index in collectionStates.elements[collectionSlot].sets[setIndex].range(of: shardIndex) {
            let replica = collectionStates.elements[collectionSlot].sets[setIndex].replicas[index]
            let slot = replica.workerSlot
            guard replica.canAnswer(minSeq: minSeq), workers.elements[slot].isConnected, slot != busyAtFirst,
                slot != busyAtSecond
            else { continue }
            let isTried = wasTried && task.hasTried(slot)
            if isTried && !mayRepeat { continue }
            if workers.elements[slot].notBefore > now {
                roomAt = min(roomAt, workers.elements[slot].notBefore.nanoseconds(since: now))
                continue
            }
            if workers.elements[slot].attemptSlots.count >= workers.elements[slot].outstandingCountMax {
                roomAt = min(roomAt, max(workers.elements[slot].latency.expected(at: now), minRetryNanoseconds))
                continue
            }
            var tier = isTried ? Tier.tried : 0
            if workers.elements[slot].isSuspect {
                tier += Tier.suspect
            } else if replica.state == .draining {
                tier += Tier.draining
            } else if replica.state == .catchingUp || replica.isFull {
                tier += Tier.catchingUp
            } else if replica.appliedSeq < minSeq {
                tier += Tier.behind
            }
            let isBehind = tier & 7 == Tier.behind
            candidates.offer(slot, tier: tier, appliedSeq: isBehind ? replica.appliedSeq : 0, random: &random)
        }
        if candidates.count > 1 { return .worker(lessLoaded(candidates.a, candidates.b)) }
        if candidates.count == 1 { return .worker(candidates.a) }
        return roomAt < .max ? .full(retryAfterNanoseconds: roomAt) : .none
    }

    private var minRetryNanoseconds: Int64 { configuration.backOffMin.wholeNanoseconds }

    /// By what a request more would have to wait: requests × latency. Latencies within a half of each other count as
    /// equal, or an idle cluster would send everything to the one that happens to look quickest.
    private mutating func lessLoaded(_ a: Int, _ b: Int) -> Int {
        let countA = workers.elements[a].attemptSlots.count
        let countB = workers.elements[b].attemptSlots.count
        let latencyA = workers.elements[a].latency.expected(at: now)
        let latencyB = workers.elements[b].latency.expected(at: now)
        if latencyA > 0, latencyB > 0 {
            let costA = Double(latencyA) * Double(countA + 1)
            let costB = Double(latencyB) * Double(countB + 1)
            if costA * 1.5 < costB { return a }
            if costB * 1.5 < costA { return b }
        }
        if countA != countB { return countA < countB ? a : b }
        return random.next() & 1 == 0 ? a : b
    }

    /// Whether the set can answer the query whole, and how many of its shards can.
    func coverage(of set: ShardSet, minSeq: Int64) -> ShardCoverage {
        var covered = 0
        var lastCovered = -1
        for replica in set.replicas where replica.shardIndex != lastCovered {
            if replica.canAnswer(minSeq: minSeq), workers.elements[replica.workerSlot].isConnected {
                covered += 1
                lastCovered = replica.shardIndex
            }
        }
        return ShardCoverage(answeredCount: covered, totalCount: set.shardCount)
    }

    /// The newest set that has all of its shards; when none has, the one that lacks the smallest part, and of those the
    /// newest.
    func bestSet(collectionSlot: Int, minSeq: Int64) -> (setIndex: Int, coverage: ShardCoverage)? {
        var best: (setIndex: Int, coverage: ShardCoverage)?
        for setIndex in collectionStates.elements[collectionSlot].sets.indices.reversed() {
            let found = coverage(of: collectionStates.elements[collectionSlot].sets[setIndex], minSeq: minSeq)
            if found.isFull { return (setIndex, found) }
            if let best, found.answeredCount * best.coverage.totalCount <= best.coverage.answeredCount * found.totalCount
            {
                continue
            }
            best = (setIndex, found)
        }
        return best
    }
}

/// Two of the candidates of the best tier, each pair as likely as any other.
private struct CandidatePair {
    var a = -1
    var b = -1
    var count = 0
    private var tier = Int.max
    private var appliedSeq: Int64 = .min

    /// Within a tier the higher `appliedSeq` wins outright.
    mutating func offer(_ slot: Int, tier: Int, appliedSeq: Int64, random: inout SeededRandom) {
        if tier > self.tier || (tier == self.tier && appliedSeq < self.appliedSeq) { return }
        if tier < self.tier || appliedSeq > self.appliedSeq {
            self = CandidatePair()
            self.tier = tier
            self.appliedSeq = appliedSeq
        }
        count += 1
        if count == 1 {
            a = slot
        } else if count == 2 {
            b = slot
        } else {
            // A reservoir of two: the n-th candidate takes a place with probability 2/n.
            let place = random.next(upperBound: UInt64(count))
            if place == 0 { a = slot } else if place == 1 { b = slot }
        }
    }
}
