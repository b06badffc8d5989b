import Memory

/// The kinds of IPv4 options, with the copied flag and the class that are part of the number
/// (RFC 791 §3.1; numbers: IANA, IP Option Numbers).
@frozen
public struct IPv4OptionKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var end: Self { Self(rawValue: 0) }
    @inlinable public static var noOperation: Self { Self(rawValue: 1) }
    @inlinable public static var recordRoute: Self { Self(rawValue: 7) }
    @inlinable public static var timestamp: Self { Self(rawValue: 68) }
    @inlinable public static var looseSourceRoute: Self { Self(rawValue: 131) }
    @inlinable public static var strictSourceRoute: Self { Self(rawValue: 137) }
    /// RFC 2113.
    @inlinable public static var routerAlert: Self { Self(rawValue: 148) }
}

/// What the options of an IPv4 packet ask of whoever receives or forwards it.
@frozen
public struct IPv4Options: Equatable, Sendable {
    /// Whether the sender prescribes the route; such packets are dropped by default
    /// (RFC 7126 §4.3 and §4.4).
    public private(set) var hasSourceRoute = false
    /// Whether routers should look at the packet (RFC 2113).
    public private(set) var hasRouterAlert = false
    /// Where the first option of an impossible length stands, in bytes from the start of the IP
    /// header: the pointer of a parameter problem (RFC 1122 §3.2.2.5).
    public private(set) var malformedOffset: UInt8?

    /// Reads the options up to the first malformed one; no bytes are refused.
    ///
    /// - Parameter bytes: What stands between the fixed header and the payload.
    public init(_ bytes: Span<UInt8>) {
        var cursor = OptionCursor(bytes)
        do throws(WireError) {
            while let field = try cursor.next() {
                switch IPv4OptionKind(rawValue: field.kind) {
                case .looseSourceRoute, .strictSourceRoute: hasSourceRoute = true
                case .routerAlert: hasRouterAlert = true
                default: break
                }
            }
        } catch {
            malformedOffset = UInt8(truncatingIfNeeded: IPv4Header.byteCount &+ cursor.offset)
        }
    }
}
