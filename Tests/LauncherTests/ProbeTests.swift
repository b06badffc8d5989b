import Testing

/// The same program of numbered checks, run plainly and intercepted, line by line.
@Suite(
    "A program sees of its sockets what the kernel would show it",
    .enabled(if: Workshop.isAvailable))
struct ProbeTests {
    /// Lines that differ, by the words of the check, and why.
    ///
    /// "length of its address": an AF_UNIX peer of ours has a name where a TCP peer has none here.
    private static let knownDifferences = ["length of its address"]

    private func compare(isStatic: Bool, asOrdinaryUser: Bool) throws {
        let server = try #require(Server())
        let probe = try #require(Workshop.program("probe", isStatic: isStatic))
        let command = [probe] + ["echo", "reset", "witness", "verdict"].map { server[$0] }
        let plain = Child.run(command)
        #expect(plain.status == 0)
        let other = Workshop.intercepted(command, asOrdinaryUser: asOrdinaryUser)
        #expect(other.status == 0)
        #expect(plain.lines.count == other.lines.count)
        for (expected, seen) in zip(plain.lines, other.lines) where expected != seen {
            let isKnown = Self.knownDifferences.contains { String(expected).range(of: $0) != nil }
            #expect(isKnown, "plain: \(expected), intercepted: \(seen)")
        }
    }

    @Test func whenDynamicallyLinked() throws {
        try compare(isStatic: false, asOrdinaryUser: false)
    }

    @Test func whenStaticallyLinked() throws {
        try compare(isStatic: true, asOrdinaryUser: false)
    }

    @Test(.enabled(if: Workshop.canChangeUser)) func asAnOrdinaryUser() throws {
        try compare(isStatic: false, asOrdinaryUser: true)
    }
}
