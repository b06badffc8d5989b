import Memory
import Stack
import Wire

/// Where a bridge sends frames: it learns from their sources which station is behind which port
/// (IEEE 802.1D §7.7 to §7.9).
///
/// What is for a station that is not known, or for a group, goes to all ports but the one it came
/// in by. Stations that are silent for the ageing time are forgotten. The table is bounded: once
/// it is full of living entries, new stations are not learned, and their frames go everywhere.
public struct LearningSwitch: ~Copyable, Sendable {
    /// Which ports a frame goes out by.
    public enum Forwarding: Equatable, Sendable {
        case port(Int)
        /// All but the one that it came in by.
        case flood
        /// None: its station is where it came from, or bridges do not pass it on.
        case none
    }

    /// What became of frames.
    public struct Counters: Hashable, Sendable {
        public var forwarded: UInt64 = 0
        public var flooded: UInt64 = 0
        public var filtered: UInt64 = 0
        /// Sources that were not learned, the table being full.
        public var unlearned: UInt64 = 0

        public init() {}
    }

    // Internal: the compiler breaks on private nested types of noncopyable structs in Embedded.
    struct Station: Sendable {
        var address: MACAddress
        /// Stations of different virtual networks are different stations.
        var network: UInt16
        var port: Int
        var lastSeen: Instant
    }

    /// How long a silent station is remembered; 300 s unless told otherwise (IEEE 802.1D §7.9.2).
    public let ageingTime: Interval
    public let limit: Int
    public private(set) var counters = Counters()
    private var stations = Slab<Station>()
    private var places = HashIndex()
    private let hash: KeyedHash
    /// The next place that is looked at for a station that is over.
    private var sweep = 0

    /// - Parameters:
    ///   - limit: How many stations are remembered, 1 to 1,048,576.
    ///   - seed: Secret, so that nobody can make stations collide.
    public init(
        ageingTime: Interval = .seconds(300), limit: Int = 8192, seed first: UInt64,
        _ second: UInt64
    ) {
        self.ageingTime = ageingTime
        self.limit = max(1, min(limit, 1 << 20))
        hash = KeyedHash(key: first, second)
    }

    /// How many stations are remembered, those included whose time is over.
    public var count: Int { stations.count }

    /// Decides on a frame that came in by `port`, and learns from it.
    ///
    /// - Parameter network: The number of the virtual network it belongs to.
    public mutating func forward(
        _ frame: borrowing Packet, from port: Int, network: UInt16 = 0, at now: Instant
    ) -> Forwarding {
        guard frame.head.count >= EthernetHeader.byteCount else { return count(.none) }
        let (destination, source) = (frame.head.macAddress(at: 0), frame.head.macAddress(at: 6))
        // A group is no source, and a broken one at that (IEEE 802.3 §3.2.3).
        guard !source.isMulticast else { return count(.none) }
        learn(source, on: port, network, now)
        // Between bridges only (IEEE 802.1D §7.12.6).
        guard destination.rawValue >> 4 != 0x0180_C200_000 else { return count(.none) }
        guard !destination.isMulticast, let station = find(destination, network) else {
            return count(.flood)
        }
        guard stations[station].lastSeen + ageingTime > now else {
            forget(station)
            return count(.flood)
        }
        let target = stations[station].port
        return count(target == port ? .none : .port(target))
    }

    /// The port that a station is behind; nil where that is not known.
    public func port(of address: MACAddress, network: UInt16 = 0, at now: Instant) -> Int? {
        guard let station = find(address, network), stations[station].lastSeen + ageingTime > now
        else { return nil }
        return stations[station].port
    }

    /// Forgets all stations behind a port: its link is down.
    public mutating func forget(port: Int) {
        for place in 0..<stations.placeCount {
            guard let index = stations.index(at: place), stations[index].port == port else {
                continue
            }
            forget(index)
        }
    }

    private mutating func learn(
        _ address: MACAddress, on port: Int, _ network: UInt16, _ now: Instant
    ) {
        if let station = find(address, network) {
            stations[station].port = port
            stations[station].lastSeen = now
            return
        }
        if stations.count >= limit { forgetOne(now) }
        guard stations.count < limit else {
            counters.unlearned &+= 1
            return
        }
        let station = Station(address: address, network: network, port: port, lastSeen: now)
        places.insert(stations.insert(station).place, hash: place(address, network))
    }

    /// Looks at some places for a station that is over.
    private mutating func forgetOne(_ now: Instant) {
        for _ in 0..<64 {
            sweep = sweep &+ 1 < stations.placeCount ? sweep &+ 1 : 0
            if let index = stations.index(at: sweep), stations[index].lastSeen + ageingTime <= now {
                forget(index)
                return
            }
        }
    }

    private func find(_ address: MACAddress, _ network: UInt16) -> SlabIndex? {
        var probe = places.probe(place(address, network))
        while let place = places.next(&probe) {
            guard let index = stations.index(at: Int(place)) else { continue }
            if stations[index].address == address, stations[index].network == network {
                return index
            }
        }
        return nil
    }

    private mutating func forget(_ index: SlabIndex) {
        let (address, network) = (stations[index].address, stations[index].network)
        places.remove(index.place, hash: place(address, network))
        stations.remove(index)
    }

    private func place(_ address: MACAddress, _ network: UInt16) -> UInt64 {
        hash.secret(UInt64(network) << 48 | address.rawValue)
    }

    private mutating func count(_ forwarding: Forwarding) -> Forwarding {
        switch forwarding {
        case .port: counters.forwarded &+= 1
        case .flood: counters.flooded &+= 1
        case .none: counters.filtered &+= 1
        }
        return forwarding
    }
}
