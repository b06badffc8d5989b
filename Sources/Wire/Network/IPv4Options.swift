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

    /// Whether every fragment carries the option, or the first alone.
    @inlinable public var isCopied: Bool { rawValue & 0x80 != 0 }
}

/// What the options of an IPv4 packet ask of whoever receives or forwards it.
///
/// Security, stream identifiers and whatever is unknown ask nothing (RFC 1122 §3.2.1.8).
@frozen
public struct IPv4Options: Equatable, Sendable {
    /// Whether the sender prescribes the route; such packets are dropped by default
    /// (RFC 7126 §4.3 and §4.4).
    public private(set) var hasSourceRoute = false
    /// Whether routers should look at the packet (RFC 2113).
    public private(set) var hasRouterAlert = false
    /// Where the record route option stands, in bytes from the start of the options.
    public private(set) var recordRoute: Int?
    /// Where the timestamp option stands, from the same start.
    public private(set) var timestamp: Int?
    /// Whose timestamp the timestamp option asks for next; nil if it asks everyone's or is full.
    public private(set) var prespecified: IPv4Address?
    /// Which byte is wrong, from the start of the IP header: the pointer of a parameter problem
    /// (RFC 1122 §3.2.2.5). Nil when all options are right.
    public private(set) var malformedOffset: UInt8?

    /// Whether the packet's header changes at every host it passes.
    public var isRecording: Bool { recordRoute != nil || timestamp != nil }

    /// Reads the options up to the first malformed one; no bytes are refused.
    ///
    /// - Parameter bytes: What stands between the fixed header and the payload.
    public init(_ bytes: Span<UInt8>) {
        var cursor = OptionCursor(bytes)
        do throws(WireError) {
            while let field = try cursor.next() {
                guard let wrong = read(field, bytes) else { continue }
                malformedOffset = Self.pointer(field.offset &+ wrong)
                return
            }
        } catch {
            malformedOffset = Self.pointer(cursor.offset)
        }
    }

    private static func pointer(_ offset: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: IPv4Header.byteCount &+ offset)
    }

    /// Takes in one option; which of its bytes is wrong.
    private mutating func read(_ field: OptionField, _ bytes: Span<UInt8>) -> Int? {
        switch IPv4OptionKind(rawValue: field.kind) {
        case .looseSourceRoute, .strictSourceRoute:
            hasSourceRoute = true
        case .routerAlert:
            guard field.count == 4 else { return 1 }
            hasRouterAlert = true
        case .recordRoute:
            return readRecordRoute(field, bytes)
        case .timestamp:
            return readTimestamp(field, bytes)
        default:
            break
        }
        return nil
    }

    private mutating func readRecordRoute(_ field: OptionField, _ bytes: Span<UInt8>) -> Int? {
        guard recordRoute == nil else { return 0 }
        guard field.count >= 3 else { return 1 }
        let pointer = Int(bytes[field.offset &+ 2])
        guard pointer >= 4, pointer > field.count || pointer &+ 3 <= field.count else { return 2 }
        recordRoute = field.offset
        return nil
    }

    private mutating func readTimestamp(_ field: OptionField, _ bytes: Span<UInt8>) -> Int? {
        guard timestamp == nil else { return 0 }
        guard field.count >= 4 else { return 1 }
        let pointer = Int(bytes[field.offset &+ 2])
        let last = bytes[field.offset &+ 3]
        guard pointer >= 5 else { return 2 }
        guard let form = IPv4TimestampForm(rawValue: last & 0x0F) else { return 3 }
        if pointer > field.count {
            // One host more than can be counted: the packet is in error (RFC 791 §3.1).
            if last >> 4 == 15, form != .prespecified { return 3 }
        } else {
            guard pointer &+ form.entryCount &- 1 <= field.count else { return 2 }
            if form == .prespecified {
                prespecified = bytes.ipv4Address(at: field.offset &+ pointer &- 1)
            }
        }
        timestamp = field.offset
        return nil
    }
}

/// What a timestamp option collects (RFC 791 §3.1, RFC 781): the low half of its fourth byte.
@frozen
public enum IPv4TimestampForm: UInt8, Sendable {
    case timesOnly = 0
    case addressesAndTimes = 1
    /// Times of the hosts whose addresses the sender has filled in.
    case prespecified = 3

    /// Bytes that each host takes.
    @inlinable public var entryCount: Int { self == .timesOnly ? 4 : 8 }
}
