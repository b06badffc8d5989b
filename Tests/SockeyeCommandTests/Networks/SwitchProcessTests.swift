import Devices
import Glibc
import Memory
import Setup
import Sockets
import Stack
import Testing
import Wire

@testable import SockeyeCommand

/// Runs that join a network whose switch is the command that was built beside this test.
@Suite("A network of several runs", .serialized, .timeLimit(.minutes(2)))
struct SwitchProcessTests {
    /// A directory for one test, and the command.
    final class Place {
        let base: String
        let directory: NetworkDirectory
        let executable: String

        init() throws {
            var template = Array("/tmp/sockeye-test-XXXXXX".utf8CString)
            unsafe mkdtemp(&template)
            base = String(
                decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            directory = try NetworkDirectory(in: base)
            executable = Self.products + "/sockeye"
        }

        deinit {
            unsafe rmdir(base + "/networks")
            unsafe rmdir(base)
        }

        /// The folder of the package's products, from the path of the bundle that is being tested.
        private static var products: String {
            for argument in CommandLine.arguments {
                guard let end = argument.firstRange(of: ".xctest") else { continue }
                let path = argument[..<end.lowerBound]
                if let slash = path.lastIndex(of: "/") { return String(path[..<slash]) }
            }
            return "."
        }

        func join(_ host: String?, program: String = "program") throws -> NetworkMembership {
            try NetworkMembership(
                "lab", as: host, program: program, in: directory, executable: executable)
        }

        /// What is in the directory of the networks.
        var files: [String] {
            (try? FileDescriptor.directory(directory.path).entries())?.sorted() ?? []
        }

        /// Waits until nothing is left of the network; whether that came to pass.
        func isGone(_ process: Int32) -> Bool {
            for _ in 0..<500 {
                if files.isEmpty, !Self.runs(process) { return true }
                usleep(10_000)
            }
            return false
        }

        /// Whether a process is there and no zombie.
        static func runs(_ process: Int32) -> Bool {
            guard let file = try? FileDescriptor.file("/proc/\(process)/stat") else { return false }
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = (try? file.readNext(into: &bytes)) ?? 0
            return !String(decoding: bytes[..<count], as: UTF8.self).contains(") Z ")
        }
    }

    /// A host on the network, with a thread of its own.
    final class Member {
        let membership: NetworkMembership
        let host: HostDriver

        init(_ membership: NetworkMembership) throws {
            self.membership = membership
            let pools = BufferPools(BufferPools.Plan(byteLimit: 16 << 20))
            let link = DeviceLink(
                .stream(try membership.link(pools: pools)), name: "net0",
                hardwareAddress: membership.member.hardwareAddress,
                addresses: membership.member.prefixes)
            host = try HostDriver(
                HostConfiguration(seed: SystemRandom.seed()), links: [link], pools: pools)
            try host.start()
        }

        func end() { host.stop() }
    }

    @Test("hosts exchange streams over both families, and know each other's names and ends")
    func exchange() async throws {
        let place = try Place()
        var names: [String] = []
        var process: Int32 = 0
        do {
            let web = try Member(place.join("web"))
            let db = try Member(place.join("db"))
            let third = try Member(place.join(nil, program: "/usr/bin/db"))
            defer { for member in [web, db, third] { member.end() } }
            process = try #require(web.membership.process)
            for member in [web, db, third] { _ = member.membership.turn() }
            names = third.membership.members.map(\.name)
            #expect(web.membership.members.map(\.number) == [10, 11, 12])
            for address in db.membership.member.addresses {
                let listener = Socket(
                    .stream, family: address.isIPv4 ? .inet : .inet6, on: db.host)
                try listener.bind(to: SocketAddress(address: address, port: 5432))
                try listener.listen(backlog: 4)
                let client = Socket(
                    .stream, family: address.isIPv4 ? .inet : .inet6, on: web.host)
                try await client.connect(to: SocketAddress(address: address, port: 5432))
                let server = try await listener.accept()
                let text = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
                async let sent: Void = client.send(text)
                var received: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while received.count < text.count {
                    let count = try await server.receive(into: &buffer)
                    guard count > 0 else { break }
                    received += buffer[..<count]
                }
                try await sent
                #expect(received == text)
            }
            // Who leaves is forgotten by the others.
            let fourth = try place.join("guest")
            #expect(fourth.member.number == 13)
            _ = web.membership.turn()
            #expect(web.membership.members.map(\.name).contains("guest"))
            withExtendedLifetime(fourth) {}
        }
        #expect(names == ["db-2", "web", "db"])
        #expect(place.isGone(process), "\(place.files)")
    }

    @Test("a name that is taken is refused, and who leaves frees it")
    func names() throws {
        let place = try Place()
        var web: NetworkMembership? = try place.join("web")
        var other: NetworkMembership? = try place.join("other")
        let process = try #require(other?.process)
        let error = try #require(throws: CommandError.self) { try place.join("web") }
        #expect(error.message == "network 'lab': there is a host 'web' already")
        _ = other?.turn()
        #expect(other?.members.map(\.name) == ["other", "web"])
        #expect(web != nil)
        web = nil
        for _ in 0..<300 where other?.turn() != true { usleep(10_000) }
        #expect(other?.members.map(\.name) == ["other"])
        var again: NetworkMembership? = try place.join("web")
        #expect(again?.member.number == 10)
        again = nil
        #expect(Place.runs(process))
        other = nil
        #expect(place.isGone(process), "\(place.files)")
    }

    @Test("a switch that was killed leaves its sockets to the next, which takes their place")
    func killedSwitch() throws {
        let place = try Place()
        let first = try place.join("a")
        let process = try #require(first.process)
        kill(process, SIGKILL)
        for _ in 0..<300 where !first.turn() { usleep(10_000) }
        #expect(first.members.map(\.name) == ["a"])
        #expect(place.files == ["lab.control", "lab.frames"])
        var second: NetworkMembership? = try place.join("b")
        let successor = try #require(second?.process)
        #expect(successor != process)
        #expect(second?.member.number == 10)
        second = nil
        #expect(place.isGone(successor))
    }

    @Test("of many that come at once and leave, all are on one switch, and nothing is left")
    func races() async throws {
        let place = try Place()
        for _ in 0..<3 {
            let (directory, executable) = (place.directory, place.executable)
            let members = try await withThrowingTaskGroup(of: NetworkMembership.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try NetworkMembership(
                            "lab", as: nil, program: "x", in: directory, executable: executable)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(members.map(\.process)).count == 1)
            #expect(Set(members.map(\.member.number)) == Set(10...17))
            #expect(Set(members.map(\.member.name)).count == 8)
        }
        var last: NetworkMembership? = try place.join("last")
        let process = try #require(last?.process)
        last = nil
        #expect(place.isGone(process), "\(place.files)")
    }
}
