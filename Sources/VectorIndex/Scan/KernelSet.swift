import CKernels

/// One variant of the kernels, of those that this processor can run.
@safe struct KernelSet: Sendable, CustomStringConvertible {
    typealias Scan = @convention(c) (UnsafePointer<kz_scan_rows>?, UnsafeMutablePointer<kz_scan_query>?, Int) -> Void
    typealias Rescore = @convention(c) (
        UnsafePointer<UnsafePointer<UInt8>?>?, Int, UnsafePointer<Int16>?, Int, UnsafeMutablePointer<Int32>?
    ) -> Void
    typealias CoarseScan = @convention(c) (
        UnsafePointer<kz_coarse_rows>?, UnsafePointer<kz_coarse_query>?, Int, Int, UnsafeMutablePointer<UInt32>?,
        UnsafeMutablePointer<Float>?
    ) -> Int

    let name: String
    // They read and write what their arguments point to, as scan.h and coarse.h say.
    let scan: Scan
    let rescore: Rescore
    let coarseScan: CoarseScan

    /// Worst first; the first is the scalar one, the specification. Each has the best coarse scan that asks for nothing
    /// that its own scan does not.
    static let available: [KernelSet] = {
        let features = kz_cpu_features()
        return (0 ..< kz_scan_kernel_count()).compactMap { index in
            guard let kernel = unsafe kz_scan_kernel_at(index)?.pointee else { return nil }
            let needed = unsafe kernel.features
            guard needed & features == needed, let scan = unsafe kernel.scan, let rescore = unsafe kernel.rescore,
                let coarse = unsafe coarseScan(within: needed)
            else { return nil }
            return unsafe KernelSet(name: String(cString: kernel.name), scan: scan, rescore: rescore, coarseScan: coarse)
        }
    }()

    private static func coarseScan(within features: UInt32) -> CoarseScan? {
        for index in (0 ..< kz_coarse_kernel_count()).reversed() {
            guard let kernel = unsafe kz_coarse_kernel_at(index)?.pointee else { continue }
            if unsafe kernel.features & features == kernel.features { return unsafe kernel.scan }
        }
        return nil
    }

    static let best = available[available.count - 1]

    var description: String { name }
}
