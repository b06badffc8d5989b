import CLinux
import Glibc
import Sockets

/// The memory of a calling process, which cannot be trusted to be there or to stay the same.
///
/// Every access copies (process_vm_readv(2)) and fails with EFAULT as the kernel's own would.
struct RemoteMemory {
    let thread: CInt

    /// The value of a plain C type at `address`.
    func load<Value: BitwiseCopyable>(_ type: Value.Type, at address: UInt64)
        throws(SocketError) -> Value
    {
        // A plain value of any bytes; it is filled whole or not returned.
        let value: Value? = unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) {
            let bytes = UnsafeMutableRawBufferPointer($0)
            let count = unsafe clinux_read_memory(
                thread, address, bytes.baseAddress, bytes.count)
            return unsafe count == bytes.count ? $0[0] : nil
        }
        guard let value else { throw SocketError(EFAULT) }
        return value
    }

    /// Stores a plain C value at `address`.
    func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) throws(SocketError) {
        try store(value, at: address, room: MemoryLayout<Value>.size)
    }

    /// Stores as much of a plain C value as there is room for.
    func store<Value: BitwiseCopyable>(_ value: Value, at address: UInt64, room: Int)
        throws(SocketError)
    {
        // The bytes are read during the call only.
        try unsafe withUnsafeBytes(of: value) { bytes throws(SocketError) in
            let count = min(max(room, 0), bytes.count)
            try unsafe store(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: address)
        }
    }

    private func store(_ bytes: UnsafeRawBufferPointer, at address: UInt64) throws(SocketError) {
        guard bytes.count > 0 else { return }
        let count = unsafe clinux_write_memory(thread, address, bytes.baseAddress, bytes.count)
        guard count == bytes.count else { throw SocketError(EFAULT) }
    }

    /// The `count` bytes at `address`.
    func bytes(_ count: Int, at address: UInt64) throws(SocketError) -> [UInt8] {
        guard count > 0 else { return [] }
        // The array is written during the call only, and no further than was copied.
        let thread = thread
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            let copied = unsafe clinux_read_memory(thread, address, room.baseAddress, count)
            filled = max(0, copied)
        }
        guard bytes.count == count else { throw SocketError(EFAULT) }
        return bytes
    }

    /// Stores bytes at `address`.
    func store(_ bytes: some Sequence<UInt8>, at address: UInt64) throws(SocketError) {
        let bytes = Array(bytes)
        let thread = thread
        // Read during the call only.
        let copied = unsafe bytes.withUnsafeBytes {
            unsafe $0.isEmpty ? 0 : clinux_write_memory(thread, address, $0.baseAddress, $0.count)
        }
        guard copied == bytes.count else { throw SocketError(EFAULT) }
    }

    /// A piece of the caller's memory, laid out as `iovec` is.
    typealias Piece = clinux_piece

    /// The `count` pieces of an array of `iovec` (readv(2) limits it to 1,024).
    func pieces(_ count: UInt64, at address: UInt64) throws(SocketError) -> [Piece] {
        guard count <= 1_024 else { throw SocketError(EMSGSIZE) }
        var pieces: [Piece] = []
        pieces.reserveCapacity(Int(count))
        for position in 0..<count {
            let place = address &+ position &* UInt64(MemoryLayout<Piece>.stride)
            pieces.append(try load(Piece.self, at: place))
        }
        return pieces
    }

    /// Reads all of `pieces` into `buffer`, which then holds nothing else.
    func gather(_ pieces: [Piece], into buffer: TransferBuffer) throws(SocketError) {
        let total = pieces.reduce(UInt64(0)) { $0 &+ min($1.count, UInt64(UInt32.max)) }
        guard total <= UInt64(buffer.capacity) else { throw SocketError(EMSGSIZE) }
        let count = Int(total)
        let copied = unsafe pieces.withUnsafeBufferPointer {
            // The buffer has room for `count` bytes, as was just checked.
            unsafe clinux_gather_memory(thread, $0.baseAddress, $0.count, buffer.base, count)
        }
        guard copied == count else { throw SocketError(EFAULT) }
        buffer.fill(count)
    }

    /// Stores the first `count` bytes of `buffer` over `pieces`.
    func scatter(_ count: Int, of buffer: TransferBuffer, over pieces: [Piece])
        throws(SocketError)
    {
        precondition(count <= buffer.capacity, "the buffer holds less")
        guard count > 0 else { return }
        let copied = unsafe pieces.withUnsafeBufferPointer {
            unsafe clinux_scatter_memory(thread, $0.baseAddress, $0.count, buffer.base, count)
        }
        guard copied == count else { throw SocketError(EFAULT) }
    }
}
