import Cluster

// The network and the workers' side of a simulation.

extension Simulation {
    // MARK: From workers to the gateway

    mutating func heartbeat(_ index: Int, _ epoch: UInt64) {
        guard workers[index].isUp, workers[index].bootEpoch == epoch else { return }
        transmit(.announced(workers[index].announcement), from: index)
        schedule(.heartbeat(worker: index, bootEpoch: epoch), after: 1_000_000_000)
    }

    mutating func apply(_ index: Int, _ epoch: UInt64) {
        guard workers[index].isUp, workers[index].bootEpoch == epoch else { return }
        let before = workers[index].state
        workers[index].apply(head: head)
        if workers[index].state != before {
            transmit(.announced(workers[index].announcement), from: index)
        } else if random.chance(0.3) {
            transmit(
                .progressed(workers[index].incarnation, workers[index].key, appliedSeq: workers[index].appliedSeq),
                from: index)
        }
        schedule(.apply(worker: index, bootEpoch: epoch), after: random.nanoseconds(.milliseconds(50)...(.milliseconds(200))))
    }

    mutating func transmit(_ event: ClusterEvent, from index: Int) {
        guard now >= workers[index].cutOffUntil, !random.chance(scenario.lossShare) else { return }
        schedule(.event(event), after: delay())
        if random.chance(scenario.duplicateShare) { schedule(.event(event), after: delay() + delay()) }
    }

    mutating func delay() -> Int64 {
        if random.chance(scenario.reorderShare) { return random.nanoseconds(.milliseconds(1)...(.milliseconds(80))) }
        return random.nanoseconds(.microseconds(20)...(.microseconds(300)))
    }

    // MARK: From the gateway to workers

    mutating func send(_ dispatch: AttemptDispatch) {
        guard let index = workers.firstIndex(where: { $0.id == dispatch.worker.id }) else { return }
        let plan = oracle.queries[dispatch.query]?.plan
        guard workers[index].isUp, workers[index].incarnation == dispatch.worker else {
            // A closed port says so at once; a host without power says nothing.
            if random.chance(0.5) { schedule(.event(.attemptFailed(dispatch.attempt, .disconnected)), after: delay()) }
            return
        }
        guard now >= workers[index].cutOffUntil, !random.chance(scenario.lossShare) else { return }
        schedule(
            .request(dispatch, minSeq: plan?.minSeq ?? 0, resultLimit: plan?.resultLimit ?? 10), after: delay())
    }

    mutating func request(_ dispatch: AttemptDispatch, minSeq: Int64, resultLimit: Int) {
        guard let index = workers.firstIndex(where: { $0.incarnation == dispatch.worker }), workers[index].isUp else {
            return
        }
        guard workers[index].workingCount < scenario.workerCapacity else {
            let retryAfter = Duration.milliseconds(random.int(0...50))
            transmit(.attemptFailed(dispatch.attempt, .busy(retryAfter: retryAfter)), from: index)
            return
        }
        workers[index].workingCount += 1
        let slowness: Int64 = now < workers[index].slowUntil ? 100 : 1
        let service = random.nanoseconds(scenario.serviceTime) * slowness
        schedule(
            .answer(
                dispatch, minSeq: minSeq, resultLimit: resultLimit,
                until: now + dispatch.remaining.nanoseconds * 8 / 10),
            after: service)
    }

    mutating func answer(_ dispatch: AttemptDispatch, minSeq: Int64, resultLimit: Int, until: Int64) {
        guard let index = workers.firstIndex(where: { $0.incarnation == dispatch.worker }), workers[index].isUp else {
            return
        }
        let worker = workers[index]
        // Some workers answer though they are behind.
        let isCareless = random.chance(scenario.errorShare)
        if worker.appliedSeq < minSeq, now < until, !isCareless {
            schedule(
                .answer(dispatch, minSeq: minSeq, resultLimit: resultLimit, until: until), after: 5_000_000)
            return
        }
        workers[index].workingCount -= 1
        let id = dispatch.attempt
        if worker.appliedSeq < minSeq, !isCareless {
            transmit(.attemptFailed(id, .notCaughtUp(appliedSeq: worker.appliedSeq)), from: index)
        } else if random.chance(scenario.errorShare) {
            transmit(.attemptFailed(id, random.pick([.internalError, .malformed, .deadline])), from: index)
        } else if random.chance(scenario.malformedShare) {
            let nonsense = [ScoredID(id: 1, score: .nan)]
            transmit(.attemptSucceeded(id, appliedSeq: worker.appliedSeq, hits: nonsense), from: index)
        } else {
            let hits = worker.hits(
                of: dispatch.query.rawValue, resultLimit: resultLimit, isSorted: !random.chance(0.1))
            transmit(.attemptSucceeded(id, appliedSeq: worker.appliedSeq, hits: hits), from: index)
        }
    }

    // MARK: What goes wrong

    mutating func disturb() {
        if scenario.isOneAtATime {
            guard disturbedWorker == nil else { return }
        }
        let index = random.int(0...(workers.count - 1))
        guard workers[index].isUp else { return }
        disturbedWorker = index
        switch random.int(0...(scenario.isCrashesOnly ? 2 : 5)) {
        case 0, 1: crash(index, isNoticed: true)
        case 2: crash(index, isNoticed: false)
        case 3: workers[index].cutOffUntil = now + random.nanoseconds(.milliseconds(100)...(.seconds(8)))
        case 4: workers[index].slowUntil = now + random.nanoseconds(.seconds(1)...(.seconds(4)))
        default:
            // The connection alone breaks, and comes back.
            let worker = workers[index].incarnation
            deliver(.connectionLost(worker))
            schedule(.event(.connectionRestored(worker)), after: random.nanoseconds(.milliseconds(1)...(.seconds(1))))
        }
    }

    private mutating func crash(_ index: Int, isNoticed: Bool) {
        workers[index].isUp = false
        if isNoticed {
            schedule(.event(.connectionLost(workers[index].incarnation)), after: delay())
        }
        schedule(.restart(worker: index), after: random.nanoseconds(.milliseconds(100)...(.seconds(8))))
    }

    mutating func leave(_ index: Int) {
        guard workers[index].isUp else { return }
        transmit(.saidGoodbye(workers[index].incarnation), from: index)
        // It answers what it has, then its process ends.
        let incarnation = workers[index].incarnation
        schedule(.stop(worker: index), after: 500_000_000)
        schedule(.event(.connectionLost(incarnation)), after: 500_000_000)
    }

    mutating func joinSecondSet() {
        let old = Array(workers.indices)
        for shardIndex in 0..<scenario.reshardTo {
            for _ in 0..<scenario.replicaCount { addWorker(shardIndex: shardIndex, shardCount: scenario.reshardTo) }
        }
        for index in old { schedule(.leave(worker: index), after: random.nanoseconds(.seconds(2)...(.seconds(5)))) }
    }
}
