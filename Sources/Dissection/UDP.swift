import Memory
import Wire

extension Dissector {
    func appendUDP(
        _ bytes: Span<UInt8>, _ payload: TransportPayload, to line: inout String
    ) throws(Truncation) {
        guard bytes.count >= 4 else {
            line += "\(payload.source.description) > \(payload.destination.description): "
            throw .udp
        }
        let ports = (bytes.uint16(at: 0), bytes.uint16(at: 2))
        line += payload.ends(ports.0, ports.1)
        guard payload.count >= UDPHeader.byteCount else {
            line += "truncated-udp \(payload.count)"
            return
        }
        guard bytes.count >= 6 else { throw .udp }
        let length = Int(bytes.uint16(at: 4))
        guard length >= UDPHeader.byteCount else {
            line += "truncated-udplength \(length)"
            return
        }
        guard bytes.count >= UDPHeader.byteCount else { throw .udp }
        let claimed = length &- UDPHeader.byteCount
        let count = min(claimed, payload.count &- UDPHeader.byteCount)
        if ports.0 == 53 || ports.1 == 53 {
            let message = bytes.extracting(droppingFirst: UDPHeader.byteCount)
            try appendDomain(message, count: count, to: &line)
        } else if claimed > count && !payload.isFragment {
            line += "UDP, bad length \(claimed) > \(count)"
        } else {
            line += "UDP, length \(claimed)"
        }
    }
}
