import Memory

/// What an ARP packet asks or tells (RFC 826).
@frozen
public struct ARPOperation: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    @inlinable public static var request: ARPOperation { ARPOperation(rawValue: 1) }
    @inlinable public static var reply: ARPOperation { ARPOperation(rawValue: 2) }
}

/// An ARP packet for IPv4 over Ethernet where it lies (RFC 826).
///
///      0               15 16              31
///     +------------------+------------------+
///     |  hardware (1)    | protocol (0x800) |
///     +--------+---------+------------------+
///     | 6      | 4       |    operation     |
///     +--------+---------+------------------+
///     | sender hardware address (6 bytes) … |
///     | sender protocol address (4 bytes) … |
///     | target hardware address (6 bytes) … |
///     | target protocol address (4 bytes)   |
///     +-------------------------------------+
///
/// After `init` has succeeded, no accessor can fail.
@frozen
public struct ARPPacket: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// - Parameters:
    ///   - bytes: The packet, possibly followed by padding.
    ///   - beyond: How many bytes of the frame lie elsewhere, behind those.
    /// - Throws: `.truncated` below 28 bytes; `.unsupported` for other kinds of addresses;
    ///   `.lengthMismatch` when an address length is not that of its kind.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: Span<UInt8>, beyond: Int = 0) throws(WireError) {
        guard bytes.count >= ARPMessage.byteCount else { throw .truncated }
        guard bytes.uint16(at: ARPField.hardwareType) == ARPMessage.ethernet,
            bytes.uint16(at: ARPField.protocolType) == EtherType.ipv4.rawValue
        else { throw .unsupported }
        guard bytes[ARPField.hardwareLength] == 6, bytes[ARPField.protocolLength] == 4
        else { throw .lengthMismatch }
        self.bytes = bytes.extracting(first: ARPMessage.byteCount)
    }

    @inlinable public var operation: ARPOperation {
        ARPOperation(rawValue: bytes.uint16(at: ARPField.operation))
    }
    @inlinable public var senderHardwareAddress: MACAddress {
        bytes.macAddress(at: ARPField.senderHardwareAddress)
    }
    @inlinable public var senderProtocolAddress: IPv4Address {
        bytes.ipv4Address(at: ARPField.senderProtocolAddress)
    }
    @inlinable public var targetHardwareAddress: MACAddress {
        bytes.macAddress(at: ARPField.targetHardwareAddress)
    }
    @inlinable public var targetProtocolAddress: IPv4Address {
        bytes.ipv4Address(at: ARPField.targetProtocolAddress)
    }
}

/// The fields of an ARP packet for IPv4 over Ethernet, to be written (RFC 826).
@frozen
public struct ARPMessage: Equatable, Sendable {
    @inlinable public static var byteCount: Int { 28 }
    /// The hardware type (IANA, ARP Parameters).
    @inlinable static var ethernet: UInt16 { 1 }

    public var operation: ARPOperation
    public var senderHardwareAddress: MACAddress
    public var senderProtocolAddress: IPv4Address
    public var targetHardwareAddress: MACAddress
    public var targetProtocolAddress: IPv4Address

    /// The fields of `packet`.
    @inlinable
    public init(_ packet: borrowing ARPPacket) {
        self.init(
            operation: packet.operation, senderHardwareAddress: packet.senderHardwareAddress,
            senderProtocolAddress: packet.senderProtocolAddress,
            targetHardwareAddress: packet.targetHardwareAddress,
            targetProtocolAddress: packet.targetProtocolAddress)
    }

    @inlinable
    public init(
        operation: ARPOperation, senderHardwareAddress: MACAddress,
        senderProtocolAddress: IPv4Address, targetHardwareAddress: MACAddress,
        targetProtocolAddress: IPv4Address
    ) {
        self.operation = operation
        self.senderHardwareAddress = senderHardwareAddress
        self.senderProtocolAddress = senderProtocolAddress
        self.targetHardwareAddress = targetHardwareAddress
        self.targetProtocolAddress = targetProtocolAddress
    }

    /// - Precondition: `bytes` has room for `byteCount` bytes.
    public func write(to bytes: inout MutableSpan<UInt8>) {
        bytes.write(targetProtocolAddress, at: ARPField.targetProtocolAddress)
        bytes.write(targetHardwareAddress, at: ARPField.targetHardwareAddress)
        bytes.write(senderProtocolAddress, at: ARPField.senderProtocolAddress)
        bytes.write(senderHardwareAddress, at: ARPField.senderHardwareAddress)
        bytes.write(operation.rawValue, at: ARPField.operation)
        bytes.write(4 as UInt8, at: ARPField.protocolLength)
        bytes.write(6 as UInt8, at: ARPField.hardwareLength)
        bytes.write(EtherType.ipv4.rawValue, at: ARPField.protocolType)
        bytes.write(Self.ethernet, at: ARPField.hardwareType)
    }
}

/// Offsets of the fields, in bytes.
@usableFromInline
enum ARPField {
    @inlinable static var hardwareType: Int { 0 }
    @inlinable static var protocolType: Int { 2 }
    @inlinable static var hardwareLength: Int { 4 }
    @inlinable static var protocolLength: Int { 5 }
    @inlinable static var operation: Int { 6 }
    @inlinable static var senderHardwareAddress: Int { 8 }
    @inlinable static var senderProtocolAddress: Int { 14 }
    @inlinable static var targetHardwareAddress: Int { 18 }
    @inlinable static var targetProtocolAddress: Int { 24 }
}
