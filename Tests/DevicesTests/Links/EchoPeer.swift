import Devices
import Glibc
import Sockets
import Stack
import Testing
import Wire

/// Something at the far end of a link that sends back what it gets: datagrams and one stream, on
/// port 7.
struct EchoPeer {
    private let workers: [Worker]

    /// On the pair's other host, or in the kernel's namespace.
    init(_ pair: LinkedPair, isIPv4: Bool) throws {
        let address = LinkedPair.peer(isIPv4, port: 7)
        if let kernel = pair.kernel {
            workers = try Self.kernel(kernel, isIPv4)
        } else if let host = pair.other {
            workers = try Self.host(host, address, isIPv4 ? .inet : .inet6)
        } else {
            workers = []
        }
    }

    /// Whether both echoes came to their end.
    func ends() -> Bool { workers.allSatisfy { $0.ends() } }

    // MARK: - A host of ours

    private static func host(
        _ host: HostDriver, _ address: SocketAddress, _ family: AddressFamily
    ) throws -> [Worker] {
        let datagrams = Socket(.datagram, family: family, on: host)
        try datagrams.bind(to: address)
        let listener = Socket(.stream, family: family, on: host)
        try listener.bind(to: address)
        try listener.listen()
        return [
            try Worker { attempt { try echoDatagrams(datagrams) } },
            try Worker { attempt { try echoStream(listener) } },
        ]
    }

    private static func attempt(_ body: () throws -> Void) {
        do { try body() } catch { Issue.record("the echo failed: \(error)") }
    }

    /// Until an empty datagram comes.
    private static func echoDatagrams(_ socket: Socket) throws {
        var buffer = [UInt8](repeating: 0, count: 2000)
        while true {
            var span = buffer.mutableSpan
            let datagram = try socket.receiveDatagram(into: &span)
            guard datagram.count > 0 else { return }
            _ = try socket.send(buffer.span.extracting(first: datagram.count), to: datagram.source)
        }
    }

    private static func echoStream(_ listener: Socket) throws {
        let peer = try listener.accept()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            var span = buffer.mutableSpan
            let count = try peer.receive(into: &span)
            guard count > 0 else { break }
            try peer.sendAll(buffer.span.extracting(first: count))
        }
        peer.close()
        listener.close()
    }

    // MARK: - The kernel

    private static func kernel(_ kernel: KernelSide, _ isIPv4: Bool) throws -> [Worker] {
        let any = isIPv4 ? IPAddress.v4(0, 0, 0, 0) : IPAddress("::") ?? .unspecifiedV4
        let address = SocketAddress(address: any, port: 7)
        let datagrams = try kernel.socket(isIPv4, SOCK_DGRAM)
        try datagrams.bind(address)
        let listener = try kernel.socket(isIPv4, SOCK_STREAM)
        try listener.bind(address)
        guard listen(listener.descriptor, 1) == 0 else { throw KernelSide.Failure(step: "listen") }
        return [
            try Worker { [descriptor = datagrams.descriptor] in
                echoDatagrams(descriptor)
                withExtendedLifetime(datagrams) {}
            },
            try Worker { [descriptor = listener.descriptor] in
                echoStream(descriptor)
                withExtendedLifetime(listener) {}
            },
        ]
    }

    private static func echoDatagrams(_ descriptor: Int32) {
        var buffer = [UInt8](repeating: 0, count: 2000)
        while isReadable(descriptor, within: 30_000) {
            var from = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = unsafe withUnsafeMutablePointer(to: &from) { from in
                unsafe from.withMemoryRebound(to: sockaddr.self, capacity: 1) { from in
                    let count = unsafe recvfrom(
                        descriptor, &buffer, buffer.count, 0, from, &length)
                    if count > 0 { unsafe sendto(descriptor, buffer, count, 0, from, length) }
                    return count
                }
            }
            if count == 0 { return }
        }
    }

    private static func echoStream(_ listener: Int32) {
        guard isReadable(listener, within: 30_000) else { return }
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = unsafe read(descriptor, &buffer, buffer.count), count > 0 {
            var sent = 0
            while sent < count {
                let more = unsafe buffer[sent..<count].withUnsafeBytes { bytes in
                    unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                }
                guard more > 0 else { return }
                sent += more
            }
        }
    }
}
