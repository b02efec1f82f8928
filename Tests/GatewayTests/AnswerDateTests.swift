import Testing

@testable import Gateway

@Suite struct AnswerDateTests {
    /// The example of RFC 9110 section 5.6.7, and days from `date -u -d @…`.
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ])
    func `a second is written as an IMF-fixdate`(second: Int, text: String) {
        #expect(AnswerDate.format(second) == text)
    }

    @Test func `the text follows the clock`() {
        let date = AnswerDate()
        #expect(date.text(now: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(date.text(now: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(date.text(now: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
