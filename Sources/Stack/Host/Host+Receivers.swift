import Memory
import Wire

/// Whether anybody is there to receive.
extension Host {
    /// Whether an endpoint of this host would take what comes to `address`: for streams a listener,
    /// for datagrams an endpoint with that name, wildcards and `::` for both families included.
    /// False for all other kinds.
    ///
    /// What is bound to an interface other than loopback does not count, since packets from the host
    /// to itself come in there.
    ///
    /// - Parameter source: Who sends; nil for anybody, so that an endpoint that is connected to
    ///   somebody counts too.
    public func hasReceiver(
        _ kind: EndpointKind, at address: SocketAddress, from source: SocketAddress? = nil
    ) -> Bool {
        switch kind {
        case .stream: tcp.hasListener(at: address, on: NetworkLayer.loopbackID, network.hash)
        case .datagram:
            udp.hasSocket(at: address, from: source, on: NetworkLayer.loopbackID, network.hash)
        default: false
        }
    }
}
