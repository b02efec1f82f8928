import Foundation
import ServiceRuntime

/// Swagger UI and ReDoc, which `scripts/setup` fetches: other people's files, served under names that are known here.
struct DocsAssets: Sendable {
    static let swaggerScript = "swagger-ui-bundle.js"
    static let swaggerStyle = "swagger-ui.css"
    static let redocScript = "redoc.standalone.js"
    static let fileNames = [swaggerScript, swaggerStyle, redocScript]

    /// By name; all of `fileNames`.
    let files: [String: WebFile]

    /// Reads the folder that a flag names, else the one that `scripts/setup` made.
    ///
    /// Whoever names a folder means it, so that it has to have the files. Without one their absence is no reason not to
    /// serve the API.
    static func load(named flag: String?) throws(StartFailure) -> DocsAssets? {
        let directory = flag.map { URL(fileURLWithPath: $0) } ?? nearestDirectory()
        guard let directory else { return nil }
        do {
            var files: [String: WebFile] = [:]
            for name in fileNames { files[name] = try WebFile(contentsOf: directory.appendingPathComponent(name)) }
            return DocsAssets(files: files)
        } catch {
            switch error {
            case .tooLarge(let path, let limitBytes):
                throw StartFailure("\(path) is larger than \(limitBytes) bytes and cannot be Swagger UI's or ReDoc's")
            case .unreadable(let path), .unknownType(let path):
                throw StartFailure(
                    "\(path) cannot be read: run scripts/setup, name another folder with --docs-assets, or use --no-docs")
            }
        }
    }

    /// `docs-assets` beside the executable or beside a folder above it, so that binaries in `.build/<platform>/release`
    /// find `.build/docs-assets` from whatever folder they are run in.
    private static func nearestDirectory() -> URL? {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments.first ?? ""
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("docs-assets")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent(swaggerScript).path) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
