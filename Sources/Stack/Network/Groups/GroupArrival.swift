import Memory
import Wire

/// IGMP and MLD on their way in: what may be believed.
extension NetworkLayer {
    /// Takes in a message of IGMP (RFC 9776 §4, RFC 2236, RFC 1112).
    ///
    /// Messages never leave their link, and routers ask with the router alert option since version
    /// 2: what comes otherwise was forged from afar (RFC 9776 §9.1).
    mutating func acceptIGMP(_ delivery: consuming Delivery) {
        let (type, group): (IGMPType, IPAddress)
        do throws(WireError) {
            let message = try IGMPMessage(delivery.packet.head)
            (type, group) = (message.type, IPAddress(message.group))
        } catch {
            counters.count(.groupMalformed)
            return
        }
        guard igmpChecksumIsValid(delivery.packet) else {
            counters.count(.groupBadChecksum)
            return
        }
        guard delivery.timeToLive == 1 else {
            counters.count(.groupUntrusted)
            return
        }
        switch type {
        case .query:
            acceptIGMPQuery(delivery)
        case .reportV1, .reportV2:
            hearReport(of: group, on: delivery.interface)
        default:
            // Leaves and reports of version 3 are for routers; unknown types are passed over
            // (RFC 9776 §4).
            counters.count(.groupIgnored)
        }
    }

    private mutating func acceptIGMPQuery(_ delivery: consuming Delivery) {
        let query: HeardQuery
        do throws(WireError) {
            query = HeardQuery(try IGMPQuery(delivery.packet.head))
        } catch {
            counters.count(.groupMalformed)
            return
        }
        let isAboutGroup = query.group?.isMulticast ?? true
        guard isAboutGroup, query.version == 1 || hasRouterAlert(&delivery) else {
            counters.count(.groupUntrusted)
            return
        }
        take(query, on: delivery.interface, isIPv4: true)
    }

    private func igmpChecksumIsValid(_ packet: borrowing Packet) -> Bool {
        if packet.metadata.checksum != .unknown { return true }
        var sum = InternetChecksum()
        sum.add(packet.head)
        for index in 0..<packet.sliceCount { sum.add(packet.slice(index)) }
        return sum.value == 0
    }

    /// Takes in a message of MLD, whose checksum is right (RFC 9777 §5, RFC 2710 §3).
    ///
    /// It counts only from a link-local address, with a hop limit of 1 and the router alert
    /// option (RFC 9777 §6.2, RFC 2710 §5); the option of older reports is not looked for.
    mutating func acceptMulticastListener(_ delivery: consuming Delivery) {
        let (type, group): (ICMPv6Type, IPAddress)
        do throws(WireError) {
            let message = try ICMPv6Message(delivery.packet.head)
            type = message.type
            let isShort = type == .multicastListenerReportV2
            group = isShort ? .unspecifiedV6 : IPAddress(try MLDMessage(delivery.packet.head).group)
        } catch {
            counters.count(.groupMalformed)
            return
        }
        guard delivery.timeToLive == 1 else {
            counters.count(.groupUntrusted)
            return
        }
        switch type {
        case .multicastListenerQuery:
            acceptMLDQuery(delivery)
        case .multicastListenerReport:
            guard delivery.source.isLinkLocal else {
                counters.count(.groupUntrusted)
                return
            }
            hearReport(of: group, on: delivery.interface)
        default:
            counters.count(.groupIgnored)
        }
    }

    private mutating func acceptMLDQuery(_ delivery: consuming Delivery) {
        let query: HeardQuery
        do throws(WireError) {
            query = HeardQuery(try MLDQuery(delivery.packet.head))
        } catch {
            counters.count(.groupMalformed)
            return
        }
        let isAboutGroup = query.group?.isMulticast ?? true
        guard isAboutGroup, delivery.source.isLinkLocal, hasRouterAlert(&delivery) else {
            counters.count(.groupUntrusted)
            return
        }
        take(query, on: delivery.interface, isIPv4: false)
    }

    /// Whether the packet came with the router alert option (RFC 2113, RFC 2711).
    private func hasRouterAlert(_ delivery: inout Delivery) -> Bool {
        let count = delivery.networkHeaderCount
        guard delivery.packet.headroom >= count else { return false }
        delivery.packet.prepend(count)
        let hasAlert = Self.hasRouterAlert(delivery.packet.head, isIPv4: delivery.source.isIPv4)
        delivery.packet.removeFirst(count)
        return hasAlert
    }

    private static func hasRouterAlert(_ header: Span<UInt8>, isIPv4: Bool) -> Bool {
        if isIPv4 {
            guard let packet = try? IPv4Packet(quoted: header) else { return false }
            return IPv4Options(packet.options).hasRouterAlert
        }
        guard let packet = try? IPv6Packet(quoted: header) else { return false }
        return (try? IPv6Extensions(passing: packet))?.routerAlert != nil
    }
}
