import NIOCore

/// Runs the task of a connection on the connection's own event loop: a request that waits for nothing is read, served
/// and answered by one thread, where the pool of the language's runtime would cost two hand-overs between threads.
///
/// Whatever computes for longer than a moment must leave it (`withWorkerThread`): other connections wait behind it.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}

/// Has `work` done by the threads of the runtime's pool, and not by an event loop.
func withWorkerThread<Value, Failure: Error>(
    _ work: () async throws(Failure) -> Value
) async throws(Failure) -> Value {
    try await withTaskExecutorPreference(globalConcurrentExecutor, operation: work)
}
