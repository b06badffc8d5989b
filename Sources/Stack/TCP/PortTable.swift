import Memory
import Wire

/// Who has which port of TCP: Linux's bind buckets.
///
/// Whatever has a port stands here: endpoints with a name, listeners, connections, and those in
/// TIME-WAIT. Holders that are alike in all that a conflict depends on share an entry, so that a
/// listener with a million connections costs `bind` one comparison.
struct PortTable: ~Copyable {
    /// What a holder has, and on which terms.
    struct Claim: Equatable, Sendable {
        let scope: LocalScope
        let port: UInt16
        /// The zone of the only interface, 0 for all.
        let link: UInt16
        let terms: Terms
    }

    /// The terms of a claim.
    struct Terms: OptionSet, Sendable {
        let rawValue: UInt8

        /// `SO_REUSEADDR`.
        static let sharesAddress = Terms(rawValue: 1 << 0)
        /// `SO_REUSEPORT`.
        static let sharesPort = Terms(rawValue: 1 << 1)
        static let listens = Terms(rawValue: 1 << 2)
        /// `connect` chose the port: other connections may have it too.
        static let chosen = Terms(rawValue: 1 << 3)

        init(rawValue: UInt8) { self.rawValue = rawValue }

        init(_ options: EndpointOptions) {
            self = []
            if options.sharesAddress { insert(.sharesAddress) }
            if options.sharesPort { insert(.sharesPort) }
        }
    }

    /// How many holders have the same claim.
    struct Entry: Sendable {
        let claim: Claim
        var count: Int
    }

    private var entries = Slab<Entry>()
    /// Entries by port.
    private var table = HashIndex()

    private static func place(_ port: UInt16, _ hash: KeyedHash) -> UInt64 {
        hash.place(UInt64(port), 1, 0, 0, 0)
    }

    /// The entry of `claim`, nil where nobody has the like.
    private func find(_ claim: Claim, _ hash: KeyedHash) -> SlabIndex? {
        var probe = table.probe(Self.place(claim.port, hash))
        while let place = table.next(&probe) {
            if let id = entries.index(at: Int(place)), entries[id].claim == claim { return id }
        }
        return nil
    }

    /// Notes one more holder.
    mutating func take(_ claim: Claim, _ hash: KeyedHash) {
        if let id = find(claim, hash) {
            entries[id].count &+= 1
            return
        }
        let id = entries.insert(Entry(claim: claim, count: 1))
        table.insert(id.place, hash: Self.place(claim.port, hash))
    }

    /// A holder is gone.
    mutating func drop(_ claim: Claim, _ hash: KeyedHash) {
        guard let id = find(claim, hash) else { return }
        entries[id].count &-= 1
        guard entries[id].count == 0 else { return }
        entries.remove(id)
        table.remove(id.place, hash: Self.place(claim.port, hash))
    }

    /// How many holders there are.
    var count: Int {
        var sum = 0
        for place in 0..<entries.placeCount {
            if let id = entries.index(at: place) { sum &+= entries[id].count }
        }
        return sum
    }

    /// Whether a holder keeps `claim` from being made (Linux's `inet_csk_bind_conflict`).
    ///
    /// - Parameter isAny: Whether any port would do: then none is shared.
    func isTaken(_ claim: Claim, isAny: Bool, _ hash: KeyedHash) -> Bool {
        var probe = table.probe(Self.place(claim.port, hash))
        while let place = table.next(&probe) {
            guard let id = entries.index(at: Int(place)) else { continue }
            if entries[id].claim.excludes(claim, isAny: isAny) { return true }
        }
        return false
    }

    /// Whether `connect` may choose the port: nobody has it but other connections that did so.
    func isForConnections(_ port: UInt16, _ hash: KeyedHash) -> Bool {
        var probe = table.probe(Self.place(port, hash))
        while let place = table.next(&probe) {
            guard let id = entries.index(at: Int(place)), entries[id].claim.port == port
            else { continue }
            if !entries[id].claim.terms.contains(.chosen) { return false }
        }
        return true
    }
}

extension PortTable.Claim {
    /// Whether who holds this excludes who asks for `other`.
    fileprivate func excludes(_ other: PortTable.Claim, isAny: Bool) -> Bool {
        guard port == other.port, scope.overlaps(other.scope) else { return false }
        // Two interfaces are two worlds.
        if link != 0, other.link != 0, link != other.link { return false }
        if isAny { return true }
        let common = terms.intersection(other.terms)
        // An address is shared with whoever does not listen on it, a port with all who want it.
        if common.contains(.sharesAddress), !terms.contains(.listens) { return false }
        return !common.contains(.sharesPort)
    }
}

extension Connection {
    /// What it holds of the port table.
    var claim: PortTable.Claim {
        var terms: PortTable.Terms = []
        if flags.contains(.sharesAddress) { terms.insert(.sharesAddress) }
        if flags.contains(.sharesPort) { terms.insert(.sharesPort) }
        if flags.contains(.portChosen) { terms.insert(.chosen) }
        return PortTable.Claim(
            scope: LocalScope(tuple.localAddress, allowsDual: false), port: tuple.localPort,
            link: link, terms: terms)
    }
}

extension TCPLayer {
    /// Gives up a connection's port, if it still has it.
    mutating func dropPort(_ id: SlabIndex, _ hash: KeyedHash) {
        guard connections[id].flags.contains(.holdsPort) else { return }
        connections[id].flags.remove(.holdsPort)
        ports.drop(connections[id].claim, hash)
    }
}
