import CKernels

/// One of the instruction sets that the encoder's kernels are written for.
@safe struct EncoderKernels: Sendable {
    // A constant of the C module: never written.
    nonisolated(unsafe) let set: UnsafePointer<kz_encoder_kernels>

    init(_ set: UnsafePointer<kz_encoder_kernels>) { unsafe self.set = unsafe set }

    /// The fastest that this processor can run and `KAZI_KERNELS` allows.
    static let best = unsafe EncoderKernels(kz_encoder_kernels_for(kz_cpu_features()))

    /// All that this processor can run, the scalar ones first.
    static let available: [EncoderKernels] = {
        var sets = [unsafe EncoderKernels(kz_encoder_kernels_for(0))]
        let features = kz_cpu_features()
        for mask in [UInt32(KZ_CPU_AVX2), UInt32(KZ_CPU_NEON), UInt32.max] {
            let candidate = unsafe EncoderKernels(kz_encoder_kernels_for(features & mask))
            if !sets.contains(where: { unsafe $0.set == candidate.set }) { sets.append(candidate) }
        }
        return sets
    }()

    /// `scalar`, `avx2`, `avx512` or `neon`.
    var name: String { unsafe String(cString: set.pointee.name) }
}
