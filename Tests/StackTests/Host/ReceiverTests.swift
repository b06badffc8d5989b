import Testing
import Wire

@testable import Stack

/// Whether a host tells right who would take what is sent to itself.
@Suite("Receivers") struct ReceiverTests {
    private static func at(_ text: String) -> SocketAddress { BareLinks.name(text) }

    @Test("A listener at an address takes connections to it, and to no other")
    func listener() throws {
        let link = BareLinks()
        let id = link.host.open(.stream)
        try link.host.bind(id, to: Self.at("127.0.0.1:80"))
        #expect(!link.hasReceiver(.stream, at: Self.at("127.0.0.1:80")))
        try link.host.listen(id, backlog: 1)
        #expect(link.hasReceiver(.stream, at: Self.at("127.0.0.1:80")))
        #expect(!link.hasReceiver(.stream, at: Self.at("127.0.0.2:80")))
        #expect(!link.hasReceiver(.stream, at: Self.at("127.0.0.1:81")))
        #expect(!link.hasReceiver(.datagram, at: Self.at("127.0.0.1:80")))
        try link.host.close(id)
        #expect(!link.hasReceiver(.stream, at: Self.at("127.0.0.1:80")))
    }

    @Test("A listener at :: takes IPv4, unless it is for IPv6 only", arguments: [false, true])
    func dualStack(isV6Only: Bool) throws {
        let link = BareLinks()
        let id = link.host.open(.stream, family: .inet6)
        try link.set(id) { $0.isV6Only = isV6Only }
        try link.host.bind(id, to: Self.at("[::]:80"))
        try link.host.listen(id, backlog: 1)
        #expect(link.hasReceiver(.stream, at: Self.at("[::1]:80")))
        #expect(link.hasReceiver(.stream, at: Self.at("127.0.0.1:80")) == !isV6Only)
    }

    @Test("A listener on a link is not for what the host sends to itself")
    func interface() throws {
        let link = BareLinks()
        let id = link.host.open(.stream)
        try link.set(id) { $0.boundInterface = link.first }
        try link.host.bind(id, to: Self.at("0.0.0.0:80"))
        try link.host.listen(id, backlog: 1)
        #expect(!link.hasReceiver(.stream, at: Self.at("127.0.0.1:80")))
    }

    @Test("A connected datagram endpoint takes what its peer sends")
    func datagrams() throws {
        let link = BareLinks()
        let id = link.host.open(.datagram)
        try link.host.bind(id, to: Self.at("127.0.0.1:53"))
        #expect(link.hasReceiver(.datagram, at: Self.at("127.0.0.1:53")))
        try link.host.connect(id, to: Self.at("127.0.0.1:1000"))
        let name = Self.at("127.0.0.1:53")
        #expect(link.hasReceiver(.datagram, at: name))
        #expect(link.hasReceiver(.datagram, at: name, from: Self.at("127.0.0.1:1000")))
        #expect(!link.hasReceiver(.datagram, at: name, from: Self.at("127.0.0.1:1001")))
    }
}

extension BareLinks {
    fileprivate func hasReceiver(
        _ kind: EndpointKind, at address: SocketAddress, from source: SocketAddress? = nil
    ) -> Bool {
        host.hasReceiver(kind, at: address, from: source)
    }
}
