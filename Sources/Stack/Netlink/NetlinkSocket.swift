import Memory
import Wire

/// What of a host an endpoint asks about.
public enum NetlinkProtocol: UInt8, Hashable, Sendable {
    /// Links, addresses, routes and neighbours: rtnetlink(7).
    case route = 0
    /// Sockets: sock_diag(7).
    case diagnosis = 4
}

/// An endpoint that a program asks its host through (netlink(7)).
struct NetlinkSocket: ~Copyable {
    let endpoint: SlabIndex
    let proto: NetlinkProtocol
    /// Its name; 0 before it has one.
    var portID: UInt32 = 0
    /// What it wants to be told unasked: group n is bit n − 1.
    var groups: UInt64 = 0
    /// What waits for the reader, each a datagram.
    var queue = Ring<NetlinkDatagram>()
    var queued = 0
    var receiveBuffer: UInt32
    /// A question that is answered piece by piece, as the reader takes the answers.
    var dump: NetlinkDump?
    var options: NetlinkOptions = []
    var error: StackError?

    init(endpoint: SlabIndex, proto: NetlinkProtocol, receiveBuffer: UInt32) {
        self.endpoint = endpoint
        self.proto = proto
        self.receiveBuffer = receiveBuffer
    }

    var readiness: Readiness {
        var ready: Readiness = .writable
        if !queue.isEmpty || dump != nil { ready.insert(.readable) }
        if error != nil { ready.formUnion([.readable, .error]) }
        return ready
    }

    mutating func takeError() -> StackError? {
        let taken = error
        error = nil
        return taken
    }

    /// Whether there was room. One datagram always finds some.
    mutating func append(_ datagram: NetlinkDatagram) -> Bool {
        let count = datagram.bytes.count
        guard queue.isEmpty || queued &+ count <= Int(receiveBuffer) else { return false }
        queued &+= count
        queue.append(datagram)
        return true
    }
}

/// A datagram from the host.
struct NetlinkDatagram {
    let bytes: [UInt8]
    /// Whom it was told to, as a bit; 0 for the asker alone.
    var groups: UInt32 = 0
}

/// How questions are taken and answers written.
struct NetlinkOptions: OptionSet {
    let rawValue: UInt8

    /// Errors quote no more than the header of the request (`NETLINK_CAP_ACK`).
    static let capsErrors = NetlinkOptions(rawValue: 1 << 0)
    /// Errors may be explained, which they never are (`NETLINK_EXT_ACK`).
    static let explainsErrors = NetlinkOptions(rawValue: 1 << 1)
    /// Dumps give only what the request's fields say (`NETLINK_GET_STRICT_CHK`).
    static let filtersDumps = NetlinkOptions(rawValue: 1 << 2)
    /// Where a datagram was told to comes with it (`NETLINK_PKTINFO`).
    static let tellsGroups = NetlinkOptions(rawValue: 1 << 3)
    /// `NETLINK_NO_ENOBUFS`
    static let losesSilently = NetlinkOptions(rawValue: 1 << 4)
}

/// How far the answer to a question for all there is has come.
struct NetlinkDump {
    enum Subject {
        case links
        case addresses
        case routes
        case neighbours
        case sockets
        case localSockets
    }

    let subject: Subject
    let sequence: UInt32
    /// 0 for all.
    var family: UInt8 = 0
    /// Which of several tables, and where in it.
    var stage = 0
    var place = 0
    /// What is left out: other interfaces, other tables; 0 for nothing.
    var interface: UInt32 = 0
    var table: UInt32 = 0
    var diagnosis = DiagnosisRequest()
    var filter: DiagnosisFilter?

    init(_ subject: Subject, sequence: UInt32) {
        self.subject = subject
        self.sequence = sequence
    }

    /// Goes on with the next table.
    mutating func nextStage() {
        stage &+= 1
        place = 0
    }
}

/// Why a request fails: the number of the POSIX error.
enum NetlinkError: UInt32, Error {
    case notPermitted = 1
    case noSuchEntry = 2
    case busy = 16
    case noSuchDevice = 19
    case invalid = 22
    case notSupported = 95
    case networkUnreachable = 101
}
