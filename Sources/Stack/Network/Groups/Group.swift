import Memory
import Wire

/// A group on one link: who on this host listens to it, and what routers are told of that.
struct Group: ~Copyable {
    /// An endpoint that listens, and to whom.
    struct Listener: Sendable {
        let endpoint: SlabIndex
        var filter: SourceFilter
    }

    let address: IPAddress
    let interface: InterfaceID
    /// How often the stack itself joined.
    var joins = 0
    var listeners: [Listener] = []
    /// Whom the link is listened to for: the users' filters, merged (RFC 9776 §3.2).
    private(set) var filter = SourceFilter.nobody
    var changes = StateChanges()
    var answer = PendingAnswer()
    var olderReport = OlderReport()

    init(_ address: IPAddress, on interface: InterfaceID) {
        self.address = address
        self.interface = interface
    }

    /// Whether nobody listens and nothing is left to be told.
    var isOver: Bool { joins == 0 && listeners.isEmpty && !changes.isPending }

    /// Whether routers are told of the group at all: not of those that all hosts are members of or
    /// that never leave the host (RFC 9776 §4.2, RFC 9777 §6).
    var isReported: Bool {
        if address.isIPv4 { return address != .v4(224, 0, 0, 1) }
        return address.multicastScope > 1 && address != .allNodes
    }

    /// Where the endpoint stands among the listeners.
    func place(of endpoint: SlabIndex) -> Int? {
        for index in listeners.indices where listeners[index].endpoint == endpoint { return index }
        return nil
    }

    /// Merges the users' filters anew; what the filter was before.
    mutating func merge() -> SourceFilter {
        let old = filter
        var merged: SourceFilter = joins > 0 ? .everyone : .nobody
        for index in listeners.indices { merged.merge(listeners[index].filter) }
        filter = merged
        return old
    }

    /// When the next thing is to be done for the group.
    var due: Instant { min(changes.due, min(answer.due, olderReport.due)) }

    /// Forgets what was to be told (RFC 9776 §7.2.1).
    mutating func cancel() {
        changes.cancel()
        answer.cancel()
        olderReport = OlderReport()
    }
}

/// A report of one group in the older versions (RFC 2236 §3 and §6, RFC 2710 §4 and §5).
struct OlderReport: Sendable {
    var due = Instant.never
    /// Reports that nobody asked for and that are left.
    var unsolicited: UInt8 = 0
    /// Whether this host was the last of the link's to report the group: it tells when it leaves.
    var isOurs = false
}

extension IPAddress {
    /// All nodes of the link (RFC 4291 §2.7.1).
    static var allNodes: IPAddress { IPAddress(high: 0xFF02 << 48, low: 1) }
    /// All routers of the link, in the family of `isIPv4`.
    static func allRouters(isIPv4: Bool) -> IPAddress {
        isIPv4 ? .v4(224, 0, 0, 2) : IPAddress(high: 0xFF02 << 48, low: 2)
    }
    /// The routers that hear reports of the latest version (RFC 9776 §4.2.16, RFC 9777 §5.2.14).
    static func reportRouters(isIPv4: Bool) -> IPAddress {
        isIPv4 ? .v4(224, 0, 0, 22) : IPAddress(high: 0xFF02 << 48, low: 0x16)
    }
    /// How far a group of IPv6 reaches: 1 this host, 2 the link, more beyond (RFC 4291 §2.7).
    var multicastScope: UInt8 { UInt8(truncatingIfNeeded: high >> 48 & 0xF) }
    /// Whether a group is one of every host.
    var isForAllHosts: Bool {
        self == .v4(224, 0, 0, 1) || self == .allNodes
            || self == IPAddress(high: 0xFF01 << 48, low: 1)
    }
}
