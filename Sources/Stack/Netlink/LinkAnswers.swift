import Memory
import Wire

/// What is told of a link.
extension Host {
    func writeLink(
        _ id: InterfaceID, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) {
        let configuration = network.interfaces[id.rawValue].configuration
        let counters = network.interfaces[id.rawValue].counters
        let mtu = network.interfaces[id.rawValue].mtu
        var information = LinkMessageHeader()
        information.hardwareType = configuration.link.hardwareType
        information.index = UInt32(id.zone)
        information.flags = configuration.link.flags
        let isPromiscuous = network.taps.isPromiscuous(id)
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(LinkAttribute.name, text: configuration.name)
            writer.attribute(LinkAttribute.queueLength, UInt32(1000))
            // Up, but for links that know no down.
            let isUnknown = information.hardwareType != 1
            writer.attribute(LinkAttribute.state, UInt8(isUnknown ? 0 : 6))
            writer.attribute(LinkAttribute.mode, UInt8(0))
            writer.attribute(LinkAttribute.mtu, UInt32(mtu))
            writer.attribute(LinkAttribute.group, UInt32(0))
            writer.attribute(LinkAttribute.promiscuity, UInt32(isPromiscuous ? 1 : 0))
            writer.attribute(LinkAttribute.carrier, UInt8(1))
            writer.attribute(LinkAttribute.queueDiscipline, text: "noqueue")
            switch configuration.link {
            case .ethernet(let own):
                writer.attribute(LinkAttribute.address, own)
                writer.attribute(LinkAttribute.broadcast, MACAddress.broadcast)
            case .loopback:
                writer.attribute(LinkAttribute.address, MACAddress.zero)
                writer.attribute(LinkAttribute.broadcast, MACAddress.zero)
            case .ip: break
            }
            writer.attribute(LinkAttribute.statistics64) { writer in
                counters.forEach { writer.append($0) }
            }
            writer.attribute(LinkAttribute.statistics) { writer in
                counters.forEach { writer.append(UInt32(truncatingIfNeeded: $0)) }
            }
        }
    }
}

extension InterfaceConfiguration.Link {
    /// `ARPHRD_…`
    public var hardwareType: UInt16 {
        switch self {
        case .ethernet: 1
        case .loopback: 772
        case .ip: 65534
        }
    }

    /// `IFF_…`: up, running and with a carrier, and of which kind.
    public var flags: UInt32 {
        let always: UInt32 = 0x1_0041
        switch self {
        case .ethernet: return always | 0x1002
        case .loopback: return always | 0x8
        case .ip: return always | 0x1090
        }
    }
}

extension InterfaceCounters {
    /// In the order of `struct rtnl_link_stats64`, of which most is not counted.
    fileprivate func forEach(_ body: (UInt64) -> Void) {
        body(receivedPackets)
        body(sentPackets)
        body(receivedBytes)
        body(sentBytes)
        for _ in 0..<3 { body(0) }
        body(drops)
        for _ in 0..<16 { body(0) }
    }
}
