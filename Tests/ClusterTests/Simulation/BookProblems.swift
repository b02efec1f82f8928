@testable import Cluster

extension Cluster {
    /// Where the books of the state do not agree with each other. O(everything).
    func bookProblems() -> [String] {
        var problems: [String] = []
        var inFlight = 0
        for slot in queries.elements.indices where queries.isLive(slot) {
            let query = queries.elements[slot]
            var open = 0
            for (index, task) in query.tasks.enumerated() {
                if task.phase == .asking || task.phase == .waiting { open += 1 }
                if task.phase == .asking, !task.isInFlight { problems.append("a shard is asked by nothing") }
                if task.phase != .asking, task.isInFlight { problems.append("a settled shard is asked") }
                for attempt in [task.first, task.second] where attempt >= 0 {
                    inFlight += 1
                    let entry = attempts.elements[attempt]
                    if !attempts.isLive(attempt) || entry.querySlot != slot || entry.taskIndex != index {
                        problems.append("an attempt is another shard's")
                    }
                }
            }
            if open != query.openTaskCount { problems.append("open shards are miscounted") }
            if query.isWaiting != (query.tasks.isEmpty || query.tasks.contains { $0.phase == .waiting }) {
                problems.append("a query waits for nothing, or is not listed")
            }
        }
        if inFlight != attempts.count { problems.append("attempts without a shard") }
        var atWorkers = 0
        for slot in workerSlots.values {
            for (place, attempt) in workers.elements[slot].attemptSlots.enumerated() {
                atWorkers += 1
                if attempts.elements[attempt].workerSlot != slot || attempts.elements[attempt].placeAtWorker != place {
                    problems.append("an attempt is another worker's")
                }
            }
        }
        if atWorkers != attempts.count { problems.append("attempts without a worker") }
        if queryTimers.count != queries.count { problems.append("a query without a timer, or a timer without one") }
        if workerTimers.count != workerSlots.count { problems.append("a worker without a timer") }
        if workers.count != workerSlots.count { problems.append("a worker without a name") }
        problems += waitingProblems()
        return problems
    }

    private func waitingProblems() -> [String] {
        var problems: [String] = []
        var waiting = 0
        var pending = 0
        for slot in collectionSlots.values {
            let collection = collectionStates.elements[slot]
            pending += collection.pendingQueryCount
            var query = collection.firstWaiting
            var previous = -1
            while query >= 0, waiting <= queries.count {
                waiting += 1
                if !queries.elements[query].isWaiting || queries.elements[query].previousWaiting != previous {
                    problems.append("the list of waiting queries is broken")
                }
                previous = query
                query = queries.elements[query].nextWaiting
            }
            if collection.lastWaiting != previous { problems.append("the list of waiting queries has another end") }
            for set in collection.sets {
                if set.replicas.isEmpty { problems.append("an empty set of shards") }
                for replica in set.replicas where !workers.isLive(replica.workerSlot) {
                    problems.append("a replica without a worker")
                }
            }
        }
        if waiting != waitingQueryCount { problems.append("waiting queries are miscounted") }
        if pending != queries.count { problems.append("pending queries are miscounted") }
        if !notedWakes.isEmpty { problems.append("a wake was forgotten") }
        return problems
    }

    /// Whether anything is left of what has ended.
    var isEmpty: Bool {
        workers.count == 0 && workerSlots.isEmpty && collectionStates.count == 0 && collectionSlots.isEmpty
            && queries.count == 0 && attempts.count == 0 && waitingQueryCount == 0 && queryTimers.count == 0
            && workerTimers.count == 0 && collectionTimers.count == 0
    }
}
