import Testing

@testable import RecordSchema

@Suite("JSON values") struct JSONTests {
    @Test func `of two members with one key the later value stays at the earlier place`() {
        let object: JSONObject = ["a": 1, "b": 2, "a": 3]
        #expect(object.members.map(\.key) == ["a", "b"])
        #expect(object["a"] == 3)
    }
}
