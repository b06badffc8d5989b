import Wire

/// Addresses that the host answers for although somebody else has them (RFC 1027; RFC 4861 §7.2.8).
struct ProxyTable: Sendable {
    struct Entry: Equatable, Sendable {
        let addresses: IPPrefix
        let interface: InterfaceID
    }

    private(set) var entries: [Entry] = []

    static var limit: Int { 256 }

    /// Whether there was room.
    mutating func add(_ entry: Entry) -> Bool {
        guard !entries.contains(entry) else { return true }
        guard entries.count < Self.limit else { return false }
        entries.append(entry)
        return true
    }

    /// Whether there was such an entry.
    mutating func remove(_ entry: Entry) -> Bool {
        guard let place = entries.firstIndex(of: entry) else { return false }
        entries.remove(at: place)
        return true
    }

    /// Whether an address that is answered for may be asked after in `group`.
    func isAskedAfter(in group: IPv6Address, on interface: InterfaceID) -> Bool {
        for index in entries.indices where entries[index].interface == interface {
            let addresses = entries[index].addresses
            guard !addresses.address.isIPv4 else { continue }
            // The group names the last 24 bits; a prefix leaves some of them open.
            let fixed = Int(addresses.length) - 104
            let known = addresses.address.v6.solicitedNode.low
            if fixed <= 0 || (known ^ group.low) >> UInt64(24 - fixed) == 0 { return true }
        }
        return false
    }

    func contains(_ address: IPAddress, on interface: InterfaceID) -> Bool {
        for index in entries.indices
        where entries[index].interface == interface && entries[index].addresses.contains(address) {
            return true
        }
        return false
    }
}

extension NetworkLayer {
    /// Whether the host answers on `id` for `target`, whom `asker` asks for: not when that one is
    /// on the asker's side itself, as far as routes tell (RFC 1027 §2.2).
    func isProxy(for target: IPAddress, asking asker: IPAddress, on id: InterfaceID) -> Bool {
        guard target != asker, proxies.contains(target, on: id) else { return false }
        guard let hop = nextHop(to: target) else { return true }
        return hop.interface != id || hop.address != target || neighbour(target, on: id) == nil
    }
}
