/// What peers may take of a service.
public struct ServiceLimits: Sendable {
    /// Connections at a time, at least 1; further ones wait to be accepted.
    public var connections: Int
    /// How long a peer may send nothing, or not take what is sent to it, before it is reset.
    public var idle: Duration

    public init(connections: Int = 1_024, idle: Duration = .seconds(300)) {
        self.connections = connections
        self.idle = idle
    }
}
