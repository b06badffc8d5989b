import Gateway
import Launcher
import Sockets
import Stack
import Wire

/// The ports of the machine's that a gateway takes for what the program's own sockets are bound to.
final class GatewayPorts: MachinePorts {
    private final class Port: MachinePort {
        private let port: PublishedPort

        init(_ port: PublishedPort) { self.port = port }

        var address: SocketAddress { port.address }

        func open(backlog: Int) throws(SocketError) { try port.open(backlog: backlog) }

        func close() { port.close() }
    }

    private let gateway: Gateway

    init(_ gateway: Gateway) { self.gateway = gateway }

    func reserve(
        _ kind: EndpointKind, at address: SocketAddress, options: PortOptions
    ) throws(SocketError) -> any MachinePort {
        var sharing = PublishedPortOptions()
        sharing.reusesAddress = options.reusesAddress
        sharing.reusesPort = options.reusesPort
        sharing.isIPv6Only = options.isIPv6Only
        return Port(try gateway.reserve(kind, at: address, options: sharing))
    }
}
