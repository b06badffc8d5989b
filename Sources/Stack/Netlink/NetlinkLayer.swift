import Memory
import Wire

/// Who asks the host about itself, and who wants to be told.
struct NetlinkLayer: ~Copyable {
    var sockets = Slab<NetlinkSocket>()
    var raised = Ring<RaisedEvent>()
    /// Groups that somebody is a member of.
    var groupsInUse: UInt64 = 0

    /// `RTNLGRP_…`, as bits.
    static var inetAddresses: UInt64 { 1 << 4 }
    static var inet6Addresses: UInt64 { 1 << 8 }
    static var groupLimit: UInt32 { 64 }

    mutating func add(
        _ endpoint: SlabIndex, _ proto: NetlinkProtocol, receiveBuffer: UInt32
    ) -> SlabIndex {
        sockets.insert(
            NetlinkSocket(endpoint: endpoint, proto: proto, receiveBuffer: receiveBuffer))
    }

    mutating func remove(_ key: SlabIndex) {
        sockets.remove(key)
        countGroups()
    }

    mutating func countGroups() {
        groupsInUse = 0
        for place in 0..<sockets.placeCount {
            guard let key = sockets.index(at: place) else { continue }
            groupsInUse |= sockets[key].groups
        }
    }

    /// - Throws: `.invalidArgument` when it has another name, `.addressInUse`.
    mutating func bind(
        _ key: SlabIndex, portID: UInt32, groups: UInt64, processID: UInt32
    ) throws(StackError) {
        if sockets[key].portID != 0 {
            guard portID == 0 || portID == sockets[key].portID else { throw .invalidArgument }
        } else if portID == 0 {
            bindAutomatically(key, processID: processID)
        } else {
            guard isFree(portID, sockets[key].proto) else { throw .addressInUse }
            sockets[key].portID = portID
        }
        setGroups(key, groups)
    }

    mutating func setGroups(_ key: SlabIndex, _ groups: UInt64) {
        sockets[key].groups = groups
        countGroups()
    }

    /// The first endpoint of a process has its number, further ones count down from −4097.
    mutating func bindAutomatically(_ key: SlabIndex, processID: UInt32) {
        var portID = processID
        var next = UInt32(bitPattern: -4097)
        while portID == 0 || !isFree(portID, sockets[key].proto) {
            portID = next
            next &-= 1
        }
        sockets[key].portID = portID
    }

    private func isFree(_ portID: UInt32, _ proto: NetlinkProtocol) -> Bool {
        for place in 0..<sockets.placeCount {
            guard let key = sockets.index(at: place) else { continue }
            if sockets[key].portID == portID, sockets[key].proto == proto { return false }
        }
        return true
    }

    /// Gives an endpoint a datagram; without room it is lost, and the reader learns that one was.
    mutating func deliver(_ datagram: NetlinkDatagram, to key: SlabIndex) {
        var events: Readiness = .readable
        if !sockets[key].append(datagram), !sockets[key].options.contains(.losesSilently) {
            sockets[key].error = .noBufferSpace
            events.insert(.error)
        }
        raised.append(RaisedEvent(endpoint: sockets[key].endpoint, events: events))
    }

    /// Tells the members of a group.
    mutating func announce(_ bytes: [UInt8], to group: UInt64) {
        let groups = UInt32(truncatingIfNeeded: group)
        for place in 0..<sockets.placeCount {
            guard let key = sockets.index(at: place), sockets[key].proto == .route,
                sockets[key].groups & group != 0
            else { continue }
            deliver(NetlinkDatagram(bytes: bytes, groups: groups), to: key)
        }
    }
}
