import Memory
import Wire

/// What routers have told about the MTU of paths (RFC 1191, RFC 8201): a bounded table, each entry
/// of which is forgotten after ten minutes, so that a path which has become wider is used.
///
/// While it is empty, and it mostly is, asking it costs a comparison.
struct PathMTUTable: ~Copyable {
    struct Entry: Sendable {
        let destination: IPAddress
        var mtu: Int
        /// Whether the true one is smaller than what this host goes down to: packets leave without
        /// DF, for routers to cut.
        var isLocked: Bool
        var expiry: Instant
    }

    private var entries = Slab<Entry>()
    private var index = HashIndex()

    static var limit: Int { 1024 }
    /// RFC 1191 §6.3, Linux's `mtu_expires`.
    static var lifetime: Interval { .seconds(600) }
    /// What this host goes down to in IPv4, where every link carries 68 bytes: a lie that says less
    /// would have it send a flood of tiny packets (Linux's `min_pmtu`).
    static var minimumIPv4: Int { 552 }
    /// RFC 8200 §5. A message that says less is discarded (RFC 8201 §4).
    static var minimumIPv6: Int { 1280 }

    var isEmpty: Bool { entries.count == 0 }
    var count: Int { entries.count }

    /// What is known of the path to `destination` at `now`.
    func lookup(_ destination: IPAddress, at now: Instant, _ hash: KeyedHash) -> Entry? {
        guard !isEmpty, let id = find(destination, hash), entries[id].expiry > now else {
            return nil
        }
        return entries[id]
    }

    /// Notes that the path to `destination` carries no more than `mtu` bytes; whether that is news
    /// and believed.
    ///
    /// - Parameter current: What it was thought to carry, in bytes. A message never raises it.
    mutating func note(
        _ mtu: Int, to destination: IPAddress, below current: Int, at now: Instant,
        _ hash: KeyedHash
    ) -> Bool {
        let minimum = destination.isIPv4 ? Self.minimumIPv4 : Self.minimumIPv6
        guard mtu < current, destination.isIPv4 ? mtu >= 68 : mtu >= minimum else { return false }
        let entry = Entry(
            destination: destination, mtu: min(current, max(mtu, minimum)),
            isLocked: mtu < minimum, expiry: now + Self.lifetime)
        if let known = find(destination, hash) {
            entries[known] = entry
            return true
        }
        if entries.count >= Self.limit { removeOldest(hash) }
        let id = entries.insert(entry)
        index.insert(id.place, hash: Self.place(destination, hash))
        return true
    }

    /// What a path carries whose router does not tell (RFC 1191 §5, §7): the largest of the sizes
    /// that links have below that of the packet which was too big for it.
    static func plateau(below count: Int) -> Int {
        let plateaus: InlineArray<10, Int> = [
            32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68,
        ]
        for place in 0..<plateaus.count where plateaus[place] < count { return plateaus[place] }
        return 68
    }

    private static func place(_ destination: IPAddress, _ hash: KeyedHash) -> UInt64 {
        hash.place(destination.high, destination.low, 0x504D_5455, 0, 0)
    }

    private func find(_ destination: IPAddress, _ hash: KeyedHash) -> SlabIndex? {
        var probe = index.probe(Self.place(destination, hash))
        while let place = index.next(&probe) {
            guard let id = entries.index(at: Int(place)) else { continue }
            if entries[id].destination == destination { return id }
        }
        return nil
    }

    private mutating func removeOldest(_ hash: KeyedHash) {
        var oldest: SlabIndex?
        var expiry = Instant.never
        for place in 0..<entries.placeCount {
            guard let id = entries.index(at: place), entries[id].expiry < expiry else { continue }
            (oldest, expiry) = (id, entries[id].expiry)
        }
        guard let oldest else { return }
        let place = Self.place(entries[oldest].destination, hash)
        index.remove(oldest.place, hash: place)
        entries.remove(oldest)
    }
}

/// Messages that a packet of ours was too big for a link on its way.
extension NetworkLayer {
    /// What the path of a quoted packet carries, as a router says; nil if it contradicts itself.
    ///
    /// - Parameter reported: The MTU it tells, 0 from old routers (RFC 1191 §5).
    func narrowedMTU(of flow: QuotedFlow, reported: Int) -> Int? {
        let isIPv4 = flow.remote.address.isIPv4
        // Only what is larger can have been too big. A message that tells nothing, or nonsense,
        // still says that this packet was.
        let isTold = reported >= 68 && reported < flow.packetCount
        guard !isTold, isIPv4 else { return isTold ? reported : nil }
        return flow.packetCount > 68 ? PathMTUTable.plateau(below: flow.packetCount) : nil
    }

    /// Believes that the path from `local` to `remote` carries no more than `mtu` bytes; whether
    /// that is news. Who calls has made sure that a packet went that way.
    @discardableResult
    mutating func notePathMTU(_ mtu: Int, from local: IPAddress, to remote: IPAddress) -> Bool {
        guard interface(owning: local) != nil, !remote.isMulticast, !remote.isLinkLocal,
            let path = path(to: remote, from: local), path.interface != Self.loopbackID,
            pathMTUs.note(mtu, to: remote, below: path.mtu, at: now, hash)
        else { return false }
        counters.count(.pathMTUsLearned)
        return true
    }
}
