import Dispatch
import Testing

@testable import Access

@Suite("Password hashes") struct PasswordHashTests {
    @Test func `are those of RFC 7914, section 12`() throws {
        let cost = try #require(PasswordHash.Cost(logRounds: 14, parallelism: 1))
        let hash = try PasswordHash(hashing: "pleaseletmein", cost: cost, salt: Array("SodiumChloride".utf8), hashBytes: 64)
        #expect(
            hexadecimal(hash.hash) == """
                7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2\
                d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887
                """)
    }

    @Test(arguments: Golden.passwords) func `are read and written as passlib does`(golden: Golden.Password) throws {
        let hash = try PasswordHash(encoded: golden.encoded)
        #expect(hash.encoded == golden.encoded)
        #expect(try hash.verify(golden.password))
        #expect(try !hash.verify(golden.password + "x"))
        #expect(try PasswordHash(hashing: golden.password, cost: hash.cost, salt: hash.salt) == hash)
    }

    @Test func `of one password differ by their salts`() throws {
        let first = try PasswordHash(hashing: "long secret", cost: .cheapest)
        let second = try PasswordHash(hashing: "long secret", cost: .cheapest)
        #expect(first != second)
        #expect(try first.verify("long secret") && second.verify("long secret"))
    }

    @Test func `the standard cost is 32 MiB and is what new hashes have`() throws {
        #expect(PasswordHash.Cost.standard.memoryBytes == 32 << 20)
        #expect(PasswordHash.Cost.standard == PasswordHash.Cost(logRounds: 15, parallelism: 3))
        // Not a computed one: without optimisation that takes seconds, and the vectors above have computed enough.
        let hash = PasswordHash.ofNoPassword(cost: .standard)
        #expect(hash.encoded.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(!hash.needsRehash())
        #expect(try PasswordHash(encoded: hash.encoded) == hash)
        #expect(try PasswordHash(hashing: "long secret", cost: .cheapest).needsRehash())
    }

    @Test func `a password of an impossible length is no match and cannot be hashed`() throws {
        let hash = try PasswordHash(hashing: "\0", cost: .cheapest, salt: Array(repeating: 0, count: 16))
        #expect(try !hash.verify(""))
        #expect(try !hash.verify(String(repeating: "x", count: 1_025)))
        #expect(try hash.verify("\0"))
        for passwordBytes in [0, 7, 1_025] {
            #expect(throws: PasswordError.passwordLength(passwordBytes: passwordBytes, allowed: 8...1024)) {
                try PasswordHash(hashing: String(repeating: "x", count: passwordBytes), cost: .cheapest)
            }
        }
        for passwordBytes in [8, 1_024] {
            let password = String(repeating: "x", count: passwordBytes)
            #expect(try PasswordHash(hashing: password, cost: .cheapest).verify(password))
        }
    }

    @Test func `a stored text is read strictly, and what it may ask for is bounded`() {
        let salt = "xLvLH77JnWW/WdhcjLYu4g", hash = "9MJv+7tCKUTOmUEfEORDnxQ3lZ6BH/jIu4AEt+YzZlA"
        func error(_ parameters: String, salt: String = salt, hash: String = hash) -> PasswordError? {
            do throws(PasswordError) {
                _ = try PasswordHash(encoded: "$scrypt$\(parameters)$\(salt)$\(hash)")
                return nil
            } catch { return error }
        }
        #expect(error("ln=10,r=8,p=1") == nil)
        for parameters in [
            "ln=10,r=8", "ln=10,p=1,r=8", "ln=010,r=8,p=1", "ln=+10,r=8,p=1", "ln=10, r=8,p=1", "ln=10,r=8,p=1,", "",
            "ln=99999,r=8,p=1", "ln=,r=8,p=1", "ln=10,r=8,p=1,x=1",
        ] { #expect(error(parameters) == .malformed) }
        for (parameters, logRounds, blockSize, parallelism) in [
            ("ln=9,r=8,p=1", 9, 8, 1), ("ln=18,r=8,p=1", 18, 8, 1), ("ln=10,r=9,p=1", 10, 9, 1), ("ln=10,r=8,p=5", 10, 8, 5),
            ("ln=63,r=8,p=1", 63, 8, 1), ("ln=10,r=9999,p=9999", 10, 9999, 9999),
        ] {
            #expect(error(parameters) == .costOutOfBounds(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism))
        }
        #expect(error("ln=10,r=8,p=1", salt: "xLvLH77JnWW/WdhcjLYu4h") == .malformed)
        #expect(error("ln=10,r=8,p=1", salt: "xLvL") == .malformed)
        #expect(error("ln=10,r=8,p=1", hash: "9MJv") == .malformed)
        #expect(error("ln=10,r=8,p=1", hash: String(repeating: "A", count: 300)) == .malformed)
        #expect(throws: PasswordError.malformed) { try PasswordHash(encoded: "$2b$12$abcdefghijklmnopqrstuv") }
        #expect(throws: PasswordError.malformed) { try PasswordHash(encoded: "long secret") }
    }

    @Test func `printing one tells its cost alone`() throws {
        let hash = try PasswordHash(hashing: "long secret", cost: .cheapest)
        var dumped = ""
        dump(hash, to: &dumped)
        let encodedHash = hash.encoded.split(separator: "$").last.map(String.init) ?? ""
        #expect("\(hash)" == "scrypt(ln=10, r=8, p=1)")
        #expect(!dumped.contains(encodedHash) && !dumped.contains("\(hash.hash[0]), "))
    }
}

@Suite("The password verifier", .timeLimit(.minutes(1))) struct PasswordVerifierTests {
    @Test func `knows right from wrong, and nobody's password from anybody's`() async throws {
        let verifier = PasswordVerifier(cost: .cheapest)
        let hash = try await verifier.hash("long secret")
        #expect(hash.cost == .cheapest)
        #expect(try await verifier.verify("long secret", against: hash))
        #expect(try await !verifier.verify("Long secret", against: hash))
        #expect(try await !verifier.verify("long secret", against: nil))
        #expect(!verifier.wantsRehash(hash))
        #expect(await verifier.admittedCount == 0)
        await #expect(throws: PasswordError.passwordLength(passwordBytes: 0, allowed: 8...1024)) {
            try await verifier.hash("")
        }
    }

    @Test func `lets so many wait and tells the rest to come back`() async throws {
        let queues = [DispatchQueue(label: "first"), DispatchQueue(label: "second")]
        let verifier = PasswordVerifier(queues: queues, waitingLimit: 3, cost: .cheapest)
        let hash = try PasswordHash(hashing: "long secret", cost: .cheapest)
        for queue in queues { queue.suspend() }
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            // A user that does not exist takes a place like any other: the work is done.
            for stored in [hash, nil, hash, nil, hash] {
                group.addTask { try await verifier.verify("long secret", against: stored) }
            }
            try await wait { await verifier.admittedCount == 5 }
            await #expect(throws: PasswordError.busy(retryAfter: .seconds(1))) {
                try await verifier.verify("long secret", against: hash)
            }
            await #expect(throws: PasswordError.busy(retryAfter: .seconds(1))) { try await verifier.hash("long secret") }
            for queue in queues { queue.resume() }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0 }.count == 3 && answers.count == 5)
        #expect(await verifier.admittedCount == 0)
        #expect(try await verifier.verify("long secret", against: hash))
    }

    @Test func `a canceled check gives its place back`() async throws {
        let queue = DispatchQueue(label: "only")
        let verifier = PasswordVerifier(queues: [queue], waitingLimit: 0, cost: .cheapest)
        queue.suspend()
        let task = Task { try await verifier.verify("long secret", against: nil) }
        try await wait { await verifier.admittedCount == 1 }
        task.cancel()
        queue.resume()
        #expect(try await !task.value)
        #expect(await verifier.admittedCount == 0)
    }

    private func wait(for condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while await !condition() {
            try #require(ContinuousClock.now < deadline, "the condition did not come to hold")
            await Task.yield()
        }
    }
}
