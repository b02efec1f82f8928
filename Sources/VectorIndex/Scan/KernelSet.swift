import CKernels

/// One variant of the kernels, of those that this processor can run.
@safe struct KernelSet: Sendable, CustomStringConvertible {
    let name: String
    /// Reads and writes what its arguments point to, as scan.h says.
    let scan: @convention(c) (UnsafePointer<kz_scan_rows>?, UnsafeMutablePointer<kz_scan_query>?, Int) -> Void

    /// Worst first; the first is the scalar one, the specification.
    static let available: [KernelSet] = {
        let features = kz_cpu_features()
        return (0 ..< kz_scan_kernel_count()).compactMap { index in
            guard let kernel = unsafe kz_scan_kernel_at(index)?.pointee else { return nil }
            guard unsafe kernel.features & features == kernel.features, let scan = unsafe kernel.scan else { return nil }
            return unsafe KernelSet(name: String(cString: kernel.name), scan: scan)
        }
    }()

    static let best = available[available.count - 1]

    var description: String { name }
}
