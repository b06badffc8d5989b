/// What travels with a packet besides its bytes.
@frozen
public struct PacketMetadata: Equatable, Sendable {
    /// What is known of the transport checksum.
    @frozen
    public enum Checksum: Equatable, Sendable {
        /// Nothing: the bytes carry it, and the receiver checks it.
        case unknown
        /// The field holds the pseudo-header's sum. It is completed by summing from `start` to the
        /// packet's end and storing the complement `offset` bytes after `start`.
        case partial(start: UInt16, offset: UInt16)
        /// Somebody who can be trusted has checked it.
        case verified
    }

    public var checksum: Checksum
    /// In a merged packet the payload bytes of each segment it stands for; 0 in a plain one.
    public var segmentSize: UInt16

    @inlinable
    public init(checksum: Checksum = .unknown, segmentSize: UInt16 = 0) {
        self.checksum = checksum
        self.segmentSize = segmentSize
    }
}

/// A packet in a slot of its pool: one contiguous head, and behind it, in merged ones, up to
/// eight slices of shared chunks.
///
///     slot:  | slice table | headroom | head … | tailroom |
///     chunks:                                   | slice 0 | slice 1 | …
///
/// It has one owner and goes back to its pool when that one is done with it. Protocol headers are
/// read from and written to the head; a sender attaches slices of its queue without copying them.
@safe
@frozen
public struct Packet: ~Copyable {
    @frozen
    @usableFromInline
    enum Kind: UInt8 {
        case frame
        case control
    }

    /// A piece of a chunk behind the head.
    @frozen
    @usableFromInline
    struct Slice {
        @usableFromInline var chunk: UInt32
        @usableFromInline var offset: UInt16
        @usableFromInline var count: UInt16
    }

    /// The most slices that stand behind a head.
    @inlinable public static var sliceLimit: Int { 8 }

    @usableFromInline let state: UnsafeMutablePointer<PoolState>
    @usableFromInline let slot: UnsafeMutableRawPointer
    @usableFromInline let index: UInt32
    @usableFromInline let kind: Kind
    @usableFromInline var slices: UInt8
    @usableFromInline var start: UInt16
    @usableFromInline var end: UInt16
    @usableFromInline var behind: UInt32
    /// The segment size and checksum state.
    public var metadata: PacketMetadata

    init?(_ state: UnsafeMutablePointer<PoolState>, _ kind: Kind, headroom: Int) {
        let pool = unsafe kind == .frame ? state.pointee.frames : state.pointee.controls
        precondition(
            headroom >= 0 && headroom <= pool.stride &- BufferPools.sliceTableCount,
            "headroom beyond the slot")
        guard let index = pool.take() else { return nil }
        unsafe self.state = state
        unsafe slot = pool.address(index)
        self.index = index
        self.kind = kind
        slices = 0
        start = UInt16(truncatingIfNeeded: headroom)
        end = start
        behind = 0
        metadata = PacketMetadata()
    }

    deinit {
        for slice in 0..<Int(slices) { unsafe state.releaseChunk(table[slice].chunk) }
        let pool = unsafe kind == .frame ? state.pointee.frames : state.pointee.controls
        if pool.giveBack(index) { unsafe PoolState.lateReturn(state) }
    }

    @inlinable
    var table: UnsafeMutablePointer<Slice> {
        unsafe slot.assumingMemoryBound(to: Slice.self)
    }

    @inlinable
    var bytes: UnsafeMutableRawPointer { unsafe slot + 64 }

    @inlinable
    var capacity: Int { kind == .frame ? 2048 : 256 }

    /// All bytes: the head and the slices.
    @inlinable
    public var count: Int { Int(end &- start) &+ Int(behind) }

    /// Bytes in the slices behind the head.
    @inlinable
    public var countBehindHead: Int { Int(behind) }

    /// Free bytes in front of the head.
    @inlinable
    public var headroom: Int { Int(start) }

    /// Free bytes after the head.
    @inlinable
    public var tailroom: Int { capacity &- Int(end) }

    /// The contiguous first bytes.
    @inlinable
    public var head: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let first = unsafe UnsafePointer(
                (bytes + Int(start)).assumingMemoryBound(to: UInt8.self))
            let span = unsafe Span(_unsafeStart: first, count: Int(end &- start))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The contiguous first bytes, to be changed.
    @inlinable
    public var mutableHead: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            let first = unsafe (bytes + Int(start)).assumingMemoryBound(to: UInt8.self)
            let span = unsafe MutableSpan(_unsafeStart: first, count: Int(end &- start))
            return unsafe _overrideLifetime(span, mutating: &self)
        }
    }

    /// How many slices stand behind the head.
    @inlinable
    public var sliceCount: Int { Int(slices) }

    /// The bytes of a slice behind the head.
    ///
    /// - Precondition: `index` is at least 0 and below `sliceCount`.
    @_lifetime(borrow self)
    public func slice(_ index: Int) -> Span<UInt8> {
        let span = unsafe Span<UInt8>(_unsafeBytes: vector(index &+ 1))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Makes room for `count` bytes in front; their content is undefined.
    ///
    /// - Precondition: `count` is at most `headroom`.
    @inlinable
    public mutating func prepend(_ count: Int) {
        precondition(count >= 0 && count <= headroom, "no headroom left")
        start &-= UInt16(truncatingIfNeeded: count)
    }

    /// Makes the head `count` bytes longer; their content is undefined.
    ///
    /// - Precondition: `count` is at most `tailroom`, and there are no slices.
    @inlinable
    public mutating func extend(_ count: Int) {
        precondition(count >= 0 && count <= tailroom && slices == 0, "no room left")
        end &+= UInt16(truncatingIfNeeded: count)
    }

    /// Puts `bytes` after the head.
    ///
    /// - Precondition: They fit `tailroom`, and there are no slices.
    public mutating func append(_ bytes: Span<UInt8>) {
        let offset = head.count
        extend(bytes.count)
        var target = mutableHead
        target.write(bytes, at: offset)
    }

    /// Drops `count` bytes from the front of the head.
    ///
    /// - Precondition: The head has that many.
    @inlinable
    public mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= Int(end &- start), "the head is shorter")
        start &+= UInt16(truncatingIfNeeded: count)
    }

    /// Drops all after the first `count` bytes: link-layer padding, for one.
    public mutating func truncate(to count: Int) {
        var excess = self.count &- max(0, count)
        while excess > 0, slices > 0 {
            let last = Int(slices) &- 1
            let length = unsafe Int(table[last].count)
            if length > excess {
                unsafe table[last].count &-= UInt16(truncatingIfNeeded: excess)
                behind &-= UInt32(truncatingIfNeeded: excess)
                return
            }
            unsafe state.releaseChunk(table[last].chunk)
            slices &-= 1
            behind &-= UInt32(truncatingIfNeeded: length)
            excess &-= length
        }
        if excess > 0 { end &-= UInt16(truncatingIfNeeded: excess) }
    }

    /// Copies bytes from `offset` on into `target`, as many as there are and fit; how many.
    public func copy(from offset: Int, into target: inout MutableSpan<UInt8>) -> Int {
        var skipped = max(0, offset)
        var written = 0
        for index in 0...sliceCount {
            let piece = unsafe vector(index)
            if skipped >= piece.count {
                skipped &-= piece.count
                continue
            }
            let length = min(piece.count &- skipped, target.count &- written)
            guard length > 0 else { break }
            let source = unsafe Span<UInt8>(_unsafeBytes: piece).extracting(
                skipped..<skipped &+ length)
            target.write(source, at: written)
            written &+= length
            skipped = 0
        }
        return written
    }

    /// Attaches a piece of a chunk, which the packet holds from now on; whether there was room.
    mutating func attach(chunk: UInt32, offset: UInt16, count: UInt16) -> Bool {
        guard Int(slices) < Self.sliceLimit else { return false }
        unsafe state.retainChunk(chunk)
        unsafe (table + Int(slices)).initialize(
            to: Slice(chunk: chunk, offset: offset, count: count))
        slices &+= 1
        behind &+= UInt32(count)
        return true
    }

    /// The pieces in order, for a scatter-gather call: the head is number 0, slice 0 number 1.
    ///
    /// The memory is valid for as long as the packet lives unchanged.
    /// - Precondition: `number` is at least 0 and at most `sliceCount`.
    @unsafe
    public func vector(_ number: Int) -> UnsafeRawBufferPointer {
        precondition(number >= 0 && number <= Int(slices), "no such slice")
        if number == 0 {
            return unsafe UnsafeRawBufferPointer(
                start: bytes + Int(start), count: Int(end &- start))
        }
        let slice = unsafe table[number &- 1]
        return unsafe UnsafeRawBufferPointer(
            start: state.chunkBytes(slice.chunk) + Int(slice.offset), count: Int(slice.count))
    }
}

extension Packet: @unchecked Sendable {}
