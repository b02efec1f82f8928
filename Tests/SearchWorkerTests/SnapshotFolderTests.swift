import Foundation
import Testing

@testable import SearchWorker

@Suite("The folder of snapshots") struct SnapshotFolderTests {
    private func makePath() -> String { NSTemporaryDirectory() + "kazi-folder-" + UUID().uuidString + "/a/b" }

    private func removeRoot(of path: String) throws {
        let root = URL(filePath: path).deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.removeItem(at: root)
    }

    @Test func `is made where it is missing, for its owner alone`() throws {
        let path = makePath()
        defer { try? removeRoot(of: path) }
        let folder = try SnapshotFolder(path: path)
        #expect(folder.path == path && folder.collections == [])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode.map { $0 & 0o077 } == 0)
    }

    @Test func `is held by one at a time`() throws {
        let path = makePath()
        defer { try? removeRoot(of: path) }
        var first: SnapshotFolder? = try SnapshotFolder(path: path)
        do {
            _ = try SnapshotFolder(path: path)
            Issue.record("two hold \(path)")
        } catch SnapshotFolder.OpenError.inUse {}
        #expect(first?.path == path)
        first = nil
        _ = try SnapshotFolder(path: path)
    }

    @Test func `says why it cannot be used`() throws {
        let path = makePath()
        defer { try? removeRoot(of: path) }
        let parent = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(
            atPath: parent.deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data().write(to: parent)
        do {
            _ = try SnapshotFolder(path: path)
            Issue.record("a folder below a file")
        } catch SnapshotFolder.OpenError.unusable(let reason) {
            #expect(reason == "Not a directory")
        }
    }

    @Test func `has a file for each plain name and for no other`() throws {
        let path = makePath()
        defer { try? removeRoot(of: path) }
        let folder = try SnapshotFolder(path: path)
        #expect(folder.file(ofCollection: "jobs_2") == path + "/jobs_2.snapshot")
        for name in ["", "..", "../jobs", "a/b", "jobs.snapshot", "größe", "a b", "a\0b"] {
            #expect(folder.file(ofCollection: name) == nil)
        }
    }

    @Test func `lists snapshots, and removes what was not finished`() throws {
        let path = makePath()
        defer { try? removeRoot(of: path) }
        let folder = try SnapshotFolder(path: path)
        for name in ["jobs.snapshot", "events.snapshot", "events.snapshot.partial", "..snapshot", "notes.txt"] {
            try Data([1]).write(to: URL(filePath: path + "/" + name))
        }
        #expect(folder.collections == ["events", "jobs"])
        folder.removeUnfinished()
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(names == ["..snapshot", "events.snapshot", "jobs.snapshot", "notes.txt", "worker.lock"])
        let removed = try #require(folder.file(ofCollection: "jobs"))
        #expect(folder.remove(removed))
        #expect(!folder.remove(removed))
    }
}
