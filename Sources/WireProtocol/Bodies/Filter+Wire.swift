internal import SwiftProtobuf
internal import RecordSchema

extension Filter {
    /// Reads a peer's filter within the limits of `Filter.validate(columns:)`. Whether fields and value types are the
    /// collection's is for whoever knows the collection to check.
    init(_ proto: ProtoFilter) throws(WireError) {
        var reader = FilterReader()
        self = try reader.read(proto, depth: 1)
    }

    var proto: ProtoFilter {
        var proto = ProtoFilter()
        switch self {
        case .all(let filters): proto.all = .with { $0.filters = filters.map(\.proto) }
        case .any(let filters): proto.any = .with { $0.filters = filters.map(\.proto) }
        case .not(let filter): proto.not = filter.proto
        case .compare(let field, let comparison, let value):
            proto.compare = .with {
                $0.field = field
                $0.operator = comparison.proto
                $0.value = value.proto
            }
        case .isIn(let field, let values):
            proto.isIn = .with {
                $0.field = field
                $0.values = values.map(\.proto)
            }
        case .exists(let field): proto.exists = field
        }
        return proto
    }
}

/// Counts nodes and values as it goes, so that a hostile filter costs no more than the limits allow.
private struct FilterReader {
    var nodeCount = 0
    var valueCount = 0

    mutating func read(_ proto: ProtoFilter, depth: Int) throws(WireError) -> Filter {
        guard depth <= Filter.depthLimit else { throw .filter(.tooDeep(limitDepth: Filter.depthLimit)) }
        nodeCount += 1
        guard nodeCount <= Filter.nodeCountLimit else {
            throw .filter(.tooManyNodes(limitCount: Filter.nodeCountLimit))
        }
        switch proto.condition {
        case .all(let list): return .all(try read(list, depth: depth))
        case .any(let list): return .any(try read(list, depth: depth))
        case .not(let filter): return .not(try read(filter, depth: depth + 1))
        case .compare(let comparison):
            try count(1)
            let field = try name(comparison.field)
            return .compare(
                field: field, try FilterComparison(comparison.operator), try value(comparison.value, field: field))
        case .isIn(let membership):
            try count(membership.values.count)
            let field = try name(membership.field)
            var values: [FilterValue] = []
            values.reserveCapacity(membership.values.count)
            for proto in membership.values { values.append(try value(proto, field: field)) }
            return .isIn(field: field, values)
        case .exists(let field): return .exists(field: try name(field))
        // A condition of a later release is as absent as none: either way the filter cannot be kept to.
        case nil: throw .missing(field: "filter.condition")
        }
    }

    private mutating func read(_ list: ProtoFilterList, depth: Int) throws(WireError) -> [Filter] {
        var filters: [Filter] = []
        for filter in list.filters { filters.append(try read(filter, depth: depth + 1)) }
        return filters
    }

    private mutating func count(_ values: Int) throws(WireError) {
        valueCount += values
        guard valueCount <= Filter.valueCountLimit else {
            throw .filter(.tooManyValues(limitCount: Filter.valueCountLimit))
        }
    }

    private func name(_ field: String) throws(WireError) -> String {
        try Checked.text(field, WireLimits.fieldNameBytesRange, "filter.field")
    }

    private func value(_ proto: ProtoFilterValue, field: String) throws(WireError) -> FilterValue {
        switch proto.value {
        case .string(let text): return .string(text)
        case .number(let number):
            guard !number.isNaN else { throw .filter(.notANumber(field: field)) }
            return .number(number)
        case .timestamp(let microseconds): return .timestamp(microseconds)
        case .boolean(let boolean): return .boolean(boolean)
        case nil: throw .missing(field: "filter.value")
        }
    }
}

extension FilterValue {
    fileprivate var proto: ProtoFilterValue {
        var proto = ProtoFilterValue()
        switch self {
        case .string(let text): proto.string = text
        case .number(let number): proto.number = number
        case .timestamp(let microseconds): proto.timestamp = microseconds
        case .boolean(let boolean): proto.boolean = boolean
        }
        return proto
    }
}

extension FilterComparison {
    fileprivate init(_ proto: ProtoComparisonOperator) throws(WireError) {
        switch proto {
        case .equal: self = .equal
        case .greaterThan: self = .greaterThan
        case .greaterThanOrEqual: self = .greaterThanOrEqual
        case .lessThan: self = .lessThan
        case .lessThanOrEqual: self = .lessThanOrEqual
        case .unspecified: throw .missing(field: "filter.operator")
        case .UNRECOGNIZED: throw .outOfRange(field: "filter.operator")
        }
    }

    fileprivate var proto: ProtoComparisonOperator {
        switch self {
        case .equal: .equal
        case .greaterThan: .greaterThan
        case .greaterThanOrEqual: .greaterThanOrEqual
        case .lessThan: .lessThan
        case .lessThanOrEqual: .lessThanOrEqual
        }
    }
}
