import Memory

/// What is wrong with a field of an IPv6 packet, as ICMPv6 reports it (RFC 4443 §3.4, RFC 7112 §5).
@frozen
public struct IPv6ParameterProblem: Equatable, Sendable {
    /// The code of the message.
    public let code: ICMPv6ParameterProblemCode
    /// Which byte is wrong, from the start of the IPv6 header.
    public let pointer: Int
    /// Whether the source is told even if the packet went to a multicast address (RFC 4443
    /// §2.4 e.3).
    public let answersMulticast: Bool

    @inlinable
    public init(
        _ code: ICMPv6ParameterProblemCode, at pointer: Int, answersMulticast: Bool = false
    ) {
        self.code = code
        self.pointer = pointer
        self.answersMulticast = answersMulticast
    }
}

/// Why an IPv6 packet is dropped for its extension headers.
@frozen
public enum IPv6ExtensionError: Error, Equatable, Sendable {
    /// A header reaches past the packet or its first bytes.
    case truncated
    /// There are more than `IPv6ExtensionCursor.limit` headers.
    case tooManyHeaders
    /// The length of an option reaches past its header or is not that of its kind.
    case badOption
    /// An unknown option asks for it (RFC 8200 §4.2).
    case discarded
    /// The source is to be told.
    case problem(IPv6ParameterProblem)
}

/// The extension headers of an IPv6 packet, as its destination processes them (RFC 8200 §4).
///
/// In the order in which they stand, up to the first that cannot be processed now: the headers
/// behind a fragment header are the datagram's, once that is whole. In the packet that is a
/// datagram by itself (RFC 6946) they are its own.
@frozen
public struct IPv6Extensions: Equatable, Sendable {
    /// What follows the headers: a transport's, `noNextHeader`, or something unknown. In a
    /// fragment, what the datagram goes on with.
    public private(set) var proto: IPProtocol
    /// Where it begins, in bytes from the start of the IPv6 header.
    public private(set) var offset: Int
    /// Where the "next header" field that names it stands, from the same start: the pointer of a
    /// parameter problem, if it is unknown.
    public private(set) var protoOffset: Int
    /// The fragment header, if there is one, also that of an atomic fragment.
    public private(set) var fragment: IPv6Fragment?
    /// What the router alert says, if there is one (RFC 2711).
    public private(set) var routerAlert: UInt16?

    /// Whether the packet is a part of a datagram, to be put together before anything else.
    @inlinable public var isFragment: Bool { fragment.map { !$0.isAtomic } ?? false }

    /// Processes the headers as the packet's destination does.
    @inlinable
    public init(_ packet: borrowing IPv6Packet) throws(IPv6ExtensionError) {
        self.init(start: packet.nextHeader)
        if Self.mayExtend(packet.nextHeader) { try walk(packet) }
    }

    /// Processes the hop-by-hop options alone, as a router does that passes the packet on.
    public init(passing packet: borrowing IPv6Packet) throws(IPv6ExtensionError) {
        self.init(start: packet.nextHeader)
        guard proto == .hopByHopOptions else { return }
        var cursor = IPv6ExtensionCursor(packet)
        guard let field = try Self.next(&cursor) else { return }
        try readOptions(field, packet)
        (proto, offset, protoOffset) = (cursor.proto, cursor.offset, cursor.protoOffset)
    }

    /// Processes the headers of a packet of which `head` is the first bytes, and `beyond` as many
    /// more.
    ///
    /// - Throws: `.truncated` also when there is no whole IPv6 packet.
    public init(head: Span<UInt8>, beyond: Int) throws(IPv6ExtensionError) {
        try self.init(try Self.packet(head, beyond: beyond))
    }

    /// Processes the hop-by-hop options alone of a packet of which `head` is the first bytes.
    public init(passingHead head: Span<UInt8>, beyond: Int) throws(IPv6ExtensionError) {
        try self.init(passing: try Self.packet(head, beyond: beyond))
    }

    @_lifetime(copy head)
    private static func packet(
        _ head: Span<UInt8>, beyond: Int
    ) throws(IPv6ExtensionError) -> IPv6Packet {
        do throws(WireError) {
            return try IPv6Packet(head, beyond: beyond)
        } catch {
            throw .truncated
        }
    }

    @usableFromInline
    init(start proto: IPProtocol) {
        self.proto = proto
        offset = IPv6Header.byteCount
        protoOffset = IPv6Field.nextHeader
    }

    /// Whether `proto` is a header that this host processes; transports come first.
    @inlinable
    static func mayExtend(_ proto: IPProtocol) -> Bool {
        switch proto.rawValue {
        case 0, 43, 44, 60: true
        default: false
        }
    }

    @usableFromInline
    mutating func walk(_ packet: borrowing IPv6Packet) throws(IPv6ExtensionError) {
        var cursor = IPv6ExtensionCursor(packet)
        // Headers that are known by their lengths alone are not skipped: authentication that nobody
        // verifies, mobility and the like are unknown next headers to this host (RFC 8200 §4).
        while Self.mayExtend(cursor.proto), !isFragment {
            let named = cursor.protoOffset
            guard let field = try Self.next(&cursor) else { break }
            switch field.kind {
            case .hopByHopOptions:
                // Only directly behind the IPv6 header (RFC 8200 §4.1).
                guard field.offset == IPv6Header.byteCount else {
                    throw .problem(IPv6ParameterProblem(.unknownNextHeader, at: named))
                }
                try readOptions(field, packet)
            case .destinationOptions:
                try readOptions(field, packet)
            case .routing:
                try checkRouting(field, packet)
            default:
                fragment = IPv6Fragment(
                    packet.bytes, headerOffset: field.offset, protoOffset: named)
            }
        }
        (proto, offset, protoOffset) = (cursor.proto, cursor.offset, cursor.protoOffset)
    }

    private static func next(
        _ cursor: inout IPv6ExtensionCursor
    ) throws(IPv6ExtensionError) -> IPv6ExtensionField? {
        do throws(WireError) {
            return try cursor.next()
        } catch {
            throw error == .unsupported ? .tooManyHeaders : .truncated
        }
    }

    /// A routing header that is used up says nothing; any other is of a type that is not known
    /// here, type 0 by decree (RFC 8200 §4.4, RFC 5095 §3).
    private func checkRouting(
        _ field: IPv6ExtensionField, _ packet: borrowing IPv6Packet
    ) throws(IPv6ExtensionError) {
        guard packet.bytes[field.offset &+ 3] != 0 else { return }
        throw .problem(IPv6ParameterProblem(.erroneousField, at: field.offset &+ 2))
    }

    private mutating func readOptions(
        _ field: IPv6ExtensionField, _ packet: borrowing IPv6Packet
    ) throws(IPv6ExtensionError) {
        let start = field.offset &+ 2
        let bytes = packet.bytes.extracting(start..<field.offset &+ field.count)
        var cursor = IPv6OptionCursor(bytes)
        while let option = try Self.next(&cursor) {
            switch (IPv6OptionKind(rawValue: option.kind), field.kind) {
            case (.routerAlert, .hopByHopOptions):
                guard option.count == 4 else { throw .badOption }
                routerAlert = bytes.uint16(at: option.offset &+ 2)
            case (.jumboPayload, .hopByHopOptions):
                throw Self.jumboError(option, bytes, at: start, packet.payloadCount)
            case (let kind, _):
                try Self.judge(unknown: kind, at: start &+ option.offset)
            }
        }
    }

    private static func next(
        _ cursor: inout IPv6OptionCursor
    ) throws(IPv6ExtensionError) -> OptionField? {
        do throws(WireError) {
            return try cursor.next()
        } catch {
            throw .badOption
        }
    }

    private static func judge(
        unknown kind: IPv6OptionKind, at pointer: Int
    ) throws(IPv6ExtensionError) {
        switch kind.whenUnknown {
        case .skip: return
        case .discard: throw .discarded
        case .report:
            throw .problem(
                IPv6ParameterProblem(.unknownOption, at: pointer, answersMulticast: true))
        case .reportUnlessMulticast:
            throw .problem(IPv6ParameterProblem(.unknownOption, at: pointer))
        }
    }

    /// No packet here is a jumbogram, so each one that says it is contradicts itself (RFC 2675 §3).
    private static func jumboError(
        _ option: OptionField, _ bytes: Span<UInt8>, at start: Int, _ payloadCount: Int
    ) -> IPv6ExtensionError {
        let place = start &+ option.offset
        guard option.count == 6 else { return .badOption }
        if payloadCount != 0 { return .problem(IPv6ParameterProblem(.erroneousField, at: place)) }
        let length = bytes.uint32(at: option.offset &+ 2)
        if length <= 65_535 {
            return .problem(IPv6ParameterProblem(.erroneousField, at: place &+ 2))
        }
        return .truncated
    }
}

extension IPv6Packet {
    /// Whether the first fragment of a datagram holds all of its headers, the transport's included,
    /// as RFC 7112 §5 asks: what is cut elsewhere passes filters that look at headers.
    ///
    /// Of a transport that is not known here the first byte suffices, as in Linux.
    public var holdsHeaderChain: Bool {
        var cursor = IPv6ExtensionCursor(self)
        do throws(WireError) {
            while try cursor.next() != nil {}
        } catch {
            return false
        }
        let needed =
            switch cursor.proto {
            case .tcp: TCPHeader.byteCount
            case .udp: UDPHeader.byteCount
            case .icmpv6: ICMPHeader.byteCount
            case .noNextHeader: 0
            default: 1
            }
        return cursor.offset &+ needed <= totalCount
    }
}
