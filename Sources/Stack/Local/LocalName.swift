/// The name of an endpoint that others on the same host connect to: 1 to 107 bytes, as the path in
/// `sockaddr_un`. It names nothing outside the host, and no file.
public struct LocalName: Hashable, Sendable, CustomStringConvertible {
    /// The name in UTF-8.
    public let bytes: [UInt8]

    /// Nil for an empty name and for one beyond 107 bytes.
    public init?(_ path: String) {
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            guard bytes.count < Self.byteLimit else { return nil }
            bytes.append(byte)
        }
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    /// Reads what follows the family in a `sockaddr_un`: a path up to its zero. Nil for none.
    public init?(sockaddr bytes: [UInt8]) {
        let path = Array(bytes.prefix { $0 != 0 })
        guard !path.isEmpty, path.count <= Self.byteLimit else { return nil }
        self.bytes = path
    }

    /// What follows the family in a `sockaddr_un`.
    public var sockaddrBytes: [UInt8] { bytes + [0] }

    static var byteLimit: Int { 107 }

    public var description: String { String(decoding: bytes, as: UTF8.self) }
}
