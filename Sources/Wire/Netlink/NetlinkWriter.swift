import Memory

/// Messages being written one behind the other, with their attributes.
///
///     writer.message(header) { writer in … }
public struct NetlinkWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public var count: Int { bytes.count }

    /// Writes a message: its header, what `body` appends, and padding.
    public mutating func message(
        _ header: NetlinkHeader, _ body: (inout NetlinkWriter) -> Void
    ) {
        let start = bytes.count
        bytes.appendLittle(UInt32(0))
        bytes.appendLittle(header.type.rawValue)
        bytes.appendLittle(header.flags.rawValue)
        bytes.appendLittle(header.sequence)
        bytes.appendLittle(header.portID)
        body(&self)
        let length = UInt32(truncatingIfNeeded: bytes.count &- start)
        for place in 0..<4 {
            bytes[start &+ place] = UInt8(truncatingIfNeeded: length >> UInt32(8 &* place))
        }
        pad()
    }

    /// Writes an attribute: its header, what `body` appends, and padding.
    public mutating func attribute(_ type: UInt16, _ body: (inout NetlinkWriter) -> Void) {
        let start = bytes.count
        bytes.appendLittle(UInt16(0))
        bytes.appendLittle(type)
        body(&self)
        let length = UInt16(truncatingIfNeeded: bytes.count &- start)
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start &+ 1] = UInt8(truncatingIfNeeded: length >> 8)
        pad()
    }

    public mutating func attribute(_ type: UInt16, _ value: UInt8) {
        attribute(type) { $0.append(value) }
    }

    public mutating func attribute(_ type: UInt16, _ value: UInt32) {
        attribute(type) { $0.append(value) }
    }

    /// Four bytes or sixteen, in the order of the network.
    public mutating func attribute(_ type: UInt16, _ address: IPAddress) {
        attribute(type) { $0.append(address) }
    }

    public mutating func attribute(_ type: UInt16, _ address: MACAddress) {
        attribute(type) { writer in
            for place in 0..<6 {
                writer.append(
                    UInt8(truncatingIfNeeded: address.rawValue >> UInt64(40 &- 8 &* place)))
            }
        }
    }

    /// Text with a zero behind it.
    public mutating func attribute(_ type: UInt16, text: String) {
        attribute(type) { writer in
            for byte in text.utf8 { writer.append(byte) }
            writer.append(UInt8(0))
        }
    }

    public mutating func append(_ value: UInt8) { bytes.append(value) }
    public mutating func append(_ value: UInt16) { bytes.appendLittle(value) }
    public mutating func append(_ value: UInt32) { bytes.appendLittle(value) }
    public mutating func append(_ value: UInt64) { bytes.appendLittle(value) }

    public mutating func append(_ span: Span<UInt8>) {
        for index in 0..<span.count { bytes.append(span[index]) }
    }

    /// Zeros.
    public mutating func append(zeros count: Int) {
        for _ in 0..<count { bytes.append(0) }
    }

    /// In the order of the network.
    public mutating func append(bigEndian value: UInt16) { appendBig(UInt64(value), 2) }
    public mutating func append(bigEndian value: UInt64) { appendBig(value, 8) }

    /// Four bytes or sixteen, in the order of the network.
    public mutating func append(_ address: IPAddress) {
        if !address.isIPv4 { appendBig(address.high, 8) }
        appendBig(address.low, address.isIPv4 ? 4 : 8)
    }

    private mutating func appendBig(_ value: UInt64, _ count: Int) {
        for place in 1...count {
            bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 &* (count &- place))))
        }
    }

    private mutating func pad() {
        while bytes.count & 3 != 0 { bytes.append(0) }
    }
}
