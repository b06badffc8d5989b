import Wire

/// Where a name service finds what it knows.
public struct NameConfiguration: Sendable {
    /// hosts(5).
    public var hosts = NameFile.path("/etc/hosts")
    /// services(5).
    public var services = NameFile.path("/etc/services")
    /// protocols(5).
    public var protocols = NameFile.path("/etc/protocols")
    /// resolv.conf(5).
    public var resolver = NameFile.path("/etc/resolv.conf")
    /// gai.conf(5): the order of addresses.
    public var policies = NameFile.path("/etc/gai.conf")
    /// nsswitch.conf(5), of which the line `hosts:` counts.
    public var order = NameFile.path("/etc/nsswitch.conf")
    /// The name of this host, whose domain is searched where the resolver's file names none.
    public var hostName = NameFile.path("/proc/sys/kernel/hostname")
    /// The port of the servers.
    public var serverPort: UInt16 = 53
    /// Findings of servers that are kept at most; 0 for none.
    public var cacheLimit = 1_024

    private init() {}

    /// The files of this machine, as its C library reads them.
    public static let system = NameConfiguration()

    /// Nothing but these hosts, and the services of this machine: for networks apart, such as those
    /// of a simulation.
    public init(hosts: [(name: String, address: IPAddress)]) {
        self.hosts = .text(hosts.map { "\($0.address) \($0.name)\n" }.joined())
        resolver = .empty
        policies = .empty
        order = .text("hosts: files\n")
        hostName = .empty
    }

    /// These servers, and the services of this machine.
    public init(servers: [IPAddress], search: [String] = []) {
        hosts = .empty
        policies = .empty
        hostName = .empty
        order = .text("hosts: files dns\n")
        resolver = .text(
            servers.map { "nameserver \($0)\n" }.joined()
                + (search.isEmpty ? "" : "search \(search.joined(separator: " "))\n"))
    }
}

/// The files of a configuration, as last read.
final class NameTables: Sendable {
    private let hostsTable: FileTable<HostsFile>
    private let servicesTable: FileTable<ServicesFile>
    private let protocolsTable: FileTable<ProtocolsFile>
    private let resolverTable: FileTable<ResolverConfiguration>
    private let policiesTable: FileTable<PolicyFile>
    private let orderTable: FileTable<SourceOrder>
    private let hostName: NameFile

    init(_ configuration: NameConfiguration) {
        hostsTable = FileTable(configuration.hosts) { HostsFile($0) }
        servicesTable = FileTable(configuration.services) { ServicesFile($0) }
        protocolsTable = FileTable(configuration.protocols) { ProtocolsFile($0) }
        resolverTable = FileTable(configuration.resolver) { ResolverConfiguration($0) }
        policiesTable = FileTable(configuration.policies) { PolicyFile($0) }
        orderTable = FileTable(configuration.order) { SourceOrder($0) }
        hostName = configuration.hostName
    }

    var hosts: HostsFile { hostsTable.content }
    var services: ServicesFile { servicesTable.content }
    var protocols: ProtocolsFile { protocolsTable.content }
    var resolver: ResolverConfiguration { resolverTable.content }
    var policies: PolicyFile { policiesTable.content }
    var order: SourceOrder { orderTable.content }

    /// The domain of this host: what stands behind the first dot of its name.
    var domain: String? {
        // Files of /proc do not show that they have changed.
        guard let line = hostName.read(unless: nil)?.lines.first,
            let dot = line.firstIndex(of: ".")
        else { return nil }
        let domain = line[line.index(after: dot)...]
        return domain.isEmpty ? nil : String(domain)
    }
}
