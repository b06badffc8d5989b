import Names
import Services
import Stack
import Wire

/// Whom the machine asks for names, and what the gateway knows itself.
final class NameServers {
    private let file: ResolverFile
    private let port: UInt16
    private let known: [(name: String, address: IPAddress)]
    /// All below `sockeye`, and each name of one label that was set.
    private var zones: [DNSZone] = []

    init(_ configuration: GatewayConfiguration) {
        file = ResolverFile(configuration.resolver)
        port = configuration.resolverPort
        known = configuration.names
        set([])
    }

    /// The servers of the machine, in the order in which they are asked.
    var current: [SocketAddress] {
        file.configuration.servers.map { server in
            SocketAddress(
                address: server.address, port: port, zone: server.zone.flatMap(UInt16.init) ?? 0)
        }
    }

    /// Knows these names beside those of the configuration.
    func set(_ names: [(name: String, address: IPAddress)]) {
        guard let top = DNSName("sockeye") else { return }
        let all = (known + names).compactMap { host in
            DNSName(host.name.hasSuffix(".sockeye") ? host.name : host.name + ".sockeye")
                .map { (name: $0, address: host.address) }
        }
        zones = [DNSZone(top, hosts: all)]
        var labels: [String: [IPAddress]] = [:]
        for host in names where !host.name.contains(".") {
            labels[host.name, default: []].append(host.address)
        }
        for (label, addresses) in labels {
            guard let name = DNSName(label) else { continue }
            zones.append(DNSZone(name, hosts: addresses.map { (name: name, address: $0) }))
        }
    }

    /// What is to be said without asking anybody.
    func response(
        to message: [UInt8], over transport: DNSResponder.Transport
    ) -> DNSZone.Response {
        for zone in zones {
            let response = zone.response(to: message, over: transport)
            if response != .notOurs { return response }
        }
        return .notOurs
    }
}

extension Gateway {
    /// Has the gateway answer for these names too, from now on: as they are where they have one label,
    /// and below `sockeye`. Those that were set before are forgotten.
    public func setNames(_ names: [(name: String, address: IPAddress)]) { nameServers.set(names) }
}
