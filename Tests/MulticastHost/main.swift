// A host on a TAP device that listens to groups, for Tests/Integration/test_multicast.py:
//
//     MulticastHost tap0 10.7.0.2/24,fe80::2/64 5007
//
// It reads lines from the standard input, does what each asks for and answers with a line:
//
//     join GROUP [SOURCE]    leave GROUP [SOURCE]    block GROUP SOURCE    groups
//     send GROUP TEXT        hear: the next datagram of either family, or "nothing" in a second
//
// It ends with its input.
import Devices
import Glibc
import Memory
import Sockets
import Stack
import Wire

do {
    try MulticastHost(CommandLine.arguments).run()
} catch {
    StandardStream.error.write("MulticastHost: \(error)\n")
    exit(1)
}

/// The host, and a socket of each family on one port.
struct MulticastHost {
    private struct BadUsage: Error {}

    private let host: HostDriver
    private let port: UInt16
    private let sockets: [Socket]
    private let link = InterfaceID(rawValue: 1)

    init(_ words: [String]) throws {
        guard words.count == 4, let port = UInt16(words[3]) else { throw BadUsage() }
        let addresses = words[2].split(separator: ",").compactMap { IPPrefix(String($0)) }
        let device = try Device(
            .tap(name: words[1]), pools: BufferPools(BufferPools.Plan(byteLimit: 16 << 20)))
        let link = DeviceLink(
            device, name: words[1], hardwareAddress: MACAddress(2, 0, 0, 0, 0, 2),
            addresses: addresses)
        host = try HostDriver(HostConfiguration(seed: SystemRandom.seed()), links: [link])
        try host.start()
        self.port = port
        sockets = [Socket(.datagram, on: host), Socket(.datagram, family: .inet6, on: host)]
        try sockets[1].setOption(.isV6Only, true)
        try sockets[0].bind(to: SocketAddress(address: .unspecifiedV4, port: port))
        try sockets[1].bind(to: SocketAddress(address: .unspecifiedV6, port: port))
        for socket in sockets { socket.receiveTimeout = .milliseconds(500) }
    }

    func run() throws {
        answer("ready")
        while let line = readLine() {
            let words = line.split(separator: " ").map(String.init)
            do throws(SocketError) {
                answer(try obey(words))
            } catch {
                answer("error \(error.code)")
            }
        }
        host.stop()
    }

    private func answer(_ text: String) { StandardStream.output.write(text + "\n") }

    private func obey(_ words: [String]) throws(SocketError) -> String {
        if words == ["hear"] { return hear() }
        if words == ["groups"] { return groups() }
        guard words.count >= 2, let group = IPAddress(words[1]) else { return "unknown" }
        let source = words.count > 2 ? IPAddress(words[2]) : nil
        let socket = sockets[group.isIPv4 ? 0 : 1]
        switch words[0] {
        case "join":
            try socket.joinGroup(group, on: link, source: source)
        case "leave":
            try socket.leaveGroup(group, on: link, source: source)
        case "block":
            guard let source else { return "unknown" }
            try socket.blockSource(source, of: group, on: link)
        case "send":
            let zone = group.isIPv4 ? 0 : link.zone
            let target = SocketAddress(address: group, port: port, zone: zone)
            try socket.send(Array(words[2].utf8).span, to: target)
        default:
            return "unknown"
        }
        return "done"
    }

    /// The next datagram: who sent it to whom, and its text.
    private func hear() -> String {
        var buffer = [UInt8](repeating: 0, count: 2000)
        for socket in sockets {
            var span = buffer.mutableSpan
            guard let datagram = try? socket.receiveDatagram(into: &span) else { continue }
            let text = String(decoding: buffer[..<datagram.count], as: UTF8.self)
            return "\(datagram.source.address) \(datagram.destination.address) \(text)"
        }
        return "nothing"
    }

    private func groups() -> String {
        host.withHost { host in
            host.memberships.map { $0.group.description }.joined(separator: " ")
        }
    }
}
