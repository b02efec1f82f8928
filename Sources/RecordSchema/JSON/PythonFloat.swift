/// Doubles as Python's `repr` writes them, which is what FastAPI answers with: the fewest digits that read back as the
/// same double, in plain notation from 1e-4 up to 1e16, with a point always (`5.0`), otherwise as `1e-05`, `1.5e+20`.
enum PythonFloat {
    static func text(_ value: Double) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
        }
        // Swift's `description` has the same digits and the same notation, but turns to an exponent at 2^53 already.
        // Doubles from there to 1e16 are integers at least 2 apart, so that all their digits are needed.
        if value.magnitude > 0x1p53, value.magnitude < 1e16 { return "\(Int64(value)).0" }
        return value.description
    }
}
