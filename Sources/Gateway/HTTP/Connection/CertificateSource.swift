import Foundation
import NIOConcurrencyHelpers
import NIOSSL
import ServiceRuntime

/// The certificate and key that new connections are served with; they change when their files do. A connection keeps what it
/// began with.
final class CertificateSource: Sendable {
    let certificateFile: String
    let keyFile: String
    private let current: NIOLockedValueBox<State>

    private struct State {
        var loaded: TLSFiles.Loaded
        /// Of the files before they were read.
        var stamp: [FileStamp?]
    }

    /// `nil` where no files are named.
    ///
    /// - Throws: `StartFailure` naming the file that is missing, is no PEM, or does not belong to the other.
    init?(_ settings: GatewaySettings) throws(StartFailure) {
        guard settings.certificateFile != nil || settings.privateKeyFile != nil else { return nil }
        guard let certificateFile = settings.certificateFile, let keyFile = settings.privateKeyFile else {
            throw StartFailure("--tls-certificate and --tls-key go together: one of them is missing")
        }
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        let stamp = [FileStamp(certificateFile), FileStamp(keyFile)]
        current = NIOLockedValueBox(State(loaded: try TLSFiles.load(certificateFile, keyFile), stamp: stamp))
    }

    /// For a connection that begins now.
    var context: NIOSSLContext { current.withLockedValue { $0.loaded.context } }

    /// Until when the certificate is good, in seconds since 1970.
    var notAfter: Int64 { current.withLockedValue { $0.loaded.notAfter } }

    /// Reads the files anew. What they held before stays where they cannot be used.
    func reload() throws(StartFailure) {
        let stamp = stamp
        let loaded = try TLSFiles.load(certificateFile, keyFile)
        current.withLockedValue { $0 = State(loaded: loaded, stamp: stamp) }
    }

    /// What tells one state of the two files from another: which files the paths lead to, their sizes, and when they and the
    /// links to them were changed. A path that leads nowhere is a state too.
    var stamp: [FileStamp?] { [FileStamp(certificateFile), FileStamp(keyFile)] }

    /// The state that what serves was read in.
    var loadedStamp: [FileStamp?] { current.withLockedValue { $0.stamp } }
}

/// The state of one file, without its contents.
struct FileStamp: Equatable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    private let modifiedAt: [Int]

    /// Through links; `nil` where there is no file.
    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modifiedAt = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}
