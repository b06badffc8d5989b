import Glibc
import Memory
import Stack

/// The way out of a TAP device.
struct TAPOutput: ~Copyable {
    private let descriptor: Int32
    private let hasHeaders: Bool
    private var vectors = FrameVectors()

    init(_ descriptor: Int32, hasHeaders: Bool) {
        self.descriptor = descriptor
        self.hasHeaders = hasHeaders
    }

    /// Sends a frame; it comes back when the kernel has no room. Throws the error number.
    mutating func send(_ packet: consuming Packet) throws(SystemFailure) -> DeviceSendResult {
        vectors.start(withHeader: hasHeaders)
        if hasHeaders {
            guard let header = FrameHeader(describing: &packet) else {
                throw SystemFailure(code: EINVAL)
            }
            vectors.header = header
        } else {
            guard packet.metadata.segmentSize == 0 else { throw SystemFailure(code: EMSGSIZE) }
            completeChecksum(of: &packet)
        }
        for number in 0...packet.sliceCount {
            // The packet is neither changed nor given up before the call returns.
            unsafe vectors.add(packet.vector(number))
        }
        let result = vectors.write(to: descriptor)
        if result >= 0 { return .sent }
        switch 0 &- Int32(result) {
        case EAGAIN, ENOBUFS, ENOMEM: return .full(packet)
        case let code: throw SystemFailure(code: code)
        }
    }
}
