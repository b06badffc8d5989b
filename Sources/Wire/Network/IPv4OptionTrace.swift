import Memory

/// The trace that a host leaves in the record route and timestamp options of an IPv4 packet which
/// it forwards, or answers with the same options (RFC 791 §3.1, RFC 1122 §3.2.2.6).
@frozen
public struct IPv4OptionTrace: Equatable, Sendable {
    /// The host's address as the packet's way goes on: that of the interface it leaves through.
    public var address: IPv4Address
    /// Milliseconds since midnight UT; with the highest bit set, milliseconds since whenever.
    public var time: UInt32
    /// Whether the host has the address that `IPv4Options.prespecified` names.
    public var isPrespecified: Bool

    @inlinable
    public init(address: IPv4Address, time: UInt32, isPrespecified: Bool = false) {
        self.address = address
        self.time = time
        self.isPrespecified = isPrespecified
    }

    /// A time from a clock that nobody has set, which the highest bit tells (RFC 791 §3.1).
    @inlinable
    public static func unsynchronized(milliseconds: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: milliseconds) | 0x8000_0000
    }

    /// Leaves the trace where there is room, or counts it where there is none.
    ///
    /// - Parameters:
    ///   - bytes: The options, of which `options` tells.
    ///   - options: Without a malformed one; else nothing happens.
    public func leave(in bytes: inout MutableSpan<UInt8>, _ options: IPv4Options) {
        leave(in: &bytes, options, from: 0)
    }

    /// Leaves the trace in a packet whose header is the first `headerCount` bytes of `packet`, and
    /// sums the header up again.
    public func leave(
        inPacket packet: inout MutableSpan<UInt8>, headerCount: Int, _ options: IPv4Options
    ) {
        guard options.isRecording else { return }
        leave(in: &packet, options, from: IPv4Header.byteCount)
        packet.write(0 as UInt16, at: IPv4Field.headerChecksum)
        var sum = InternetChecksum()
        sum.add(packet.span.extracting(first: headerCount))
        packet.write(sum.value, at: IPv4Field.headerChecksum)
    }

    private func leave(
        in bytes: inout MutableSpan<UInt8>, _ options: IPv4Options, from start: Int
    ) {
        guard options.malformedOffset == nil else { return }
        if let place = options.recordRoute { recordRoute(in: &bytes, at: start &+ place) }
        if let place = options.timestamp { stamp(in: &bytes, at: start &+ place) }
    }

    private func recordRoute(in bytes: inout MutableSpan<UInt8>, at place: Int) {
        let (count, pointer) = (Int(bytes[place &+ 1]), Int(bytes[place &+ 2]))
        guard pointer &+ 3 <= count else { return }
        bytes.write(address, at: place &+ pointer &- 1)
        bytes[place &+ 2] = UInt8(truncatingIfNeeded: pointer &+ 4)
    }

    private func stamp(in bytes: inout MutableSpan<UInt8>, at place: Int) {
        let (count, pointer) = (Int(bytes[place &+ 1]), Int(bytes[place &+ 2]))
        let last = bytes[place &+ 3]
        guard let form = IPv4TimestampForm(rawValue: last & 0x0F) else { return }
        guard pointer <= count else {
            // The hosts that found no room are counted in the high half.
            if form != .prespecified { bytes[place &+ 3] = last &+ 0x10 }
            return
        }
        var target = place &+ pointer &- 1
        switch form {
        case .timesOnly:
            break
        case .addressesAndTimes:
            bytes.write(address, at: target)
            target &+= 4
        case .prespecified:
            guard isPrespecified else { return }
            target &+= 4
        }
        bytes.write(time, at: target)
        bytes[place &+ 2] = UInt8(truncatingIfNeeded: pointer &+ form.entryCount)
    }
}
