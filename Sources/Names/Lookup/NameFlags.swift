/// Flags of `getnameinfo`, with the values of Linux's `<netdb.h>`.
public struct NameFlags: OptionSet, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The host in numbers. `NI_NUMERICHOST`
    public static let numericHost = NameFlags(rawValue: 1)
    /// The service in numbers. `NI_NUMERICSERV`
    public static let numericService = NameFlags(rawValue: 2)
    /// Hosts of this one's domain without it. `NI_NOFQDN`
    public static let shortName = NameFlags(rawValue: 4)
    /// A host without a name is an error. `NI_NAMEREQD`
    public static let nameRequired = NameFlags(rawValue: 8)
    /// The service is one over UDP. `NI_DGRAM`
    public static let datagram = NameFlags(rawValue: 16)
    /// `NI_IDN`; names stay ASCII all the same.
    public static let internationalized = NameFlags(rawValue: 32)
    /// Zones in numbers (RFC 3493 has no such flag, and glibc none; the value is that of BSD).
    public static let numericScope = NameFlags(rawValue: 0x100)

    static let known: NameFlags = [
        .numericHost, .numericService, .shortName, .nameRequired, .datagram, .internationalized,
        // Two that once changed how IDN was written.
        NameFlags(rawValue: 64 | 128), .numericScope,
    ]
}
