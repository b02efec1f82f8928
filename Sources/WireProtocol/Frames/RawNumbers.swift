#if !_endian(little)
#error("Raw frames are little-endian and copied as they are: a big-endian machine has to swap them here.")
#endif

/// Arrays of numbers as the bytes of a raw frame, and back: one copy, no loop over elements, any alignment.
enum RawNumbers {
    static func bytes<Number: BitwiseCopyable>(of numbers: [Number]) -> [UInt8] {
        unsafe numbers.withUnsafeBytes { bytes in unsafe [UInt8](bytes) }
    }

    static func floats(_ frame: [UInt8]) -> [Float]? { numbers(frame) }

    static func integers(_ frame: [UInt8]) -> [UInt64]? { numbers(frame) }

    /// `nil` when the size is no multiple of a number's. Only for types of which every bit pattern is a value.
    private static func numbers<Number: BitwiseCopyable>(_ frame: [UInt8]) -> [Number]? {
        let stride = MemoryLayout<Number>.stride
        guard frame.count.isMultiple(of: stride) else { return nil }
        // An array without room is the one that all empty arrays share: the thread sanitizer sees its count written.
        if frame.isEmpty { return [] }
        return unsafe [Number](unsafeUninitializedCapacity: frame.count / stride) { buffer, initializedCount in
            // The buffer is new, so it overlaps nothing, and it has room for exactly the frame's bytes.
            unsafe UnsafeMutableRawBufferPointer(buffer).copyBytes(from: frame)
            initializedCount = frame.count / stride
        }
    }

    static func areFinite(_ numbers: [Float]) -> Bool {
        numbers.allSatisfy(\.isFinite)
    }
}

/// Raw frames whose size the body has told: any other size is an error that says both.
enum RawFrame {
    static func integers(_ frames: [[UInt8]], _ index: Int, count: Int) throws(WireError) -> [UInt64] {
        guard frames[index].count == count * 8, let integers = RawNumbers.integers(frames[index]) else {
            throw .rawFrameSize(frameIndex: index, foundBytes: frames[index].count, expectedBytes: count * 8)
        }
        return integers
    }

    static func floats(
        _ frames: [[UInt8]], _ index: Int, count: Int, field: String
    ) throws(WireError) -> [Float] {
        guard frames[index].count == count * 4, let floats = RawNumbers.floats(frames[index]) else {
            throw .rawFrameSize(frameIndex: index, foundBytes: frames[index].count, expectedBytes: count * 4)
        }
        guard RawNumbers.areFinite(floats) else { throw .notFinite(field: field) }
        return floats
    }
}
