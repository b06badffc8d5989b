/// Why bytes are not the packet they are taken for.
public enum WireError: UInt8, Error, Sendable, CaseIterable {
    /// The header does not lie within the bytes.
    case truncated
    /// A length field is shorter than the header or reaches past the end.
    case lengthMismatch
    /// The version field is another protocol's.
    case badVersion
    /// The header length field is below the shortest header.
    case badHeaderLength
    /// The checksum is wrong. Views do not throw it: whoever verifies does.
    case badChecksum
    /// An option's length is below 2 or reaches past the end.
    case badOption
    /// Well-formed, but of a kind that is not handled here.
    case unsupported
}
