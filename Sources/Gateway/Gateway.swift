import Embedding
import Hummingbird
import HummingbirdCore
import Logging
import Messaging
import NIOCore
import NIOPosix
import RecordSchema
import RecordStore
import ServiceRuntime
import ServiceLifecycle
import UnixSignals

/// The gateway process: HTTP JSON in front, validation, embedding and SQLite behind, searches to workers over ZeroMQ.
///
/// This file puts the parts together and takes them down in order. What is served is in `HTTP/` and `Workers/`.
public struct Gateway: Sendable {
    private let settings: GatewaySettings
    private let logger = Logger(label: "kazi.gateway")

    public init(_ settings: GatewaySettings) { self.settings = settings }

    /// Serves until SIGTERM or SIGINT, or until the parent ends where that is asked for; then lets requests that were
    /// accepted finish.
    ///
    /// - Throws: `StartFailure` when it cannot start.
    public func run(exitingWithParent: Bool) async throws {
        // Read before anything is opened: a wrong file costs nothing.
        let certificate = try CertificateSource(settings)
        let definitions = try GatewayStart.collections(settings)
        let model = try GatewayStart.model(settings, for: definitions)
        let embedding = model.map { GatewayStart.engine($0, threadCount: settings.embeddingThreadCount) }
        let catalog = try GatewayStart.catalog(definitions, settings)
        let pages = try GatewayStart.pages(settings)
        let commits = CommitSignal()
        let store = try GatewayStart.store(settings, definitions, model: model) { collections, headSeq in
            commits.signal(collections, headSeq)
        }
        try await GatewayStart.checkListening(settings, store)
        let sets = try await GatewayStart.vectorSets(store, catalog, modelDigest: model?.digest)
        let hub = try GatewayStart.hub()
        let parts = GatewayParts(
            settings: settings, catalog: catalog, pages: pages, store: store, commits: commits, embedding: embedding,
            certificate: certificate, modelDigest: model?.digest, sets: sets, hub: hub,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
        commits.observer = { parts.door.committed($0, headSeq: $1) }
        let messagingEndpoint = try GatewayStart.bind(hub, settings.messagingEndpoint) { parts.door.received($0) }
        do {
            try await serve(parts, messagingEndpoint: messagingEndpoint, exitingWithParent: exitingWithParent)
        } catch {
            await close(parts)
            throw StartFailure(serving: settings, error) ?? error
        }
        await close(parts)
    }

    private func serve(
        _ parts: GatewayParts, messagingEndpoint: String, exitingWithParent: Bool
    ) async throws {
        let stop = GracefulStop(registry: parts.connections)
        let configuration = ApplicationConfiguration(
            address: .hostname(settings.host, port: settings.port), backlog: Self.backlog,
            availableConnectionsDelegate: ConnectionAdmission(registry: parts.connections))
        var quiet = logger
        // Hummingbird and the service group tell every step of start and stop at `info`.
        quiet.logLevel = max(logger.logLevel, .notice)
        let routes = Routing.router(
            parts.routes, parts.pipeline, settings.access.crossOrigin, parts.access, settings.access.trustedProxies
        ).buildResponder()
        let application = Application(
            responder: routes,
            server: HTTPServerBuilder { [settings, quiet] _ in
                GatewayChannel(
                    routes: routes, logger: quiet, dates: AnswerDate(), limits: ConnectionLimits(settings),
                    registry: parts.connections, tls: parts.certificate,
                    faults: ConnectionFaultAnswer(metrics: parts.metrics, log: parts.pipeline.log))
            },
            configuration: configuration,
            onServerRunning: { channel in
                stop.listens(on: channel)
                announceAddresses(channel.localAddress?.port ?? settings.port, messagingEndpoint)
            },
            logger: quiet)
        // Stopped in the opposite order.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: application, successTerminationBehavior: .gracefullyShutdownGroup),
            .init(service: stop, successTerminationBehavior: .ignore),
        ]
        if let reembedder = parts.reembedder {
            services.append(.init(service: reembedder, successTerminationBehavior: .ignore))
        }
        if let certificate = parts.certificate {
            services.append(
                .init(service: CertificateReload(source: certificate, logger: logger), successTerminationBehavior: .ignore))
        }
        if exitingWithParent {
            services.append(.init(service: ParentWatch(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var group = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        // A client that keeps a connection open must not keep the process from ending.
        group.maximumGracefulShutdownDuration = settings.stopTimeout
        try await ServiceGroup(configuration: group).run()
    }

    /// Connections that may wait to be accepted; the kernel's own limit is lower where `net.core.somaxconn` is.
    private static let backlog = 1024

    private func announceAddresses(_ port: Int, _ messagingEndpoint: String) {
        let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
        let http = "\(settings.certificateFile == nil ? "http" : "https")://\(host):\(port)"
        logger.notice("listening", metadata: ["http": "\(http)", "zmq": "\(messagingEndpoint)"])
        do {
            try AddressFile.write(http: http, zmq: messagingEndpoint, dataDirectory: settings.dataDirectory)
        } catch {
            logger.error("cannot write the address file", metadata: ["reason": "\(error)"])
        }
    }

    /// The doors first, then what they need.
    private func close(_ parts: GatewayParts) async {
        AddressFile.remove(dataDirectory: settings.dataDirectory)
        parts.hub.shutdown()
        await parts.embedding?.shutdown()
        do {
            try await parts.store.close()
        } catch {
            logger.error("the store did not close cleanly", metadata: ["reason": "\(error)"])
        }
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
