import Glibc
import Wire

/// From names to addresses.
extension NameService {
    // MARK: - getaddrinfo

    /// The addresses of a host with the ports of a service, in the order in which they are best
    /// tried (RFC 6724). POSIX `getaddrinfo`.
    ///
    /// - Parameters:
    ///   - host: A name, or an address in numbers; nil for this host.
    ///   - service: A name of `/etc/services`, or a port; nil for port 0.
    ///   - hints: Which addresses are wanted; nil for those of all families and types that this
    ///     machine can use.
    public func addresses(
        of host: String?, service: String? = nil, hints: AddressHints? = nil
    ) throws(NameError) -> [AddressInformation] {
        let request = try request(host, service, hints)
        switch request.host {
        case .addresses(let addresses, let name): return try finish(request, addresses, name)
        case .name(let name):
            let found: HostLookup.Found
            do throws(HostLookup.Miss) {
                found = try run(lookup(request, name), name)
            } catch {
                throw NameError(error)
            }
            return try finish(request, found.addresses, found.canonicalName)
        }
    }

    /// The addresses of a host with the ports of a service, in the order in which they are best
    /// tried (RFC 6724).
    public func addresses(
        of host: String?, service: String? = nil, hints: AddressHints? = nil
    ) async throws(NameError) -> [AddressInformation] {
        let request = try request(host, service, hints)
        switch request.host {
        case .addresses(let addresses, let name): return try finish(request, addresses, name)
        case .name(let name):
            let found: HostLookup.Found
            do throws(HostLookup.Miss) {
                found = try await run(lookup(request, name), name)
            } catch {
                throw NameError(error)
            }
            return try finish(request, found.addresses, found.canonicalName)
        }
    }

    private func request(
        _ host: String?, _ service: String?, _ hints: AddressHints?
    ) throws(NameError) -> AddressRequest {
        try AddressRequest(host, service, hints, surroundings) { tables.services }
    }

    private func lookup(_ request: AddressRequest, _ name: String) -> HostLookup {
        // Where both families are looked for one by one, as glibc does it.
        let isMapped = request.hints.flags.contains(.mappedIPv4)
        return HostLookup(
            name, request.types, tables.order, tables.hosts,
            mapsLoopback: request.hints.family == SocketNumber.inet
                || request.hints.family == SocketNumber.inet6 && isMapped)
    }

    private func finish(
        _ request: AddressRequest, _ addresses: [HostAddress], _ name: String?
    ) throws(NameError) -> [AddressInformation] {
        try request.result(addresses, canonicalName: name, surroundings, tables.policies)
    }

    // MARK: - gethostbyname

    /// A host's names and addresses of one family. POSIX `gethostbyname`, GNU's `gethostbyname2`.
    ///
    /// - Parameter family: `AF_INET` or `AF_INET6`.
    public func host(
        named name: String, family: Int32 = SocketNumber.inet
    ) throws(HostError) -> HostEntry {
        if let entry = try HostEntry.numeric(name, family: family) { return entry }
        do throws(HostLookup.Miss) {
            return entry(try run(try lookup(name, family), name), family)
        } catch {
            throw HostError(error)
        }
    }

    /// A host's names and addresses of one family.
    public func host(
        named name: String, family: Int32 = SocketNumber.inet
    ) async throws(HostError) -> HostEntry {
        if let entry = try HostEntry.numeric(name, family: family) { return entry }
        do throws(HostLookup.Miss) {
            return entry(try await run(try lookup(name, family), name), family)
        } catch {
            throw HostError(error)
        }
    }

    private func lookup(_ name: String, _ family: Int32) throws(HostLookup.Miss) -> HostLookup {
        guard family == SocketNumber.inet || family == SocketNumber.inet6 else { throw .noName }
        return HostLookup(
            name, [family == SocketNumber.inet ? .a : .aaaa], tables.order, tables.hosts,
            mapsLoopback: true)
    }

    private func entry(_ found: HostLookup.Found, _ family: Int32) -> HostEntry {
        HostEntry(
            name: found.canonicalName, aliases: found.aliases, family: family,
            addresses: found.addresses.map(\.address))
    }
}

extension NameError {
    init(_ miss: HostLookup.Miss) {
        switch miss {
        case .noName: self = .noName
        case .noData: self = .noData
        case .tryAgain: self = .again
        case .cancelled: self.init(code: -11, systemError: ECANCELED)
        }
    }
}

extension HostError {
    init(_ miss: HostLookup.Miss) {
        switch miss {
        case .noName: self = .hostNotFound
        case .noData: self = .noData
        case .tryAgain, .cancelled: self = .tryAgain
        }
    }
}
