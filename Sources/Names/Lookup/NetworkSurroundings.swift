import Devices
import Sockets
import Stack
import Wire

/// The surroundings of a network: a host of Sockeye's, or the machine's own.
struct NetworkSurroundings: Surroundings {
    let network: Network

    var families: (ipv4: Bool, ipv6: Bool) {
        let addresses = prefixes.map(\.address)
        return (
            addresses.contains { $0.isIPv4 && $0 != IPAddress(IPv4Address.loopback) },
            addresses.contains { !$0.isIPv4 && $0 != IPAddress(IPv6Address.loopback) }
        )
    }

    private var prefixes: [IPPrefix] {
        guard let host = network.host else { return Self.systemPrefixes }
        return host.withHost { host in
            host.interfaces.flatMap { entry in
                host.addresses(of: entry.interface).filter(\.isUsable).map(\.prefix)
            }
        }
    }

    private static var systemPrefixes: [IPPrefix] {
        do throws(DeviceError) {
            return try SystemInterfaces().addresses.map(\.prefix)
        } catch {
            return []
        }
    }

    func interface(named name: String) -> UInt32? {
        guard let host = network.host else { return SystemInterfaces.number(of: name) }
        let number = host.withHost { host in
            host.interfaces.first { $0.name == name }?.interface.rawValue
        }
        return number.map { UInt32($0) }
    }

    func interfaceName(_ number: UInt32) -> String? {
        guard let host = network.host else { return SystemInterfaces.name(of: number) }
        return host.withHost { host in
            host.interfaces.first { $0.interface.rawValue == Int(number) }?.name
        }
    }

    func candidates(
        _ addresses: [(address: IPAddress, scope: UInt32)], _ policies: PolicyFile
    ) -> [DestinationCandidate] {
        if let host = network.host {
            return host.withHost { host in
                addresses.map { host.candidate($0.address, policy: policies.policy) }
            }
        }
        let prefixes = Self.systemPrefixes
        let deprecated = KernelAddresses.deprecated()
        return addresses.map { address, scope in
            let source = kernelSource(for: address, scope)
            let prefix = prefixes.first { $0.address == source }
            return DestinationCandidate(
                address: address, source: source,
                sourcePrefixLength: prefix?.length ?? UInt8(truncatingIfNeeded: address.bitCount),
                sourceIsDeprecated: source.map(deprecated.contains) ?? false,
                policy: policies.policy)
        }
    }

    /// The address that a datagram socket gets which is connected there: nothing is sent.
    private func kernelSource(for address: IPAddress, _ scope: UInt32) -> IPAddress? {
        do throws(SocketError) {
            let socket = try Socket(
                .datagram, family: address.isIPv4 ? .inet : .inet6, on: network)
            defer { socket.close() }
            try socket.connect(
                to: SocketAddress(address: address, port: 53, zone: UInt16(clamping: scope)))
            return try socket.localAddress.address
        } catch {
            return nil
        }
    }
}

/// What the kernel says of its addresses of IPv6.
enum KernelAddresses {
    /// Those that are not to be used for new conversations (`IFA_F_DEPRECATED`).
    static func deprecated() -> Set<IPAddress> {
        guard let (lines, _) = NameFile.path("/proc/net/if_inet6").read(unless: nil) else {
            return []
        }
        var found: Set<IPAddress> = []
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count >= 5, words[0].utf8.count == 32,
                let high = UInt64(words[0].prefix(16), radix: 16),
                let low = UInt64(words[0].suffix(16), radix: 16),
                let flags = UInt32(words[4], radix: 16)
            else { continue }
            if flags & 0x20 != 0 { found.insert(IPAddress(high: high, low: low)) }
        }
        return found
    }
}
