import Testing

@testable import Stack

/// What goes along with messages: descriptors and credentials (unix(7), "Ancillary messages").
@Suite("Attachments and credentials within a host") struct AttachmentTests {
    private let host = LocalHost()
    private let own = Credentials(processID: 7, userID: 1000, groupID: 100)

    @Test("A read ends behind what carries attachments, which go with its first byte")
    func boundaries() throws {
        let (one, other) = host.pair(.stream)
        try host.send(one, [1])
        try host.send(one, [2, 3], with: [Token(1), Token(2)])
        try host.send(one, [4], with: [Token(3)])
        try host.send(one, [5])
        let peeked = try host.receive(other, upTo: 100, .peek)
        #expect(peeked.bytes == [1, 2, 3] && numbers(peeked.message.attachments) == [1, 2])
        let first = try host.receive(other, upTo: 2)
        #expect(first.bytes == [1, 2] && numbers(first.message.attachments) == [1, 2])
        // The rest of a message whose attachments are taken is as any other.
        let second = try host.receive(other)
        #expect(second.bytes == [3, 4] && numbers(second.message.attachments) == [3])
        let third = try host.receive(other)
        #expect(third.bytes == [5] && third.message.attachments.isEmpty)
    }

    @Test(
        "Records and datagrams carry them too", arguments: [LocalType.datagram, .sequencedPacket])
    func records(_ type: LocalType) throws {
        let (one, other) = host.pair(type)
        try host.send(one, [], with: [Token(1)])
        try host.send(one, [2])
        #expect(numbers(try host.receive(other).message.attachments) == [1])
        #expect(try host.receive(other).message.attachments.isEmpty)
    }

    @Test("What nobody took is handed out to be let go of without the host")
    func released() throws {
        let (one, other) = host.pair(.stream)
        let ends = Ends()
        try host.send(one, [1], with: [Token(1, ends)])
        try host.send(one, [2], with: [Token(2, ends)])
        _ = try host.receive(other, upTo: 1)
        #expect(ends.numbers == [1] && !host.link.host.hasReleasedAttachments)
        try host.link.host.close(other)
        #expect(ends.numbers == [1] && host.link.host.hasReleasedAttachments)
        var taken = host.link.host.takeReleasedAttachments()
        #expect(ends.numbers == [1] && !host.link.host.hasReleasedAttachments)
        taken.removeAll()
        #expect(ends.numbers == [1, 2])
    }

    @Test("Who asks for it learns whose a message is; others' identity is for user 0 to claim")
    func credentials() throws {
        host.link.host.credentials = own
        let (one, other) = host.pair(.stream)
        #expect(try host.link.host.peerCredentials(of: one) == own)
        try host.send(one, [1])
        #expect(try host.receive(other).message.credentials == nil)
        try host.send(one, [2])
        try host.link.host.setPassesCredentials(other, true)
        try host.send(one, [3])
        // Two messages that say something else of their sender are never one.
        let before = try host.receive(other)
        #expect(before.bytes == [2] && before.message.credentials == .unknown)
        let after = try host.receive(other)
        #expect(after.bytes == [3] && after.message.credentials == own)
        #expect(throws: StackError.notPermitted) {
            try host.send(one, [4], as: Credentials(processID: 8))
        }
        try host.link.host.setCredentials(Credentials(processID: 1), of: one)
        try host.send(one, [4], as: Credentials(processID: 8))
        #expect(try host.receive(other).message.credentials?.processID == 8)
    }

    @Test("A connection keeps whose its ends were when it was made")
    func peers() throws {
        let name = try #require(LocalName("/service"))
        let fresh = host.open(.stream)
        #expect(try host.link.host.peerCredentials(of: fresh) == .none)
        host.link.host.credentials = own
        let listener = try host.named(.stream, name)
        try host.link.host.listen(listener, backlog: 1)
        try host.link.host.connect(fresh, to: name)
        try host.link.host.setCredentials(Credentials(processID: 99), of: fresh)
        let server = try host.link.host.accept(listener)
        #expect(try host.link.host.peerCredentials(of: fresh) == own)
        #expect(try host.link.host.peerCredentials(of: server) == Credentials())
    }

    @Test("Who wants credentials gets a name to be answered at")
    func autobind() throws {
        let name = try #require(LocalName("/service"))
        _ = try host.named(.datagram, name)
        let client = host.open(.datagram)
        try host.link.host.setPassesCredentials(client, true)
        try host.send(client, [1], to: name)
        #expect(try host.link.host.localName(of: client)?.isAbstract == true)
    }
}
