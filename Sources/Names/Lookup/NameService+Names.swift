import Wire

/// From addresses to names.
extension NameService {
    // MARK: - gethostbyaddr

    /// The names of the host at an address. POSIX `gethostbyaddr`.
    ///
    /// - Parameter family: `AF_INET` or `AF_INET6`.
    public func host(of address: IPAddress, family: Int32) throws(HostError) -> HostEntry {
        var lookup = try reverse(address, family)
        while true {
            switch lookup.next() {
            case .found(let entry): return entry
            case .missed(let miss): throw HostError(miss)
            case .ask:
                let outcome = resolution(ofNameOf: address).map { resolver.resolve($0) }
                if let entry = lookup.take(outcome ?? .missed(.noName)) { return entry }
            }
        }
    }

    /// The names of the host at an address.
    public func host(of address: IPAddress, family: Int32) async throws(HostError) -> HostEntry {
        var lookup = try reverse(address, family)
        while true {
            switch lookup.next() {
            case .found(let entry): return entry
            case .missed(let miss): throw HostError(miss)
            case .ask:
                do throws(HostLookup.Miss) {
                    let outcome = try await ask(resolution(ofNameOf: address))
                    if let entry = lookup.take(outcome) { return entry }
                } catch {
                    throw HostError(error)
                }
            }
        }
    }

    private func reverse(
        _ address: IPAddress, _ family: Int32
    ) throws(HostError) -> ReverseLookup {
        guard family == SocketNumber.inet6 || address.isIPv4 else { throw .hostNotFound }
        guard family == SocketNumber.inet || !address.v6.isUnspecified else { throw .hostNotFound }
        return ReverseLookup(address, family, tables.order, tables.hosts)
    }

    // MARK: - getnameinfo

    /// The host and the service at an address and port, in words where there are any. POSIX
    /// `getnameinfo`.
    ///
    /// - Parameters:
    ///   - family: `AF_INET` or `AF_INET6`.
    ///   - port: In the host's order.
    ///   - scope: The number of the interface where the address is unique on a link only.
    ///   - wantsHost: Whether the host is looked for at all.
    ///   - wantsService: Whether the service is.
    public func names(
        of address: IPAddress, family: Int32, port: UInt16, scope: UInt32 = 0,
        flags: NameFlags = [], wantsHost: Bool = true, wantsService: Bool = true
    ) throws(NameError) -> (host: String, service: String) {
        try check(family, flags, wantsHost, wantsService)
        var host = ""
        if wantsHost {
            var entry: HostEntry?
            if !flags.contains(.numericHost) {
                do throws(HostError) {
                    entry = try self.host(of: address, family: family)
                } catch {
                    if error == .tryAgain { throw .again }
                }
            }
            host = try text(of: entry, address, family, scope, flags)
        }
        return (host, wantsService ? serviceText(port, flags) : "")
    }

    /// The host and the service at an address and port, in words where there are any.
    public func names(
        of address: IPAddress, family: Int32, port: UInt16, scope: UInt32 = 0,
        flags: NameFlags = [], wantsHost: Bool = true, wantsService: Bool = true
    ) async throws(NameError) -> (host: String, service: String) {
        try check(family, flags, wantsHost, wantsService)
        var host = ""
        if wantsHost {
            var entry: HostEntry?
            if !flags.contains(.numericHost) {
                do throws(HostError) {
                    entry = try await self.host(of: address, family: family)
                } catch {
                    if error == .tryAgain { throw .again }
                }
            }
            host = try text(of: entry, address, family, scope, flags)
        }
        return (host, wantsService ? serviceText(port, flags) : "")
    }

    private func check(
        _ family: Int32, _ flags: NameFlags, _ wantsHost: Bool, _ wantsService: Bool
    ) throws(NameError) {
        guard flags.isSubset(of: .known) else { throw .badFlags }
        guard wantsHost || wantsService else { throw .noName }
        guard family == SocketNumber.inet || family == SocketNumber.inet6 else { throw .family }
        if !wantsHost, flags.contains(.nameRequired) { throw .noName }
    }

    private func text(
        of entry: HostEntry?, _ address: IPAddress, _ family: Int32, _ scope: UInt32,
        _ flags: NameFlags
    ) throws(NameError) -> String {
        if let entry {
            guard flags.contains(.shortName), let domain = tables.domain,
                entry.name.utf8.count > domain.utf8.count + 1,
                entry.name.lowercased().hasSuffix("." + domain.lowercased())
            else { return entry.name }
            return String(entry.name.dropLast(domain.count + 1))
        }
        if flags.contains(.nameRequired) { throw .noName }
        if family == SocketNumber.inet, let v4 = address.v4 { return NumericAddress.ntop(v4) }
        let text = NumericAddress.ntop(address.v6)
        guard scope != 0 else { return text }
        return text + "%"
            + (flags.contains(.numericScope)
                ? "\(scope)" : surroundings.scopeText(scope, of: address.v6))
    }

    private func serviceText(_ port: UInt16, _ flags: NameFlags) -> String {
        if !flags.contains(.numericService),
            let entry = service(port: port, protocol: flags.contains(.datagram) ? "udp" : "tcp")
        {
            return entry.name
        }
        return "\(port)"
    }
}
