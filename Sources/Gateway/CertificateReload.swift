import Foundation
import Logging
import ServiceLifecycle
import ServiceRuntime
import UnixSignals

/// Reads the certificate and its key anew when their files have changed, and at SIGHUP.
///
/// Files are looked at and not watched: a certificate is renewed in many ways, by links that move, by folders that are mounted
/// anew, by copies. Two looks that find the same change make sure that it is not in the middle of one.
struct CertificateReload: Service {
    let source: CertificateSource
    let logger: Logger

    private static let interval = Duration.seconds(1)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await reloadAtSignals() }
                group.addTask { await reloadAtChanges() }
            }
            // A service that returns is taken for one that has failed or finished; this one waits for the end.
            try? await gracefulShutdown()
        }
    }

    private func reloadAtSignals() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup) { reload(because: "SIGHUP") }
    }

    private func reloadAtChanges() async {
        var seen = source.stamp
        // Files that cannot be used are not read again before they change again: once in the log is enough.
        var tried = source.loadedStamp
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            let now = source.stamp
            defer { seen = now }
            guard now == seen, now != source.loadedStamp, now != tried, !Task.isCancelled else { continue }
            tried = now
            reload(because: "the files changed")
        }
    }

    private func reload(because reason: String) {
        do {
            try source.reload()
            logger.notice(
                "the certificate was read anew",
                metadata: [
                    "reason": "\(reason)", "file": "\(source.certificateFile)", "not_after": .stringConvertible(source.notAfter),
                ])
        } catch {
            logger.error(
                "the certificate was not read anew: the one before goes on serving",
                metadata: ["reason": "\(reason)", "fault": "\(error.description)"])
        }
    }
}
