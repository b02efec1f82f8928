public import Foundation

/// Where the embedding model is: the folder that a flag names, else the one that `scripts/setup` made.
public enum ModelLocation {
    public static let modelName = "all-MiniLM-L6-v2"

    /// The folder to load, whether or not there is a model in it.
    ///
    /// Without a flag: `models/all-MiniLM-L6-v2` beside the executable or beside a folder above it, so that binaries in
    /// `.build/<platform>/release` find `.build/models` from whatever folder they are run in.
    public static func directory(named flag: String?) -> URL {
        if let flag { return URL(fileURLWithPath: flag) }
        let executable = URL(fileURLWithPath: CommandLine.arguments.first ?? "")
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? executable.path
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let nearest = folder.appendingPathComponent("models/\(modelName)")
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("models/\(modelName)")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("model.safetensors").path) {
                return candidate
            }
            folder.deleteLastPathComponent()
        }
        return nearest
    }
}
