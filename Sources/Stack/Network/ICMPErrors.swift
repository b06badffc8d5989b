import Memory
import Wire

/// Telling senders what became of their packets (RFC 1122 §3.2.2, RFC 1812 §4.3.2, RFC 4443 §2.4).
extension NetworkLayer {
    /// Answers a packet that was delivered here.
    mutating func sendError(_ problem: PacketProblem, about delivery: consuming Delivery) {
        let (id, cast, count) = (
            delivery.interface, delivery.cast, delivery.networkHeaderCount
        )
        guard cast == .unicast || problem.answersGroups else { return }
        var packet = delivery.packet
        packet.prepend(count)
        sendError(problem, about: packet, on: id)
    }

    /// Answers `packet`, which begins with its IP header and came in on `id`, unless no error may
    /// answer it.
    ///
    /// - Parameter reporter: In whose name; nil for the host.
    mutating func sendError(
        _ problem: PacketProblem, about packet: borrowing Packet, on id: InterfaceID,
        from reporter: IPAddress? = nil
    ) {
        guard packet.head.count > 0 else { return }
        if packet.head[0] >> 4 == 6 {
            sendICMPv6Error(problem, about: packet, on: id, from: reporter)
        } else {
            sendICMPError(problem, about: packet, on: id, from: reporter)
        }
    }

    private mutating func sendICMPError(
        _ problem: PacketProblem, about packet: borrowing Packet, on id: InterfaceID,
        from reporter: IPAddress?
    ) {
        guard let header = problem.icmp, let quoted = QuotedIPv4(packet.head),
            mayAnswer(quoted, on: id)
        else { return }
        // As much as fits into 576 bytes (RFC 1812 §4.3.2.3).
        guard
            var answer = quote(
                packet, room: 576 &- IPv4Header.byteCount &- ICMPHeader.byteCount,
                behind: ICMPHeader.byteCount)
        else { return }
        let to = IPAddress(quoted.source)
        let link = crosses(to, id) ? id : nil
        guard
            let path = path(
                to: to, from: reporter ?? ownAddress(IPAddress(quoted.destination)), on: link)
        else { return }
        var head = answer.mutableHead
        header.write(toMessage: &head)
        counters.count(.icmpErrorsSent)
        send(
            answer, along: path, from: path.source, to: to,
            SendOptions(
                proto: .icmp, trafficClass: 0xC0, dontFragment: false, interface: link))
    }

    private mutating func sendICMPv6Error(
        _ problem: PacketProblem, about packet: borrowing Packet, on id: InterfaceID,
        from reporter: IPAddress?
    ) {
        guard let header = problem.icmpv6, let quoted = QuotedIPv6(packet.head),
            mayAnswer(quoted, problem)
        else { return }
        // As much as fits into the smallest MTU (RFC 4443 §2.4 (c)).
        guard
            var answer = quote(
                packet, room: 1280 &- IPv6Header.byteCount &- ICMPv6Header.byteCount,
                behind: ICMPv6Header.byteCount)
        else { return }
        let to = IPAddress(quoted.source)
        let link = to.isLinkLocal || crosses(to, id) ? id : nil
        guard
            let path = path(
                to: to, from: reporter ?? ownAddress(IPAddress(quoted.destination)), on: link)
        else { return }
        var head = answer.mutableHead
        header.write(toMessage: &head, source: path.source.v6, destination: to.v6)
        counters.count(.icmpErrorsSent)
        send(
            answer, along: path, from: path.source, to: to,
            SendOptions(proto: .icmpv6, dontFragment: false, interface: link))
    }

    /// `address`, if it is this host's: an error about a packet that came to us comes from where
    /// it went (RFC 1122 §3.2.2, RFC 4443 §2.2).
    private func ownAddress(_ address: IPAddress) -> IPAddress? {
        interface(owning: address) == nil ? nil : address
    }

    /// A packet with room for a header and behind it up to `room` bytes of `packet`.
    private mutating func quote(
        _ packet: borrowing Packet, room: Int, behind headerCount: Int
    ) -> Packet? {
        guard icmpLimit.take(at: now) else {
            counters.count(.icmpRateLimited)
            return nil
        }
        guard var answer = pools.frame(headroom: Self.headroom &+ headerCount) else {
            counters.count(.noBuffer)
            return nil
        }
        answer.extend(min(packet.count, room))
        var target = answer.mutableHead
        _ = packet.copy(from: 0, into: &target)
        answer.prepend(headerCount)
        return answer
    }

    /// RFC 1122 §3.2.2: not about errors, not to everybody, not about later fragments, not to
    /// nobody in particular.
    private func mayAnswer(_ quoted: QuotedIPv4, on id: InterfaceID) -> Bool {
        let (source, destination) = (quoted.source, quoted.destination)
        return !quoted.isLaterFragment && !quoted.isError && !destination.isMulticast
            && !isBroadcast(IPAddress(destination), on: id) && !source.isMulticast
            && !source.isThisNetwork && !source.isBroadcast
            && !isBroadcast(IPAddress(source), on: id)
    }

    /// RFC 4443 §2.4 (e).
    private func mayAnswer(_ quoted: QuotedIPv6, _ problem: PacketProblem) -> Bool {
        !quoted.isErrorOrRedirect && !quoted.source.isMulticast && !quoted.source.isUnspecified
            && (!quoted.destination.isMulticast || problem.answersGroups)
    }
}

/// What decides whether an IPv4 packet may be answered with an error.
private struct QuotedIPv4 {
    let source: IPv4Address
    let destination: IPv4Address
    let isLaterFragment: Bool
    let isError: Bool

    init?(_ bytes: Span<UInt8>) {
        do throws(WireError) {
            let packet = try IPv4Packet(quoted: bytes)
            (source, destination) = (packet.source, packet.destination)
            isLaterFragment = packet.fragmentOffset != 0
            isError =
                packet.proto == .icmp && packet.payload.count > 0
                && ICMPType(rawValue: packet.payload[0]).isError
        } catch {
            return nil
        }
    }
}

/// What decides whether an IPv6 packet may be answered with an error.
private struct QuotedIPv6 {
    let source: IPv6Address
    let destination: IPv6Address
    let isErrorOrRedirect: Bool

    init?(_ bytes: Span<UInt8>) {
        do throws(WireError) {
            let packet = try IPv6Packet(quoted: bytes)
            (source, destination) = (packet.source, packet.destination)
            var cursor = IPv6ExtensionCursor(packet)
            while let _ = try? cursor.next() {}
            guard cursor.proto == .icmpv6, !cursor.isInsideDatagram, cursor.offset < bytes.count
            else {
                isErrorOrRedirect = false
                return
            }
            let type = ICMPv6Type(rawValue: bytes[cursor.offset])
            isErrorOrRedirect = type.isError || type == .redirect
        } catch {
            return nil
        }
    }
}
