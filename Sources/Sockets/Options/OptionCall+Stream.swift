import Glibc
import Stack

/// Options of TCP. tcp(7).
extension OptionCall {
    func readTCP(_ host: inout Host) throws(OptionError) -> Value {
        let options = try stream(host)
        switch name {
        case TCPLevel.noDelay: return .flag(try stack(try host.noDelay(of: id)))
        case TCPLevel.maximumSegment:
            if let size = try? host.segmentSize(of: id) { return .int(Int32(size)) }
            return .int(Int32(options.maximumSegmentSize ?? 536))
        case TCPLevel.cork: return .flag(options.isCorked)
        case TCPLevel.keepIdle: return Self.seconds(options.keepaliveIdle)
        case TCPLevel.keepInterval: return Self.seconds(options.keepaliveInterval)
        case TCPLevel.keepCount: return .int(Int32(options.keepaliveProbes))
        case TCPLevel.synCount: return .int(Int32(options.synRetries))
        case TCPLevel.linger2:
            guard let timeout = options.finTimeout else { return .int(-1) }
            return Self.seconds(timeout)
        case TCPLevel.deferAccept: return Self.seconds(options.deferAccept ?? .zero)
        case TCPLevel.windowClamp: return .int(Int32(clamping: options.windowClamp))
        case TCPLevel.information:
            return .bytes(try stack(try host.streamStatistics(of: id)).bytes)
        case TCPLevel.quickAck: return .flag(options.acknowledgesAtOnce)
        case TCPLevel.congestion:
            let name = Array(Self.congestionControl.utf8)
            return .bytes(name + [UInt8](repeating: 0, count: 16 - name.count))
        case TCPLevel.userTimeout:
            return .int(Int32(clamping: (options.userTimeout ?? .zero).milliseconds))
        case TCPLevel.fastOpen: return .int(Int32(clamping: options.fastOpenBacklog))
        case TCPLevel.fastOpenConnect: return .flag(options.defersConnect)
        case TCPLevel.notSentLowWater: return .int(Int32(bitPattern: options.notSentLowWater))
        default: throw .unknown
        }
    }

    func setTCP(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        if name == TCPLevel.congestion { return try setCongestion(bytes) }
        let value = try bytes.int()
        let isOn = value != 0
        switch name {
        case TCPLevel.noDelay: try stack(try host.setNoDelay(id, isOn))
        case TCPLevel.maximumSegment:
            try check(value, in: 88...32_767, or: value == 0)
            try updateStream(&host) { $0.maximumSegmentSize = value == 0 ? nil : Int(value) }
        case TCPLevel.cork: try updateStream(&host) { $0.isCorked = isOn }
        case TCPLevel.keepIdle:
            try check(value, in: 1...32_767)
            try updateStream(&host) { $0.keepaliveIdle = .seconds(Int(value)) }
        case TCPLevel.keepInterval:
            try check(value, in: 1...32_767)
            try updateStream(&host) { $0.keepaliveInterval = .seconds(Int(value)) }
        case TCPLevel.keepCount:
            try check(value, in: 1...127)
            try updateStream(&host) { $0.keepaliveProbes = Int(value) }
        case TCPLevel.synCount:
            try check(value, in: 1...127)
            try updateStream(&host) { $0.synRetries = Int(value) }
        case TCPLevel.linger2:
            // 0 is the host's own time, and two minutes are the most.
            let own = host.streamDefaults.finTimeout
            try updateStream(&host) {
                $0.finTimeout =
                    value < 0 ? nil : value == 0 ? own : .seconds(min(Int(value), 120))
            }
        case TCPLevel.deferAccept:
            let seconds = Self.secondsOfRetries(covering: Int(value))
            try updateStream(&host) { $0.deferAccept = seconds == 0 ? nil : .seconds(seconds) }
        case TCPLevel.windowClamp:
            if value == 0, try stack(try host.isConnected(id)) { throw .invalid }
            // At least half of the smallest buffer.
            let least = UInt32(1152)
            try updateStream(&host) {
                $0.windowClamp = value == 0 ? 0 : max(UInt32(max(value, 0)), least)
            }
        case TCPLevel.quickAck:
            try updateStream(&host) { $0.acknowledgesAtOnce = isOn }
            if try stack(try host.isConnected(id)) {
                try stack(try host.setQuickAcks(id, isOn))
            }
        case TCPLevel.userTimeout:
            try check(value, in: 0...Int32.max)
            try updateStream(&host) {
                $0.userTimeout = value == 0 ? nil : .milliseconds(Int(value))
            }
        case TCPLevel.fastOpen:
            try check(value, in: 0...Int32.max)
            let isConnected = try stack(try host.isConnected(id))
            guard !isConnected else { throw .invalid }
            try updateStream(&host) { $0.fastOpenBacklog = UInt32(min(value, 4096)) }
        case TCPLevel.fastOpenConnect:
            try check(value, in: 0...1)
            let isListening = try stack(try host.isListening(id))
            let isConnected = try stack(try host.isConnected(id))
            guard !isListening, !isConnected else { throw .invalid }
            try updateStream(&host) { $0.defersConnect = isOn }
        case TCPLevel.notSentLowWater:
            try updateStream(&host) { $0.notSentLowWater = UInt32(bitPattern: value) }
        default: throw .unknown
        }
    }

    // MARK: - What they have in common

    func stream(_ host: borrowing Host) throws(OptionError) -> StreamOptions {
        do throws(StackError) {
            return try host.streamOptions(of: id)
        } catch {
            throw OptionError(error.code)
        }
    }

    func updateStream(
        _ host: inout Host, _ change: (inout StreamOptions) -> Void
    ) throws(OptionError) {
        do throws(StackError) {
            var options = try host.streamOptions(of: id)
            change(&options)
            try host.setStreamOptions(options, of: id)
        } catch {
            throw OptionError(error.code)
        }
    }

    func check(
        _ value: Int32, in range: ClosedRange<Int32>, or isAllowed: Bool = false
    ) throws(OptionError) {
        guard range.contains(value) || isAllowed else { throw .invalid }
    }

    private static func seconds(_ interval: Interval) -> Value {
        .int(Int32(clamping: interval.nanoseconds / 1_000_000_000))
    }

    /// The seconds that whole retries of a SYN-ACK take, the first after one second and each later
    /// one after twice the time, at most two minutes, until `seconds` are over.
    private static func secondsOfRetries(covering seconds: Int) -> Int {
        guard seconds > 0 else { return 0 }
        var (wait, total, count) = (1, 1, 1)
        while seconds > total, count < 255 {
            count += 1
            wait = min(wait * 2, 120)
            total += wait
        }
        return total
    }

    // MARK: - Congestion control

    /// The one algorithm that the stack has so far.
    private static let congestionControl = "reno"

    private func setCongestion(_ bytes: OptionBytes) throws(OptionError) {
        try bytes.require(1)
        let name = bytes.bytes.prefix(15).prefix { $0 != 0 }
        guard name.elementsEqual(Self.congestionControl.utf8) else { throw OptionError(ENOENT) }
    }
}
