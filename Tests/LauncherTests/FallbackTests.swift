import Testing

@testable import Launcher

/// Older kernels and containers, played by a filter around the launcher.
@Suite("The launcher makes do without what is missing", .enabled(if: Workshop.isAvailable))
struct FallbackTests {
    /// What Docker's default profile forbids.
    private static let container = ["pidfd_getfd=EPERM"]
    /// What came after Linux 5.9 can be missing, and what else a profile may forbid.
    private static let missing = [
        "process_vm_readv=ENOSYS", "process_vm_writev=EPERM", "epoll_pwait2=ENOSYS",
        "close_range=ENOSYS", "netlink=EPERM",
    ]

    private func denied(_ calls: [String], _ arguments: [String]) throws -> Outcome {
        let deny = try #require(Workshop.program("deny"))
        return Child.run([deny] + calls + ["--", Workshop.launcher, "--"] + arguments)
    }

    @Test(arguments: [container, missing, container + missing])
    func resolversAndStormsAreTheSame(calls: [String]) throws {
        let server = try #require(Server())
        let names = try #require(Workshop.program("names"))
        let signals = try #require(Workshop.program("signals"))
        #expect(try denied(calls, [names, server["dns"]]) == Child.run([names, server["dns"]]))
        let storm = try denied(calls, [signals, server["echo"], server["silent"]])
        #expect(storm.lines.last == "interrupting: 1000 of 1000, many signals")
    }

    /// Before Linux 5.14 a descriptor and the answer are given one after the other.
    @Test func descriptorsAndAnswersGoSeparately() throws {
        let server = try #require(Server())
        let library = try #require(Workshop.program("nosend", linked: "-shared"))
        let names = try #require(Workshop.program("names"))
        let launcher = ["env", "LD_PRELOAD=" + library, Workshop.launcher, "--"]
        #expect(
            Child.run(launcher + [names, server["dns"]]) == Child.run([names, server["dns"]]))
    }

    @Test func whatCannotBeDoneWithoutIsSaidInWords() throws {
        let deny = try #require(Workshop.program("deny"))
        let answer = Child.run([deny, "seccomp=EPERM", "--", Workshop.launcher, "--check"])
        #expect(answer.output == "seccomp filters are forbidden here (Operation not permitted)\n")
        let other = Child.run([deny, "seccomp=ENOSYS", "--", Workshop.launcher, "--check"])
        #expect(
            other.output == "this kernel has no seccomp user notification; Linux 5.9 is needed\n")
    }

    /// A program may have filters of its own, and may not have a listener of its own.
    @Test(arguments: [false, true]) func programsMayFilterThemselves(isStatic: Bool) throws {
        let server = try #require(Server())
        let selffilter = try #require(Workshop.program("selffilter", isStatic: isStatic))
        let plain = Child.run([selffilter, server["echo"]])
        #expect(plain.lines == ["echo 5", "bind EACCES", "getpeername 0", "listener done"])
        let other = Workshop.intercepted([selffilter, server["echo"]])
        #expect(other.lines == plain.lines.dropLast() + ["listener EBUSY"])
    }

    @Test func closedSocketsAreKnown() throws {
        let socket = try SocketFile.make(.init(1), nonBlocking: false)
        let inode = try #require(SocketFile.inode(of: socket.number))
        #expect(SocketDirectory.contains(inode))
        #expect(SocketDirectory.all().contains(inode))
        #expect(SocketDirectory.listed().contains(inode))
        let many = try (0..<40).map { _ in try SocketFile.make(.init(1), nonBlocking: false) }
        let inodes = many.compactMap { SocketFile.inode(of: $0.number) }
        #expect(SocketDirectory.existing(of: inodes) == Set(inodes))
        let gone: UInt64
        do {
            let another = try SocketFile.make(.init(1), nonBlocking: false)
            gone = try #require(SocketFile.inode(of: another.number))
            _ = another
        }
        #expect(!SocketDirectory.contains(gone))
        #expect(!SocketDirectory.existing(of: inodes + [gone]).contains(gone))
        _ = (socket, many)
    }
}
