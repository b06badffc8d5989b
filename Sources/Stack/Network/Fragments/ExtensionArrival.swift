import Memory
import Wire

/// Extension headers of IPv6 packets on their way in (RFC 8200 §4).
extension NetworkLayer {
    /// Processes the headers of a packet that is for this host; nil when they forbid to go on,
    /// which is counted and reported as they ask.
    mutating func readExtensions(
        of packet: borrowing Packet, on id: InterfaceID
    ) -> IPv6Extensions? {
        do throws(IPv6ExtensionError) {
            return try IPv6Extensions(head: packet.head, beyond: packet.countBehindHead)
        } catch {
            refuse(packet, error, on: id)
            return nil
        }
    }

    /// Processes what the headers of a packet for somebody else ask of routers; whether it may
    /// pass.
    mutating func readPassingOptions(of packet: borrowing Packet, on id: InterfaceID) -> Bool {
        do throws(IPv6ExtensionError) {
            _ = try IPv6Extensions(passingHead: packet.head, beyond: packet.countBehindHead)
            return true
        } catch {
            refuse(packet, error, on: id)
            return false
        }
    }

    private mutating func refuse(
        _ packet: borrowing Packet, _ error: IPv6ExtensionError, on id: InterfaceID
    ) {
        counters.count(.ipBadExtension)
        guard case .problem(let problem) = error else { return }
        sendError(.headers(problem), about: packet, on: id)
    }
}
