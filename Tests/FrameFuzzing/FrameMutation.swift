import Memory
import Stack
import Wire

/// What becomes of a frame on its way: nothing, bits turned over, a part cut off, bytes put in,
/// a length field that lies.
public enum FrameMutation {
    static func spoil(_ frame: inout [UInt8], _ choices: inout Choices) {
        guard !frame.isEmpty else { return }
        switch choices.next(below: 5) {
        case 0:
            for _ in 0...choices.next(below: 8) {
                frame[choices.next(below: frame.count)] ^= 1 << UInt8(choices.next(below: 8))
            }
        case 1:
            frame.removeLast(choices.next(below: frame.count))
        case 2:
            let place = choices.next(below: frame.count)
            let count = min(choices.next(below: 16), 1900 - min(1900, frame.count))
            frame.insert(contentsOf: [UInt8](repeating: 0, count: count), at: place)
        case 3:
            let values: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
            frame[choices.next(below: min(frame.count, 80))] = values[choices.next(below: 5)]
        default:
            let place = choices.next(below: frame.count)
            let count = min(choices.next(below: 20), frame.count - place)
            frame.removeSubrange(place..<place + count)
        }
    }

    /// Makes the checksums right, so that what is spoilt comes past them.
    public static func repair(_ frame: inout [UInt8]) {
        guard frame.count >= 34 else { return }
        switch (frame[12], frame[13]) {
        case (8, 0): repairIPv4(&frame)
        case (0x86, 0xDD): repairIPv6(&frame)
        default: break
        }
    }

    private static func repairIPv4(_ frame: inout [UInt8]) {
        let headerCount = Int(frame[14] & 15) * 4
        let total = Int(frame[16]) << 8 | Int(frame[17])
        guard headerCount >= 20, total >= headerCount, 14 + total <= frame.count else { return }
        let transport = 14 + headerCount
        store(at: 24, in: &frame, sum: InternetChecksum(), over: 14..<transport)
        let end = 14 + total
        let count = UInt32(end - transport)
        guard let place = field(frame[23], count) else { return }
        var sum = InternetChecksum()
        if ![1, 2].contains(frame[23]) {
            sum.add(frame.span.extracting(26..<34))
            sum.add(UInt16(frame[23]))
            sum.add(count)
        }
        store(at: transport + place, in: &frame, sum: sum, over: transport..<end)
    }

    /// Of a packet without extension headers, or behind one header of options.
    private static func repairIPv6(_ frame: inout [UInt8]) {
        let end = 54 + (Int(frame[18]) << 8 | Int(frame[19]))
        guard end <= frame.count, end >= 62 else { return }
        var (proto, transport) = (frame[20], 54)
        if proto == 0 || proto == 60 {
            transport += 8 + Int(frame[55]) * 8
            proto = frame[54]
        }
        guard transport < end, let place = field(proto, UInt32(end - transport)) else { return }
        var sum = InternetChecksum()
        sum.add(frame.span.extracting(22..<54))
        sum.add(UInt16(proto))
        sum.add(UInt32(end - transport))
        store(at: transport + place, in: &frame, sum: sum, over: transport..<end)
    }

    /// Where a transport keeps its checksum, if `count` bytes hold it.
    private static func field(_ proto: UInt8, _ count: UInt32) -> Int? {
        switch IPProtocol(rawValue: proto) {
        case .icmp where count >= 4: 2
        case .icmpv6 where count >= 4: 2
        case .igmp where count >= 4: 2
        case .tcp where count >= 18: TCPHeader.checksumOffset
        case .udp where count >= 8: UDPHeader.checksumOffset
        default: nil
        }
    }

    private static func store(
        at place: Int, in frame: inout [UInt8], sum: InternetChecksum, over range: Range<Int>
    ) {
        var sum = sum
        frame[place] = 0
        frame[place + 1] = 0
        sum.add(frame.span.extracting(range))
        frame[place] = UInt8(sum.value >> 8)
        frame[place + 1] = UInt8(sum.value & 255)
    }
}
