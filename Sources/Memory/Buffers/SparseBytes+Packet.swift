/// Bytes that came out of order, as parts of a packet.
extension SparseBytes {
    /// How many chunks are held.
    public var chunkCount: Int {
        var count = 0
        var index = first
        while index != ChunkNode.none {
            count &+= 1
            unsafe index = state.node(index).pointee.next
        }
        return count
    }

    /// Copies the `count` bytes at `position` to the end of the head of `packet`.
    ///
    /// - Precondition: They fit its `tailroom`, it has no slices, and all of them were written.
    public func copy(from position: UInt32, count: Int, to packet: inout Packet) {
        var copied = 0
        while copied < count {
            let piece = unsafe piece(at: position &+ UInt32(truncatingIfNeeded: copied))
            let length = min(piece.count, count &- copied)
            packet.append(unsafe Span<UInt8>(_unsafeBytes: piece).extracting(first: length))
            copied &+= length
        }
    }

    /// Shares the `count` bytes at `position` with `packet`, as slices behind its head; whether
    /// there was room for all of them.
    ///
    /// - Precondition: The packet is of the same pools, and all of them were written.
    public func attach(to packet: inout Packet, from position: UInt32, count: Int) -> Bool {
        unsafe precondition(packet.state == state, "the packet is of other pools")
        var attached = 0
        while attached < count {
            let place = position &+ UInt32(truncatingIfNeeded: attached)
            let within = place & Self.gridMask
            let length = min(BufferPools.chunkCount &- Int(within), count &- attached)
            guard let index = find(place & ~Self.gridMask),
                unsafe packet.attach(
                    chunk: state.node(index).pointee.chunk,
                    offset: UInt16(truncatingIfNeeded: within),
                    count: UInt16(truncatingIfNeeded: length))
            else { return false }
            attached &+= length
        }
        return true
    }

    /// The bytes from `position` to the end of its chunk.
    private func piece(at position: UInt32) -> UnsafeRawBufferPointer {
        guard let index = find(position & ~Self.gridMask) else {
            preconditionFailure("the bytes were not written")
        }
        let within = Int(position & Self.gridMask)
        let start = unsafe state.chunkBytes(state.node(index).pointee.chunk) + within
        return unsafe UnsafeRawBufferPointer(
            start: start, count: BufferPools.chunkCount &- within)
    }
}
