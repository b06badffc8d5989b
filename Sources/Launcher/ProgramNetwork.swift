public import Sockets

/// What stands under a program: whose sockets it gets, and who drives them.
public struct ProgramNetwork {
    /// Whose sockets the program's are.
    public var network: Network
    /// What the launcher's loop drives: the host of `network` where it has no thread of its own,
    /// the gateway behind it.
    public var sources: [any EventSource]
    /// Where the program's ports are to be had on the machine too; nil for nowhere.
    public var ports: (any MachinePorts)?
    /// The interface by which loopback addresses are reached where nobody listens inside; nil where
    /// they are the program's own alone.
    public var loopbackInterface: String?
    /// Learns whose sockets have which ports.
    public var names: ProgramNames

    public init(
        _ network: Network, sources: [any EventSource] = [], ports: (any MachinePorts)? = nil,
        loopbackInterface: String? = nil, names: ProgramNames = ProgramNames()
    ) {
        self.network = network
        self.sources = sources
        self.ports = ports
        self.loopbackInterface = loopbackInterface
        self.names = names
    }
}
