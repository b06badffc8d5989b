import Testing

/// Calls that have no counterpart in the kernel to be compared with.
@Suite("Names, signals and refusals", .enabled(if: Workshop.isAvailable))
struct CallTests {
    @Test(arguments: [false, true]) func everyKindOfResolverIsAnswered(isStatic: Bool) throws {
        let server = try #require(Server())
        let names = try #require(Workshop.program("names", isStatic: isStatic))
        let outcome = Workshop.intercepted([names], names: server)
        #expect(outcome.status == 0)
        #expect(
            outcome.lines == [
                "getaddrinfo 10.0.2.4",
                "nothing yet EAGAIN",
                "sendto, recvfrom: answered by the server",
                "sendmsg, recvmsg: answered by the server, flags 0 control 0",
                "peek: answered by the server",
                "truncated: 50 of 50",
                "peer 1",
                "write, read: answered",
                "read: answered",
                "recvfrom, waiting: answered by the server",
                "time limit EAGAIN",
                "sendmmsg 2: 34 34",
                "FIONREAD 1",
                "recvfrom: answered by the server",
                "recvfrom: answered by the server",
                "recvmmsg 2: 50 50",
                "another port ENETUNREACH",
                "connect to it 0",
                "then ENETUNREACH",
            ])
    }

    @Test func signalsInterruptAndCallsStartAgain() throws {
        let server = try #require(Server())
        let signals = try #require(Workshop.program("signals"))
        let outcome = Workshop.intercepted([signals, server["echo"]])
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

    /// Docker's default profile has no pidfd_getfd: the launcher keeps duplicates instead.
    @Test func itWorksWhereDescriptorsCannotBeFetched() throws {
        let server = try #require(Server())
        let deny = try #require(Workshop.program("deny"))
        let signals = try #require(Workshop.program("signals"))
        let names = try #require(Workshop.program("names"))
        let storm = Child.run([deny, Workshop.launcher, "--", signals, server["echo"]])
        #expect(storm.lines.last == "interrupting: 1000 of 1000, many signals")
        let resolved = Child.run(
            [deny, Workshop.launcher, "--dns", server["dns"], "--", names])
        #expect(resolved == Workshop.intercepted([names], names: server))
    }

    @Test func whatThereIsNotIsRefusedAsByAnOrdinaryMachine() throws {
        let refusals = try #require(Workshop.program("refusals"))
        var lines = Workshop.intercepted([refusals]).lines
        #if arch(x86_64)
            #expect(
                lines.suffix(3) == ["i386 socket ENOSYS", "i386 getpid done", "x32 ENOSYS"])
            lines.removeLast(min(3, lines.count))
        #endif
        #expect(
            lines == [
                "bind done",
                "listen EOPNOTSUPP",
                "IPv6 EAFNOSUPPORT",
                "IPv6 datagrams EAFNOSUPPORT",
                "raw EPERM",
                "ping EACCES",
                "packet EPERM",
                "MPTCP EPROTONOSUPPORT",
                "VSOCK EAFNOSUPPORT",
                "netlink done",
                "UNIX done",
                "io_uring ENOSYS",
                "undumpable done",
                "dumpable 1",
            ])
    }
}
