import Glibc
import Memory

/// The way in of a TAP device.
struct TAPInput: ~Copyable {
    private let descriptor: Int32
    private let hasHeaders: Bool
    private var reader: PacketReader
    private var vectors = FrameVectors()
    private(set) var counters = TAPDevice.Counters()

    init(_ descriptor: Int32, hasHeaders: Bool, reader: consuming PacketReader) {
        self.descriptor = descriptor
        self.hasHeaders = hasHeaders
        self.reader = reader
    }

    /// The next frame; nil when none waits. Throws the error number.
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
    /// Where memory is short a frame is read and dropped, since it cannot be left to the kernel
    /// without being asked for it again at once; where only chunks are, a short frame still fits:
    /// an ACK that frees memory, for one.
    private mutating func layOut() {
        _ = reader.prepare()
        // A frame without room for it goes to where the header would.
        vectors.start(withHeader: hasHeaders || reader.vectorCount == 0)
        for number in 0..<reader.vectorCount {
            // The reader keeps it until `take`.
            unsafe vectors.add(UnsafeRawBufferPointer(reader.vector(number)))
        }
    }

    /// The packet that was read, with what stood before it; nil when it was dropped.
    private mutating func take(_ count: Int) -> Packet? {
        // What fills all room was cut off: a whole frame is shorter than what is laid out for it.
        guard count < vectors.room, var packet = reader.take(max(0, count)) else {
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
