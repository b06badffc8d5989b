import Memory
import Wire

/// What becomes of requests (RFC 3549 §2.3).
extension Host {
    /// Answers a datagram of requests, one after the other. What is not whole ends it, as on Linux.
    mutating func answer(_ requests: Span<UInt8>, from key: SlabIndex) {
        var offset = 0
        while requests.count &- offset >= NetlinkHeader.byteCount {
            do throws(WireError) {
                let message = try NetlinkMessage(requests.extracting(droppingFirst: offset))
                answer(message, from: key)
                offset = min(offset &+ message.alignedLength, requests.count)
            } catch {
                return
            }
        }
    }

    private mutating func answer(_ message: NetlinkMessage, from key: SlabIndex) {
        var failure: NetlinkError?
        let isRequest =
            message.flags.contains(.request)
            && message.type.rawValue >= NetlinkType.firstOfFamily
        if isRequest {
            do throws(NetlinkError) {
                switch netlink.sockets[key].proto {
                case .route: try answerRoute(message, key)
                case .diagnosis: try answerDiagnosis(message, key)
                }
                // A dump is acknowledged by its end.
                if netlink.sockets[key].dump?.sequence == message.sequence,
                    message.flags.asksForAll
                {
                    return
                }
            } catch {
                failure = error
            }
        }
        guard failure != nil || message.flags.contains(.acknowledge) else { return }
        acknowledge(message, failure, to: key)
    }

    /// Tells how a request ended: `NLMSG_ERROR`.
    private mutating func acknowledge(
        _ message: NetlinkMessage, _ failure: NetlinkError?, to key: SlabIndex
    ) {
        let isCapped = failure == nil || netlink.sockets[key].options.contains(.capsErrors)
        let header = NetlinkHeader(
            type: .error, flags: isCapped ? .capped : [], sequence: message.sequence,
            portID: netlink.sockets[key].portID)
        var writer = NetlinkWriter()
        let whole = message.whole
        let quoted = isCapped ? NetlinkHeader.byteCount : whole.count
        var quote: [UInt8] = []
        for index in 0..<quoted { quote.append(whole[index]) }
        writer.message(header) { writer in
            writer.append(0 &- (failure?.rawValue ?? 0))
            for index in quote.indices { writer.append(quote[index]) }
        }
        netlink.deliver(NetlinkDatagram(bytes: writer.bytes), to: key)
    }

    /// Begins a dump; its parts are written as they are read.
    mutating func begin(_ dump: NetlinkDump, _ key: SlabIndex) throws(NetlinkError) {
        guard netlink.sockets[key].dump == nil else { throw .busy }
        netlink.sockets[key].dump = dump
        netlink.raised.append(
            RaisedEvent(endpoint: netlink.sockets[key].endpoint, events: .readable))
    }

    /// Puts the next part of a dump into the queue, if the queue is empty.
    mutating func continueDump(_ key: SlabIndex) {
        guard netlink.sockets[key].queue.isEmpty, var dump = netlink.sockets[key].dump else {
            return
        }
        let header = NetlinkHeader(
            type: .done, flags: .multi, sequence: dump.sequence,
            portID: netlink.sockets[key].portID)
        var writer = NetlinkWriter()
        var isMore = true
        while isMore, writer.count < Self.partCount {
            switch dump.subject {
            case .links: isMore = writeLink(&dump, header, &writer)
            case .addresses: isMore = writeAddress(&dump, header, &writer)
            case .routes: isMore = writeRoute(&dump, header, &writer)
            case .neighbours: isMore = writeNeighbour(&dump, header, &writer)
            case .sockets: isMore = writeSocket(&dump, header, &writer)
            case .localSockets: isMore = writeLocalSocket(&dump, header, &writer)
            }
        }
        if isMore {
            netlink.sockets[key].dump = dump
        } else {
            writer.message(header) { $0.append(UInt32(0)) }
            netlink.sockets[key].dump = nil
        }
        _ = netlink.sockets[key].append(NetlinkDatagram(bytes: writer.bytes))
    }

    /// A part of a dump ends behind the message that passes this. With it, a part fits a page, which
    /// is what the C library reads with.
    private static var partCount: Int { 2600 }
}

/// Calls `body` with the type and the value of each attribute.
func forEachAttribute(
    _ bytes: Span<UInt8>, _ body: (UInt16, Span<UInt8>) -> Void
) throws(NetlinkError) {
    var attributes = NetlinkAttributes(bytes)
    do throws(WireError) {
        while let next = try attributes.next() { body(next.type, bytes.extracting(next.value)) }
    } catch {
        throw .invalid
    }
}

extension NetlinkFlags {
    /// Both bits of a dump, or one of them, as Linux takes it.
    var asksForAll: Bool { !isDisjoint(with: .dump) }
}
