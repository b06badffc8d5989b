import Stack
import Wire

/// The sockets of a host as `netstat -an` lists them.
enum SocketTable {
    static let heading =
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State"

    /// The heading and a line for each socket.
    static func lines(_ sockets: [SocketEntry]) -> [String] { [heading] + sockets.map(line) }

    static func line(_ entry: SocketEntry) -> String {
        let queues = Column.right(entry.receiveQueue, 6) + " " + Column.right(entry.sendQueue, 6)
        let ends =
            Column.left(name(entry.local), 23) + " " + Column.left(name(entry.remote), 23)
        return Column.trimmed(
            Column.left(protocolName(entry), 4) + "  \(queues) \(ends) " + state(entry))
    }

    private static func protocolName(_ entry: SocketEntry) -> String {
        let name =
            switch entry.proto {
            case .tcp: "tcp"
            case .udp: "udp"
            default: "raw"
            }
        return entry.local.address.isIPv4 ? name : name + "6"
    }

    /// An address, a colon, and the port or a star.
    private static func name(_ end: SocketAddress) -> String {
        "\(end.address):\(end.port == 0 ? "*" : String(end.port))"
    }

    /// The names that Linux's tools have for the states of RFC 9293 §3.3.2.
    private static func state(_ entry: SocketEntry) -> String {
        switch entry.state {
        case nil: ""
        case .closed: "CLOSE"
        case .listen: "LISTEN"
        case .synSent: "SYN_SENT"
        case .synReceived: "SYN_RECV"
        case .established: "ESTABLISHED"
        case .finWait1: "FIN_WAIT1"
        case .finWait2: "FIN_WAIT2"
        case .closeWait: "CLOSE_WAIT"
        case .closing: "CLOSING"
        case .lastAck: "LAST_ACK"
        case .timeWait: "TIME_WAIT"
        }
    }
}
