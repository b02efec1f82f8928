/// The elements of the header `Forwarded`, RFC 7239 §4: `for=192.0.2.1;proto=http, for="[2001:db8::1]:4711"`.
enum ForwardedElement {
    /// What `for` says in each element, `nil` where that is no address or the element has no `for`. A header that cannot be
    /// read is one `nil`: nothing in it is believed.
    static func addresses(in values: [String]) -> [ForwardedAddress?] {
        var addresses: [ForwardedAddress?] = []
        for element in split(values.joined(separator: ","), at: ",") {
            guard let element else { return [nil] }
            var nodes: [String] = []
            for pair in split(element, at: ";") {
                guard let pair else { return [nil] }
                guard let equals = pair.firstIndex(of: "=") else { continue }
                let name = pair[..<equals].drop { $0 == " " || $0 == "\t" }
                guard name.lowercased() == "for" else { continue }
                guard let node = unquoted(pair[pair.index(after: equals)...]) else { return [nil] }
                nodes.append(node)
            }
            // A parameter that stands twice is an error (§4), and whose it is cannot be told.
            addresses.append(nodes.count == 1 ? ForwardedAddress(nodes[0]) : nil)
        }
        return addresses
    }

    /// The parts between separators that are in no quoted string; `nil` last where a string does not end.
    private static func split(_ text: String, at separator: Character) -> [String?] {
        var parts: [String?] = []
        var part = ""
        var isQuoted = false
        var isEscaped = false
        for character in text {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                parts.append(part)
                part = ""
                continue
            }
            part.append(character)
        }
        parts.append(isQuoted ? nil : part)
        return parts
    }

    /// A token, or a quoted string without its quotes; `nil` for a mixture.
    private static func unquoted(_ value: Substring) -> String? {
        let value = String(value.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        guard value.contains("\"") || value.contains("\\") else { return value }
        // An address needs no escape, so a string that has one is none.
        guard value.count >= 2, value.first == "\"", value.last == "\"" else { return nil }
        let inner = value.dropFirst().dropLast()
        return inner.contains("\"") || inner.contains("\\") ? nil : String(inner)
    }
}
