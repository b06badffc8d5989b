import Stack

/// The interfaces of a host as `netstat -i` lists them.
enum InterfaceLines {
    static func lines(_ interfaces: [InterfaceEntry]) -> [String] {
        [
            "Sockeye Interface table",
            "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    "
                + "TX-OK TX-ERR TX-DRP TX-OVR Flg",
        ] + interfaces.map(line)
    }

    private static func line(_ entry: InterfaceEntry) -> String {
        let counters = entry.counters
        let none = Column.right(0, 6)
        return Column.left(entry.name, 15) + " " + Column.right(entry.mtu, 5) + " "
            + Column.right(counters.receivedPackets, 8) + " \(none) \(none) "
            + Column.left("0", 6) + " " + Column.right(counters.sentPackets, 8) + " \(none) "
            + Column.right(counters.drops, 6) + " \(none) " + flags(entry)
    }

    /// B: it has broadcasts; L: it is the loopback; M: it carries multicast; O: neighbours are not
    /// asked for; P: to one other end; R: it is running; U: it is up.
    private static func flags(_ entry: InterfaceEntry) -> String {
        switch entry.link {
        case .ethernet: "BMRU"
        case .ip: "MOPRU"
        case .loopback: "LRU"
        }
    }
}
