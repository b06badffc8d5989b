import Memory
import Wire

/// Options of IPv4 packets that are received, forwarded and answered (RFC 791 §3.1, RFC 1122
/// §3.2.1.8, RFC 1812 §5.2.4.1, §5.3.13).
extension NetworkLayer {
    func options(of packet: borrowing Packet, _ header: ArrivedIPv4) -> IPv4Options {
        IPv4Options(packet.head.extracting(IPv4Header.byteCount..<header.headerCount))
    }

    /// Whether a packet's options let it go on. Source routes do not: they lead around filters
    /// (RFC 7126 §4.3, §4.4).
    mutating func mayPass(
        optionsOf packet: borrowing Packet, _ header: ArrivedIPv4, on id: InterfaceID
    ) -> Bool {
        let options = options(of: packet, header)
        if let offset = options.malformedOffset {
            counters.count(.ipBadOption)
            sendError(.parameter(offset: Int(offset)), about: packet, on: id)
            return false
        }
        guard !options.hasSourceRoute else {
            counters.count(.ipSourceRoute)
            return false
        }
        return true
    }

    /// Leaves this host's trace in a packet that it passes on through `id`.
    func leaveTrace(
        on packet: inout Packet, _ header: ArrivedIPv4, passing id: InterfaceID, to hop: IPAddress
    ) {
        let options = options(of: packet, header)
        guard options.isRecording,
            let address = sourceAddress(for: hop, via: hop, on: id)?.v4
        else { return }
        let trace = trace(from: address, options)
        var head = packet.mutableHead
        trace.leave(inPacket: &head, headerCount: header.headerCount, options)
    }

    /// The options of an answer to a request whose options stand in `request`; nil if it needs
    /// none (RFC 1122 §3.2.2.6).
    func options(answering request: Span<UInt8>, from address: IPAddress) -> IPv4OptionList? {
        guard let address = address.v4 else { return nil }
        let asked = IPv4Options(request)
        guard asked.isRecording else { return nil }
        let list = IPv4OptionList(answering: request, leaving: trace(from: address, asked))
        return list.isEmpty ? nil : list
    }

    private func trace(from address: IPv4Address, _ options: IPv4Options) -> IPv4OptionTrace {
        let isNamed = options.prespecified.map { interface(owning: IPAddress($0)) != nil } ?? false
        return IPv4OptionTrace(
            address: address,
            time: IPv4OptionTrace.unsynchronized(milliseconds: now.nanoseconds / 1_000_000),
            isPrespecified: isNamed)
    }
}
