import Memory

/// Families of addresses, as Linux numbers them.
public enum NetlinkFamily {
    public static var unspecified: UInt8 { 0 }
    public static var unix: UInt8 { 1 }
    public static var inet: UInt8 { 2 }
    public static var inet6: UInt8 { 10 }
    public static var packet: UInt8 { 17 }

    public static func of(_ address: IPAddress) -> UInt8 { address.isIPv4 ? inet : inet6 }

    /// Reads an address of 4 or 16 bytes; nil for other counts.
    public static func address(_ bytes: Span<UInt8>) -> IPAddress? {
        switch bytes.count {
        case 4: IPAddress(IPv4Address(bytes.uint32(at: 0)))
        case 16: IPAddress(high: bytes.uint64(at: 0), low: bytes.uint64(at: 8))
        default: nil
        }
    }
}

/// The fixed part of messages about interfaces: `struct ifinfomsg`, rtnetlink(7).
public struct LinkMessageHeader: Equatable, Sendable {
    public static var byteCount: Int { 16 }

    public var family: UInt8 = 0
    /// `ARPHRD_…`
    public var hardwareType: UInt16 = 0
    public var index: UInt32 = 0
    /// `IFF_…`
    public var flags: UInt32 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        hardwareType = bytes.littleUInt16(at: 2)
        index = bytes.littleUInt32(at: 4)
        flags = bytes.littleUInt32(at: 8)
    }

    public func write(to writer: inout NetlinkWriter) {
        writer.append(family)
        writer.append(UInt8(0))
        writer.append(hardwareType)
        writer.append(index)
        writer.append(flags)
        // The mask of changes, of which nothing is said.
        writer.append(UInt32(0))
    }
}

/// The fixed part of messages about addresses: `struct ifaddrmsg`, rtnetlink(7).
public struct AddressMessageHeader: Equatable, Sendable {
    public static var byteCount: Int { 8 }

    public var family: UInt8 = 0
    public var prefixLength: UInt8 = 0
    /// `IFA_F_…`, the low eight.
    public var flags: UInt8 = 0
    /// `RT_SCOPE_…`
    public var scope: UInt8 = 0
    public var index: UInt32 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        prefixLength = bytes[1]
        flags = bytes[2]
        scope = bytes[3]
        index = bytes.littleUInt32(at: 4)
    }

    public func write(to writer: inout NetlinkWriter) {
        writer.append(family)
        writer.append(prefixLength)
        writer.append(flags)
        writer.append(scope)
        writer.append(index)
    }
}

/// The fixed part of messages about routes: `struct rtmsg`, rtnetlink(7).
public struct RouteMessageHeader: Equatable, Sendable {
    public static var byteCount: Int { 12 }

    public var family: UInt8 = 0
    public var destinationLength: UInt8 = 0
    public var sourceLength: UInt8 = 0
    public var trafficClass: UInt8 = 0
    /// `RT_TABLE_…`
    public var table: UInt8 = 0
    /// Who made it (`RTPROT_…`).
    public var origin: UInt8 = 0
    /// `RT_SCOPE_…`
    public var scope: UInt8 = 0
    /// `RTN_…`
    public var type: UInt8 = 0
    /// `RTM_F_…`
    public var flags: UInt32 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        destinationLength = bytes[1]
        sourceLength = bytes[2]
        trafficClass = bytes[3]
        table = bytes[4]
        origin = bytes[5]
        scope = bytes[6]
        type = bytes[7]
        flags = bytes.littleUInt32(at: 8)
    }

    public func write(to writer: inout NetlinkWriter) {
        writer.append(family)
        writer.append(destinationLength)
        writer.append(sourceLength)
        writer.append(trafficClass)
        writer.append(table)
        writer.append(origin)
        writer.append(scope)
        writer.append(type)
        writer.append(flags)
    }
}

/// The fixed part of messages about neighbours: `struct ndmsg`, rtnetlink(7).
public struct NeighbourMessageHeader: Equatable, Sendable {
    public static var byteCount: Int { 12 }

    public var family: UInt8 = 0
    public var index: UInt32 = 0
    /// `NUD_…`
    public var state: UInt16 = 0
    /// `NTF_…`
    public var flags: UInt8 = 0
    /// `RTN_…`
    public var type: UInt8 = 0

    public init() {}

    /// - Throws: `.truncated`.
    public init(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count >= Self.byteCount else { throw .truncated }
        family = bytes[0]
        index = bytes.littleUInt32(at: 4)
        state = bytes.littleUInt16(at: 8)
        flags = bytes[10]
        type = bytes[11]
    }

    public func write(to writer: inout NetlinkWriter) {
        writer.append(family)
        writer.append(zeros: 3)
        writer.append(index)
        writer.append(state)
        writer.append(flags)
        writer.append(type)
    }
}
