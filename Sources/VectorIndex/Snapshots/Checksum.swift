import CKernels

/// CRC-32C of bytes that come in pieces: see checksum.h.
@safe struct Checksum: Sendable {
    typealias Update = @convention(c) (UInt32, UnsafePointer<UInt8>?, Int) -> UInt32

    let name: String
    // Reads as many bytes as it is told.
    private let update: Update

    /// Those that this processor can run, worst first.
    static let available: [Checksum] = {
        let features = kz_cpu_features()
        return (0 ..< kz_checksum_kernel_count()).compactMap { index in
            guard let kernel = unsafe kz_checksum_kernel_at(index)?.pointee, let update = unsafe kernel.update,
                unsafe kernel.features & features == kernel.features
            else { return nil }
            return unsafe Checksum(name: String(cString: kernel.name), update: update)
        }
    }()

    static let best = available[available.count - 1]

    /// The checksum of what `checksum` is of, followed by `bytes`; 0 is that of nothing.
    func extended(_ checksum: UInt32, by bytes: UnsafeRawBufferPointer) -> UInt32 {
        unsafe update(checksum, bytes.assumingMemoryBound(to: UInt8.self).baseAddress, bytes.count)
    }

    func callAsFunction(_ bytes: [UInt8]) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe extended(0, by: $0) }
    }
}
