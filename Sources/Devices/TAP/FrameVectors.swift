import CLinux
import Memory

/// What one scatter read or gather write moves, in memory of its own so that no packet allocates.
///
///     | frame header | piece | piece | … |
@safe
struct FrameVectors: ~Copyable {
    /// A frame header, a packet's head and its slices.
    private static var limit: Int { 2 &+ Packet.sliceLimit }

    /// Both live as long as the value, and it alone hands them to the kernel.
    private let vectors: UnsafeMutablePointer<clinux_vector>
    private let rawHeader: UnsafeMutablePointer<clinux_frame_header>
    private var count = 0
    /// How many bytes the pieces hold.
    private(set) var room = 0

    init() {
        unsafe vectors = .allocate(capacity: Self.limit)
        unsafe vectors.initialize(repeating: clinux_vector(), count: Self.limit)
        unsafe rawHeader = .allocate(capacity: 1)
        unsafe rawHeader.initialize(to: clinux_frame_header())
    }

    deinit {
        unsafe vectors.deallocate()
        unsafe rawHeader.deallocate()
    }

    /// What stands before the frame.
    var header: FrameHeader {
        get { unsafe FrameHeader(rawHeader.pointee) }
        set { unsafe rawHeader.pointee = newValue.raw }
    }

    /// Lays out the frame header, if there is one, and nothing else.
    mutating func start(withHeader: Bool) {
        count = 0
        room = 0
        guard withHeader else { return }
        unsafe vectors[0] = clinux_vector(bytes: rawHeader, count: FrameHeader.byteCount)
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

    /// Reads one frame; how many bytes were there, or the negated error number.
    borrowing func read(from descriptor: Int32) -> Int {
        unsafe clinux_read_vectors(descriptor, vectors, Int32(count))
    }

    /// Writes one frame; how many bytes went, or the negated error number.
    borrowing func write(to descriptor: Int32) -> Int {
        unsafe clinux_write_vectors(descriptor, vectors, Int32(count))
    }
}
