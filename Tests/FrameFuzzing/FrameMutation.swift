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
        guard frame.count >= 34, frame[12] == 8, frame[13] == 0 else { return }
        let headerCount = Int(frame[14] & 15) * 4
        let total = Int(frame[16]) << 8 | Int(frame[17])
        guard headerCount >= 20, total >= headerCount, 14 + total <= frame.count else { return }
        let transport = 14 + headerCount
        store(at: 24, in: &frame, sum: InternetChecksum(), over: 14..<transport)
        let end = 14 + total
        let count = UInt32(end - transport)
        guard let proto = field(frame[23], count) else { return }
        var sum = InternetChecksum()
        if frame[23] != IPProtocol.icmp.rawValue {
            sum.add(frame.span.extracting(26..<34))
            sum.add(UInt16(frame[23]))
            sum.add(count)
        }
        store(at: transport + proto, in: &frame, sum: sum, over: transport..<end)
    }

    /// Where a transport keeps its checksum, if `count` bytes hold it.
    private static func field(_ proto: UInt8, _ count: UInt32) -> Int? {
        switch IPProtocol(rawValue: proto) {
        case .icmp where count >= 4: 2
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
