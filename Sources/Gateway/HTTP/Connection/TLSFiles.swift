import Foundation
import NIOSSL
import ServiceRuntime

/// A certificate and its key, from files to what connections are served with.
enum TLSFiles {
    struct Loaded: Sendable {
        let context: NIOSSLContext
        /// Until when the certificate is good, in seconds since 1970.
        let notAfter: Int64
    }

    /// - Throws: `StartFailure` naming the file that is missing, is no PEM, or does not belong to the other.
    static func load(_ certificateFile: String, _ keyFile: String) throws(StartFailure) -> Loaded {
        let chain = try certificates(certificateFile)
        let key = try privateKey(keyFile)
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return Loaded(
                context: try NIOSSLContext(configuration: configuration), notAfter: Int64(chain.first?.notValidAfter ?? 0))
        } catch {
            // Each file can be read: what is left is that they do not belong together.
            throw StartFailure(
                "the key in \(keyFile) (--tls-key) is not the one of the certificate in \(certificateFile) (--tls-certificate)")
        }
    }

    private static func certificates(_ path: String) throws(StartFailure) -> [NIOSSLCertificate] {
        let bytes = try contents(path, "--tls-certificate")
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(bytes)
            guard !chain.isEmpty else { throw StartFailure("\(path) (--tls-certificate) holds no certificate") }
            return chain
        } catch {
            throw StartFailure("\(path) (--tls-certificate) holds no certificate in PEM form")
        }
    }

    private static func privateKey(_ path: String) throws(StartFailure) -> NIOSSLPrivateKey {
        let bytes = try contents(path, "--tls-key")
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw StartFailure("\(path) (--tls-key) holds no private key in PEM form without a passphrase")
        }
    }

    private static func contents(_ path: String, _ flag: String) throws(StartFailure) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw StartFailure("cannot read \(path) (\(flag)): \((error as NSError).localizedDescription)")
        }
    }
}
