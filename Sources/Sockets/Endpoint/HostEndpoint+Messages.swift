import Glibc
import Stack
import Wire

/// Bytes and messages of a Sockeye host's sockets.
extension HostEndpoint {
    func send(_ bytes: Span<UInt8>) throws(SocketError) -> Int {
        guard case .stream = kind else { return try send(bytes, to: nil, [], []) }
        return try call("send") { (host: inout Host) throws(StackError) in
            try host.send(id, bytes)
        }
    }

    func receive(into buffer: inout MutableSpan<UInt8>) throws(SocketError) -> Int {
        guard case .stream = kind else { return try receiveMessage(into: &buffer, []).count }
        do throws(StackError) {
            return try driver.withHost { (host: inout Host) throws(StackError) in
                try host.receive(id, into: &buffer)
            }
        } catch {
            throw SocketError(error, in: "recv")
        }
    }

    func send(
        _ bytes: Span<UInt8>, to name: SocketName?, _ control: [ControlMessage],
        _ flags: MessageFlags
    ) throws(SocketError) -> Int {
        switch kind {
        case .stream:
            return try call("send") { (host: inout Host) throws(StackError) in
                flags.contains(.urgent)
                    ? try host.sendUrgent(id, bytes) : try host.send(id, bytes)
            }
        case .datagram, .raw, .icmp:
            try call("sendto") { (host: inout Host) throws(StackError) in
                var address: SocketAddress?
                switch name {
                case .internet(let target): address = target
                case nil, .unspecified: break
                default: throw .addressFamilyNotSupported
                }
                try host.send(id, bytes, to: address)
            }
        case .packet:
            try call("sendto") { (host: inout Host) throws(StackError) in
                var address: PacketAddress?
                if case .packet(let target) = name { address = target }
                try host.sendFrame(id, bytes, to: address)
            }
        case .local:
            return try sendLocal(bytes, to: name, control)
        }
        return bytes.count
    }

    func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage {
        if case .local = kind { return try receiveLocal(into: &buffer, flags) }
        do throws(StackError) {
            return try driver.withHost { (host: inout Host) throws(StackError) in
                try receive(&host, into: &buffer, flags)
            }
        } catch {
            throw SocketError(error, in: "recvmsg")
        }
    }

    private func receive(
        _ host: inout Host, into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(StackError) -> ReceivedMessage {
        switch kind {
        case .stream:
            if flags.contains(.urgent) {
                guard let byte = try host.receiveUrgent(id), buffer.count > 0 else {
                    return ReceivedMessage(count: 0)
                }
                buffer[0] = byte
                return ReceivedMessage(count: 1, flags: .urgent)
            }
            return ReceivedMessage(count: try host.receive(id, into: &buffer))
        case .datagram, .raw, .icmp:
            let datagram =
                flags.contains(.peek)
                ? try host.peekDatagram(id, into: &buffer)
                : try host.receiveDatagram(id, into: &buffer)
            return ReceivedMessage(
                count: datagram.count, fullCount: datagram.fullCount,
                source: .internet(datagram.source),
                flags: datagram.count < datagram.fullCount ? .truncated : [])
        case .packet:
            let frame = try host.receiveFrame(id, into: &buffer)
            let source = PacketAddress(
                interface: frame.interface, etherType: frame.etherType,
                address: frame.source ?? .zero)
            return ReceivedMessage(
                count: frame.count, fullCount: frame.fullCount, source: .packet(source),
                flags: frame.count < frame.fullCount ? .truncated : [])
        case .local: throw .notSupported
        }
    }

    // MARK: - Options

    func option(
        _ level: Int32, _ name: Int32, capacity: Int
    ) throws(SocketError) -> [UInt8] {
        throw SocketError(ENOPROTOOPT, in: "getsockopt")
    }

    func setOption(_ level: Int32, _ name: Int32, _ bytes: Span<UInt8>) throws(SocketError) {
        throw SocketError(ENOPROTOOPT, in: "setsockopt")
    }

    func control(_ request: UInt, _ bytes: [UInt8]) throws(SocketError) -> [UInt8] {
        throw SocketError(ENOTTY, in: "ioctl")
    }

    func takeError() throws(SocketError) -> SocketError? {
        let error = try call("getsockopt") { (host: inout Host) throws(StackError) in
            try host.takeError(of: id)
        }
        return error.map { SocketError($0, in: "getsockopt") }
    }
}
