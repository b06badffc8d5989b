public import Sockets
public import Stack
public import Wire

/// How a port is shared with others that want it: `SO_REUSEADDR`, `SO_REUSEPORT`, `IPV6_V6ONLY`.
public struct PortOptions: Hashable, Sendable {
    public var reusesAddress = false
    public var reusesPort = false
    public var isIPv6Only = false

    public init() {}
}

/// Ports of the machine's, on which the program's own sockets are reached from outside.
public protocol MachinePorts: AnyObject {
    /// Takes a port on the machine, so that nobody else has it; port 0 asks for a free one.
    ///
    /// - Parameters:
    ///   - kind: `stream` or `datagram`.
    ///   - address: Where the program's socket is to be bound.
    /// - Throws: `EADDRINUSE`; `EACCES` for a port that only the machine's administrator may have.
    func reserve(
        _ kind: EndpointKind, at address: SocketAddress, options: PortOptions
    ) throws(SocketError) -> any MachinePort
}

/// A port of the machine's that was taken.
public protocol MachinePort: AnyObject {
    /// Where, with the port that was found where none was asked for.
    var address: SocketAddress { get }
    /// From now on connections, or datagrams, are carried to the program's socket.
    ///
    /// - Parameter backlog: Connections that may wait.
    func open(backlog: Int) throws(SocketError)
    /// Gives the port back. Connections that were carried in go on.
    func close()
}
