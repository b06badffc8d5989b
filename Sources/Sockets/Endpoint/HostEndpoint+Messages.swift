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
        defer { settle() }
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
        case .stream: return try sendStream(bytes, control, flags)
        case .datagram, .raw, .icmp: try sendDatagram(bytes, to: name, control, flags)
        case .packet:
            try call("sendto") { (host: inout Host) throws(StackError) in
                var address: PacketAddress?
                if case .packet(let target) = name { address = target }
                try host.sendFrame(id, bytes, to: address)
            }
        case .local:
            return try sendLocal(bytes, to: name, control)
        case .netlink: return try sendRequests(bytes, to: name)
        }
        return bytes.count
    }

    private func sendStream(
        _ bytes: Span<UInt8>, _ control: [ControlMessage], _ flags: MessageFlags
    ) throws(SocketError) -> Int {
        for message in control where message.level == OptionLevel.socket {
            try Self.check { () throws(OptionError) in try DatagramControl.checkSocket(message) }
        }
        return try call("send") { (host: inout Host) throws(StackError) in
            if flags.contains(.urgent) { return try host.sendUrgent(id, bytes) }
            if flags.contains(.more) { return try host.sendWithMore(id, bytes) }
            return try host.send(id, bytes)
        }
    }

    private func sendDatagram(
        _ bytes: Span<UInt8>, to name: SocketName?, _ control: [ControlMessage],
        _ flags: MessageFlags
    ) throws(SocketError) {
        guard !flags.contains(.urgent) else { throw SocketError(EOPNOTSUPP, in: "sendmsg") }
        let isToIPv4 = control.isEmpty || speaksIPv4(to: name)
        let detail = try Self.check { () throws(OptionError) in
            try DatagramControl(control, flags, isToIPv4: isToIPv4)
        }
        if case .raw(let proto) = kind, family == .inet6, case .internet(let target) = name {
            // A port would be the protocol's number.
            guard target.port == 0 || target.port == UInt16(proto.rawValue) else {
                throw SocketError(EINVAL, in: "sendto")
            }
        }
        try call("sendto") { (host: inout Host) throws(StackError) in
            var address: SocketAddress?
            switch name {
            case .internet(let target): address = target
            case nil, .unspecified: break
            default: throw .addressFamilyNotSupported
            }
            try host.send(id, bytes, to: address, detail)
        }
    }

    /// Whether a datagram to `name`, or to the peer, is one of IPv4.
    private func speaksIPv4(to name: SocketName?) -> Bool {
        guard family == .inet6 else { return true }
        let target = name?.address ?? (try? remoteName)?.address
        return target?.address.isIPv4 ?? false
    }

    private static func check<Result>(
        _ body: () throws(OptionError) -> Result
    ) throws(SocketError) -> Result {
        do throws(OptionError) {
            return try body()
        } catch {
            throw SocketError(error.code, in: "sendmsg")
        }
    }

    func receiveMessage(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage {
        defer { settle() }
        if flags.contains(.errorQueue) { return try receiveError(into: &buffer) }
        if case .local = kind { return try receiveLocal(into: &buffer, flags) }
        if case .netlink = kind { return try receiveAnswer(into: &buffer, flags) }
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
                guard let byte = try host.receiveUrgent(id, ReceiveFlags(flags)),
                    buffer.count > 0
                else {
                    return ReceivedMessage(count: 0)
                }
                buffer[0] = byte
                return ReceivedMessage(count: 1, flags: .urgent)
            }
            return try receiveStream(&host, into: &buffer, flags)
        case .datagram, .raw, .icmp:
            if flags.contains(.urgent), kind != .datagram { throw .notSupported }
            let datagram: Host.Datagram
            do throws(StackError) {
                datagram = try host.receiveDatagram(id, into: &buffer, ReceiveFlags(flags))
            } catch {
                // Who would wait is told that nothing more is to come.
                guard error == .wouldBlock, !flags.contains(.dontWait),
                    try host.shutdowns(of: id).contains(.receiving)
                else { throw error }
                return ReceivedMessage(count: 0)
            }
            return ReceivedMessage(
                count: datagram.count, fullCount: datagram.fullCount,
                source: .internet(datagram.source),
                control: try received(&host).messages(for: datagram, host),
                flags: datagram.count < datagram.fullCount ? .truncated : [])
        case .packet:
            let frame =
                flags.contains(.peek)
                ? try host.peekFrame(id, into: &buffer) : try host.receiveFrame(id, into: &buffer)
            let source = PacketAddress(
                interface: frame.interface, etherType: frame.etherType,
                address: frame.source ?? .zero, direction: frame.direction)
            return ReceivedMessage(
                count: frame.count, fullCount: frame.fullCount, source: .packet(source),
                control: try received(&host).time(frame.arrival),
                flags: frame.count < frame.fullCount ? .truncated : [])
        case .local, .netlink: throw .notSupported
        }
    }

    private func receiveStream(
        _ host: inout Host, into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(StackError) -> ReceivedMessage {
        let count = try host.receive(id, into: &buffer, ReceiveFlags(flags))
        let options = try host.options(of: id)
        guard count > 0, !options.details.isDisjoint(with: .times) else {
            return ReceivedMessage(count: count)
        }
        // Of a stream the time of its last segment.
        let heard = host.now - (try host.streamStatistics(of: id).sinceHeard)
        return ReceivedMessage(count: count, control: try received(&host).time(heard))
    }

    /// What options ask to be told beside a message.
    private func received(_ host: inout Host) throws(StackError) -> ReceivedControl {
        let options = try host.options(of: id)
        let isTimed = !options.details.isDisjoint(with: .times)
        return ReceivedControl(
            options: options, family: family, epoch: isTimed ? driver.epoch : .zero)
    }

    /// Takes the error that was kept longest: what its datagram carried, whom it was meant for, and
    /// what happened. It never waits.
    private func receiveError(
        into buffer: inout MutableSpan<UInt8>
    ) throws(SocketError) -> ReceivedMessage {
        try call("recvmsg") { (host: inout Host) throws(StackError) in
            switch kind {
            case .datagram, .raw, .icmp: break
            default: throw .wouldBlock
            }
            guard let error = try host.nextError(of: id) else { throw .wouldBlock }
            let control = try received(&host)
            let count = min(error.payload.count, buffer.count)
            for index in 0..<count { buffer[index] = error.payload[index] }
            return ReceivedMessage(
                count: count, fullCount: error.payload.count,
                source: .internet(error.destination),
                control: control.time(error.arrival) + [control.message(for: error)],
                flags: count < error.payload.count ? [.truncated, .errorQueue] : .errorQueue)
        }
    }

    func takeError() throws(SocketError) -> SocketError? {
        let error = try call("getsockopt") { (host: inout Host) throws(StackError) in
            try host.takeError(of: id)
        }
        return error.map { SocketError($0, in: "getsockopt") }
    }
}

extension ReceiveFlags {
    /// What of `flags` concerns the stack.
    init(_ flags: MessageFlags) {
        self = []
        if flags.contains(.peek) { insert(.peek) }
        if flags.contains(.truncated) { insert(.discard) }
        if !flags.contains(.dontWait) { insert(.waits) }
    }
}
