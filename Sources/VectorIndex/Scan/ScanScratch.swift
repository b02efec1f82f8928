import CKernels

/// The memory of one thread's pass: the kernel's view of the queries, their row masks for a chunk, and room for hits.
@safe final class ScanScratch {
    /// One for each query. Their `codes` point into `codes`.
    let queries: UnsafeMutablePointer<kz_scan_query>
    private let codes: SharedBuffer<Int8>
    private let masks: SharedBuffer<UInt64>
    private let hitRows: SharedBuffer<UInt32>
    private let hitKeys: SharedBuffer<Float>
    private let maskWordCount: Int

    init(queries prepared: [PreparedQuery], rowCapacity: Int) {
        let codeCount = prepared[0].codes.count
        maskWordCount = rowCapacity / 64
        codes = SharedBuffer(capacity: prepared.count * codeCount)
        masks = SharedBuffer(capacity: prepared.count * maskWordCount)
        hitRows = SharedBuffer(capacity: prepared.count * rowCapacity)
        hitKeys = SharedBuffer(capacity: prepared.count * rowCapacity)
        unsafe queries = .allocate(capacity: prepared.count)
        for (index, query) in prepared.enumerated() {
            precondition(query.codes.count == codeCount, "queries of one index")
            let queryCodes = unsafe codes.base + index * codeCount
            for code in query.codes.indices { unsafe queryCodes[code] = query.codes[code] }
            unsafe queries[index] = kz_scan_query(
                codes: queryCodes, rowMask: nil, hitRows: hitRows.base + index * rowCapacity,
                hitKeys: hitKeys.base + index * rowCapacity, codeSum: query.codeSum, normFactor: query.normFactor,
                threshold: -.infinity, hitCount: 0)
        }
    }

    deinit { unsafe queries.deallocate() }

    /// Room for the chunk's words.
    func mask(ofQuery query: Int) -> UnsafeMutablePointer<UInt64> {
        unsafe masks.base + query * maskWordCount
    }

    /// The same memory as the kernel reads it, 16 rows an element: on little-endian machines, and Swift runs on no
    /// other, bits 0...15 of a word come first.
    func blockMask(ofQuery query: Int) -> UnsafeMutablePointer<UInt16> {
        unsafe UnsafeMutableRawPointer(mask(ofQuery: query)).assumingMemoryBound(to: UInt16.self)
    }
}
