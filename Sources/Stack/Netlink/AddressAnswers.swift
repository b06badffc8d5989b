import Memory
import Wire

/// What is told of addresses.
extension Host {
    /// Writes the next address of a dump, IPv4 before IPv6; false when there is none.
    func writeAddress(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        // Stages are interfaces, once for each family.
        let count = network.interfaces.count
        guard dump.stage < 2 &* count else { return false }
        let isIPv4 = dump.stage < count
        let id = InterfaceID(rawValue: dump.stage % count)
        let family = isIPv4 ? NetlinkFamily.inet : NetlinkFamily.inet6
        let isOther =
            (dump.family == NetlinkFamily.inet || dump.family == NetlinkFamily.inet6)
            && dump.family != family
        guard !isOther, dump.interface == 0 || dump.interface == UInt32(id.zone),
            dump.place < network.interfaces[id.rawValue].addresses.count
        else {
            dump.nextStage()
            return true
        }
        let address = network.interfaces[id.rawValue].addresses[dump.place]
        if address.prefix.address.isIPv4 == isIPv4 {
            var header = header
            header.type = .newAddress
            writeAddress(address, at: dump.place, on: id, header, &writer)
        }
        dump.place &+= 1
        return true
    }

    /// - Parameter place: Where it stands among the interface's; the others of a network are
    ///   secondary.
    func writeAddress(
        _ address: InterfaceAddress, at place: Int, on id: InterfaceID, _ header: NetlinkHeader,
        _ writer: inout NetlinkWriter
    ) {
        let flags = addressFlags(address, at: place, on: id)
        let own = address.prefix.address
        var information = AddressMessageHeader()
        information.family = NetlinkFamily.of(own)
        information.prefixLength = shownLength(of: address, on: id)
        information.flags = UInt8(truncatingIfNeeded: flags)
        information.scope = own.isLoopback ? 254 : own.isLinkLocal && !own.isIPv4 ? 253 : 0
        information.index = UInt32(id.zone)
        let configuration = network.interfaces[id.rawValue].configuration
        let now = network.now
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(AddressAttribute.address, own)
            if own.isIPv4 {
                writer.attribute(AddressAttribute.local, own)
                if let everybody = address.prefix.broadcast(on: configuration.link) {
                    writer.attribute(AddressAttribute.broadcast, everybody)
                }
                writer.attribute(AddressAttribute.label, text: configuration.name)
            }
            writer.attribute(AddressAttribute.flags, flags)
            writer.attribute(AddressAttribute.cacheInformation) { writer in
                writer.append(Self.seconds(until: address.preferredUntil, now))
                writer.append(Self.seconds(until: address.validUntil, now))
                writer.append(UInt32(0))
                writer.append(UInt32(0))
            }
        }
    }

    /// All of 127/8 is the host's, whatever it was given.
    private func shownLength(of address: InterfaceAddress, on id: InterfaceID) -> UInt8 {
        let isWhole = id == NetworkLayer.loopbackID && address.prefix.address.isIPv4
        return isWhole ? min(8, address.prefix.length) : address.prefix.length
    }

    /// `IFA_F_…`
    private func addressFlags(
        _ address: InterfaceAddress, at place: Int, on id: InterfaceID
    ) -> UInt32 {
        var flags: UInt32 = address.validUntil == .never ? 0x80 : 0
        switch address.state {
        case .tentative: flags |= 0x40
        case .deprecated: flags |= 0x20
        case .duplicate: flags |= 0x08 | 0x40
        case .preferred: break
        }
        switch address.origin {
        case .temporary: flags |= 0x01
        case .stable: flags |= 0x800
        case .manual, .linkLocal: break
        }
        guard address.prefix.address.isIPv4 else { return flags }
        let count = min(place, network.interfaces[id.rawValue].addresses.count)
        for other in 0..<count
        where network.interfaces[id.rawValue].addresses[other].prefix.masked
            == address.prefix.masked
        {
            flags |= 0x01
        }
        return flags
    }

    private static func seconds(until end: Instant, _ now: Instant) -> UInt32 {
        guard end != .never else { return .max }
        guard end > now else { return 0 }
        return UInt32(clamping: (end - now).nanoseconds / 1_000_000_000)
    }

    /// Tells who wants to know of an address that came or went.
    mutating func announceAddresses() {
        while let change = network.addressChanges.popFirst() {
            let isIPv4 = change.address.prefix.address.isIPv4
            var writer = NetlinkWriter()
            let header = NetlinkHeader(type: change.isGone ? .deleteAddress : .newAddress)
            let place = network.interfaces[change.interface.rawValue].addresses.count
            writeAddress(
                change.address, at: change.isGone ? 0 : place &- 1, on: change.interface, header,
                &writer)
            netlink.announce(
                writer.bytes,
                to: isIPv4 ? NetlinkLayer.inetAddresses : NetlinkLayer.inet6Addresses)
        }
    }
}

/// An address that an interface was given or lost.
struct AddressChange {
    let address: InterfaceAddress
    let interface: InterfaceID
    let isGone: Bool
}

extension IPPrefix {
    /// The address of everybody on the network, on links that have one.
    func broadcast(on link: InterfaceConfiguration.Link) -> IPAddress? {
        guard case .ethernet = link, let v4 = address.v4, length < 31 else { return nil }
        let hosts = UInt32.max >> UInt32(length)
        return IPAddress(IPv4Address(v4.rawValue | hosts))
    }
}
