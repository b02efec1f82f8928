internal import Foundation
internal import SwiftProtobuf

/// Creates or replaces a record at a gateway: PUT.
public struct PutRequest: WireRequest {
    public typealias Reply = RecordReply
    public static let kind = MessageKind.put

    public var collection: String
    /// The record to replace, 1...2^63 - 1. `nil`: create one, or replace the one with its natural key.
    public var id: UInt64?
    /// UTF-8 JSON, 1 byte to 1 MiB, not yet parsed.
    public var recordJSON: [UInt8]

    public init(collection: String, id: UInt64? = nil, recordJSON: [UInt8]) {
        self.collection = collection
        self.id = id
        self.recordJSON = recordJSON
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoPutRequest.self)
        guard !proto.recordJson.isEmpty else { throw .missing(field: "record_json") }
        guard proto.recordJson.count <= WireLimits.recordJSONBytesMax else { throw .outOfRange(field: "record_json") }
        self.init(
            collection: try Checked.collection(proto.collection),
            id: proto.hasID ? try Checked.recordID(proto.id) : nil,
            recordJSON: [UInt8](proto.recordJson))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoPutRequest()
        proto.collection = collection
        if let id { proto.id = id }
        proto.recordJson = Data(recordJSON)
        return try ProtobufBody.encode(proto, isReply: false)
    }
}

/// Reads a record at a gateway: GET.
public struct GetRequest: WireRequest {
    public typealias Reply = RecordReply
    public static let kind = MessageKind.get

    public var collection: String
    /// 1...2^63 - 1.
    public var id: UInt64

    public init(collection: String, id: UInt64) {
        self.collection = collection
        self.id = id
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoGetRequest.self)
        self.init(collection: try Checked.collection(proto.collection), id: try Checked.recordID(proto.id))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoGetRequest()
        proto.collection = collection
        proto.id = id
        return try ProtobufBody.encode(proto, isReply: false)
    }
}

/// Deletes a record at a gateway: DELETE.
public struct DeleteRequest: WireRequest {
    public typealias Reply = RecordReply
    public static let kind = MessageKind.delete

    public var collection: String
    /// 1...2^63 - 1.
    public var id: UInt64

    public init(collection: String, id: UInt64) {
        self.collection = collection
        self.id = id
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoDeleteRequest.self)
        self.init(collection: try Checked.collection(proto.collection), id: try Checked.recordID(proto.id))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoDeleteRequest()
        proto.collection = collection
        proto.id = id
        return try ProtobufBody.encode(proto, isReply: false)
    }
}

/// The reply to PUT, GET and DELETE.
public struct RecordReply: WireContent {
    public var id: UInt64
    /// Of the record's last change; of a DELETE, its own.
    public var seq: UInt64
    /// The whole record as the HTTP API gives it, UTF-8 JSON; empty for DELETE.
    public var recordJSON: [UInt8]

    public init(id: UInt64, seq: UInt64, recordJSON: [UInt8] = []) {
        self.id = id
        self.seq = seq
        self.recordJSON = recordJSON
    }

    public init(decoding content: MessageContent) throws(WireError) {
        let proto = try ProtobufBody.decode(content, as: ProtoRecordReply.self)
        self.init(
            id: try Checked.recordID(proto.id), seq: try Checked.seq(proto.seq, "seq"),
            recordJSON: [UInt8](proto.recordJson))
    }

    public func encoded() throws(WireError) -> MessageContent {
        var proto = ProtoRecordReply()
        proto.id = id
        proto.seq = seq
        proto.recordJson = Data(recordJSON)
        return try ProtobufBody.encode(proto, isReply: true)
    }
}
