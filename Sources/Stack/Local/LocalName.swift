/// The name of an endpoint that others on the same host connect to, as in `sockaddr_un`: a path,
/// or, beginning with a zero byte, an abstract one. It names nothing outside the host, and no file.
public struct LocalName: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 108 bytes. Those of a path hold no zero; an abstract name is the zero byte in front
    /// and whatever follows it.
    public let bytes: [UInt8]

    /// A path. Nil for an empty one, one beyond 108 bytes, and one with a zero byte in it.
    public init?(_ path: String) {
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            guard bytes.count < Self.byteLimit, byte != 0 else { return nil }
            bytes.append(byte)
        }
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    /// An abstract name, without the zero byte in front: at most 107 bytes.
    public init?(abstract name: String) {
        var bytes: [UInt8] = [0]
        for byte in name.utf8 {
            guard bytes.count < Self.byteLimit else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// Reads what follows the family in a `sockaddr_un`, as far as its length goes: a path up to its
    /// zero byte, an abstract name as it is. Nil for none and for more than 108 bytes.
    public init?(sockaddr bytes: [UInt8]) {
        guard let first = bytes.first, bytes.count <= Self.byteLimit else { return nil }
        self.bytes = first == 0 ? bytes : Array(bytes.prefix { $0 != 0 })
    }

    /// An abstract name of five hexadecimal digits, as Linux gives one to who asks for none.
    init(automatic number: UInt32) {
        var bytes: [UInt8] = [0]
        for place in 0..<5 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt32(16 &- 4 &* place)) & 15
            bytes.append(digit < 10 ? 48 &+ digit : 87 &+ digit)
        }
        self.bytes = bytes
    }

    /// Whether it begins with a zero byte.
    public var isAbstract: Bool { bytes[0] == 0 }

    /// What follows the family in a `sockaddr_un`: the bytes, and behind a path the zero that ends
    /// it.
    public var sockaddrBytes: [UInt8] { isAbstract ? bytes : bytes + [0] }

    static var byteLimit: Int { 108 }

    /// The path, or the abstract name with `@` in front, as the system's tools show it.
    public var description: String {
        isAbstract
            ? "@" + String(decoding: bytes.dropFirst(), as: UTF8.self)
            : String(decoding: bytes, as: UTF8.self)
    }

    /// Where it stands in a table of names.
    var hash: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
