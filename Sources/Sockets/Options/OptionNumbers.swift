// The numbers that Linux gives to levels and options. Levels are the protocols' numbers but for
// two; options are numbered within their level.

/// Whose options: `SOL_`, `IPPROTO_`.
enum OptionLevel {
    static let ip: Int32 = 0
    static let socket: Int32 = 1
    static let tcp: Int32 = 6
    static let udp: Int32 = 17
    static let ipv6: Int32 = 41
    static let icmpv6: Int32 = 58
    static let raw: Int32 = 255
    static let packet: Int32 = 263
    static let netlink: Int32 = 270
}

/// Options of all sockets: `SO_`.
enum SocketLevel {
    static let debug: Int32 = 1
    static let reuseAddress: Int32 = 2
    static let type: Int32 = 3
    static let error: Int32 = 4
    static let dontRoute: Int32 = 5
    static let broadcast: Int32 = 6
    static let sendBuffer: Int32 = 7
    static let receiveBuffer: Int32 = 8
    static let keepalive: Int32 = 9
    static let urgentInline: Int32 = 10
    static let noChecksum: Int32 = 11
    static let priority: Int32 = 12
    static let linger: Int32 = 13
    static let bsdCompatibility: Int32 = 14
    static let reusePort: Int32 = 15
    static let passCredentials: Int32 = 16
    static let peerCredentials: Int32 = 17
    static let receiveLowWater: Int32 = 18
    static let sendLowWater: Int32 = 19
    static let receiveTimeout: Int32 = 20
    static let sendTimeout: Int32 = 21
    static let bindToDevice: Int32 = 25
    static let attachFilter: Int32 = 26
    static let detachFilter: Int32 = 27
    static let peerName: Int32 = 28
    static let timestamp: Int32 = 29
    static let acceptsConnections: Int32 = 30
    static let sendBufferForce: Int32 = 32
    static let receiveBufferForce: Int32 = 33
    static let timestampNanoseconds: Int32 = 35
    static let mark: Int32 = 36
    static let proto: Int32 = 38
    static let domain: Int32 = 39
    static let dropCount: Int32 = 40
    static let bindToInterface: Int32 = 62
    static let timestampNew: Int32 = 63
    static let timestampNanosecondsNew: Int32 = 64
    static let receiveTimeoutNew: Int32 = 66
    static let sendTimeoutNew: Int32 = 67
}

/// Options of streams: `TCP_`.
enum TCPLevel {
    static let noDelay: Int32 = 1
    static let maximumSegment: Int32 = 2
    static let cork: Int32 = 3
    static let keepIdle: Int32 = 4
    static let keepInterval: Int32 = 5
    static let keepCount: Int32 = 6
    static let synCount: Int32 = 7
    static let linger2: Int32 = 8
    static let deferAccept: Int32 = 9
    static let windowClamp: Int32 = 10
    static let information: Int32 = 11
    static let quickAck: Int32 = 12
    static let congestion: Int32 = 13
    static let userTimeout: Int32 = 18
    static let fastOpen: Int32 = 23
    static let notSentLowWater: Int32 = 25
    static let fastOpenConnect: Int32 = 30
}

/// Options of IPv4, and types of its control messages: `IP_`, `MCAST_`.
enum IPLevel {
    static let tos: Int32 = 1
    static let ttl: Int32 = 2
    static let headerIncluded: Int32 = 3
    static let options: Int32 = 4
    static let receiveOptions: Int32 = 6
    static let returnOptions: Int32 = 7
    static let packetInfo: Int32 = 8
    static let mtuDiscover: Int32 = 10
    static let receiveErrors: Int32 = 11
    static let receiveTTL: Int32 = 12
    static let receiveTOS: Int32 = 13
    static let mtu: Int32 = 14
    static let freeBind: Int32 = 15
    static let transparent: Int32 = 19
    static let receiveDestination: Int32 = 20
    static let bindNoPort: Int32 = 24
    static let multicastInterface: Int32 = 32
    static let multicastTTL: Int32 = 33
    static let multicastLoop: Int32 = 34
    static let addMembership: Int32 = 35
    static let dropMembership: Int32 = 36
    static let unblockSource: Int32 = 37
    static let blockSource: Int32 = 38
    static let addSourceMembership: Int32 = 39
    static let dropSourceMembership: Int32 = 40
    static let sourceFilter: Int32 = 41
    static let multicastAll: Int32 = 49
}

/// Options on groups that are the same at both levels of IP: `MCAST_` (RFC 3678 §5).
enum GroupOption {
    static let join: Int32 = 42
    static let blockSource: Int32 = 43
    static let unblockSource: Int32 = 44
    static let leave: Int32 = 45
    static let joinSource: Int32 = 46
    static let leaveSource: Int32 = 47
    static let filter: Int32 = 48
}

/// Options of IPv6, and types of its control messages: `IPV6_`.
enum IPv6Level {
    static let checksum: Int32 = 7
    static let unicastHops: Int32 = 16
    static let multicastInterface: Int32 = 17
    static let multicastHops: Int32 = 18
    static let multicastLoop: Int32 = 19
    static let joinGroup: Int32 = 20
    static let leaveGroup: Int32 = 21
    static let mtuDiscover: Int32 = 23
    static let mtu: Int32 = 24
    static let receiveErrors: Int32 = 25
    static let v6Only: Int32 = 26
    static let multicastAll: Int32 = 29
    static let headerIncluded: Int32 = 36
    static let receivePacketInfo: Int32 = 49
    static let packetInfo: Int32 = 50
    static let receiveHopLimit: Int32 = 51
    static let hopLimit: Int32 = 52
    static let dontFragment: Int32 = 62
    static let receiveTrafficClass: Int32 = 66
    static let trafficClass: Int32 = 67
    static let receiveDestination: Int32 = 74
    static let transparent: Int32 = 75
    static let freeBind: Int32 = 78
}

/// Options of datagrams: `UDP_`.
enum UDPLevel {
    static let cork: Int32 = 1
    static let noV6ChecksumOut: Int32 = 101
    static let noV6ChecksumIn: Int32 = 102
    static let segment: Int32 = 103
    static let merge: Int32 = 104
}

/// Options of raw sockets: `ICMP_FILTER`, `ICMPV6_FILTER`.
enum RawLevel {
    static let icmpFilter: Int32 = 1
}

/// Options of sockets of the link: `PACKET_`.
enum PacketLevel {
    static let addMembership: Int32 = 1
    static let dropMembership: Int32 = 2
    static let statistics: Int32 = 6
}

/// The numbers of types of sockets and of families that options tell: `SOCK_`, `AF_`.
enum SocketNumber {
    static let stream: Int32 = 1
    static let datagram: Int32 = 2
    static let raw: Int32 = 3
    static let sequencedPacket: Int32 = 5
    static let unix: Int32 = 1
    static let inet: Int32 = 2
    static let inet6: Int32 = 10
    static let netlink: Int32 = 16
    static let packet: Int32 = 17
}
