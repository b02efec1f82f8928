import Foundation
import RecordSchema

/// `gateway.json` in the data directory: where this gateway listens, for whoever started it with port 0, and for tools.
enum AddressFile {
    private static func url(_ dataDirectory: String) -> URL {
        URL(fileURLWithPath: dataDirectory).appendingPathComponent("gateway.json")
    }

    /// Written whole or not at all.
    static func write(http: String, zmq: String, dataDirectory: String) throws {
        let content = JSON.object([
            "http": .string(http), "zmq": .string(zmq),
            "pid": .integer(Int64(ProcessInfo.processInfo.processIdentifier)),
        ])
        try Data(content.serialized()).write(to: url(dataDirectory), options: .atomic)
    }

    static func remove(dataDirectory: String) { try? FileManager.default.removeItem(at: url(dataDirectory)) }
}
