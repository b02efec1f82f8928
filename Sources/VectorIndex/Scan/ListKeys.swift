import CKernels

/// The products of up to eight queries with every centroid, and the order in which lists are worth visiting.
@safe struct ListKeys {
    /// How much a list counts for being wide: of two centroids equally near, the wider list has the nearer rows.
    private static let spreadWeight: Float = 0.25
    private static let bucketCount = 256

    let listCount: Int
    /// `queryIndex * listCount + list`: the query's product with the centroid.
    private(set) var products: [Float]
    /// In the same order: the greater, the sooner the list is visited.
    private(set) var keys: [Float]

    /// - Parameter queries: 1 to 8.
    init(_ queries: [PreparedQuery], partitioning: Partitioning, kernels: KernelSet) {
        let listCount = partitioning.listCount, centroids = partitioning.centroids
        self.listCount = listCount
        products = Array(repeating: 0, count: queries.count * listCount)
        keys = products
        let masks = SharedBuffer.rowMasks(rowCount: listCount)
        let hitRows = SharedBuffer<UInt32>(capacity: queries.count * listCount)
        var rows = unsafe kz_scan_rows(
            codes: centroids.codes.base, scales: centroids.scales.base, norms: nil, blockCount: masks.capacity,
            rowStride: centroids.rowStride)
        unsafe products.withUnsafeMutableBufferPointer { products in
            guard let base = products.baseAddress else { return }
            var kernelQueries = unsafe queries.enumerated().map { index, query in
                unsafe query.codes.withUnsafeBufferPointer { codes in
                    // The codes stay where they are while `queries` lives, which is longer than the kernel runs.
                    unsafe kz_scan_query(
                        codes: codes.baseAddress, rowMask: masks.base, hitRows: hitRows.base + index * listCount,
                        hitKeys: base + index * listCount, codeSum: query.codeSum, normFactor: 0,
                        threshold: -.infinity, hitCount: 0)
                }
            }
            withExtendedLifetime(queries) { unsafe kernels.scan(&rows, &kernelQueries, queries.count) }
        }
        for (index, query) in queries.enumerated() {
            let weight = Self.spreadWeight * query.norm, inverse = 1 / query.factor
            let isEuclidean = query.metric == .euclidean
            unsafe products.withUnsafeMutableBufferPointer { products in
                unsafe keys.withUnsafeMutableBufferPointer { keys in
                    unsafe partitioning.spreads.withUnsafeBufferPointer { spreads in
                        for list in 0 ..< listCount {
                            let product = unsafe products[index * listCount + list] * inverse
                            unsafe products[index * listCount + list] = product
                            unsafe keys[index * listCount + list] = product + weight * spreads[list]
                        }
                    }
                    guard isEuclidean, let norms = centroids.norms else { return }
                    for list in 0 ..< listCount { unsafe keys[index * listCount + list] -= norms.base[list] / 2 }
                }
            }
        }
    }

    func product(ofQuery query: Int, list: Int) -> Float { products[query * listCount + list] }

    /// The key that a row at the list's centroid would have.
    ///
    /// - Parameter unit: The query's norm times the list's spread.
    func centroidKey(ofQuery query: Int, list: Int, unit: Float) -> Float {
        keys[query * listCount + list] - Self.spreadWeight * unit
    }

    /// The lists that have rows, of which one may have a key of `cutoff`, and what key it may have; the highest first.
    ///
    /// - Parameter reach: How far above the centroid's key a row's may be, in units of the query's norm times the spread.
    func lists(
        ofQuery query: Int, rowKeyAtLeast cutoff: Float, reach: Float, norm: Float, spreads: [Float], rowCounts: [UInt32]
    ) -> [(list: Int, highestKey: Float)] {
        var chosen: [(list: Int, highestKey: Float)] = []
        for list in 0 ..< listCount where rowCounts[list] > 0 {
            let unit = norm * spreads[list]
            let highestKey = centroidKey(ofQuery: query, list: list, unit: unit) + reach * unit
            if highestKey >= cutoff { chosen.append((list, highestKey)) }
        }
        return chosen.sorted { ($0.highestKey, $1.list) > ($1.highestKey, $0.list) }
    }

    /// The lists to visit, the most promising first: as few as have `rowBudget` rows together, give or take those whose
    /// keys are nearly equal; one at least.
    func lists(ofQuery query: Int, rowBudget: Int, rowCounts: [UInt32]) -> [Int32] {
        let first = query * listCount
        let cutoff = unsafe keys.withUnsafeBufferPointer { keys in
            unsafe Self.cutoff(
                UnsafeBufferPointer(rebasing: keys[first ..< first + listCount]), rowBudget: rowBudget,
                rowCounts: rowCounts)
        }
        return lists(ofQuery: query, keyAtLeast: cutoff, rowCounts: rowCounts)
    }

    /// The lists that have rows and whose key is no less, the most promising first. Those of a lower key begin with them.
    func lists(ofQuery query: Int, keyAtLeast cutoff: Float, rowCounts: [UInt32]) -> [Int32] {
        let first = query * listCount
        return unsafe keys.withUnsafeBufferPointer { all in
            let keys = unsafe UnsafeBufferPointer(rebasing: all[first ..< first + listCount])
            // Ordered as whole numbers: the key's bits, so flipped that they ascend as keys do, above the list.
            var chosen: [UInt64] = []
            for list in 0 ..< listCount where unsafe keys[list] >= cutoff && rowCounts[list] > 0 {
                let bits = unsafe keys[list].bitPattern
                let ordered = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
                chosen.append(UInt64(ordered) << 32 | UInt64(list))
            }
            chosen.sort(by: >)
            return chosen.map { Int32(truncatingIfNeeded: $0 & 0xffff_ffff) }
        }
    }

    /// A key that lists of `rowBudget` rows or more reach: found in a histogram, since an exact one would need a sort.
    private static func cutoff(_ keys: UnsafeBufferPointer<Float>, rowBudget: Int, rowCounts: [UInt32]) -> Float {
        var least = Float.infinity, most = -Float.infinity
        for list in keys.indices {
            let key = unsafe keys[list]
            least = key < least ? key : least
            most = key > most ? key : most
        }
        let scale = Float(bucketCount - 1) / (most - least)
        // Keys that are all equal, or nearly, have no order.
        guard scale.isFinite, scale > 0 else { return least }
        return unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: bucketCount) { buckets in
            unsafe buckets.initialize(repeating: 0)
            unsafe rowCounts.withUnsafeBufferPointer { rowCounts in
                for list in keys.indices {
                    unsafe buckets[min(bucketCount - 1, Int((most - keys[list]) * scale))] += rowCounts[list]
                }
            }
            var total = 0
            for bucket in 0 ..< bucketCount {
                total += unsafe Int(buckets[bucket])
                // A bucket's width lower, and a hair, so that rounding leaves out none of it.
                if total >= rowBudget { return most - Float(bucket + 1) / scale * 1.0001 }
            }
            return least
        }
    }
}
