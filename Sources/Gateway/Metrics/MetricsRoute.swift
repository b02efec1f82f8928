import Cluster
import Embedding
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
    let admission: Admission
    let connections: ConnectionRegistry
    let certificate: CertificateSource?
    let catalog: Catalog
    let store: RecordStore
    let commits: CommitSignal
    let cluster: ClusterDriver
    let hub: MessageHub
    /// `nil` without a model.
    let embedding: (any EmbeddingProvider)?

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
        writeAdmission(to: &text)
        writeConnections(to: &text)
        writeEmbedding(to: &text)
        try await writeStore(to: &text)
        writeCluster(to: &text)
        writeMessaging(to: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text.text)))
    }

    private func writeAdmission(to text: inout PrometheusText) {
        let gates = admission.figures
        text.family("kazi_http_requests_in_flight", .gauge, "Requests being served.")
        for gate in gates {
            text.sample("kazi_http_requests_in_flight", [("class", gate.requestClass.rawValue)], gate.figures.running)
        }
        text.family("kazi_http_requests_waiting", .gauge, "Requests that wait to be served.")
        for gate in gates {
            text.sample("kazi_http_requests_waiting", [("class", gate.requestClass.rawValue)], gate.figures.waiting)
        }
        text.family("kazi_http_requests_shed_total", .counter, "Requests that were refused because others were being served.")
        for gate in gates {
            text.sample("kazi_http_requests_shed_total", [("class", gate.requestClass.rawValue)], gate.figures.shed)
        }
        text.single(
            "kazi_http_body_reserved_bytes", .gauge, "Memory that is set aside for request bodies.",
            admission.bodyBudget.usedBytes)
    }

    private func writeConnections(to text: inout PrometheusText) {
        let figures = connections.figures
        text.family("kazi_http_connections", .gauge, "Open connections, by whether anything is under way on them.")
        text.sample("kazi_http_connections", [("state", "active")], figures.open - figures.resting)
        text.sample("kazi_http_connections", [("state", "idle")], figures.resting)
        text.single("kazi_http_connections_accepted_total", .counter, "Connections that were accepted.", figures.accepted)
        text.family("kazi_http_connections_ended_total", .counter, "Connections that were ended early, by why.")
        for kind in ConnectionFault.Kind.allCases {
            text.sample("kazi_http_connections_ended_total", [("reason", kind.rawValue)], figures.ended[kind] ?? 0)
        }
        guard let certificate else { return }
        text.single(
            "kazi_http_certificate_expiry_timestamp_seconds", .gauge, "Until when the certificate that is served is good.",
            certificate.notAfter)
    }

    private func writeEmbedding(to text: inout PrometheusText) {
        guard let figures = embedding?.figures else { return }
        let lanes = [("query", figures.query), ("ingestion", figures.ingestion)]
        text.family("kazi_embedding_waiting_pieces", .gauge, "Pieces of text that wait to be embedded.")
        for (lane, own) in lanes { text.sample("kazi_embedding_waiting_pieces", [("lane", lane)], own.waitingPieceCount) }
        text.family("kazi_embedding_texts_total", .counter, "Texts that were given a vector.")
        for (lane, own) in lanes { text.sample("kazi_embedding_texts_total", [("lane", lane)], own.textCount) }
        text.family("kazi_embedding_refused_total", .counter, "Calls that were refused because too much waited.")
        for (lane, own) in lanes { text.sample("kazi_embedding_refused_total", [("lane", lane)], own.refusedCount) }
        text.single("kazi_embedding_pieces_total", .counter, "Pieces of text that were encoded.", figures.encodedPieceCount)
        text.single(
            "kazi_embedding_encoding_seconds_total", .counter, "Time that threads spent encoding.", figures.encodingSeconds)
        text.family("kazi_embedding_cache_lookups_total", .counter, "Queries looked up among those whose vector is kept.")
        text.sample("kazi_embedding_cache_lookups_total", [("result", "hit")], figures.cacheHitCount)
        text.sample("kazi_embedding_cache_lookups_total", [("result", "miss")], figures.cacheMissCount)
        text.single("kazi_embedding_cache_entries", .gauge, "Queries whose vector is kept.", figures.cachedCount)
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
        text.single(
            "kazi_store_failed_transactions_total", .counter, "Write transactions that failed and wrote nothing.",
            store.failedTransactionCount)
        text.family("kazi_store_transaction_operations", .histogram, "Writes in one transaction.")
        text.distribution("kazi_store_transaction_operations", store.transactionSizes)
        text.family("kazi_store_commit_duration_seconds", .histogram, "From a transaction's begin to its being on disk.")
        text.distribution("kazi_store_commit_duration_seconds", store.commitSeconds)
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
        text.family("kazi_worker_memory_limit_bytes", .gauge, "What the indexes of a worker may take; absent without a limit.")
        for worker in snapshot.workers where worker.memoryLimitBytes > 0 {
            text.sample("kazi_worker_memory_limit_bytes", [("worker", worker.worker.id.name)], worker.memoryLimitBytes)
        }
        text.family("kazi_worker_full", .gauge, "Whether a worker has no memory for rows that are new to it: 1, else 0.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                text.sample("kazi_worker_full", Self.labels(worker, replica), replica.isFull ? 1 : 0)
            }
        }
        text.family(
            "kazi_worker_recall_at_10", .gauge,
            "Of the ten truly nearest, the share that the last searches found which were replayed exactly; absent before the first.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                guard let recall = replica.recall else { continue }
                text.sample("kazi_worker_recall_at_10", Self.labels(worker, replica), recall.recallAt10)
            }
        }
        text.family("kazi_worker_recall_replays_total", .counter, "Searches that a worker replayed exactly.")
        for worker in snapshot.workers {
            for replica in worker.replicas {
                text.sample(
                    "kazi_worker_recall_replays_total", Self.labels(worker, replica), replica.recall?.replayCount ?? 0)
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
