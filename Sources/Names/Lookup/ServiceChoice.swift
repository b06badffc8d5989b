/// A type of socket and its protocol with the port of a service: what `getaddrinfo` pairs with each
/// address.
struct ServiceChoice: Equatable, Sendable {
    let type: Int32
    let protocolNumber: Int32
    let port: UInt16

    /// A type and protocol that `getaddrinfo` knows.
    private struct Kind {
        let type: Int32
        /// 0 for any.
        let protocolNumber: Int32
        /// The protocol's name in `/etc/services`; nil where ports mean nothing.
        let name: String?
        /// Whether it is among those for which nothing particular was asked.
        var isCommon = false

        func matches(_ hints: AddressHints) -> Bool {
            (hints.type == 0 || hints.type == type)
                && (hints.protocolNumber == 0 || protocolNumber == 0
                    || hints.protocolNumber == protocolNumber)
        }
    }

    /// In glibc's order.
    private static let kinds = [
        Kind(type: SocketNumber.stream, protocolNumber: 6, name: "tcp", isCommon: true),
        Kind(type: SocketNumber.datagram, protocolNumber: 17, name: "udp", isCommon: true),
        Kind(type: SocketNumber.dccp, protocolNumber: 33, name: "dccp"),
        Kind(type: SocketNumber.datagram, protocolNumber: 136, name: "udplite"),
        Kind(type: SocketNumber.stream, protocolNumber: 132, name: "sctp"),
        Kind(type: SocketNumber.sequenced, protocolNumber: 132, name: "sctp"),
        Kind(type: SocketNumber.raw, protocolNumber: 0, name: nil, isCommon: true),
    ]

    /// The choices that `hints` leave for `service`, nil for none.
    ///
    /// - Throws: `EAI_SOCKTYPE`, `EAI_SERVICE`; `EAI_NONAME` for a name where a number must be.
    static func choices(
        for service: String?, _ hints: AddressHints, _ services: () -> ServicesFile
    ) throws(NameError) -> [ServiceChoice] {
        let isParticular = hints.type != 0 || hints.protocolNumber != 0
        let kind = isParticular ? kinds.first { $0.matches(hints) } : nil
        let number = service.map(Self.number)
        if case .word = number, hints.flags.contains(.numericService) { throw .noName }
        if isParticular, kind == nil { throw hints.type != 0 ? .socketType : .service }
        if let kind, kind.name == nil, service != nil { throw .service }
        let port: UInt16
        switch number {
        case nil: port = 0
        case .port(let given): port = given
        case .word, .outside:
            return try named(service ?? "", kind.map { [$0] } ?? kinds, hints, services())
        }
        return (kind.map { [$0] } ?? kinds.filter(\.isCommon)).map {
            ServiceChoice($0, port, hints)
        }
    }

    private init(_ kind: Kind, _ port: UInt16, _ hints: AddressHints) {
        type = kind.type
        protocolNumber = kind.protocolNumber != 0 ? kind.protocolNumber : hints.protocolNumber
        self.port = port
    }

    /// Those of `kinds` over which the service is offered.
    private static func named(
        _ service: String, _ kinds: [Kind], _ hints: AddressHints, _ services: ServicesFile
    ) throws(NameError) -> [ServiceChoice] {
        var choices: [ServiceChoice] = []
        for kind in kinds {
            guard let name = kind.name, let entry = services.entry(named: service, over: name)
            else { continue }
            choices.append(ServiceChoice(kind, entry.port, hints))
        }
        if choices.isEmpty { throw .service }
        return choices
    }

    private enum Number {
        case port(UInt16)
        /// A number, but one that the C library takes for a name: negative as an `int`.
        case outside
        case word
    }

    /// As C's `strtoul` and a cast to `int` have it: white space and a sign may come first, and
    /// numbers that are too large lose their upper bits.
    private static func number(_ text: String) -> Number {
        var rest = text.utf8.drop(while: ASCII.isSpace)
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        guard !rest.isEmpty, rest.allSatisfy({ ASCII.digit($0) != nil }) else { return .word }
        var number: UInt64 = 0
        var overflows = false
        for byte in rest {
            let (product, first) = number.multipliedReportingOverflow(by: 10)
            let (sum, second) = product.addingReportingOverflow(UInt64(byte &- 0x30))
            number = sum
            overflows = overflows || first || second
        }
        if overflows { return .outside }
        let value = Int32(truncatingIfNeeded: isNegative ? 0 &- number : number)
        return value < 0 ? .outside : .port(UInt16(truncatingIfNeeded: value))
    }
}
