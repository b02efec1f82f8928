import CKernels
import RecordSchema

/// A checked request in the form the scan wants.
///
/// The scan multiplies whole numbers: the query's codes by the rows' codes. That ranks almost as well as the query
/// itself does, so a few more candidates than asked for are kept, and those are scored with the query in float.
struct PreparedQuery: Sendable {
    /// In whole groups of four. For `cosine` of norm 1.
    let vector: [Float]
    /// Obeys the limit on pairs in scan.h.
    let codes: [Int8]
    let codeSum: Int32
    let normFactor: Float
    /// No row of a lower key can reach `minimumScore`.
    let lowestKey: Float
    let resultLimit: Int
    let minimumScore: Float?
    let filter: CompiledFilter?
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
        filter = request.filter.map { CompiledFilter($0, columns: configuration.columns) }
        resultLimit = request.resultLimit
        minimumScore = request.minimumScore
        self.metric = metric

        var vector = Array(repeating: Float(0), count: configuration.rowStride)
        unsafe request.vector.withUnsafeBufferPointer { unsafe RowEncoder.prepare($0, metric: metric, into: &vector) }
        let factor = Self.codeFactor(of: vector)
        let codes = vector.map { Int8(($0 * factor).rounded(.toNearestOrEven)) }
        self.vector = vector
        self.codes = codes
        codeSum = codes.reduce(0) { $0 + Int32($1) }
        // |q - x|² = |q|² - 2 (q · x - |x|² / 2), and keys are products times `factor`.
        normFactor = -factor / 2
        lowestKey = Self.lowestKey(
            minimumScore: request.minimumScore, metric: metric, vector: vector, codes: codes, factor: factor)
    }

    /// The largest factor with which, after rounding, the values of one sign in a pair sum up to at most 128: 127
    /// before rounding, which adds at most a half to each of the two.
    private static func codeFactor(of vector: [Float]) -> Float {
        var largest: Float = 0
        for index in stride(from: 0, to: vector.count, by: 2) {
            let a = vector[index], b = vector[index + 1]
            let pair = a.sign == b.sign ? abs(a + b) : max(abs(a), abs(b))
            largest = max(largest, pair)
        }
        return largest >= RowEncoder.smallestMagnitude ? 127 / largest : 1
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

    /// The score of one row, from the query in float.
    func score(of buffers: BlockBuffers, row: Int) -> Float {
        let scale = buffers.scales[row]
        return unsafe vector.withUnsafeBufferPointer { vector in
            let lane = unsafe buffers.lane(ofRow: row)
            switch metric {
            case .cosine:
                let product = unsafe kz_scan_row_product(lane, vector.baseAddress, buffers.groupCount)
                return max(-1, min(1, product * scale))
            case .dot:
                return unsafe kz_scan_row_product(lane, vector.baseAddress, buffers.groupCount) * scale
            case .euclidean:
                // 0 minus, so that the best score is 0 and not -0.
                return unsafe 0 - kz_scan_row_distance_squared(
                    lane, vector.baseAddress, scale, buffers.groupCount).squareRoot()
            }
        }
    }
}
