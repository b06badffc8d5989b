import Wire

/// A call of `getaddrinfo` up to the point where a name must be looked for.
struct AddressRequest: Sendable {
    /// Where the addresses come from.
    enum Host: Equatable, Sendable {
        case addresses([HostAddress], canonicalName: String?)
        case name(String)
    }

    let hints: AddressHints
    let choices: [ServiceChoice]
    let host: Host

    /// - Throws: `NameError`, in the order in which glibc finds fault.
    init(
        _ host: String?, _ service: String?, _ given: AddressHints?,
        _ surroundings: some Surroundings, _ services: () -> ServicesFile
    ) throws(NameError) {
        let host = host == "*" ? nil : host
        let service = service == "*" ? nil : service
        if host == nil, service == nil { throw .noName }
        let hints = try Self.checked(given ?? .standard, host, surroundings)
        choices = try ServiceChoice.choices(for: service == "" ? nil : service, hints, services)
        self.hints = hints
        guard let host else {
            self.host = .addresses(Self.ownAddresses(hints), canonicalName: nil)
            return
        }
        if let address = try HostAddress(numeric: host, hints, surroundings) {
            self.host = .addresses([address], canonicalName: host)
            return
        }
        if hints.flags.contains(.numericHost) { throw .noName }
        if hints.flags.contains(.internationalized), !host.utf8.allSatisfy({ $0 < 0x80 }) {
            throw .encoding
        }
        self.host = .name(host)
    }

    private static func checked(
        _ hints: AddressHints, _ host: String?, _ surroundings: some Surroundings
    ) throws(NameError) -> AddressHints {
        var hints = hints
        guard hints.flags.isSubset(of: .known) else { throw .badFlags }
        if hints.flags.contains(.canonicalName), host == nil { throw .badFlags }
        guard [0, SocketNumber.inet, SocketNumber.inet6].contains(hints.family) else {
            throw .family
        }
        guard hints.flags.contains(.configured) else { return hints }
        let (ipv4, ipv6) = surroundings.families
        switch hints.family {
        case 0 where ipv4 != ipv6: hints.family = ipv4 ? SocketNumber.inet : SocketNumber.inet6
        case SocketNumber.inet where !ipv4: throw .noName
        case SocketNumber.inet6 where !ipv6: throw .noName
        default: break
        }
        return hints
    }

    /// Where there is no host: this one, or any address of it.
    private static func ownAddresses(_ hints: AddressHints) -> [HostAddress] {
        let isPassive = hints.flags.contains(.passive)
        var addresses: [HostAddress] = []
        if hints.family != SocketNumber.inet {
            addresses.append(
                HostAddress(
                    family: SocketNumber.inet6,
                    address: IPAddress(isPassive ? IPv6Address.unspecified : .loopback)))
        }
        if hints.family != SocketNumber.inet6 {
            addresses.append(
                HostAddress(
                    family: SocketNumber.inet,
                    address: IPAddress(isPassive ? IPv4Address.unspecified : .loopback)))
        }
        return addresses
    }

    /// The records to be asked for.
    var types: [DNSType] {
        switch hints.family {
        case SocketNumber.inet: [.a]
        case SocketNumber.inet6 where !hints.flags.contains(.mappedIPv4): [.aaaa]
        default: [.a, .aaaa]
        }
    }

    /// Pairs addresses with choices, in the order in which they are best tried.
    func result(
        _ found: [HostAddress], canonicalName: String?, _ surroundings: some Surroundings,
        _ policies: PolicyFile
    ) throws(NameError) -> [AddressInformation] {
        let addresses = Self.sorted(wanted(found), surroundings, policies)
        if addresses.isEmpty { throw .noData }
        var result: [AddressInformation] = []
        for address in addresses {
            for choice in choices {
                result.append(
                    AddressInformation(
                        flags: hints.flags, family: address.family, type: choice.type,
                        protocolNumber: choice.protocolNumber, address: address.address,
                        port: choice.port, scope: address.scope))
            }
        }
        if hints.flags.contains(.canonicalName) { result[0].canonicalName = canonicalName }
        return result
    }

    /// In the family that was asked for: IPv4 is mapped into IPv6 where there is none, or where all
    /// is wanted.
    private func wanted(_ found: [HostAddress]) -> [HostAddress] {
        guard hints.family == SocketNumber.inet6 else { return found }
        let native = found.filter { $0.family == SocketNumber.inet6 }
        guard hints.flags.contains(.mappedIPv4), native.isEmpty || hints.flags.contains(.all) else {
            return native
        }
        let mapped = found.filter { $0.family == SocketNumber.inet }
            .map { HostAddress(family: SocketNumber.inet6, address: $0.address, scope: 0) }
        return native + mapped
    }

    /// RFC 6724 §6.
    private static func sorted(
        _ addresses: [HostAddress], _ surroundings: some Surroundings, _ policies: PolicyFile
    ) -> [HostAddress] {
        guard addresses.count > 1 else { return addresses }
        let candidates = surroundings.candidates(
            addresses.map { ($0.address, $0.scope) }, policies)
        return DestinationOrder.sorted(addresses, candidates)
    }
}
