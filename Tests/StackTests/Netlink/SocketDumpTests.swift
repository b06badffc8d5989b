import Memory
import Testing
import Wire

@testable import Stack

/// Sockets as `ss` asks for them (sock_diag(7)).
@Suite("Dumps of sockets") struct SocketDumpTests {
    private let asker = Asker(.diagnosis)

    private func dump(
        _ proto: IPProtocol, family: UInt8 = NetlinkFamily.inet, states: UInt32 = .max,
        filter: [UInt8] = []
    ) throws -> [DiagnosisAnswer] {
        let answers = try asker.dump(.diagnosis) { writer in
            write(proto, family, states, to: &writer)
            if !filter.isEmpty {
                writer.attribute(DiagnosisAttribute.filter) { $0.append(filter.span) }
            }
        }
        return try answers.map { try DiagnosisAnswer($0.payload.span) }
    }

    private func write(
        _ proto: IPProtocol, _ family: UInt8, _ states: UInt32, to writer: inout NetlinkWriter
    ) {
        writer.append(family)
        writer.append(proto.rawValue)
        writer.append(UInt16(0))
        writer.append(states)
        writer.append(zeros: 48)
    }

    private func stream(_ name: String, _ family: AddressFamily = .inet) throws -> EndpointID {
        let id = asker.link.host.open(.stream, family: family)
        try asker.link.host.bind(id, to: BareLinks.name(name))
        try asker.link.host.listen(id, backlog: 5)
        return id
    }

    /// Connects two streams of the host.
    private func connect(to name: String) throws -> EndpointID {
        let id = asker.link.host.open(.stream)
        #expect(throws: StackError.inProgress) {
            try asker.link.host.connect(id, to: BareLinks.name(name))
        }
        asker.link.host.advance(to: asker.link.now)
        return id
    }

    @Test("Streams come with their ends, states, queues and numbers, each family for itself")
    func streams() throws {
        let listener = try stream("10.7.0.1:80")
        _ = try stream("[::]:443", .inet6)
        let client = try connect(to: "10.7.0.1:80")
        _ = try asker.link.host.send(client, [1, 2, 3].span)
        asker.link.host.advance(to: asker.link.now)
        let all = try dump(.tcp)
        #expect(all.map(\.state) == [10, 1, 1])
        #expect(all[0].local == BareLinks.own4 && all[0].localPort == 80)
        #expect(all[0].receiveQueue == 1 && all[0].sendQueue == 5)
        #expect(all[0].inode == listener.index.place + 1 && all[0].inode != 0)
        let server = try #require(all.first { $0.state == 1 && $0.localPort == 80 })
        let name = try asker.link.host.localAddress(of: client)
        #expect(server.remotePort == name.port && server.receiveQueue == 3)
        // Nobody has accepted it yet.
        #expect(server.inode == 0)
        #expect(try dump(.tcp, states: 1 << 10).count == 1)
        #expect(try dump(.tcp, states: 1 << 1).count == 2)
        let other = try dump(.tcp, family: NetlinkFamily.inet6)
        #expect(other.map(\.localPort) == [443])
        #expect(other[0].local == .unspecifiedV6 && other[0].remote == .unspecifiedV6)
    }

    @Test("Datagram and raw sockets are told of in the same way")
    func datagrams() throws {
        let bound = asker.link.host.open(.datagram)
        try asker.link.host.bind(bound, to: BareLinks.name("10.7.0.1:53"))
        let connected = asker.link.host.open(.datagram)
        try asker.link.host.connect(connected, to: BareLinks.name("10.7.0.2:99"))
        let all = try dump(.udp)
        #expect(Set(all.map { "\($0.state) \($0.remotePort)" }) == ["7 0", "1 99"])
        _ = asker.link.host.open(.raw(.init(rawValue: 89)))
        _ = asker.link.host.open(.icmp)
        #expect(try dump(.raw).map(\.localPort) == [89])
    }

    @Test("A program says which sockets are meant")
    func filter() throws {
        for port in [80, 443, 8080] { _ = try stream("10.7.0.1:\(port)") }
        // What `ss` sends for `sport >= :443`: a test, the port where a step would be.
        func atLeast(_ port: UInt16) -> [UInt8] {
            [2, 8, 12, 0, 0, 0, UInt8(port & 255), UInt8(port >> 8)]
        }
        #expect(try dump(.tcp, filter: atLeast(443)).map(\.localPort) == [443, 8080])
        // `not sport >= :443`: one step more, from which there is no way to the end.
        let not: [UInt8] = [2, 8, 12, 0, 0, 0, 187, 1, 1, 4, 8, 0]
        #expect(try dump(.tcp, filter: not).map(\.localPort) == [80])
        // `src 10.7.0.0/16`, `src 10.8.0.0/16`, and with a port.
        func source(_ second: UInt8, _ port: [UInt8]) -> [UInt8] {
            [7, 16, 20, 0, 2, 16, 0, 0] + port + [10, second, 0, 0]
        }
        #expect(try dump(.tcp, filter: source(7, [255, 255, 255, 255])).count == 3)
        #expect(try dump(.tcp, filter: source(8, [255, 255, 255, 255])).isEmpty)
        #expect(try dump(.tcp, filter: source(7, [80, 0, 0, 0])).count == 1)
    }

    @Test(
        "A program that is no program is refused",
        arguments: [
            [0], [2, 8, 12, 0], [2, 0, 4, 0, 0, 0, 0, 0], [2, 8, 0, 0, 0, 0, 0, 0],
            [2, 8, 200, 0, 0, 0, 0, 0], [2, 9, 12, 0, 0, 0, 0, 0], [99, 4, 4, 0],
            [7, 16, 20, 0, 7, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [7, 16, 20, 0, 2, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [7, 8, 12, 0, 2, 8, 0, 0],
        ] as [[UInt8]])
    func badFilter(_ program: [UInt8]) throws {
        try asker.send(
            Asker.request(.diagnosis) { writer in
                write(.tcp, NetlinkFamily.inet, .max, to: &writer)
                writer.attribute(DiagnosisAttribute.filter) { $0.append(program.span) }
            })
        let answers = try asker.answers()
        #expect(answers.count == 1 && answers[0].error == -22)
    }

    @Test("One socket is found by its ends; families and sizes that are none are refused")
    func refusals() throws {
        _ = try stream("10.7.0.1:80")
        func error(_ bytes: [UInt8], _ flags: NetlinkFlags = [.request, .dump]) throws -> Int32? {
            try asker.send(Asker.request(.diagnosis, flags) { $0.append(bytes.span) })
            let answers = try asker.answers()
            return answers.first?.type == .error ? answers.first?.error : nil
        }
        var request: [UInt8] = [2, 6, 0, 0, 255, 255, 255, 255, 0, 80, 0, 0, 10, 7, 0, 1]
        request += [UInt8](repeating: 0, count: 40)
        try asker.send(Asker.request(.diagnosis, .request) { $0.append(request.span) })
        let found = try asker.answers()
        #expect(found.count == 1 && found[0].type == .diagnosis)
        #expect(try error(request.with(81, at: 9), .request) == -2)
        #expect(try error(request.with(99, at: 0)) == -22)
        #expect(try error(request.with(17, at: 0)) == -2)
        #expect(try error(Array(request.prefix(55))) == -22)
        #expect(try error([2]) == -22)
        #expect(try error([1, 0, 0, 0]) == -22)
    }

    @Test("Endpoints within the host are told of too")
    func local() throws {
        let name = try #require(LocalName("/run/service"))
        let listener = asker.link.host.open(.local(.stream))
        try asker.link.host.bind(listener, to: name)
        try asker.link.host.listen(listener, backlog: 3)
        let (one, _) = asker.link.host.openPair(.datagram)
        _ = try asker.link.host.sendMessage(one, [1, 2].span)
        let answers = try asker.dump(.diagnosis) { writer in
            writer.append(NetlinkFamily.unix)
            writer.append(zeros: 3)
            writer.append(UInt32.max)
            writer.append(UInt32(0))
            writer.append(UInt32(0x15))
            writer.append(zeros: 8)
        }
        #expect(
            answers.map { Array($0.payload.prefix(3)) } == [[1, 1, 10], [1, 2, 1], [1, 2, 1]])
        #expect(try answers[0].attribute(0, behind: 16) == Array("/run/service".utf8))
        #expect(number(try answers[0].attribute(4, behind: 16)) == 0)
        #expect(number(try answers[2].attribute(4, behind: 16)) == 2)
        #expect(
            number(try answers[1].attribute(2, behind: 16))
                == answers[2].word(at: 4))
    }
}

extension [UInt8] {
    fileprivate func with(_ byte: UInt8, at offset: Int) -> [UInt8] {
        var bytes = self
        bytes[offset] = byte
        return bytes
    }
}
