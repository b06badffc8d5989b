import Devices
import Glibc
import Memory
import Stack
import Testing
import Wire

/// A TCP connection that the kernel opened through a TAP, with the test as its peer.
struct HandMadePeer {
    let socket: KernelSocket
    /// From the test to the kernel.
    let path: Path
    private var sequence = SequenceNumber(1001)
    private let acknowledgment: SequenceNumber
    private let pools: BufferPools

    /// Shakes hands, with a segment size of 1,400 and no other option.
    init(
        _ kernel: KernelSide, _ device: borrowing FrameDevice, isIPv4: Bool, pools: BufferPools
    ) throws {
        self.pools = pools
        socket = try kernel.socket(isIPv4, SOCK_STREAM)
        let ours = KernelSide.path(isIPv4: isIPv4, from: 9000, to: 0)
        try socket.connect(ours.source)
        let arrival = try device.await { SegmentFacts($0)?.flags.contains(.syn) == true }
        var packet = try arrived(arrival)
        completeChecksum(of: &packet)
        let syn = try #require(SegmentFacts(bytes(of: packet)))
        #expect(syn.checksumIsValid)
        path = KernelSide.path(isIPv4: isIPv4, from: 9000, to: syn.sourcePort)
        acknowledgment = syn.sequence + 1
        let answer = path.segment(
            [.syn, .ack], sequence: SequenceNumber(1000), acknowledgment: acknowledgment,
            mss: 1400)
        _ = try device.send(makePacket(answer, from: pools))
        let last = try device.await { SegmentFacts($0)?.flags == .ack } != nil
        #expect(last)
    }

    /// The next segment of the stream in a frame.
    mutating func segment(_ flags: TCPFlags, _ payload: [UInt8], _ form: ChecksumForm) -> [UInt8] {
        defer { sequence = sequence + UInt32(payload.count) }
        return path.segment(
            flags, sequence: sequence, acknowledgment: acknowledgment, payload, form)
    }

    /// Ends the connection.
    mutating func reset(_ device: borrowing FrameDevice) throws {
        _ = try device.send(makePacket(segment(.rst, [], .complete), from: pools))
    }
}
