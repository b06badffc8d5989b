import Devices
import Stack

/// Filters in Linux's bytes, `struct sock_filter`, and from libpcap's language.
extension PacketFilter {
    /// Compiles an expression of libpcap, such as `tcp port 80`.
    ///
    /// - Parameter linkType: What the packets begin with: frames, or IP packets for sockets that
    ///   take what frames carry.
    /// - Throws: `EINVAL` for what is no expression.
    public init(
        _ expression: String, on linkType: CaptureFile.LinkType = .ethernet
    ) throws(SocketError) {
        let words: [UInt64]
        do throws(DeviceError) {
            words = try FilterCompiler.compile(expression, linkType)
        } catch {
            throw SocketError(error.code, in: "pcap_compile")
        }
        let bytes = words.flatMap { OptionBytes.long(Int64(bitPattern: $0)) }
        do throws(StackError) {
            try self.init(Self.instructions(in: bytes) ?? [])
        } catch {
            throw SocketError(error, in: "pcap_compile")
        }
    }

    /// The instructions that stand in `bytes`; nil unless there are eight bytes for each.
    static func instructions(in bytes: [UInt8]) -> [Instruction]? {
        guard bytes.count % 8 == 0 else { return nil }
        let reader = OptionBytes(bytes)
        return stride(from: 0, to: bytes.count, by: 8).map { place in
            Instruction(
                code: reader.half(place), jumpTrue: bytes[place + 2], jumpFalse: bytes[place + 3],
                k: reader.word(place + 4))
        }
    }

    /// Eight bytes for each instruction.
    var bytes: [UInt8] {
        instructions.flatMap { instruction in
            OptionBytes.half(instruction.code) + [instruction.jumpTrue, instruction.jumpFalse]
                + OptionBytes.word(instruction.k)
        }
    }
}
