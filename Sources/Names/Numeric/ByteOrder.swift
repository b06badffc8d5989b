/// Numbers between the order of the host and that of the network, the most significant byte first.
public enum ByteOrder {
    /// POSIX `htons`.
    public static func networkOrder(_ number: UInt16) -> UInt16 { number.bigEndian }
    /// POSIX `htonl`.
    public static func networkOrder(_ number: UInt32) -> UInt32 { number.bigEndian }
    /// POSIX `ntohs`.
    public static func hostOrder(_ number: UInt16) -> UInt16 { UInt16(bigEndian: number) }
    /// POSIX `ntohl`.
    public static func hostOrder(_ number: UInt32) -> UInt32 { UInt32(bigEndian: number) }
}
