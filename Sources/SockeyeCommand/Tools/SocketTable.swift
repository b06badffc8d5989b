import Stack
import Wire

/// The sockets of a host as `netstat -an` lists them.
enum SocketTable {
    static func lines(_ sockets: [SocketEntry]) -> [String] {
        let heading = row("Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State")
        return [heading] + sockets.map(line)
    }

    private static func line(_ entry: SocketEntry) -> String {
        row(
            entry.proto == .tcp ? "tcp" : "udp", String(entry.receiveQueue),
            String(entry.sendQueue), name(entry.local), name(entry.remote),
            entry.state?.name ?? "")
    }

    private static func name(_ address: SocketAddress) -> String {
        let host = address.address.isUnspecified ? "*" : address.address.description
        return "\(host):\(address.port == 0 ? "*" : String(address.port))"
    }

    private static func row(
        _ proto: String, _ receive: String, _ send: String, _ local: String, _ remote: String,
        _ state: String
    ) -> String {
        let numbers = right(receive, 6) + " " + right(send, 6)
        let line =
            left(proto, 5) + " " + numbers + " " + left(local, 22) + " " + left(remote, 22)
            + " " + state
        return String(line.reversed().drop(while: { $0 == " " }).reversed())
    }

    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
