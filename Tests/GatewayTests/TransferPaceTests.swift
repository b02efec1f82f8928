import NIOCore
import Testing

@testable import Gateway

@Suite("The pace of a transfer") struct TransferPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// 10 s a stretch, in which `bytesPerSecondMin` × 10 bytes have to pass.
    private func pace(bytesPerSecondMin: Int = 100) -> TransferPace {
        var settings = GatewaySettings()
        settings.stallTimeout = .seconds(10)
        settings.bytesPerSecondMin = bytesPerSecondMin
        return TransferPace(ConnectionLimits(settings))
    }

    private func at(_ seconds: Int64) -> NIODeadline { start + .seconds(seconds) }

    @Test(arguments: [(0, true), (999, true), (1_000, false), (50_000, false)])
    func `is judged by the bytes of a whole stretch`(bytes: Int, isTooSlow: Bool) {
        var pace = pace()
        pace.begin(start)
        pace.passed(bytes)
        let early = pace.isTooSlow(start + .milliseconds(9_999))
        let late = pace.isTooSlow(at(10))
        #expect(!early)
        #expect(late == isTooSlow)
    }

    @Test func `earns nothing for later by having been fast`() {
        var pace = pace()
        pace.begin(start)
        pace.passed(1_000_000)
        let first = pace.isTooSlow(at(10))
        pace.passed(999)
        let second = pace.isTooSlow(at(20))
        #expect(!first)
        #expect(second)
    }

    @Test func `counts only the time in which the client is waited for`() {
        var pace = pace()
        pace.begin(start)
        pace.pause(at(4))
        let whilePaused = pace.isTooSlow(at(1_000))
        pace.resume(at(1_000))
        let afterNine = pace.isTooSlow(at(1_005))
        let afterTen = pace.isTooSlow(at(1_006))
        #expect(!whilePaused)
        #expect(!afterNine)
        #expect(afterTen)
    }

    @Test func `is not changed by a second pause or a second resumption`() {
        var pace = pace()
        pace.begin(start)
        pace.pause(at(4))
        pace.pause(at(8))
        pace.resume(at(8))
        pace.resume(at(12))
        let deadline = pace.nextDeadline(total: nil)
        #expect(deadline == at(14))
        #expect(!pace.isTooLong(at(13), .seconds(10)))
        #expect(pace.isTooLong(at(14), .seconds(10)))
    }

    @Test func `has a limit for the whole that stretches do not renew`() {
        var pace = pace()
        pace.begin(start)
        for stretch in 1...3 {
            pace.passed(1_000)
            let isTooSlow = pace.isTooSlow(at(Int64(stretch) * 10))
            #expect(!isTooSlow)
        }
        #expect(!pace.isTooLong(at(34), .seconds(35)))
        #expect(pace.isTooLong(at(35), .seconds(35)))
        #expect(pace.nextDeadline(total: .seconds(35)) == at(35))
        #expect(pace.nextDeadline(total: nil) == at(40))
    }

    @Test func `asks without a least speed only that anything moves`() {
        var pace = pace(bytesPerSecondMin: 0)
        pace.begin(start)
        pace.passed(1)
        let one = pace.isTooSlow(at(10))
        let none = pace.isTooSlow(at(20))
        #expect(!one)
        #expect(none)
    }

    @Test func `of an answer is what has left the buffer, whatever goes into it meanwhile`() {
        var pace = pace()
        pace.begin(start, bufferedBytes: 5_000)
        // The kernel takes 600 while 3,000 more are written, then 400.
        pace.buffered(3_000)
        pace.found(buffered: 7_400)
        pace.found(buffered: 7_000)
        let enough = pace.isTooSlow(at(10))
        pace.buffered(10_000)
        pace.found(buffered: 16_001)
        let short = pace.isTooSlow(at(20))
        #expect(!enough)
        #expect(short)
    }

    @Test func `forgets everything when another transfer begins`() {
        var pace = pace()
        pace.begin(start)
        pace.passed(1_000_000)
        pace.begin(at(9))
        #expect(pace.nextDeadline(total: .seconds(60)) == at(19))
        let isTooSlow = pace.isTooSlow(at(19))
        #expect(isTooSlow)
        #expect(!pace.isTooLong(at(68), .seconds(60)))
    }
}
