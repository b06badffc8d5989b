import Memory
import Wire

/// What is told of neighbours.
extension Host {
    /// Writes the next neighbour of a dump; false when there is none.
    func writeNeighbour(
        _ dump: inout NetlinkDump, _ header: NetlinkHeader, _ writer: inout NetlinkWriter
    ) -> Bool {
        guard dump.stage == 0, dump.place < network.neighbours.entries.placeCount else {
            return false
        }
        let place = dump.place
        dump.place &+= 1
        guard let id = network.neighbours.entries.index(at: place) else { return true }
        let entry = neighbourEntry(id)
        let isOther =
            (dump.family == NetlinkFamily.inet || dump.family == NetlinkFamily.inet6)
            && dump.family != NetlinkFamily.of(entry.address)
        guard !isOther, dump.interface == 0 || dump.interface == UInt32(entry.interface.zone)
        else { return true }
        var information = NeighbourMessageHeader()
        information.family = NetlinkFamily.of(entry.address)
        information.index = UInt32(entry.interface.zone)
        information.state = entry.state.bits
        information.flags = entry.isRouter ? 0x80 : 0
        information.type = 1
        let (confirmed, used) = (
            network.neighbours.entries[id].confirmed, network.neighbours.entries[id].used
        )
        let probes = network.neighbours.entries[id].solicitations
        let now = network.now
        var header = header
        header.type = .newNeighbour
        writer.message(header) { writer in
            information.write(to: &writer)
            writer.attribute(NeighbourAttribute.destination, entry.address)
            if let linkAddress = entry.linkAddress {
                writer.attribute(NeighbourAttribute.linkAddress, linkAddress)
            }
            writer.attribute(NeighbourAttribute.probes, UInt32(clamping: probes))
            writer.attribute(NeighbourAttribute.cacheInformation) { writer in
                writer.append(Self.ticks(since: confirmed, now))
                writer.append(Self.ticks(since: used, now))
                writer.append(Self.ticks(since: confirmed, now))
                writer.append(UInt32(0))
            }
        }
        return true
    }

    /// Hundredths of a second, which the kernel's clock ticks in for programs.
    private static func ticks(since time: Instant, _ now: Instant) -> UInt32 {
        UInt32(clamping: max(0, (now - time).nanoseconds) / 10_000_000)
    }
}

extension NeighbourEntry.State {
    /// `NUD_…`
    fileprivate var bits: UInt16 {
        switch self {
        case .incomplete: 0x01
        case .reachable: 0x02
        case .stale: 0x04
        case .delay: 0x08
        case .probe: 0x10
        case .permanent: 0x80
        }
    }
}
