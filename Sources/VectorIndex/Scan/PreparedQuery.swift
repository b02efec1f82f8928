import CKernels
import RecordSchema

/// A checked request in the form the scan wants.
///
/// The scan multiplies whole numbers: the query's codes by the rows' codes. That ranks almost as well as the query
/// itself does, so a few more candidates than asked for are kept, and those are scored with the query in float.
struct PreparedQuery: Sendable {
    /// `rowStride` components, zero beyond the dimension. For `cosine` of norm 1.
    let vector: [Float]
    /// Obeys the limit on pairs in scan.h.
    let codes: [Int8]
    let codeSum: Int32
    /// A code is a component times it, rounded.
    let factor: Float
    let normFactor: Float
    /// No row of a lower key can reach `minimumScore`.
    let lowestKey: Float
    let norm: Float
    /// The same for keys in the metric's unit, of the query in float.
    let lowestScore: Float
    var resultLimit: Int
    let minimumScore: Float?
    let filter: PreparedFilter?
    let isExact: Bool
    let recallTarget: Float
    let metric: Metric

    /// How many rows the scan keeps. Over MiniLM vectors the best 10 in float are among the best 12 by codes; the
    /// margin is for data that is harder.
    var candidateLimit: Int { resultLimit + resultLimit / 4 + 16 }

    init(_ request: SearchRequest, configuration: VectorIndexConfiguration) throws(IndexError) {
        guard SearchRequest.resultLimitRange.contains(request.resultLimit) else {
            throw .resultLimitOutOfRange(request.resultLimit)
        }
        guard request.vector.count == configuration.dimension else {
            throw .invalidQuery(.dimension(
                expectedCount: configuration.dimension, foundCount: request.vector.count))
        }
        let metric = configuration.metric
        if let fault = unsafe request.vector.withUnsafeBufferPointer({ unsafe RowEncoder.fault(of: $0, metric: metric) }) {
            throw .invalidQuery(fault)
        }
        if let minimumScore = request.minimumScore, minimumScore.isNaN { throw .minimumScoreNotANumber }
        if let filter = request.filter {
            do { try filter.validate(columns: configuration.columns) } catch { throw .invalidFilter(error) }
        }
        filter = request.filter.map {
            PreparedFilter(source: $0, compiled: CompiledFilter($0, columns: configuration.columns))
        }
        guard SearchRequest.recallTargetRange.contains(request.recallTarget) else {
            throw .recallTargetOutOfRange(request.recallTarget)
        }
        recallTarget = request.recallTarget
        isExact = request.isExact
        resultLimit = request.resultLimit
        minimumScore = request.minimumScore
        self.metric = metric

        var vector = Array(repeating: Float(0), count: configuration.rowStride)
        unsafe request.vector.withUnsafeBufferPointer { unsafe RowEncoder.prepare($0, metric: metric, into: &vector) }
        var codes = Array(repeating: Int8(0), count: configuration.rowStride)
        var codeSum: Int32 = 0
        let factor = unsafe kz_scan_encode_query(vector, vector.count, &codes, &codeSum)
        self.vector = vector
        self.codes = codes
        self.codeSum = codeSum
        self.factor = factor
        // |q - x|² = |q|² - 2 (q · x - |x|² / 2), and keys are products times `factor`.
        normFactor = -factor / 2
        norm = unsafe Float(kz_scan_square_sum(vector, vector.count).squareRoot())
        // Whole numbers and floats differ in the last digits.
        lowestScore = metric == .cosine ? (request.minimumScore ?? -.infinity) - 1e-3 : -.infinity
        lowestKey = Self.lowestKey(
            minimumScore: request.minimumScore, metric: metric, vector: vector, codes: codes, factor: factor)
    }

    /// For `cosine` the key differs from score × factor by at most the norm of what rounding took from the query times
    /// the norm of the row's codes, which is 1 and at most 4 % more.
    private static func lowestKey(
        minimumScore: Float?, metric: Metric, vector: [Float], codes: [Int8], factor: Float
    ) -> Float {
        guard let minimumScore, metric == .cosine else { return -.infinity }
        var lostSquareSum: Float = 0
        for index in vector.indices {
            let lost = vector[index] * factor - Float(codes[index])
            lostSquareSum += lost * lost
        }
        return minimumScore * factor - lostSquareSum.squareRoot() * 1.1 - factor * 1e-4
    }

    /// What rows are compared by: the product, for `euclidean` less half the row's squared norm.
    func key(of buffers: RowBuffers, row: Int) -> Float {
        let product = unsafe vector.withUnsafeBufferPointer { vector in
            unsafe kz_scan_row_product(buffers.codes(ofRow: row), vector.baseAddress, buffers.rowStride)
        }
        return product * buffers.scales[row] - (buffers.norms.map { $0[row] / 2 } ?? 0)
    }

    /// The score of one row, from the query in float.
    func score(of buffers: RowBuffers, row: Int) -> Float {
        let scale = buffers.scales[row]
        return unsafe vector.withUnsafeBufferPointer { vector in
            let codes = unsafe buffers.codes(ofRow: row)
            switch metric {
            case .cosine:
                let product = unsafe kz_scan_row_product(codes, vector.baseAddress, buffers.rowStride)
                return max(-1, min(1, product * scale))
            case .dot:
                return unsafe kz_scan_row_product(codes, vector.baseAddress, buffers.rowStride) * scale
            case .euclidean:
                // 0 minus, so that the best score is 0 and not -0.
                return unsafe 0 - kz_scan_row_distance_squared(
                    codes, vector.baseAddress, scale, buffers.rowStride).squareRoot()
            }
        }
    }
}
