/// Which addresses a service may listen on. Without keys whoever reaches the port can do anything, so only this machine may.
public enum ListenPolicy {
    /// Whether other machines cannot reach `host`: 127.0.0.0/8 and ::1 in any spelling (IPv4 within IPv6 too), and
    /// `localhost`. Other names are not looked up, because what they mean can change after the check; abbreviated
    /// addresses such as `127.1` are not taken for addresses.
    public static func isLoopback(_ host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        var text = host[...]
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        return NetworkAddress(String(text))?.isLoopback ?? false
    }

    /// Refuses a host that other machines reach, unless there is a key.
    ///
    /// - Parameters:
    ///   - host: As it was configured: an address, with or without brackets, or a name.
    ///   - hasKeys: A static key, a stored key, or users with a token secret.
    /// - Throws: `foreignAddressWithoutKeys`.
    public static func check(host: String, hasKeys: Bool) throws(AccessConfigurationError) {
        guard hasKeys || isLoopback(host) else { throw .foreignAddressWithoutKeys(host: host) }
    }
}
