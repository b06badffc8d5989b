import Memory
import Wire

/// The urgent mechanism (RFC 9293 §3.8.5, RFC 6093), as Berkeley's and Linux's sockets have it: the
/// pointer names the number behind the last urgent byte, and that byte alone is out of band.
struct UrgentData: Sendable {
    /// What became of the byte that the peer marked.
    enum Arrival: Equatable {
        /// It was announced and has not come.
        case awaited
        case there(UInt8)
        /// The application has taken it; the mark stands until it reads on.
        case read
    }

    /// SND.UP: the number behind the last urgent byte that we send.
    var end = SequenceNumber(0)
    /// Where the peer's urgent byte stands in the stream: the mark.
    var mark = SequenceNumber(0)
    var arrival = Arrival.awaited
}

// MARK: - Sending

extension Connection {
    /// Whether urgent bytes have yet to be acknowledged.
    var isUrgent: Bool {
        flags.contains(.urgentOut) && !peculiar.isEmpty && send.una < peculiar[0].urgent.end
    }

    /// Marks the last byte of the queue as urgent, and tells the peer at once even where a window
    /// keeps the byte itself back (RFC 9293 §3.8.5).
    mutating func markUrgent(_ network: inout NetworkLayer) {
        becomePeculiar(network.tcp)
        peculiar[0].urgent.end = queueEnd
        flags.insert(.urgentOut)
        output(&network)
        if send.max < peculiar[0].urgent.end { sendAck(&network) }
    }

    /// The urgent pointer of a segment at `sequence`, nil where there is nothing urgent behind it.
    mutating func urgentPointer(at sequence: SequenceNumber) -> UInt16? {
        guard isUrgent else {
            flags.remove(.urgentOut)
            return nil
        }
        let distance = sequence.distance(to: peculiar[0].urgent.end)
        if distance <= 0 { return nil }
        if distance <= 0xFFFF { return UInt16(truncatingIfNeeded: distance) }
        // Too far to be named. A pointer to less is right only if a later segment moves it on
        // before the byte that it names has come.
        return sequence.distance(to: send.nxt) < 0xFFFF ? 0xFFFF : nil
    }
}

// MARK: - Receiving

extension Connection {
    /// The number of the first byte that the application has not read.
    private var readStart: SequenceNumber {
        let fin = flags.contains(.finReceived) ? 1 : 0
        return receive.nxt.advanced(by: -receiveQueue.count &- fin)
    }

    /// Heeds the urgent pointer, and takes the byte that it named once it comes (RFC 9293
    /// §3.10.7.4, sixth).
    mutating func acceptUrgent(
        _ segment: ArrivingSegment, of packet: borrowing Packet, _ network: inout NetworkLayer
    ) {
        guard state.mayReceive else { return }
        if segment.flags.contains(.urg) { heedPointer(of: segment, network.tcp) }
        guard flags.contains(.urgentAwaited) else { return }
        let mark = peculiar[0].urgent.mark
        let place = segment.sequence.distance(to: mark)
        guard place >= 0, place < segment.textCount, mark < receive.edge else { return }
        var byte = InlineArray<1, UInt8>(repeating: 0)
        var span = byte.mutableSpan
        guard packet.copy(from: segment.textOffset &+ place, into: &span) == 1 else { return }
        peculiar[0].urgent.arrival = .there(byte[0])
        flags.remove(.urgentAwaited)
        events.insert(.priority)
    }

    private mutating func heedPointer(
        of segment: ArrivingSegment, _ configuration: TCPConfiguration
    ) {
        // It points behind the urgent byte; 0 is taken to mean the first, as on Linux.
        let mark = segment.sequence.advanced(by: max(0, Int(segment.urgentPointer) &- 1))
        // What has come already cannot become urgent, and a mark moves forward only.
        guard mark >= receive.nxt else { return }
        if flags.contains(.urgentIn) {
            guard mark > peculiar[0].urgent.mark else { return }
            // An earlier urgent byte at the front that nobody took does not return to the stream.
            if isAtMark, !flags.contains(.urgentInline), !receiveQueue.isEmpty {
                receiveQueue.removeFirst(1)
            }
        }
        becomePeculiar(configuration)
        peculiar[0].urgent.mark = mark
        peculiar[0].urgent.arrival = .awaited
        flags.formUnion([.urgentIn, .urgentAwaited])
        events.insert(.priority)
    }

    /// Whether the next byte to be read is the marked one.
    var isAtMark: Bool { flags.contains(.urgentIn) && readStart == peculiar[0].urgent.mark }

    /// How many bytes lie before the mark and can be read in one go; all where it is behind them.
    var countBeforeMark: Int {
        guard flags.contains(.urgentIn) else { return receiveQueue.count }
        let distance = readStart.distance(to: peculiar[0].urgent.mark)
        return distance < 0 ? receiveQueue.count : min(distance, receiveQueue.count)
    }

    /// How many bytes can be read at least once: the urgent one at the front is not one of them.
    var receivableCount: Int {
        guard flags.contains(.urgentIn) else { return receiveQueue.count }
        guard isAtMark else { return countBeforeMark }
        return flags.contains(.urgentInline)
            ? receiveQueue.count : max(0, receiveQueue.count &- 1)
    }

    /// Whether the urgent byte has come and was not taken.
    var holdsUrgent: Bool {
        guard flags.contains(.urgentIn) else { return false }
        if case .there = peculiar[0].urgent.arrival { return true }
        return false
    }

    /// A read that begins at the mark passes it: the urgent byte is left out, unless it is to stay
    /// in line.
    mutating func passMark() {
        guard isAtMark, !receiveQueue.isEmpty else { return }
        if !flags.contains(.urgentInline) { receiveQueue.removeFirst(1) }
        flags.subtract([.urgentIn, .urgentAwaited])
    }

    /// Takes the urgent byte out of band, or looks at it.
    ///
    /// - Throws: `.invalidArgument` when there is none, or it stays in line; `.wouldBlock` when it
    ///   was announced and has not come.
    mutating func takeUrgent(isPeek: Bool) throws(StackError) -> UInt8 {
        guard flags.contains(.urgentIn), !flags.contains(.urgentInline) else {
            throw .invalidArgument
        }
        switch peculiar[0].urgent.arrival {
        case .read: throw .invalidArgument
        case .awaited: throw .wouldBlock
        case .there(let byte):
            if !isPeek { peculiar[0].urgent.arrival = .read }
            return byte
        }
    }
}
