import Memory
import Stack
import Wire

/// Requests to a host that has some of everything to tell of. The bytes are a datagram, and again
/// one behind a header that makes them a question of every kind. Whatever they are, each answer must
/// be a chain of whole messages, and no question may be left open.
enum NetlinkFuzzer {
    static func problem(with bytes: [UInt8]) -> String? {
        var host = Self.host()
        for proto in [NetlinkProtocol.route, .diagnosis] {
            for isStrict in [false, true] {
                let id = host.open(.netlink(proto))
                _ = try? host.setNetlinkOption(id, 12, isStrict)
                if let problem = ask(&host, id, bytes) { return problem }
                for type: UInt16 in [18, 20, 22, 26, 30] {
                    for flags: NetlinkFlags in [.request, [.request, .dump, .acknowledge]] {
                        let request = wrap(bytes, NetlinkType(rawValue: type), flags)
                        if let problem = ask(&host, id, request) { return problem }
                    }
                }
                try? host.close(id)
            }
        }
        return nil
    }

    private static func host() -> Host {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
        var host = Host(HostConfiguration(seed: (1, 2)), pools: pools)
        let own = IPAddress.v4(10, 7, 0, 1)
        let link = host.addInterface(
            InterfaceConfiguration(
                name: "eth0", link: .ethernet(MACAddress(2, 0, 0, 0, 0, 1)),
                addresses: [IPPrefix(address: own, length: 16) ?? IPPrefix(host: own)]))
        try? host.addRoute(Route(to: .allIPv4, through: .v4(10, 7, 0, 2), on: link))
        try? host.addNeighbour(.v4(10, 7, 0, 2), at: MACAddress(2, 0, 0, 0, 0, 2), on: link)
        let listener = host.open(.stream)
        try? host.bind(listener, to: SocketAddress(address: own, port: 80))
        try? host.listen(listener, backlog: 1)
        let datagrams = host.open(.datagram)
        try? host.bind(datagrams, to: SocketAddress(address: own, port: 53))
        _ = host.openPair(.stream)
        return host
    }

    private static func wrap(
        _ bytes: [UInt8], _ type: NetlinkType, _ flags: NetlinkFlags
    ) -> [UInt8] {
        var writer = NetlinkWriter()
        writer.message(NetlinkHeader(type: type, flags: flags, sequence: 7)) { writer in
            writer.append(bytes.span)
        }
        return writer.bytes
    }

    private static func ask(_ host: inout Host, _ id: EndpointID, _ bytes: [UInt8]) -> String? {
        try? host.sendRequests(id, bytes.span)
        var buffer = [UInt8](repeating: 0, count: 70_000)
        for _ in 0..<10_000 {
            var span = buffer.mutableSpan
            do throws(StackError) {
                let answer = try host.receiveAnswer(id, into: &span)
                guard isChain(buffer.span.extracting(first: answer.count)) else {
                    return "an answer that is no chain of messages"
                }
            } catch .wouldBlock {
                return nil
            } catch {
                continue
            }
        }
        return "answers without end"
    }

    private static func isChain(_ bytes: Span<UInt8>) -> Bool {
        var offset = 0
        while offset < bytes.count {
            do throws(WireError) {
                let message = try NetlinkMessage(bytes.extracting(droppingFirst: offset))
                offset += message.alignedLength
            } catch {
                return false
            }
        }
        return offset == bytes.count
    }
}
