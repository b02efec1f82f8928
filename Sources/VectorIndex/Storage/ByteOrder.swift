import Glibc

/// How two strings order by their UTF-8: bytes as unsigned numbers, a prefix before what it begins. Below 0, 0 or
/// above 0, as `bytes` come before, are or come after `others`.
func byteOrder(_ bytes: UnsafeBufferPointer<UInt8>, _ others: UnsafeBufferPointer<UInt8>) -> Int {
    let commonCount = min(bytes.count, others.count)
    if commonCount > 0, let base = bytes.baseAddress, let otherBase = others.baseAddress {
        let order = unsafe memcmp(base, otherBase, commonCount)
        if order != 0 { return Int(order) }
    }
    return bytes.count - others.count
}
