import Memory
import Wire

extension Dissector {
    mutating func appendEthernet(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        guard bytes.count >= EthernetHeader.byteCount else { throw .ethernet }
        let payload = bytes.extracting(droppingFirst: EthernetHeader.byteCount)
        let payloadCount = count &- EthernetHeader.byteCount
        let source = bytes.macAddress(at: 6)
        let destination = bytes.macAddress(at: 0)
        let type = EtherType(rawValue: bytes.uint16(at: 12))
        switch type {
        case .ipv4, .ipv6: try appendIP(payload, count: payloadCount, to: &line)
        case .arp: try appendARP(payload, count: payloadCount, to: &line)
        default:
            line += "\(source.description) > \(destination.description), "
            if type.isLength {
                line += "802.3, length \(type.rawValue)"
            } else {
                let number = Text.hexadecimal(UInt64(type.rawValue), digits: 4)
                line += "ethertype Unknown (0x\(number)), length \(count)"
            }
        }
    }

    private func appendARP(
        _ bytes: Span<UInt8>, count: Int, to line: inout String
    ) throws(Truncation) {
        let packet: ARPPacket
        do throws(WireError) {
            packet = try ARPPacket(bytes)
        } catch {
            if error == .truncated { throw .arp }
            line += "ARP, not IPv4 over Ethernet, length \(count)"
            return
        }
        let sender = packet.senderProtocolAddress.description
        let target = packet.targetProtocolAddress.description
        switch packet.operation {
        case .request:
            line += "ARP, Request who-has \(target)"
            if packet.targetHardwareAddress != .zero {
                line += " (\(packet.targetHardwareAddress.description))"
            }
            line += " tell \(sender)"
        case .reply:
            line += "ARP, Reply \(sender) is-at \(packet.senderHardwareAddress.description)"
        default:
            line += "ARP, Unknown (\(packet.operation.rawValue))"
        }
        line += ", length \(count)"
    }
}
