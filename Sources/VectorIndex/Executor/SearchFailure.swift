/// Why a search that was handed to a `SearchExecutor` has no result.
public enum SearchFailure: Error, Hashable {
    /// The queue is full: the caller may try again later, or elsewhere.
    case busy
    /// `isExpired` said so when the search's turn came.
    case expired
    /// The request cannot be answered by this index.
    case invalid(IndexError)
    /// `SearchExecutor.shutdown()` was called before the search began.
    case shutDown
}
