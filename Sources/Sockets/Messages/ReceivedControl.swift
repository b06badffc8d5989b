import Devices
import Stack
import Wire

/// Control messages of a datagram that was received, as the socket's options ask for them, in
/// Linux's bytes and order.
struct ReceivedControl {
    let options: EndpointOptions
    let family: AddressFamily
    /// When time was zero for the host, since 1970.
    let epoch: Interval

    private func has(_ detail: ReceivedDetails) -> Bool { options.details.contains(detail) }

    /// What is told beside a datagram.
    func messages(
        for datagram: Host.Datagram, _ host: borrowing Host
    ) -> [ControlMessage] {
        guard !options.details.isEmpty else { return [] }
        var messages = time(datagram.arrival)
        if has(.drops), datagram.drops > 0 {
            messages.append(
                ControlMessage(
                    level: OptionLevel.socket, type: SocketLevel.dropCount,
                    bytes: OptionBytes.word(datagram.drops)))
        }
        if family == .inet6 { messages += ipv6Messages(for: datagram) }
        if datagram.source.address.isIPv4 { messages += ipMessages(for: datagram, host) }
        return messages
    }

    /// When something arrived, where that is asked for.
    func time(_ arrival: Instant) -> [ControlMessage] {
        let time = arrival.nanoseconds &+ epoch.nanoseconds
        let (seconds, nanoseconds) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
        let type: Int32
        if has(.timestamp) {
            type = SocketLevel.timestamp
        } else if has(.newTimestamp) {
            type = SocketLevel.timestampNew
        } else if has(.nanoseconds) {
            type = SocketLevel.timestampNanoseconds
        } else if has(.newNanoseconds) {
            type = SocketLevel.timestampNanosecondsNew
        } else {
            return []
        }
        let isFine = has(.nanoseconds) || has(.newNanoseconds)
        let fraction = isFine ? nanoseconds : nanoseconds / 1000
        let bytes = OptionBytes.long(seconds) + OptionBytes.long(fraction)
        return [ControlMessage(level: OptionLevel.socket, type: type, bytes: bytes)]
    }

    private func ipMessages(
        for datagram: Host.Datagram, _ host: borrowing Host
    ) -> [ControlMessage] {
        var messages: [ControlMessage] = []
        func add(_ type: Int32, _ bytes: [UInt8]) {
            messages.append(ControlMessage(level: OptionLevel.ip, type: type, bytes: bytes))
        }
        let destination = datagram.destination.address
        if has(.packetInfo) {
            // The address that an answer would come from: to a group it is the interface's.
            let isOwn = !destination.isMulticast && host.interface(with: destination) != nil
            let own =
                isOwn ? destination : host.ownAddress(like: destination, on: datagram.interface)
            // What a host sends to itself came by the interface that has the address.
            let isLooped = datagram.interface == InterfaceID(rawValue: 0)
            let owner = isLooped ? host.interface(with: destination) : nil
            add(
                IPLevel.packetInfo,
                OptionBytes.word(UInt32((owner ?? datagram.interface).zone)) + OptionBytes.v4(own)
                    + OptionBytes.v4(destination))
        }
        if has(.timeToLive) { add(IPLevel.ttl, OptionBytes.int(Int32(datagram.timeToLive))) }
        if has(.trafficClass) { add(IPLevel.tos, [datagram.trafficClass]) }
        if has(.ipOptions), !datagram.ipOptions.isEmpty {
            add(IPLevel.receiveOptions, datagram.ipOptions)
        }
        if has(.returnOptions), !datagram.ipOptions.isEmpty {
            add(IPLevel.returnOptions, datagram.ipOptions)
        }
        if has(.destination) {
            add(
                IPLevel.receiveDestination,
                SocketName.internet(datagram.destination).bytes(for: .inet))
        }
        return messages
    }

    private func ipv6Messages(for datagram: Host.Datagram) -> [ControlMessage] {
        var messages: [ControlMessage] = []
        func add(_ type: Int32, _ bytes: [UInt8]) {
            messages.append(ControlMessage(level: OptionLevel.ipv6, type: type, bytes: bytes))
        }
        if has(.v6PacketInfo) {
            add(
                IPv6Level.packetInfo,
                OptionBytes.v6(datagram.destination.address)
                    + OptionBytes.word(UInt32(datagram.interface.zone)))
        }
        // Datagrams of IPv4 tell the rest at their own level.
        guard !datagram.source.address.isIPv4 else { return messages }
        if has(.v6HopLimit) { add(IPv6Level.hopLimit, OptionBytes.int(Int32(datagram.timeToLive))) }
        if has(.v6TrafficClass) {
            add(IPv6Level.trafficClass, OptionBytes.int(Int32(datagram.trafficClass)))
        }
        if has(.v6Destination) {
            add(
                IPv6Level.receiveDestination,
                SocketName.internet(datagram.destination).bytes(for: .inet6))
        }
        return messages
    }

    // MARK: - Errors

    /// A kept error as `MSG_ERRQUEUE` gives it: `struct sock_extended_err` and who reported it.
    func message(for error: ReportedError) -> ControlMessage {
        let isIPv4 = error.destination.address.isIPv4
        // Who found out: this host, or a message of ICMP.
        let origin: UInt8 = error.reporter == nil ? 1 : isIPv4 ? 2 : 3
        let head =
            OptionBytes.int(error.reason.code) + [origin, error.type, error.code, 0]
            + OptionBytes.word(UInt32(clamping: error.mtu)) + OptionBytes.word(0)
        let width: AddressFamily = family
        var offender = [UInt8](repeating: 0, count: width == .inet ? 16 : 28)
        if let reporter = error.reporter {
            let name = SocketAddress(
                address: reporter, port: 0,
                zone: reporter.isLinkLocal && !reporter.isIPv4 ? error.destination.zone : 0)
            offender = SocketName.internet(name).bytes(for: family)
        }
        return ControlMessage(
            level: family == .inet ? OptionLevel.ip : OptionLevel.ipv6,
            type: family == .inet ? IPLevel.receiveErrors : IPv6Level.receiveErrors,
            bytes: head + offender)
    }
}

extension HostDriver {
    /// When time was zero for the host, since 1970: of the system's time as the clock says now, of a
    /// simulation's 1970 itself.
    var epoch: Interval {
        switch time {
        case .simulated: return .zero
        case .system:
            let (seconds, nanoseconds) = WallClock.now()
            let wall = Interval.seconds(seconds) + .nanoseconds(nanoseconds)
            return wall - (MonotonicClock.now() - .zero)
        }
    }
}
