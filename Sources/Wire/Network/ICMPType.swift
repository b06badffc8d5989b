/// What an ICMP message says (RFC 792; numbers: IANA, ICMP Parameters).
@frozen
public struct ICMPType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var echoReply: ICMPType { ICMPType(rawValue: 0) }
    @inlinable public static var destinationUnreachable: ICMPType { ICMPType(rawValue: 3) }
    /// Deprecated; received ones are ignored (RFC 6633).
    @inlinable public static var sourceQuench: ICMPType { ICMPType(rawValue: 4) }
    @inlinable public static var redirect: ICMPType { ICMPType(rawValue: 5) }
    @inlinable public static var echoRequest: ICMPType { ICMPType(rawValue: 8) }
    @inlinable public static var timeExceeded: ICMPType { ICMPType(rawValue: 11) }
    @inlinable public static var parameterProblem: ICMPType { ICMPType(rawValue: 12) }
    @inlinable public static var timestampRequest: ICMPType { ICMPType(rawValue: 13) }
    @inlinable public static var timestampReply: ICMPType { ICMPType(rawValue: 14) }

    /// Whether the message reports about a packet that it quotes. None is sent in answer to such a
    /// message (RFC 1122 §3.2.2).
    @inlinable public var isError: Bool {
        switch rawValue {
        case 3, 4, 5, 11, 12: true
        default: false
        }
    }
}

/// Why a destination is unreachable: the code of that message (RFC 792, RFC 1122 §3.2.2.1,
/// RFC 1812 §5.2.7.1).
@frozen
public struct ICMPUnreachableCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var network: Self { Self(rawValue: 0) }
    @inlinable public static var host: Self { Self(rawValue: 1) }
    @inlinable public static var proto: Self { Self(rawValue: 2) }
    @inlinable public static var port: Self { Self(rawValue: 3) }
    @inlinable public static var fragmentationNeeded: Self { Self(rawValue: 4) }
    @inlinable public static var sourceRouteFailed: Self { Self(rawValue: 5) }
    @inlinable public static var networkUnknown: Self { Self(rawValue: 6) }
    @inlinable public static var hostUnknown: Self { Self(rawValue: 7) }
    @inlinable public static var networkProhibited: Self { Self(rawValue: 9) }
    @inlinable public static var hostProhibited: Self { Self(rawValue: 10) }
    @inlinable public static var communicationProhibited: Self { Self(rawValue: 13) }
}

/// Whose time was exceeded: the code of that message (RFC 792).
@frozen
public enum ICMPTimeExceededCode: UInt8, Sendable {
    case timeToLive = 0
    case reassembly = 1
}
