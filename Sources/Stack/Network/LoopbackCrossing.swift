import Memory
import Wire

/// Loopback addresses that cross a link (`InterfaceConfiguration.routesLoopback`): 127/8 and `::1`
/// at its other end mean the loopback of somebody else.
///
/// Which one is meant, is said by the interface: packets bound to it leave through its default
/// gateway, those that come from it are answered there, and a connection between loopback addresses
/// carries the interface in its name, since the host itself may have one between the same.
extension NetworkLayer {
    /// Whether `address` is a loopback address that may cross the link of `id`.
    func crosses(_ address: IPAddress, _ id: InterfaceID) -> Bool {
        address.isLoopback && id != Self.loopbackID && isValid(id)
            && interfaces[id.rawValue].configuration.routesLoopback
    }

    /// The zone that tells a flow between two addresses over `id` from the host's own; 0 for all but
    /// loopback addresses.
    func crossing(_ one: IPAddress, _ other: IPAddress, _ id: InterfaceID) -> UInt16 {
        crosses(one, id) || crosses(other, id) ? id.zone : 0
    }

    /// The path to a loopback address beyond a link: by the link's default gateway, and from the
    /// host's own loopback address unless another one speaks.
    func crossingPath(
        to destination: IPAddress, from source: IPAddress?, on id: InterfaceID
    ) -> Path? {
        let anywhere: IPAddress = destination.isIPv4 ? .unspecifiedV4 : .unspecifiedV6
        guard let gateway = routes.lookup(anywhere, on: id)?.gateway else { return nil }
        let own = destination.isIPv4 ? .v4(127, 0, 0, 1) : destination
        return path(through: id, nextHop: gateway, to: destination, source: source ?? own)
    }
}
