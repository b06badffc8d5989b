import CLinux
import Glibc
import Memory

/// The way in of a device that gives one packet a read.
struct FrameInput: ~Copyable {
    private let descriptor: Int32
    private let hasHeaders: Bool
    private var reader: PacketReader
    private var vectors = FrameVectors()
    /// Whether the last layout has all the room that it may have.
    private var hasAllRoom = false
    private var counters = DeviceCounters()

    init(_ descriptor: Int32, hasHeaders: Bool, reader: consuming PacketReader) {
        self.descriptor = descriptor
        self.hasHeaders = hasHeaders
        self.reader = reader
    }

    /// What was dropped so far, by the system too.
    mutating func totalCounters() -> DeviceCounters {
        // Zero on descriptors that keep no such count.
        counters.overruns &+= UInt64(clinux_packet_socket_drops(descriptor))
        return counters
    }

    /// The next packet; nil when none waits. Throws the error number.
    mutating func next() throws(SystemFailure) -> Packet? {
        while true {
            layOut()
            let result = vectors.read(from: descriptor)
            if result == 0 &- Int(EAGAIN) { return nil }
            guard result >= 0 else { throw SystemFailure(code: 0 &- Int32(result)) }
            if let packet = take(result &- (hasHeaders ? FrameHeader.byteCount : 0)) {
                return packet
            }
        }
    }

    /// Lays out what memory there is.
    ///
    /// Where memory is short a packet is read and dropped, since it cannot be left to the kernel
    /// without being asked for it again at once; where only chunks are, a short one still fits:
    /// an ACK that frees memory, for one.
    private mutating func layOut() {
        hasAllRoom = reader.prepare()
        // A packet without room for it goes to where the header would.
        let prefixed = hasHeaders || reader.vectorCount == 0
        vectors.start(prefixCount: prefixed ? FrameHeader.byteCount : 0)
        for number in 0..<reader.vectorCount {
            // The reader keeps it until `take`.
            unsafe vectors.add(UnsafeRawBufferPointer(reader.vector(number)))
        }
    }

    /// The packet that was read, with what stood before it; nil when it was dropped.
    private mutating func take(_ count: Int) -> Packet? {
        // What fills all room was cut off: a whole packet is shorter than what is laid out for it.
        if count >= vectors.room {
            if hasAllRoom { counters.oversized &+= 1 } else { counters.memoryDrops &+= 1 }
            return nil
        }
        guard var packet = reader.take(max(0, count)) else {
            counters.memoryDrops &+= 1
            return nil
        }
        guard hasHeaders else { return packet }
        guard let metadata = vectors.header.metadata(headCount: packet.head.count) else {
            counters.badHeaders &+= 1
            return nil
        }
        packet.metadata = metadata
        return packet
    }
}
