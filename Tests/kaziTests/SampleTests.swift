import Foundation
import RecordSchema
import Testing

@testable import kazi

@Suite("Sample") struct SampleTests {
    @Test func `is 604 postings that the shipped jobs collection takes`() throws {
        let records = try String(contentsOf: SampleLoader.fileURL(), encoding: .utf8).split(separator: "\n").map { line in
            try #require(JSON(parsing: Array(line.utf8)).objectValue)
        }
        #expect(records.count == 604)
        #expect(Set(records.map { $0["url"]?.stringValue }).count == 604)
        #expect(Set(records.map { $0["description"]?.stringValue }).count == 604)
        let fields: Set = ["title", "company", "description", "location", "salary_min", "salary_max", "source", "posted_at", "url"]
        for record in records {
            #expect(record.members.allSatisfy { fields.contains($0.key) && !$0.value.isNull })
            #expect((2...200).contains(record["title"]?.stringValue?.count ?? 0) && record["company"]?.stringValue?.isEmpty == false)
            #expect(["brightermonday", "linkedin", "jobwebkenya"].contains(record["source"]?.stringValue))
            let least = record["salary_min"]?.doubleValue ?? 0
            #expect(least >= 0 && least <= record["salary_max"]?.doubleValue ?? .infinity)
            let postedAt = try #require(record["posted_at"]?.stringValue)
            #expect(try Date.ISO8601FormatStyle().parse(postedAt) < Date(timeIntervalSince1970: 1_793_491_200))
        }
    }
}
