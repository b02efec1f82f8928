import Foundation
import RecordSchema

/// Fills a new gateway's `jobs` with the shipped sample of 604 postings.
struct SampleLoader: Sendable {
    /// For instance `http://127.0.0.1:8000`.
    let baseURL: String
    /// Made when the sample has been loaded whole: whoever deletes a posting afterwards does not get it back.
    let marker: URL

    private static let collection = "jobs"
    private static let recordCount = 604

    /// Returns when the gateway and its workers can search.
    ///
    /// - Throws: `CommandFailure` after `patience`, with what was missing.
    static func waitUntilReady(_ baseURL: String, patience: Duration) async throws {
        try await GatewayClient.with(try address(baseURL)) { client in
            try await waitUntilReady(client, patience: patience)
        }
    }

    /// The same with a client that is there already.
    static func waitUntilReady(_ client: GatewayClient, patience: Duration) async throws {
        let deadline = ContinuousClock.now + patience
        var last = "it does not answer"
        while true {
            do {
                let answer = try await client.answer(to: .init(path: "/health"))
                if answer.status == 200 { return }
                last = String(decoding: answer.body.prefix(500), as: UTF8.self)
            } catch let failure as GatewayFailure {
                last = failure.description
            }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure("the gateway was not ready within \(patience.formatted(.seconds)): \(last)")
            }
            try await Task.sleep(for: .milliseconds(25))
        }
    }

    /// Loads the sample unless `jobs` has records of its own or is no collection of this gateway. Loading again what is
    /// there already writes nothing, so a start that was interrupted here is completed by the next one.
    func loadIfEmpty() async throws {
        if FileManager.default.fileExists(atPath: marker.path) { return }
        do {
            try await GatewayClient.with(try Self.address(baseURL), connectionCount: 2) { client in
                guard try await Self.wantsSample(client) else { return }
                let source = try Self.openSource()
                let sender = BatchSender(
                    client: client, collection: Self.collection, skipsDuplicates: true, waitsUntilSearchable: true,
                    patience: .seconds(30))
                let ledger = ImportLedger(errorsPath: "/dev/null", fileBytes: source.sizeBytes, showsProgress: false)
                try await ImportRun(source: source, sender: sender, ledger: ledger, connectionCount: 2).run()
                let counts = await ledger.counts
                Console.note("loaded \(counts.created) sample job postings")
                try Data().write(to: marker)
                if counts.refused > 0 { Console.note("\(counts.refused) sample postings do not fit this gateway's jobs") }
            }
        } catch let failure as GatewayFailure {
            throw CommandFailure("cannot load the sample: \(failure)")
        }
    }

    private static func address(_ baseURL: String) throws -> GatewayAddress {
        guard let address = GatewayAddress(baseURL, timeout: GatewayAddress.batchTimeout) else {
            throw CommandFailure("'\(baseURL)' is no address of a gateway")
        }
        return address
    }

    /// The sample is for an empty collection, and for one that holds a part of it and nothing else: what an interrupted
    /// start left.
    private static func wantsSample(_ client: GatewayClient) async throws -> Bool {
        do {
            let request = GatewayClient.Request(path: "/api/v1/\(collection)", query: [("limit", "\(recordCount)")])
            let list = try await client.json(of: request)
            guard let records = list.arrayValue, records.count < recordCount else { return false }
            guard !records.isEmpty else { return true }
            let lines = try String(contentsOf: fileURL(), encoding: .utf8).split(separator: "\n")
            let sample = try Set(lines.map { try JSON(parsing: Array($0.utf8)).objectValue?["url"]?.stringValue })
            return records.allSatisfy { record in
                record.objectValue?["url"]?.stringValue.map { sample.contains($0) } ?? false
            }
        } catch GatewayFailure.refused(404, _, _) {
            return false
        }
    }

    private static func openSource() throws -> ImportSource {
        let path = try fileURL().path
        do throws(ImportFileError) {
            return try ImportSource(.init(path: path, format: .ndjson, batchRecordCount: 100))
        } catch {
            throw CommandFailure(error.description)
        }
    }

    static func fileURL() throws -> URL {
        guard let url = Bundle.module.url(forResource: "sample-jobs", withExtension: "ndjson") else {
            throw CommandFailure("the sample is missing beside the executable")
        }
        return url
    }
}
