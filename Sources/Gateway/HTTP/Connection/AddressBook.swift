import Access
import NIOCore

/// The open connections of each client address, an IPv6 client's whole /64 being one: nobody takes all places alone.
struct AddressBook {
    private var records: [ClientKey: [ObjectIdentifier: ConnectionRegistry.Record]] = [:]

    let connectionCountMax: Int
    /// They stand for many clients, and are not limited.
    let proxies: TrustedProxies

    init(connectionCountMax: Int, proxies: TrustedProxies) {
        self.connectionCountMax = connectionCountMax
        self.proxies = proxies
    }

    /// The connections of the same address, where those are as many as may be.
    func crowd(around record: ConnectionRegistry.Record) -> [ConnectionRegistry.Record]? {
        guard let client = client(of: record), let others = records[client], others.count >= connectionCountMax else { return nil }
        return Array(others.values)
    }

    mutating func add(_ record: ConnectionRegistry.Record) {
        guard let client = client(of: record) else { return }
        records[client, default: [:]][ObjectIdentifier(record)] = record
    }

    mutating func remove(_ record: ConnectionRegistry.Record) {
        guard let client = client(of: record) else { return }
        records[client]?[ObjectIdentifier(record)] = nil
        if records[client]?.isEmpty == true { records[client] = nil }
    }

    /// `nil`: without a limit.
    private func client(of record: ConnectionRegistry.Record) -> ClientKey? {
        guard let address = record.address, !proxies.contains(address) else { return nil }
        return .address(address)
    }
}
