/// An option of sockets: where Linux has it, and how its bytes are read and written.
///
///     try socket.setOption(.reusesAddress, true)
///     let size = try socket.option(.receiveBuffer)
public struct SocketOption<Value: Sendable>: Sendable {
    /// Such as `SOL_SOCKET` or `IPPROTO_TCP`.
    public let level: Int32
    /// Such as `SO_REUSEADDR`.
    public let name: Int32
    /// Bytes that a value has at most.
    let byteCount: Int
    /// nil for bytes that are no value.
    let decode: @Sendable ([UInt8]) -> Value?
    let encode: @Sendable (Value) -> [UInt8]

    /// - Parameters:
    ///   - byteCount: Bytes that a value has at most.
    ///   - decode: nil for bytes that are no value.
    public init(
        level: Int32, name: Int32, byteCount: Int,
        decode: @escaping @Sendable ([UInt8]) -> Value?,
        encode: @escaping @Sendable (Value) -> [UInt8]
    ) {
        self.level = level
        self.name = name
        self.byteCount = byteCount
        self.decode = decode
        self.encode = encode
    }
}
