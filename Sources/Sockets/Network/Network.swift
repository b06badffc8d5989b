import Devices
import Stack

/// Whose sockets a program uses: those of a Sockeye host, the kernel's, or those of a host in a
/// simulation. The same program runs over each.
public struct Network: Sendable {
    enum Kind: Sendable {
        case host(HostDriver)
        case kernel
    }

    let kind: Kind

    /// The network that a host of Sockeye is attached to.
    public init(_ host: HostDriver) { kind = .host(host) }

    private init(kind: Kind) { self.kind = kind }

    /// The machine's own, reached by the kernel's sockets.
    public static let kernel = Network(kind: .kernel)

    /// The host of Sockeye that the sockets belong to; nil for the kernel's.
    public var host: HostDriver? {
        if case .host(let host) = kind { host } else { nil }
    }

    func open(
        _ socketKind: EndpointKind, _ family: AddressFamily
    ) throws(SocketError) -> any NetworkEndpoint {
        switch kind {
        case .host(let host): return HostEndpoint(socketKind, family, on: host)
        case .kernel: return try KernelEndpoint(socketKind, family)
        }
    }
}
