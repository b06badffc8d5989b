import Testing

/// Calls that have no counterpart in the kernel to be compared with.
@Suite("Names, signals and refusals", .enabled(if: Workshop.isAvailable))
struct CallTests {
    @Test(arguments: [false, true]) func everyKindOfResolverIsAnswered(isStatic: Bool) throws {
        let server = try #require(Server())
        let names = try #require(Workshop.program("names", isStatic: isStatic))
        let plain = Child.run([names, server["dns"]])
        #expect(plain.lines.filter { $0.hasSuffix("answered by the server") }.count >= 5)
        #expect(Workshop.intercepted([names, server["dns"]]) == plain)
    }

    @Test func signalsInterruptAndCallsStartAgain() throws {
        let server = try #require(Server())
        let signals = try #require(Workshop.program("signals"))
        let outcome = Workshop.intercepted([signals, server["echo"], server["silent"]])
        #expect(outcome.status == 0)
        #expect(
            outcome.lines == [
                "interrupted EINTR",
                "poll 0",
                "limited EINPROGRESS in time",
                "started EINPROGRESS",
                "again EALREADY",
                "poll 0",
                "write EAGAIN",
                "restarting: 1000 of 1000, many signals",
                "interrupting: 1000 of 1000, many signals",
            ])
    }

    @Test func whatOnlyALauncherRefuses() throws {
        let refusals = try #require(Workshop.program("refusals"))
        let plain = Child.run([refusals]).lines
        let lines = Workshop.intercepted([refusals]).lines
        let own = try #require(plain.firstIndex { $0.hasPrefix("io_uring") })
        try #require(lines.count == plain.count)
        // Which sockets there are depends on the network; those that are the kernel's always are.
        for line in ["bind done", "listen done", "UNIX done", "netlink done"] {
            #expect(lines[..<own].contains { $0 == line })
        }
        var refused: [Substring] = ["io_uring ENOSYS", "undumpable done", "dumpable 1"]
        #if arch(x86_64)
            refused += ["i386 socket ENOSYS", "i386 getpid done", "x32 ENOSYS"]
        #endif
        #expect(Array(lines[own...]) == refused)
    }
}
