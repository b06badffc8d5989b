import Memory
import Wire

/// What is known of a host on a link, of either family.
struct Neighbour: ~Copyable {
    /// How sure we are that packets get there (RFC 4861 §7.3.2).
    enum State: Sendable {
        /// Asked for, not known: packets wait.
        case incomplete
        /// Confirmed lately. Whether that was long ago is looked at when a packet leaves.
        case reachable
        /// Known, but not heard of for a while.
        case stale
        /// Used although stale: a while is waited for a sign of life before it is asked.
        case delay
        /// Asked directly.
        case probe
        /// Set by the user, never asked, never forgotten.
        case permanent
    }

    let interface: InterfaceID
    let address: IPAddress
    var state = State.incomplete
    var linkAddress = MACAddress.zero
    /// Whether it said that it is a router (RFC 4861 §4.4).
    var isRouter = false
    /// When packets were last known to get there.
    var confirmed = Instant.zero
    /// When a packet last left for it.
    var used = Instant.zero
    /// How often it was asked since it came into its state.
    var solicitations = 0
    var waiting = Ring<Packet>()
    var timer: TimerID?
    var link = ListLink()

    init(interface: InterfaceID, address: IPAddress) {
        self.interface = interface
        self.address = address
    }
}

/// Where a neighbour stands in one of the table's lists, by places in the slab.
struct ListLink: Sendable {
    static var none: UInt32 { .max }

    var list = NeighbourList.none
    var next = none
    var previous = none
}

/// In what respect neighbours compete for room in the table.
enum NeighbourList: Int, Sendable {
    /// Known, but nothing was ever sent to them.
    case spare
    /// Packets leave for them.
    case used
    /// Asked for.
    case incomplete
    /// Set by the user: they give way to nobody.
    case none
}
