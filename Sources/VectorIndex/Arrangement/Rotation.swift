import CKernels

/// A random orthogonal matrix that is applied in O(n log n): the same for every index of a dimension.
///
/// After it, what a vector has in any one component depends on the chance of the signs alone, which is what the coarse
/// code's error bound rests on.
struct Rotation: Sendable {
    static let seed: UInt64 = 0x6b61_7a69

    /// Components of a rotated vector: the dimension in whole groups of 32, as the coarse scan wants it.
    let codeDimension: Int
    private let signs: [Float]

    init(dimension: Int) {
        codeDimension = Self.codeDimension(dimension)
        // SplitMix64 (Steele, Lea, Flood 2014); any generator of even bits would do.
        var state = Self.seed
        signs = (0 ..< 4 * codeDimension).map { _ in
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return (z ^ (z >> 31)) & 1 == 0 ? 1 : -1
        }
    }

    static func codeDimension(_ dimension: Int) -> Int { (dimension + 31) / 32 * 32 }

    /// Bytes of a coarse code.
    var byteCount: Int { codeDimension / 8 }

    /// Rotates `codeDimension` components in place.
    func apply(to vector: UnsafeMutablePointer<Float>) {
        unsafe kz_coarse_rotate(vector, codeDimension, signs)
    }
}
