import Wire

/// Flags of `getaddrinfo`, with the values of Linux's `<netdb.h>`.
public struct AddressFlags: OptionSet, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Without a host, addresses to listen at. `AI_PASSIVE`
    public static let passive = AddressFlags(rawValue: 0x001)
    /// The host's real name is wanted. `AI_CANONNAME`
    public static let canonicalName = AddressFlags(rawValue: 0x002)
    /// The host is an address in numbers. `AI_NUMERICHOST`
    public static let numericHost = AddressFlags(rawValue: 0x004)
    /// Where IPv6 is wanted and there is none, IPv4 mapped into it. `AI_V4MAPPED`
    public static let mappedIPv4 = AddressFlags(rawValue: 0x008)
    /// With `mappedIPv4`, both. `AI_ALL`
    public static let all = AddressFlags(rawValue: 0x010)
    /// Only families of which this machine has addresses. `AI_ADDRCONFIG`
    public static let configured = AddressFlags(rawValue: 0x020)
    /// `AI_IDN`; names must be ASCII all the same.
    public static let internationalized = AddressFlags(rawValue: 0x040)
    /// `AI_CANONIDN`; names stay ASCII all the same.
    public static let canonicalInternationalized = AddressFlags(rawValue: 0x080)
    /// The service is a number. `AI_NUMERICSERV`
    public static let numericService = AddressFlags(rawValue: 0x400)

    static let known: AddressFlags = [
        .passive, .canonicalName, .numericHost, .mappedIPv4, .all, .configured,
        .internationalized, .canonicalInternationalized, .numericService,
        // Two that once changed how IDN was read.
        AddressFlags(rawValue: 0x300),
    ]
}

/// What the addresses are for: the `hints` of `getaddrinfo`, with Linux's numbers.
public struct AddressHints: Equatable, Sendable {
    public var flags: AddressFlags
    /// `AF_UNSPEC`, `AF_INET` or `AF_INET6`.
    public var family: Int32
    /// `SOCK_STREAM` and so on, 0 for any.
    public var type: Int32
    /// `IPPROTO_TCP` and so on, 0 for any.
    public var protocolNumber: Int32

    public init(
        flags: AddressFlags = [], family: Int32 = 0, type: Int32 = 0, protocolNumber: Int32 = 0
    ) {
        self.flags = flags
        self.family = family
        self.type = type
        self.protocolNumber = protocolNumber
    }

    /// What holds without hints (glibc's `AI_DEFAULT`).
    static let standard = AddressHints(flags: [.mappedIPv4, .configured])
}

/// Linux's numbers of families and types of sockets.
public enum SocketNumber {
    /// `AF_INET`
    public static let inet: Int32 = 2
    /// `AF_INET6`
    public static let inet6: Int32 = 10
    /// `SOCK_STREAM`
    public static let stream: Int32 = 1
    /// `SOCK_DGRAM`
    public static let datagram: Int32 = 2
    /// `SOCK_RAW`
    public static let raw: Int32 = 3
    /// `SOCK_SEQPACKET`
    public static let sequenced: Int32 = 5
    /// `SOCK_DCCP`
    public static let dccp: Int32 = 6
}

/// An address to connect to or to listen at, and by which socket. POSIX `addrinfo`.
public struct AddressInformation: Hashable, Sendable {
    public var flags: AddressFlags
    /// `AF_INET` or `AF_INET6`; addresses of IPv4 in the latter are mapped ones.
    public var family: Int32
    public var type: Int32
    public var protocolNumber: Int32
    public var address: IPAddress
    /// In the host's order.
    public var port: UInt16
    /// The number of the interface where `address` is unique on a link only, else 0.
    public var scope: UInt32
    /// The host's real name, in the first of a list where it was asked for.
    public var canonicalName: String?

    public init(
        flags: AddressFlags = [], family: Int32, type: Int32, protocolNumber: Int32,
        address: IPAddress, port: UInt16, scope: UInt32 = 0, canonicalName: String? = nil
    ) {
        self.flags = flags
        self.family = family
        self.type = type
        self.protocolNumber = protocolNumber
        self.address = address
        self.port = port
        self.scope = scope
        self.canonicalName = canonicalName
    }

    /// Address, port and zone, as sockets take them.
    public var socketAddress: SocketAddress {
        SocketAddress(address: address, port: port, zone: UInt16(clamping: scope))
    }
}
