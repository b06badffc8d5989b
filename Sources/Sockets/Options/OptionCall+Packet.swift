import Glibc
import Stack

/// Options of sockets of the link. packet(7).
extension OptionCall {
    func readPacket(_ host: inout Host) throws(OptionError) -> Value {
        guard name == PacketLevel.statistics else { throw .unknown }
        let statistics = try stack(try host.takePacketStatistics(of: id))
        // Linux counts what it dropped among what came.
        let all = UInt32(truncatingIfNeeded: statistics.received &+ statistics.dropped)
        let dropped = UInt32(truncatingIfNeeded: statistics.dropped)
        return .bytes(OptionBytes.word(all) + OptionBytes.word(dropped))
    }

    /// `struct packet_mreq`: number of the interface, what is wanted of it, length of an address,
    /// address.
    func setPacket(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        guard name == PacketLevel.addMembership || name == PacketLevel.dropMembership else {
            throw .unknown
        }
        try bytes.require(16)
        let isOn = name == PacketLevel.addMembership
        let number = try bytes.int()
        guard let interface = try findInterface(number, host, or: isOn ? ENODEV : 0) else {
            throw OptionError(ENODEV)
        }
        guard (0...3).contains(bytes.half(4)), bytes.half(6) <= 8 else { throw .invalid }
        // Frames to groups are heard without being asked for.
        guard bytes.half(4) == 1 else { return }
        do throws(StackError) {
            try host.setPromiscuous(id, isOn, on: interface)
        } catch .addressNotAvailable {
            // Dropping what was not had is no error.
        } catch {
            throw OptionError(error.code)
        }
    }
}
