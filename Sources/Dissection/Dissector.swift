import Memory
import Wire

/// What stands at the beginning of a packet.
public enum Framing: Sendable {
    /// An Ethernet header.
    case ethernet
    /// An IP header: on links without Ethernet.
    case ip
}

/// Turns packets into lines as `tcpdump -n` prints them.
///
/// It remembers conversations, so that sequence numbers after the handshake are relative to its
/// own; a dissector is therefore fed the packets of one capture in order.
public struct Dissector: ~Copyable {
    let framing: Framing
    var conversations = Conversations()

    public init(_ framing: Framing) { self.framing = framing }

    /// The line of a packet, without time and line end.
    ///
    /// - Parameters:
    ///   - bytes: The packet or its first bytes.
    ///   - beyond: How many bytes of it lie elsewhere, behind those.
    public mutating func line(_ bytes: Span<UInt8>, beyond: Int = 0) -> String {
        var line = ""
        let count = bytes.count &+ max(0, beyond)
        do throws(Truncation) {
            switch framing {
            case .ethernet: try appendEthernet(bytes, count: count, to: &line)
            case .ip: try appendIP(bytes, count: count, to: &line)
            }
        } catch {
            line += error.mark
        }
        return line
    }

    /// The line of a packet, without time and line end.
    public mutating func line(_ packet: borrowing Packet) -> String {
        guard packet.sliceCount > 0 else { return line(packet.head) }
        // The head of a packet with slices may end before its payload begins.
        let first = min(packet.count, Self.mergedPrefix)
        var bytes = [UInt8](repeating: 0, count: first)
        var span = bytes.mutableSpan
        _ = packet.copy(from: 0, into: &span)
        return line(bytes.span, beyond: packet.count &- first)
    }

    /// So many bytes of a packet with slices are looked at: more than headers and a line of text.
    private static var mergedPrefix: Int { 2048 }

    /// A time of day as it stands before a line: "12:34:56.789012".
    ///
    /// - Parameter nanoseconds: Since midnight; whole days are left out.
    public static func time(nanoseconds: Int64) -> String {
        let day: Int64 = 86_400_000_000_000
        let microseconds = ((nanoseconds % day + day) % day) / 1_000
        let seconds = microseconds / 1_000_000
        let clock =
            "\(Text.decimal(seconds / 3600, digits: 2)):"
            + "\(Text.decimal(seconds / 60 % 60, digits: 2)):"
            + "\(Text.decimal(seconds % 60, digits: 2))"
        return "\(clock).\(Text.decimal(microseconds % 1_000_000, digits: 6))"
    }
}
