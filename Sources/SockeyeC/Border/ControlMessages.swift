import Glibc
import Sockets

/// Control messages as C lays them out: each behind a `cmsghdr` of 16 bytes (length, level, type),
/// each beginning at a multiple of 8.
enum ControlBuffer {
    private static var headerCount: Int { 16 }

    private static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }

    // MARK: - From C

    /// The messages in what a program sends.
    ///
    /// - Throws: `EINVAL` for a length that its message cannot have, `EBADF` for a descriptor that
    ///   is passed on and is none, `EFAULT`.
    static func messages(
        _ start: UnsafeMutableRawPointer?, _ count: Int
    ) throws(SocketError) -> [ControlMessage] {
        guard count > 0 else { return [] }
        guard count <= Int(CInt.max) else { throw SocketError(ENOBUFS, in: "sendmsg") }
        guard let start = unsafe start else { throw SocketError(EFAULT, in: "sendmsg") }
        let buffer = unsafe UnsafeRawBufferPointer(start: start, count: count)
        var messages: [ControlMessage] = []
        var offset = 0
        while offset + headerCount <= count {
            let length = unsafe buffer.loadUnaligned(fromByteOffset: offset, as: Int.self)
            guard length >= headerCount, length <= count - offset else {
                throw SocketError(EINVAL, in: "sendmsg")
            }
            let level = unsafe buffer.loadUnaligned(fromByteOffset: offset + 8, as: Int32.self)
            let type = unsafe buffer.loadUnaligned(fromByteOffset: offset + 12, as: Int32.self)
            let bytes = unsafe Array(buffer[offset + headerCount..<offset + length])
            messages.append(try message(level, type, bytes))
            offset += aligned(length)
        }
        return messages
    }

    private static func message(
        _ level: Int32, _ type: Int32, _ bytes: [UInt8]
    ) throws(SocketError) -> ControlMessage {
        guard level == SOL_SOCKET, type == rights else {
            return ControlMessage(level: level, type: type, bytes: bytes)
        }
        var sockets: [Socket] = []
        for place in stride(from: 0, to: bytes.count - 3, by: 4) {
            let number = (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
            let descriptor = CInt(bitPattern: number)
            guard let description = Descriptors.description(of: descriptor) else {
                throw SocketError(EBADF, in: "sendmsg")
            }
            description.settings.withLock { $0.isShared = true }
            sockets.append(try description.requireSocket())
        }
        return ControlMessage(passing: sockets)
    }

    /// `SCM_RIGHTS`
    private static var rights: Int32 { 1 }

    // MARK: - To C

    /// Writes as many of `messages` as there is room for; how many bytes, and whether something was
    /// left out.
    static func write(
        _ messages: [ControlMessage], to start: UnsafeMutableRawPointer?, _ room: Int,
        _ flags: MessageFlags
    ) throws(SocketError) -> (count: Int, isTruncated: Bool) {
        guard unsafe start != nil, room > 0 else { return (0, !messages.isEmpty) }
        var offset = 0
        var isTruncated = false
        for message in messages {
            guard room - offset >= headerCount else {
                isTruncated = true
                break
            }
            let space = room - offset - headerCount
            let (bytes, isWhole) = try content(message, space, flags)
            if !isWhole { isTruncated = true }
            // A message of descriptors is one of those that found a place, or none.
            if !message.sockets.isEmpty, bytes.isEmpty { continue }
            let written = min(bytes.count, space)
            let header =
                native(UInt64(headerCount + written))
                + native(UInt32(bitPattern: message.level))
                + native(UInt32(bitPattern: message.type))
            unsafe copy(header, to: start?.advanced(by: offset), headerCount)
            unsafe copy(bytes, to: start?.advanced(by: offset + headerCount), written)
            offset = min(room, offset + aligned(headerCount + written))
        }
        return (offset, isTruncated)
    }

    /// The bytes of a message, and whether they fit into `space`.
    private static func content(
        _ message: ControlMessage, _ space: Int, _ flags: MessageFlags
    ) throws(SocketError) -> (bytes: [UInt8], isWhole: Bool) {
        guard !message.sockets.isEmpty else {
            return (message.bytes, message.bytes.count <= space)
        }
        var bytes: [UInt8] = []
        for socket in message.sockets.prefix(space / 4) {
            do throws(SocketError) {
                let number = try Descriptors.add(
                    OpenDescription(.socket(socket), isShared: true),
                    closesOnExec: flags.contains(.closeOnExec))
                bytes += native(UInt32(bitPattern: number))
            } catch {
                // No number is left: those that follow are lost, as in the kernel.
                break
            }
        }
        return (bytes, bytes.count == 4 * message.sockets.count)
    }

    private static func native<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number(8 * $0)) }
    }
}
