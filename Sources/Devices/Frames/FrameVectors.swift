import CLinux
import Memory

/// What one scatter read or gather write moves, in memory of its own so that no packet allocates.
///
///     | prefix | piece | piece | … |
///
/// The prefix is a `FrameHeader`, or the length of a record.
@safe
struct FrameVectors: ~Copyable {
    /// A prefix, a packet's head and its slices.
    private static var limit: Int { 2 &+ Packet.sliceLimit }

    /// How many bytes before a record say its length.
    static var lengthCount: Int { 4 }

    /// Both live as long as the value, and it alone hands them to the kernel.
    private let vectors: UnsafeMutablePointer<clinux_vector>
    private let prefix: UnsafeMutableRawPointer
    private var count = 0
    /// How many bytes the pieces hold.
    private(set) var room = 0

    init() {
        unsafe vectors = .allocate(capacity: Self.limit)
        unsafe vectors.initialize(repeating: clinux_vector(), count: Self.limit)
        unsafe prefix = .allocate(
            byteCount: FrameHeader.byteCount,
            alignment: MemoryLayout<clinux_frame_header>.alignment)
        unsafe prefix.storeBytes(of: clinux_frame_header(), as: clinux_frame_header.self)
    }

    deinit {
        unsafe vectors.deallocate()
        unsafe prefix.deallocate()
    }

    /// What stands before the packet on devices with offloads.
    var header: FrameHeader {
        get { unsafe FrameHeader(prefix.load(as: clinux_frame_header.self)) }
        set { unsafe prefix.storeBytes(of: newValue.raw, as: clinux_frame_header.self) }
    }

    /// What stands before a record: how many bytes it has.
    var recordLength: UInt32 {
        get { unsafe UInt32(bigEndian: prefix.load(as: UInt32.self)) }
        set { unsafe prefix.storeBytes(of: newValue.bigEndian, as: UInt32.self) }
    }

    /// Lays out so many bytes of the prefix and nothing else.
    mutating func start(prefixCount: Int) {
        count = 0
        room = 0
        guard prefixCount > 0 else { return }
        unsafe vectors[0] = clinux_vector(
            bytes: prefix, count: min(prefixCount, FrameHeader.byteCount))
        count = 1
    }

    /// Lays out another piece, which must stay valid for the read or write that follows; beyond
    /// the limit it is left out, which no packet reaches.
    @unsafe
    mutating func add(_ piece: UnsafeRawBufferPointer) {
        guard count < Self.limit else { return }
        // A write only reads from it; a read is given pieces that may be written.
        unsafe vectors[count] = clinux_vector(
            bytes: UnsafeMutableRawPointer(mutating: piece.baseAddress), count: piece.count)
        count &+= 1
        room &+= piece.count
    }

    /// Reads one packet; how many bytes were there, or the negated error number.
    borrowing func read(from descriptor: Int32) -> Int {
        unsafe clinux_read_vectors(descriptor, vectors, Int32(count))
    }

    /// Writes all pieces; how many bytes went, or the negated error number.
    borrowing func write(to descriptor: Int32) -> Int {
        unsafe clinux_write_vectors(descriptor, vectors, Int32(count))
    }

    /// Sends all pieces over a connected socket; how many bytes went, or the negated error number.
    borrowing func send(to descriptor: Int32) -> Int {
        unsafe clinux_send_vectors(descriptor, nil, vectors, Int32(count))
    }

    /// Sends all pieces to a UNIX socket; how many bytes went, or the negated error number.
    borrowing func send(to descriptor: Int32, _ address: borrowing UNIXAddress) -> Int {
        unsafe clinux_send_vectors(descriptor, address.raw, vectors, Int32(count))
    }
}
