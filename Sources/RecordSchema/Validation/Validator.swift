/// One walk through a value: the way to the place, and the issues so far.
struct Validator {
    private(set) var loc: [LocComponent]
    private(set) var issues: [ValidationIssue] = []

    init(loc: [LocComponent]) {
        self.loc = loc
    }

    /// No more issues are listed, so looking for them may end.
    var isFull: Bool { issues.count >= ValidationFailure.issueCountLimit }

    mutating func report(_ kind: IssueKind, _ input: JSON) {
        guard !isFull else { return }
        issues.append(kind.issue(at: loc, input: input))
    }

    /// Reports the issue and is the answer of the check that found it.
    mutating func refuse(_ kind: IssueKind, _ input: JSON) -> JSON? {
        report(kind, input)
        return nil
    }

    /// Goes one step down; `leave` goes back.
    mutating func enter(_ component: LocComponent) { loc.append(component) }

    mutating func leave() { loc.removeLast() }

    mutating func at<Result>(_ component: LocComponent, _ body: (inout Validator) -> Result) -> Result {
        enter(component)
        defer { leave() }
        return body(&self)
    }

    /// The value in its stored form, or `nil` after its issues were reported.
    mutating func check(_ value: JSON, _ type: FieldType) -> JSON? {
        switch type {
        case .any: anything(value)
        case .string(let limits): string(value, limits)
        case .integer(let limits): integer(value, limits)
        case .number(let limits): number(value, limits)
        case .boolean: boolean(value)
        case .dateTime: dateTime(value)
        case .date: date(value)
        case .choice(let choice): self.choice(value, choice)
        case .array(let element, let limits): array(value, element, limits)
        case .object(let type): object(value, type)
        case .dictionary: dictionary(value)
        case .nullable(let type): value.isNull ? .null : check(value, type)
        }
    }
}

extension FieldType {
    /// Judges `value` as this type and adds what is wrong with it to `issues`.
    ///
    /// A query parameter or a part of a path goes in as a string.
    ///
    /// - Returns: The value in the form in which it is used: numbers as `.number` for a number, as `.integer` or
    ///   `.bigInteger` for an integer, timestamps in RFC 3339. `nil` when an issue was added.
    public func validate(
        _ value: JSON, at loc: [LocComponent], into issues: inout [ValidationIssue]
    ) -> JSON? {
        var validator = Validator(loc: loc)
        let result = validator.check(value, self)
        issues += validator.issues
        return result
    }
}
