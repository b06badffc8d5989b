import Glibc
import Memory
import Stack

/// The way out of a device that takes one packet a write.
struct FrameOutput: ~Copyable {
    private let descriptor: Int32
    private let hasHeaders: Bool
    private let networkOffset: Int
    private let destination: UNIXAddress?
    private var vectors = FrameVectors()
    private(set) var counters = DeviceCounters()

    init(
        _ descriptor: Int32, hasHeaders: Bool, networkOffset: Int,
        to destination: consuming UNIXAddress?
    ) {
        self.descriptor = descriptor
        self.hasHeaders = hasHeaders
        self.networkOffset = networkOffset
        self.destination = destination
    }

    /// Sends a packet; it comes back when the system has no room. Throws the error number.
    mutating func send(_ packet: consuming Packet) throws(SystemFailure) -> DeviceSendResult {
        vectors.start(prefixCount: hasHeaders ? FrameHeader.byteCount : 0)
        if hasHeaders {
            guard let header = FrameHeader(describing: &packet, networkOffset: networkOffset)
            else { throw lose(EINVAL) }
            vectors.header = header
        } else {
            guard packet.metadata.segmentSize == 0 else { throw lose(EMSGSIZE) }
            completeChecksum(of: &packet)
        }
        for number in 0...packet.sliceCount {
            // The packet is neither changed nor given up before the call returns.
            unsafe vectors.add(packet.vector(number))
        }
        let result = write()
        if result >= 0 { return .sent }
        switch 0 &- Int32(result) {
        case EAGAIN, ENOBUFS, ENOMEM: return .full(packet)
        case let code: throw lose(code)
        }
    }

    private func write() -> Int {
        switch destination {
        case .none: vectors.write(to: descriptor)
        case .some(let address): vectors.send(to: descriptor, address)
        }
    }

    /// Counts a packet that is lost for this reason.
    private mutating func lose(_ code: Int32) -> SystemFailure {
        counters.undelivered &+= 1
        return SystemFailure(code: code)
    }
}
