import Cluster
import HTTPTypes
import Hummingbird
import Messaging
import NIOCore
import RecordSchema
import RecordStore
import ServiceRuntime

/// `GET /metrics`, for Prometheus.
struct MetricsRoute: Sendable {
    let requests: RequestMetrics
    let catalog: Catalog
    let store: RecordStore
    let commits: CommitSignal
    let cluster: ClusterDriver
    let hub: MessageHub

    var routes: [Route] {
        [
            Route(
                .get, "/metrics",
                Operation(
                    id: "metrics", tag: "service", summary: "Metrics for Prometheus.",
                    answers: [(200, .text, "Text exposition format")], failures: [503]), metrics)
        ]
    }

    func metrics(_ request: Request, _ context: GatewayRequestContext) async throws -> Response {
        var text = PrometheusText()
        text.family("kazi_build_info", .gauge, "The release that runs.")
        text.sample("kazi_build_info", [("version", KaziVersion.current)], 1)
        ProcessMetrics.write(to: &text)
        requests.write(to: &text)
        try await writeStore(to: &text)
        writeCluster(to: &text)
        writeMessaging(to: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }

    private func writeStore(to text: inout PrometheusText) async throws(ServiceFailure) {
        let store = try await store.mapped { try await $0.statistics() }
        text.single("kazi_store_seq", .gauge, "Sequence number of the last committed write.", store.headSeq)
        text.single("kazi_store_database_bytes", .gauge, "Size of the database file.", store.pageCount * store.pageBytes)
        text.single("kazi_store_wal_bytes", .gauge, "Size of the write-ahead log.", store.walBytes)
        text.single("kazi_store_queued_operations", .gauge, "Writes that wait for the writer.", store.queuedOperationCount)
        text.single("kazi_store_queued_bytes", .gauge, "Bytes of writes that wait.", store.queuedBytes)
        text.single("kazi_store_reads", .gauge, "Reads that run or wait.", store.readCount)
        text.single("kazi_store_transactions_total", .counter, "Write transactions.", store.transactionCount)
        text.single("kazi_store_operations_total", .counter, "Writes that those transactions answered.", store.operationCount)
    }

    private func writeCluster(to text: inout PrometheusText) {
        let snapshot = cluster.snapshot
        text.family("kazi_cluster_workers", .gauge, "Workers by state.")
        for status in [WorkerSnapshot.Status.alive, .suspect, .disconnected, .departed] {
            text.sample(
                "kazi_cluster_workers", [("status", status.rawValue)], snapshot.workers.count { $0.status == status })
        }
        text.family("kazi_worker_vectors", .gauge, "Vectors in a worker's memory.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                text.sample("kazi_worker_vectors", Self.labels(worker, replica), replica.vectorCount)
            }
        }
        text.family("kazi_worker_memory_bytes", .gauge, "Memory of a worker's index.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                text.sample("kazi_worker_memory_bytes", Self.labels(worker, replica), replica.memoryBytes)
            }
        }
        text.family("kazi_worker_applied_seq", .gauge, "How far a worker has applied the feed.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                text.sample("kazi_worker_applied_seq", Self.labels(worker, replica), replica.appliedSeq)
            }
        }
        text.family("kazi_collection_lag", .gauge, "Sequence numbers that the slowest ready replica is behind; absent without full coverage.")
        for definition in catalog.searchable {
            let health = cluster.health(of: definition.name, headSeq: commits.headSeq(of: definition.name))
            if let lag = health.lag { text.sample("kazi_collection_lag", [("collection", definition.name)], lag) }
        }
        let counters = snapshot.counters
        text.family("kazi_cluster_queries_total", .counter, "Searches handed to workers, by how they ended.")
        for (outcome, count) in [
            ("complete", counters.queryCompletedCount), ("partial", counters.queryPartialCount),
            ("failed", counters.queryFailedCount), ("cancelled", counters.queryCancelledCount),
        ] { text.sample("kazi_cluster_queries_total", [("outcome", outcome)], count) }
        text.family("kazi_cluster_attempts_total", .counter, "Requests to workers, by why they were sent.")
        for (reason, count) in [
            ("first", counters.firstAttemptCount), ("retry", counters.retryCount), ("hedge", counters.hedgeCount),
            ("rescue", counters.rescueCount),
        ] { text.sample("kazi_cluster_attempts_total", [("reason", reason)], count) }
        text.single("kazi_cluster_pending_queries", .gauge, "Searches under way.", snapshot.pendingQueryCount)
        text.single("kazi_cluster_busy_total", .counter, "Refusals by busy workers.", counters.busyCount)
    }

    private static func labels(_ worker: WorkerSnapshot, _ replica: ReplicaReport) -> [(String, String)] {
        [
            ("worker", worker.worker.id.name), ("collection", replica.key.collection),
            ("shard", "\(replica.key.shardIndex)/\(replica.key.shardCount)"),
        ]
    }

    private func writeMessaging(to text: inout PrometheusText) {
        let counters = hub.counters
        text.family("kazi_messages_total", .counter, "ZeroMQ messages.")
        text.sample("kazi_messages_total", [("direction", "in")], counters.receivedMessageCount)
        text.sample("kazi_messages_total", [("direction", "out")], counters.sentMessageCount)
        text.family("kazi_message_bytes_total", .counter, "Bytes of ZeroMQ messages.")
        text.sample("kazi_message_bytes_total", [("direction", "in")], counters.receivedBytes)
        text.sample("kazi_message_bytes_total", [("direction", "out")], counters.sentBytes)
        text.single("kazi_messages_malformed_total", .counter, "Messages that were not of the protocol.", counters.malformedCount)
        text.single("kazi_messages_dropped_total", .counter, "Messages to peers that had gone or were full.", counters.droppedCount)
    }
}
