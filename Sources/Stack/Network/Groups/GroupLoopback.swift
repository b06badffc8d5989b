import Memory
import Wire

/// What this host sends to groups and to everybody, heard by itself (RFC 1112 §7.1, §6.1).
extension NetworkLayer {
    /// Gives listeners on this host a copy of `packet`, an IP packet of ours, where it is for more
    /// than one host; whether the packet leaves the host at all.
    mutating func mayLeave(
        _ packet: borrowing Packet, to destination: IPAddress, on id: InterfaceID,
        _ options: SendOptions
    ) -> Bool {
        let isGroup = destination.isMulticast
        guard isGroup || options.loops && isBroadcast(destination, on: id) else { return true }
        // What is sent to the loopback interface comes back anyway.
        if interfaces[id.rawValue].configuration.link == .loopback { return true }
        if options.loops, !isGroup || isMember(of: destination, on: id) {
            if let copy = pools.copy(packet) {
                loop(copy, on: id)
            } else {
                counters.count(.noBuffer)
            }
        }
        // Neither with no hop to go, nor to a group of the host itself (RFC 4291 §2.7).
        guard isGroup else { return true }
        return options.timeToLive != 0 && (destination.isIPv4 || destination.multicastScope > 1)
    }
}
