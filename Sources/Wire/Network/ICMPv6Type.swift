/// What an ICMPv6 message says (RFC 4443; numbers: IANA, ICMPv6 Parameters).
@frozen
public struct ICMPv6Type: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var destinationUnreachable: Self { Self(rawValue: 1) }
    @inlinable public static var packetTooBig: Self { Self(rawValue: 2) }
    @inlinable public static var timeExceeded: Self { Self(rawValue: 3) }
    @inlinable public static var parameterProblem: Self { Self(rawValue: 4) }
    @inlinable public static var echoRequest: Self { Self(rawValue: 128) }
    @inlinable public static var echoReply: Self { Self(rawValue: 129) }
    @inlinable public static var multicastListenerQuery: Self { Self(rawValue: 130) }
    @inlinable public static var multicastListenerReport: Self { Self(rawValue: 131) }
    @inlinable public static var multicastListenerDone: Self { Self(rawValue: 132) }
    @inlinable public static var routerSolicitation: Self { Self(rawValue: 133) }
    @inlinable public static var routerAdvertisement: Self { Self(rawValue: 134) }
    @inlinable public static var neighbourSolicitation: Self { Self(rawValue: 135) }
    @inlinable public static var neighbourAdvertisement: Self { Self(rawValue: 136) }
    @inlinable public static var redirect: Self { Self(rawValue: 137) }
    /// Version 2 (RFC 3810 §5.2).
    @inlinable public static var multicastListenerReportV2: Self { Self(rawValue: 143) }

    /// Whether the message reports about a packet that it quotes: its highest bit is zero
    /// (RFC 4443 §2.1). None is sent in answer to such a message, nor to a redirect (§2.4).
    @inlinable public var isError: Bool { rawValue < 128 }
    /// Whether the message is of neighbour discovery (RFC 4861 §4).
    @inlinable public var isNeighbourDiscovery: Bool { rawValue >= 133 && rawValue <= 137 }
}

/// Why a destination is unreachable: the code of that message (RFC 4443 §3.1).
@frozen
public struct ICMPv6UnreachableCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var noRoute: Self { Self(rawValue: 0) }
    @inlinable public static var prohibited: Self { Self(rawValue: 1) }
    @inlinable public static var beyondScope: Self { Self(rawValue: 2) }
    @inlinable public static var address: Self { Self(rawValue: 3) }
    @inlinable public static var port: Self { Self(rawValue: 4) }
    @inlinable public static var sourcePolicy: Self { Self(rawValue: 5) }
    @inlinable public static var rejectedRoute: Self { Self(rawValue: 6) }
}

/// What was exceeded: the code of that message (RFC 4443 §3.3).
@frozen
public enum ICMPv6TimeExceededCode: UInt8, Sendable {
    case hopLimit = 0
    case reassembly = 1
}

/// What is wrong with a packet: the code of that message (RFC 4443 §3.4, RFC 7112 §5).
@frozen
public enum ICMPv6ParameterProblemCode: UInt8, Sendable {
    case erroneousField = 0
    case unknownNextHeader = 1
    case unknownOption = 2
    case incompleteHeaderChain = 3
}
