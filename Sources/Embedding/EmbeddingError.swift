/// Why texts have no vectors. Nothing was stored, and nothing of the work goes on.
public enum EmbeddingError: Error, Hashable {
    /// The lane has no room; `retryAfter` estimates when it will, from the work queued and the speed last seen.
    case busy(retryAfter: Duration)
    /// One call brought more texts than its lane could ever hold: it has to be split.
    case tooManyTexts(count: Int, limit: Int)
    /// The deadline passed before the work was done.
    case deadlineExceeded
    /// The calling task was cancelled.
    case cancelled
    /// The provider has been shut down.
    case shutDown
    /// The model gave a vector that is not finite, is zero, or has the wrong number of components.
    case invalidVector(textIndex: Int)
    /// The model's files, open since the start, can no longer be read; `errno` of the failed call, 0 for an early end
    /// of file.
    case modelUnreadable(errno: Int32)
}
