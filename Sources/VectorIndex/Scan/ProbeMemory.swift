/// The memory of one query's way through the lists.
final class ProbeMemory: Sendable {
    /// Rows compared at a time at most: enough that what they are in is asked for well before it is read.
    static let pendingLimit = 48

    let rotated: SharedBuffer<Float>
    let tables: SharedBuffer<UInt8>
    let fineCodes: SharedBuffer<Int16>
    let hitRows: SharedBuffer<UInt32>
    let hitBounds: SharedBuffer<Float>
    let hitLayers: SharedBuffer<UInt16>
    /// Addresses: pointers that are not kept.
    let pendingRows: SharedBuffer<Int>
    let sums: SharedBuffer<Int32>

    init(rowStride: Int, codeDimension: Int, hitCapacity: Int) {
        rotated = SharedBuffer(capacity: codeDimension)
        tables = SharedBuffer(capacity: codeDimension / 8 * 64)
        fineCodes = SharedBuffer(capacity: rowStride)
        hitRows = SharedBuffer(capacity: hitCapacity)
        hitBounds = SharedBuffer(capacity: hitCapacity)
        hitLayers = SharedBuffer(capacity: hitCapacity)
        pendingRows = SharedBuffer(capacity: Self.pendingLimit)
        sums = SharedBuffer(capacity: Self.pendingLimit)
    }
}
