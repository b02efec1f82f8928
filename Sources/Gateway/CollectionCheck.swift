import Embedding
import Foundation
import RecordSchema
import RecordStore
import ServiceRuntime

/// What starting with other collection files would do to the records that are stored, found out beforehand.
public struct CollectionCheck: Sendable {
    /// A line for each collection, and one for each thing that would be done to it.
    public let lines: [String]
    /// Whether a gateway would start with these files.
    public let isAccepted: Bool

    /// - Parameters:
    ///   - paths: Collection files, and folders of such.
    ///   - settings: Where the data and the model are.
    /// - Throws: `StartFailure` for a file that declares no collection, and for a data directory that cannot be read.
    public init(_ paths: [String], settings: GatewaySettings) throws(StartFailure) {
        let definitions = try Self.definitions(paths)
        let model = try GatewayStart.model(settings, for: definitions)
        let byName = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
        let settingsOfModel = model.map { (dimension: $0.configuration.hiddenSize, digest: $0.digest) }
        let verdicts: [CollectionVerdict]
        do {
            verdicts = try RecordStore.check(
                definitions.map { $0.stored(model: settingsOfModel) }, in: settings.dataDirectory, reembeds: true,
                derive: { collection, body in try StoredBody.derive(body, byName[collection]) })
        } catch {
            throw StartFailure(GatewayStart.explain(error))
        }
        lines = verdicts.flatMap(Self.lines)
        isAccepted = verdicts.allSatisfy { $0.refusal == nil }
    }

    private static func definitions(_ paths: [String]) throws(StartFailure) -> [CollectionDefinition] {
        do {
            return try paths.flatMap { path in
                var isDirectory: ObjCBool = false
                let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
                return exists && isDirectory.boolValue
                    ? try CollectionDefinition.loadAll(directory: path) : [try CollectionDefinition.load(path: path)]
            }
        } catch {
            throw StartFailure("\(error)")
        }
    }

    private static func lines(_ verdict: CollectionVerdict) -> [String] {
        let records = verdict.recordCount == 1 ? "1 record" : "\(verdict.recordCount) records"
        if let refusal = verdict.refusal {
            return ["\(verdict.name): refused (\(records)): \(GatewayStart.explain(refusal))"]
        }
        if verdict.isNew { return ["\(verdict.name): new"] }
        guard !verdict.adjustments.isEmpty else { return ["\(verdict.name): fits (\(records))"] }
        return ["\(verdict.name): fits (\(records)), and at the next start"]
            + verdict.adjustments.map { "  \(text($0, recordCount: verdict.recordCount))" }
    }

    private static func text(_ adjustment: CollectionAdjustment, recordCount: Int) -> String {
        switch adjustment {
        case .columnAdded(let field): "\(field) becomes a filter field"
        case .columnDropped(let field): "\(field) is no filter field any more"
        case .textIndexed: "the full-text index is made anew"
        case .keysDerived: "the natural keys are made anew"
        case .vectorsMadeAnew: "the records are embedded anew in the background, while the old vectors serve"
        case .vectorsDropped: "the vectors are deleted"
        }
    }
}
