import Embedding
import Foundation
import Messaging
import NIOCore
import RecordSchema
import RecordStore
import ServiceRuntime

/// The steps of a gateway's start, each with its one clear line when it fails.
enum GatewayStart {
    static func collections(_ settings: GatewaySettings) throws(StartFailure) -> [CollectionDefinition] {
        let directory: String
        if let chosen = settings.collectionsDirectory {
            directory = chosen
        } else if let shipped = Bundle.module.url(forResource: "collections", withExtension: nil) {
            directory = shipped.path
        } else {
            throw StartFailure("the shipped collection files are missing beside the executable: use --collections")
        }
        do {
            let definitions = try CollectionDefinition.loadAll(directory: directory)
            guard !definitions.isEmpty else {
                throw StartFailure("\(directory) has no collection file (<name>.yaml)")
            }
            return definitions
        } catch let failure as StartFailure {
            throw failure
        } catch {
            throw StartFailure("\(error)")
        }
    }

    static func catalog(
        _ definitions: [CollectionDefinition], _ settings: GatewaySettings
    ) throws(StartFailure) -> Catalog {
        do {
            return try Catalog(definitions, chosenDefault: settings.defaultCollection)
        } catch CatalogError.defaultNotSearchable(let name, let searchable) {
            let names = searchable.isEmpty ? "none is" : "these are: \(searchable.joined(separator: ", "))"
            throw StartFailure("the default collection '\(name)' cannot be searched by meaning; \(names)")
        } catch {
            throw StartFailure("\(error)")
        }
    }

    static func pages(_ settings: GatewaySettings) throws(StartFailure) -> PageRoutes {
        PageRoutes(
            files: try PageRoutes.loadFiles(), servesDocs: settings.servesDocs,
            assets: settings.servesDocs ? try DocsAssets.load(named: settings.docsAssetsDirectory) : nil)
    }

    /// The model, where a collection needs one.
    static func model(
        _ settings: GatewaySettings, for definitions: [CollectionDefinition]
    ) throws(StartFailure) -> MiniLMModel? {
        guard let needing = definitions.first(where: \.needsModel) else { return nil }
        let directory = ModelLocation.directory(named: settings.modelDirectory)
        guard FileManager.default.fileExists(atPath: directory.appendingPathComponent("model.safetensors").path) else {
            throw StartFailure(
                "the collection '\(needing.name)' needs the embedding model, and \(directory.path) has no model.safetensors: run scripts/setup, or name its folder with --model")
        }
        do {
            return try MiniLMModel(folder: directory.path)
        } catch {
            throw StartFailure("the embedding model cannot be used: \(error)")
        }
    }

    static func engine(_ model: MiniLMModel, threadCount: Int) -> EmbeddingEngine {
        {
            var limits = EmbeddingEngine.Limits()
            limits.threads = threadCount
            return EmbeddingEngine(model: model, limits: limits)
        }()
    }

    static func store(
        _ settings: GatewaySettings, _ definitions: [CollectionDefinition], model: MiniLMModel?,
        onCommit: @escaping RecordStore.CommitObserver
    ) throws(StartFailure) -> RecordStore {
        let byName = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, $0) })
        let settingsOfModel = model.map { (dimension: $0.configuration.hiddenSize, digest: $0.digest) }
        do {
            return try RecordStore(
                directory: settings.dataDirectory, collections: definitions.map { $0.stored(model: settingsOfModel) },
                reembeds: true,
                derive: { collection, body in try StoredBody.derive(body, byName[collection]) }, onCommit: onCommit)
        } catch {
            throw StartFailure(explain(error))
        }
    }


    /// Which vectors serve, before anything is served.
    static func vectorSets(
        _ store: RecordStore, _ catalog: Catalog, modelDigest: String?
    ) async throws(StartFailure) -> VectorSets {
        let sets = VectorSets(modelDigest: modelDigest)
        for definition in catalog.searchable {
            do {
                sets.set(try await store.vectorState(of: definition.name), of: definition.name)
            } catch {
                throw StartFailure(explain(error))
            }
        }
        return sets
    }

    static func hub() throws(StartFailure) -> MessageHub {
        do {
            return try MessageHub(HubConfiguration(name: "kazi-zmq"))
        } catch {
            throw StartFailure("ZeroMQ cannot be started: \(error)")
        }
    }

    static func bind(
        _ hub: MessageHub, _ endpoint: String, handler: @escaping @Sendable (InboundRequest) -> Void
    ) throws(StartFailure) -> String {
        do {
            return try hub.bind(to: endpoint, serving: MessagingDoor.kinds, handler: handler)
        } catch {
            switch error {
            case .addressInUse: throw StartFailure("\(endpoint) is in use; choose another with --zmq")
            case .unprotectedEndpoint:
                throw StartFailure("--zmq \(endpoint) is not a loopback address: without keys only those are served")
            case .badEndpoint: throw StartFailure("--zmq takes an endpoint such as tcp://127.0.0.1:8001, not '\(endpoint)'")
            default: throw StartFailure("cannot listen at \(endpoint) (--zmq): \(error)")
            }
        }
    }

    static func explain(_ error: StoreError) -> String {
        switch error {
        case .unwritable(let path, let detail): "cannot write \(path) (--data-dir): \(detail)"
        case .notADatabase(let path): "\(path) is no SQLite database; move it away, or use another --data-dir"
        case .foreignDatabase(let path, _): "\(path) is the database of another application; use another --data-dir"
        case .corrupt(let path, let detail): "the database \(path) is damaged (\(detail)); restore a backup, or use another --data-dir"
        case .newerVersion(let path, let migration): "\(path) was written by a newer release of Kazi (\(migration))"
        case .inUse(let path): "\(path) is in use by another Kazi process"
        case .unusableCollection(let name, let fault): "the collection '\(name)' cannot be stored: \(fault)"
        case .incompatibleCollection(let name, let change):
            "the declaration of '\(name)' does not fit what is stored: \(explain(change))"
        default: "the store cannot be opened: \(error)"
        }
    }

    static func explain(_ change: CollectionChange) -> String {
        switch change {
        case .columnType(let field, let stored, let declared): "filter field \(field) was \(stored) and is now \(declared)"
        case .dimension(let stored, let declared):
            "its vectors had \(stored.map(String.init) ?? "no") components and now have \(declared.map(String.init) ?? "none")"
        case .metric(let stored, let declared): "its metric was \(stored) and is now \(declared)"
        case .model(let stored, let declared):
            "its records were embedded by the model \(stored?.prefix(12) ?? "none"), not by \(declared?.prefix(12) ?? "none")"
        case .duplicateKey(let first, let second): "records \(first) and \(second) have the same natural key"
        case .embeddedFields(let stored, let declared):
            "what is embedded was \(stored.joined(separator: ", ")) and is now \(declared.joined(separator: ", "))"
        case .recordsDoNotValidate(let count, let firstIDs):
            "\(count) stored record\(count == 1 ? " is" : "s are") not valid under it, among them \(firstIDs.map(String.init).joined(separator: ", "))"
        }
    }
}

extension StartFailure {
    /// What a person is told when serving could not begin; `nil` for an error that is no such thing.
    init?(serving settings: GatewaySettings, _ error: any Error) {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            self.init("port \(settings.port) on \(settings.host) is in use; choose another with --port")
        case let error as IOError where error.errnoCode == EACCES:
            self.init("port \(settings.port) on \(settings.host) may not be used by this user; choose another with --port")
        case let error as IOError:
            self.init("cannot listen on \(settings.host):\(settings.port): \(error)")
        default: return nil
        }
    }
}
