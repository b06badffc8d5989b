import Setup
import Sockets
import Stack
import Wire

/// Whom a tool speaks to: an address, of a link-local one with the interface: `fe80::1%tap0`
/// (RFC 4007 §11).
struct Target {
    /// As it was given.
    let text: String
    let address: IPAddress
    /// The name or number of the interface, if it was given.
    private let zone: String?

    /// Nil when `text` is no address of one host.
    init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])), !address.isUnspecified else { return nil }
        self.text = text
        self.address = address
        zone = parts.count > 1 ? String(parts[1]) : nil
        guard zone == nil || !address.isIPv4 && zone?.isEmpty == false else { return nil }
    }

    var family: AddressFamily { AddressFamily(of: address) }

    /// The address with its zone by number.
    ///
    /// - Throws: When the host has no such interface.
    func socketAddress(on host: HostDriver) throws(CommandError) -> SocketAddress {
        guard let zone else { return SocketAddress(address: address, port: 0) }
        guard let id = Self.interface(zone, of: host) else {
            throw .failure("the host has no interface '\(zone)'")
        }
        return SocketAddress(address: address, port: 0, zone: id.zone)
    }

    /// The interface of `host` with this name, or this number as zones have it.
    static func interface(_ name: String, of host: HostDriver) -> InterfaceID? {
        let entries = host.withHost { $0.interfaces }
        let entry =
            entries.first { $0.name == name }
            ?? entries.first { String($0.interface.zone) == name }
        return entry?.interface
    }
}
