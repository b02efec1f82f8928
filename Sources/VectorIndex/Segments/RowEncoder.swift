import CKernels

/// Turns a vector into codes, scale and norm; checks it first.
struct RowEncoder {
    /// Above it, products of two vectors may overflow float32.
    static let normLimit = 1e18
    /// Below it, a vector's largest component is taken for zero, as in scan_rows.c: its inverse times 127 would overflow.
    static let smallestMagnitude: Float = 1e-30

    let dimension: Int
    let metric: Metric
    /// The vector with zeros up to `rowStride`; for `cosine` divided by its norm.
    private var prepared: [Float]

    init(_ configuration: VectorIndexConfiguration) {
        dimension = configuration.dimension
        metric = configuration.metric
        prepared = Array(repeating: 0, count: configuration.rowStride)
    }

    /// What is wrong with a vector of `dimension` components; nil when nothing is.
    static func fault(of vector: UnsafeBufferPointer<Float>, metric: Metric) -> IndexError.VectorFault? {
        let squareSum = unsafe kz_scan_square_sum(vector.baseAddress, vector.count)
        // In double, squares of finite floats neither overflow nor vanish.
        guard squareSum.isFinite else {
            return .notFinite(componentIndex: unsafe vector.firstIndex { !$0.isFinite } ?? 0)
        }
        switch metric {
        case .cosine: return squareSum == 0 ? .zero : nil
        case .dot, .euclidean: return squareSum > normLimit * normLimit ? .tooLong : nil
        }
    }

    /// Writes a checked vector as row `row` of `buffers`.
    mutating func encode(_ vector: UnsafeBufferPointer<Float>, into buffers: RowBuffers, row: Int) {
        unsafe Self.prepare(vector, metric: metric, into: &prepared)
        let codes = unsafe buffers.codes(ofRow: row)
        let largest = unsafe prepared.withUnsafeBufferPointer {
            unsafe kz_scan_largest_magnitude($0.baseAddress, $0.count)
        }
        var factor: Float = 0
        if largest >= Self.smallestMagnitude { factor = 127 / largest }
        let product = unsafe prepared.withUnsafeBufferPointer { prepared in
            unsafe kz_scan_encode_row(prepared.baseAddress, dimension, factor, codes, buffers.rowStride)
            return unsafe Double(kz_scan_row_product(codes, prepared.baseAddress, buffers.rowStride))
        }
        let codeSquareSum = unsafe Double(kz_scan_row_square_sum(codes, buffers.rowStride))
        var scale: Float = 0
        if codeSquareSum > 0 {
            switch metric {
            case .cosine, .dot:
                // Makes the product of the vector with its own codes exact, so products with near vectors are
                // unbiased: Gao and Long 2024, arXiv:2405.12497 §3.2.
                let squareSum = unsafe prepared.withUnsafeBufferPointer {
                    unsafe kz_scan_square_sum($0.baseAddress, $0.count)
                }
                scale = Float(squareSum / product)
            case .euclidean:
                // The scale that puts scale × c nearest to the vector.
                scale = Float(product / codeSquareSum)
            }
        }
        unsafe buffers.scales.base[row] = scale
        if let norms = buffers.norms {
            unsafe norms.base[row] = Float(Double(scale) * Double(scale) * codeSquareSum)
        }
    }

    /// Copies a checked vector, for `cosine` divided by its norm, to the front of `prepared`.
    static func prepare(_ vector: UnsafeBufferPointer<Float>, metric: Metric, into prepared: inout [Float]) {
        guard metric == .cosine else {
            for index in vector.indices { prepared[index] = unsafe vector[index] }
            return
        }
        let inverseNorm = unsafe 1 / kz_scan_square_sum(vector.baseAddress, vector.count).squareRoot()
        for index in vector.indices { prepared[index] = unsafe Float(Double(vector[index]) * inverseNorm) }
    }
}
