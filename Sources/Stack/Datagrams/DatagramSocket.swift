import Memory
import Wire

/// A socket that sends and receives datagrams: of UDP (RFC 768), of a protocol of IP (raw), or
/// echoes of ICMP.
struct DatagramSocket: ~Copyable {
    let endpoint: SlabIndex
    let proto: IPProtocol
    let family: AddressFamily
    /// Its name as `bind` gave it: where a peer is fixed, `local` says which address that means.
    private(set) var bound: SocketAddress
    /// Its name: an address or an unspecified one, a port or the identifier of its echoes, and 0
    /// for raw ones.
    private(set) var local: SocketAddress
    /// Whether `::` means IPv4 too.
    let allowsDual: Bool
    var options: EndpointOptions
    /// Which directions the application has ended.
    var shut: Shutdown = []
    /// The only peer, once connected.
    private(set) var remote: SocketAddress?
    var inbox = DatagramInbox()
    /// A datagram that is not yet complete; none or one.
    var corked: [CorkedDatagram] = []
    /// The messages that a raw endpoint of ICMP wants.
    var filter = ICMPFilter()
    /// Whether it sends and receives echoes of ICMP only.
    let isEcho: Bool
    /// Of endpoints that fit a datagram equally well the latest gets it.
    let serial: UInt64

    init(
        endpoint: SlabIndex, proto: IPProtocol, family: AddressFamily, local: SocketAddress,
        options: EndpointOptions, serial: UInt64, isEcho: Bool = false
    ) {
        self.endpoint = endpoint
        self.proto = proto
        self.family = family
        bound = local
        self.local = local
        allowsDual = family == .inet6 && !options.isV6Only && proto == .udp
        self.options = options
        self.serial = serial
        self.isEcho = isEcho
    }

    /// Which of the host's addresses it answers to.
    var scope: LocalScope { LocalScope(local.address, allowsDual: allowsDual) }

    /// Gives it another local name.
    mutating func bind(to address: SocketAddress) {
        bound = address
        local = address
    }

    /// Fixes the peer, and the local address that is spoken to it from.
    mutating func connect(to peer: SocketAddress, from source: IPAddress) {
        remote = peer
        local = bound
        if bound.address.isUnspecified { local.address = source }
    }

    /// Lets everybody be a peer again, and no interface be the only one, as on Linux. Of the name
    /// what the application chose stays.
    mutating func disconnect(_ chosen: Endpoint.NameParts) {
        remote = nil
        options.boundInterface = nil
        guard !chosen.contains(.address) else { return }
        let unspecified = family.unspecified
        bound = SocketAddress(address: unspecified, port: bound.port)
        local = bound
    }

    /// Fails with what an earlier datagram met, or because nothing more is to be sent.
    mutating func checkMaySend() throws(StackError) {
        if let error = inbox.takeError() { throw error }
        guard !shut.contains(.sending) else { throw .brokenPipe }
    }

    /// Whether the addresses are those of a datagram from `source` to `destination`, whatever the
    /// ports.
    ///
    /// - Parameter interface: Where it came in; nil when that is not known.
    func takes(
        _ destination: SocketAddress, from source: SocketAddress, on interface: InterfaceID?
    ) -> Bool {
        guard scope.takes(destination.address) else { return false }
        if let remote {
            guard remote.address == source.address else { return false }
            if remote.zone != 0, source.zone != 0, remote.zone != source.zone { return false }
        }
        guard let bound = options.boundInterface, let interface else { return true }
        return bound == interface
    }

    /// How closely it describes a datagram; 0 where that is for another socket.
    func score(
        _ destination: SocketAddress, from source: SocketAddress, on interface: InterfaceID?
    ) -> Int {
        guard local.port == destination.port, takes(destination, from: source, on: interface)
        else { return 0 }
        // As on Linux one of the family knows it better, and one of the address best.
        var score = local.address.isIPv4 == destination.address.isIPv4 ? 2 : 1
        if local.address == destination.address { score += 16 }
        if let remote {
            guard remote.port == source.port else { return 0 }
            score += 8
        }
        if options.boundInterface != nil { score += 4 }
        return score
    }

    /// Takes in a datagram for the reader and counts it, or what became of it.
    mutating func deliver(
        _ datagram: consuming QueuedDatagram, counting full: DropReason,
        _ network: inout NetworkLayer
    ) -> Bool {
        guard network.hasMemoryToQueue else {
            network.counters.count(.noBuffer)
            return false
        }
        guard inbox.append(datagram, limit: options.receiveBuffer) else {
            network.counters.count(full)
            return false
        }
        return true
    }

    /// Whether datagrams go without a checksum: over IPv6 for tunnels only (RFC 6935).
    func omitsChecksum(isIPv4: Bool) -> Bool {
        isIPv4 ? options.omitsChecksum : options.hasRare && options.rare.omitsV6Checksum
    }

    /// Whether datagrams over IPv6 may come without a checksum, as those of tunnels (RFC 6935).
    var acceptsNoV6Checksum: Bool { options.hasRare && options.rare.acceptsNoV6Checksum }

    /// Whether it hears groups that only others of the host listen to.
    func hearsAllGroups(isIPv4: Bool) -> Bool {
        options.internet(toIPv4: isIPv4, of: family).hearsAllGroups
    }

    /// The options of an IPv4 packet, for who asked for them (`IP_RECVOPTS`).
    func ipOptions(of delivery: inout Delivery) -> [UInt8] {
        options.details.isDisjoint(with: [.ipOptions, .returnOptions])
            ? [] : delivery.ipv4Options()
    }

    /// Which bytes of a packet the endpoint is to have: all, or as many as its filter says, 0 for
    /// none.
    func admittedCount(
        of packet: borrowing Packet, networkOffset: Int, on interface: InterfaceID
    ) -> Int {
        guard options.hasRare, let filter = options.rare.filter else { return packet.count }
        let subject = FilterSubject(
            etherType: local.address.isIPv4 ? .ipv4 : .ipv6, interface: interface,
            linkOffset: networkOffset &- EthernetHeader.byteCount, networkOffset: networkOffset)
        return min(packet.count, Int(filter.run(on: packet, subject)))
    }

    /// An ICMP error about a datagram of ours, by Linux's rules: a connected endpoint learns of
    /// those that will not pass by themselves, one that keeps errors of all
    /// (RFC 1122 §4.1.3.3); whether there is something to tell.
    mutating func takeUp(_ error: TransportError, at now: Instant) -> Bool {
        let internet = options.internet(toIPv4: error.remote.address.isIPv4, of: family)
        if case .packetTooBig = error.kind {
            switch internet.mtuDiscovery {
            case .fragment, .interface, .omitted: return false
            case .wanted, .required, .probe: break
            }
        }
        let reason = error.kind.reason
        var destination = error.remote
        if !destination.address.needsZone { destination.zone = 0 }
        if internet.keepsErrors {
            var mtu = 0
            if case .packetTooBig(let size) = error.kind { mtu = size }
            inbox.keep(
                ReportedError(
                    reason: reason, destination: destination, reporter: error.reporter,
                    type: error.type, code: error.code, mtu: mtu,
                    sequence: error.sequence.rawValue,
                    payload: Array(error.quoted.dropFirst(proto == .udp ? UDPHeader.byteCount : 0)),
                    arrival: now))
        } else if remote == nil || !error.kind.isLasting {
            return false
        }
        inbox.error = reason
        return true
    }
}

extension TransportError.Kind {
    /// Whether sending again is no use (Linux's `icmp_err_convert`).
    var isLasting: Bool {
        switch self {
        case .networkUnreachable, .hostUnreachable, .timeExceeded: false
        case .protocolUnreachable, .portUnreachable, .prohibited, .accessDenied,
            .parameterProblem, .packetTooBig:
            true
        }
    }
}

/// A datagram that is given in parts (`UDP_CORK`, `MSG_MORE`), and where the first said it goes.
struct CorkedDatagram {
    var payload: [UInt8]
    let target: SocketAddress
    let control: DatagramControl
}

/// Which types of ICMP messages a raw endpoint wants (`ICMP_FILTER`; RFC 3542 §3.2).
public struct ICMPFilter: Equatable, Sendable {
    /// A bit for each type that is not wanted.
    private var blocked: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Wants all messages.
    public init() {}

    /// Wants no message.
    public static var blockingAll: ICMPFilter {
        var filter = ICMPFilter()
        filter.blocked = (.max, .max, .max, .max)
        return filter
    }

    /// Whether messages of `type` are wanted.
    public subscript(type: UInt8) -> Bool {
        get { word(type) & Self.bit(type) == 0 }
        set {
            let word = newValue ? word(type) & ~Self.bit(type) : word(type) | Self.bit(type)
            switch type >> 6 {
            case 0: blocked.0 = word
            case 1: blocked.1 = word
            case 2: blocked.2 = word
            default: blocked.3 = word
            }
        }
    }

    private static func bit(_ type: UInt8) -> UInt64 { 1 << UInt64(type & 63) }

    private func word(_ type: UInt8) -> UInt64 {
        switch type >> 6 {
        case 0: blocked.0
        case 1: blocked.1
        case 2: blocked.2
        default: blocked.3
        }
    }

    public static func == (a: ICMPFilter, b: ICMPFilter) -> Bool { a.blocked == b.blocked }
}
