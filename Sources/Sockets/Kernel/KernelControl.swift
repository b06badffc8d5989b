import Devices
import Glibc
import Stack

/// Control messages as the kernel lays them out: a `cmsghdr` of 16 bytes each, everything at
/// multiples of 8.
enum KernelControl {
    private static var headerCount: Int { 16 }

    /// Appends a message with its header.
    ///
    /// - Throws: `EINVAL` for sockets that are not the kernel's.
    static func append(
        _ message: ControlMessage, to bytes: inout [UInt8]
    ) throws(SocketError) {
        var content = message.bytes
        for socket in message.sockets {
            guard let endpoint = socket.backing as? KernelEndpoint else {
                throw SocketError(EINVAL, in: "sendmsg")
            }
            content += native(UInt64(UInt32(bitPattern: endpoint.system.number)), 4)
        }
        bytes += native(UInt64(headerCount + content.count), 8)
        bytes += native(UInt64(UInt32(bitPattern: message.level)), 4)
        bytes += native(UInt64(UInt32(bitPattern: message.type)), 4)
        bytes += content
        while bytes.count % 8 != 0 { bytes.append(0) }
    }

    /// Reads messages, each with its header.
    static func messages(in bytes: [UInt8]) -> [ControlMessage] {
        var messages: [ControlMessage] = []
        var offset = 0
        while offset + headerCount <= bytes.count {
            let count = Int(clamping: number(bytes, offset, 8))
            guard count >= headerCount, count <= bytes.count - offset else { break }
            let level = Int32(truncatingIfNeeded: number(bytes, offset + 8, 4))
            let type = Int32(truncatingIfNeeded: number(bytes, offset + 12, 4))
            let content = Array(bytes[offset + headerCount..<offset + count])
            messages.append(message(level, type, content))
            offset += (count + 7) & ~7
        }
        return messages
    }

    /// Descriptors come as sockets where all of them are, else as numbers that are the program's to
    /// close.
    private static func message(
        _ level: Int32, _ type: Int32, _ content: [UInt8]
    ) -> ControlMessage {
        let plain = ControlMessage(level: level, type: type, bytes: content)
        guard level == SOL_SOCKET, type == 1 else { return plain }
        let numbers = stride(from: 0, to: content.count & ~3, by: 4).map { offset in
            CInt(truncatingIfNeeded: number(content, offset, 4))
        }
        guard numbers.allSatisfy(KernelEndpoint.isSupported) else { return plain }
        let sockets = numbers.compactMap(KernelEndpoint.socket(received:))
        return ControlMessage(passing: sockets)
    }

    /// In the machine's order, which is little-endian wherever this runs.
    private static func native(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
}
