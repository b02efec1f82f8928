import RecordSchema

/// JSON Merge Patch, RFC 7396.
enum MergePatch {
    /// `target` with `patch` applied: members of an object patch replace or, where they are null, remove; any other
    /// patch replaces the whole.
    static func apply(_ patch: JSON, to target: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var merged = target.objectValue ?? JSONObject()
        for change in changes.members {
            if change.value.isNull {
                // `nil` alone would be read as `JSON.null`, which is a value.
                merged[change.key] = JSON?.none
            } else {
                merged[change.key] = apply(change.value, to: merged[change.key] ?? .null)
            }
        }
        return .object(merged)
    }
}
