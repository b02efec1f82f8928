import Foundation
import Testing

/// A file of proto-docs/vectors: frames as hexadecimal bytes, `#` begins a comment, a line `frame …` a frame.
struct GoldenFile {
    var frames: [[UInt8]] = []
    /// Lines `# key: value` before the first frame.
    var properties: [String: String] = [:]

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "proto-docs/vectors")

    init(_ name: String) throws {
        let text = try String(contentsOf: Self.folder.appending(path: name + ".hex"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#"), frames.isEmpty, let colon = line.firstRange(of: ": ") {
                properties[String(line[..<colon.lowerBound].dropFirst(2))] = String(line[colon.upperBound...])
            }
            let content = line.prefix { $0 != "#" }
            if content.hasPrefix("frame ") {
                frames.append([])
                continue
            }
            for word in content.split(separator: " ") {
                frames[frames.count - 1].append(try #require(UInt8(word, radix: 16), "\(name): \(word)"))
            }
        }
    }

    /// The names of the files in a folder below `vectors`, sorted; the folder's name is part of each.
    static func names(in subfolder: String = "") -> [String] {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)
        let prefix = subfolder.isEmpty ? "" : subfolder + "/"
        return (files ?? []).filter { $0.hasSuffix(".hex") }.map { prefix + $0.dropLast(4) }.sorted()
    }
}

extension Tag {
    @Tag static var golden: Self
}
