import Glibc
import Stack

/// Options of all sockets. socket(7).
extension OptionCall {
    func readSocket(_ host: inout Host, _ capacity: Int) throws(OptionError) -> Value {
        let options = try options(host)
        switch name {
        case SocketLevel.debug: return .flag(options.debugs)
        case SocketLevel.reuseAddress: return .flag(options.sharesAddress)
        case SocketLevel.reusePort: return .flag(options.sharesPort)
        case SocketLevel.type: return .int(typeNumber)
        case SocketLevel.domain: return .int(domainNumber)
        case SocketLevel.proto: return .int(protocolNumber)
        case SocketLevel.error: return .int(try stack(try host.takeError(of: id))?.code ?? 0)
        case SocketLevel.acceptsConnections: return .flag(try stack(try host.isListening(id)))
        case SocketLevel.dontRoute: return .flag(!options.sendsAnywhere)
        case SocketLevel.broadcast: return .flag(options.allowsBroadcast)
        case SocketLevel.noChecksum: return .flag(options.omitsChecksum)
        case SocketLevel.keepalive: return .flag(try stack(try host.keepalive(of: id)))
        case SocketLevel.urgentInline: return .flag(try isUrgentInline(host))
        case SocketLevel.priority: return .int(options.rare.priority)
        case SocketLevel.mark: return .int(Int32(bitPattern: options.rare.mark))
        case SocketLevel.bsdCompatibility: return .int(0)
        case SocketLevel.sendBuffer: return .int(Int32(clamping: try sendBuffer(host, options)))
        case SocketLevel.receiveBuffer:
            return .int(Int32(clamping: try receiveBuffer(host, options)))
        case SocketLevel.receiveLowWater: return .int(options.receiveLowWater)
        case SocketLevel.sendLowWater: return .int(1)
        case SocketLevel.linger:
            let rare = options.rare
            return .bytes(
                OptionBytes.int(rare.lingers ? 1 : 0) + OptionBytes.word(rare.lingerSeconds))
        case SocketLevel.bindToDevice: return try readDevice(host, options, capacity)
        case SocketLevel.bindToInterface:
            return .int(Int32(options.boundInterface?.zone ?? 0))
        case SocketLevel.attachFilter:
            // Asked for the filter itself (`SO_GET_FILTER`); without one there are no bytes.
            return .bytes(options.rare.filter?.bytes ?? [])
        case SocketLevel.peerCredentials:
            // Beyond the host nobody is known: process 0, user and group of nobody.
            let peer = isLocal ? try? host.peerCredentials(of: id).bytes : nil
            return .bytes(
                peer ?? OptionBytes.int(0) + OptionBytes.int(-1) + OptionBytes.int(-1))
        case SocketLevel.passCredentials:
            return .flag(try stack(try host.passesCredentials(id)))
        case SocketLevel.peerName:
            let name = SocketName.internet(try stack(try host.remoteAddress(of: id)))
            let bytes = name.bytes(for: family)
            guard capacity <= bytes.count else { throw .invalid }
            return .bytes(bytes)
        case SocketLevel.dropCount: return .flag(options.details.contains(.drops))
        default:
            guard let detail = timeDetail else { throw .unknown }
            return .flag(options.details.contains(detail))
        }
    }

    func setSocket(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        if name == SocketLevel.bindToDevice { return try bind(&host, toDevice: bytes) }
        let value = try bytes.int()
        let isOn = value != 0
        switch name {
        case SocketLevel.debug: try update(&host) { $0.debugs = isOn }
        case SocketLevel.reuseAddress: try update(&host) { $0.sharesAddress = isOn }
        case SocketLevel.reusePort: try update(&host) { $0.sharesPort = isOn }
        case SocketLevel.dontRoute: try update(&host) { $0.sendsAnywhere = !isOn }
        case SocketLevel.broadcast: try update(&host) { $0.allowsBroadcast = isOn }
        case SocketLevel.noChecksum: try update(&host) { $0.omitsChecksum = isOn }
        case SocketLevel.keepalive: try stack(try host.setKeepalive(id, isOn))
        case SocketLevel.urgentInline: try setUrgentInline(&host, isOn)
        case SocketLevel.priority: try update(&host) { $0.rare.priority = value }
        case SocketLevel.mark: try update(&host) { $0.rare.mark = UInt32(bitPattern: value) }
        case SocketLevel.bsdCompatibility: break
        case SocketLevel.sendBuffer, SocketLevel.sendBufferForce:
            let isForced = name == SocketLevel.sendBufferForce
            try update(&host) {
                $0.sendBuffer = Self.bufferSize(value, isForced)
                $0.isSendBufferChosen = true
            }
        case SocketLevel.receiveBuffer, SocketLevel.receiveBufferForce:
            let isForced = name == SocketLevel.receiveBufferForce
            try update(&host) {
                $0.receiveBuffer = Self.bufferSize(value, isForced)
                $0.isReceiveBufferChosen = true
            }
        case SocketLevel.receiveLowWater:
            // Below 0 means as much as may be; a stream's is bound by its buffer.
            let most: Int32 = kind == .stream ? 16 << 20 : .max
            let wanted = value < 0 ? most : min(max(value, 1), most)
            try update(&host) { $0.receiveLowWater = wanted }
        case SocketLevel.linger: try setLinger(&host, bytes)
        case SocketLevel.bindToInterface:
            guard value >= 0 else { throw .invalid }
            let interface = try findInterface(value, host, or: ENODEV)
            try update(&host) { $0.boundInterface = interface }
        case SocketLevel.attachFilter: try attachFilter(&host, bytes)
        case SocketLevel.detachFilter:
            guard try options(host).rare.filter != nil else { throw OptionError(ENOENT) }
            try update(&host) { $0.rare.filter = nil }
        case SocketLevel.passCredentials:
            try stack(try host.setPassesCredentials(id, isOn))
        case SocketLevel.dropCount:
            try update(&host) { $0.details = $0.details.with(.drops, isOn) }
        default:
            guard let detail = timeDetail else { throw .unknown }
            // One kind of time is told, or none.
            try update(&host) {
                $0.details.subtract(.times)
                if isOn { $0.details.insert(detail) }
            }
        }
    }

    // MARK: - Identity

    private var isLocal: Bool {
        if case .local = kind { true } else { false }
    }

    private var typeNumber: Int32 {
        switch kind {
        case .stream: SocketNumber.stream
        case .datagram, .icmp, .packet(.payload): SocketNumber.datagram
        case .raw, .packet(.frame), .netlink: SocketNumber.raw
        case .local(.stream): SocketNumber.stream
        case .local(.datagram): SocketNumber.datagram
        case .local(.sequencedPacket): SocketNumber.sequencedPacket
        }
    }

    private var domainNumber: Int32 {
        switch kind {
        case .packet: SocketNumber.packet
        case .local: SocketNumber.unix
        case .netlink: SocketNumber.netlink
        default: family == .inet ? SocketNumber.inet : SocketNumber.inet6
        }
    }

    private var protocolNumber: Int32 {
        switch kind {
        case .stream: 6
        case .datagram: 17
        case .raw(let proto): Int32(proto.rawValue)
        case .icmp: family == .inet ? 1 : 58
        case .netlink(let proto): Int32(proto.rawValue)
        case .packet, .local: 0
        }
    }

    // MARK: - Buffers

    /// As Linux 6.18 has it (`net.core.rmem_max`): more is cut, and twice that is kept, since the
    /// bookkeeping counts too.
    private static func bufferSize(_ value: Int32, _ isForced: Bool) -> UInt32 {
        let most: UInt32 = 4 << 20
        let wanted = UInt32(bitPattern: value)
        if isForced { return UInt32(clamping: max(0, value)).multipliedReportingOverflow(by: 2).0 }
        return min(wanted, most) * 2
    }

    /// A stream whose program did not choose has what the host's configuration says.
    private func receiveBuffer(
        _ host: borrowing Host, _ options: EndpointOptions
    ) throws(OptionError) -> Int {
        guard kind == .stream, !options.isReceiveBufferChosen else {
            return Int(options.receiveBuffer)
        }
        return host.streamBuffers.receiving
    }

    private func sendBuffer(
        _ host: borrowing Host, _ options: EndpointOptions
    ) throws(OptionError) -> Int {
        guard kind == .stream, !options.isSendBufferChosen else { return Int(options.sendBuffer) }
        return host.streamBuffers.sending
    }

    // MARK: - Lingering, urgent bytes

    private func setLinger(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        try bytes.require(8)
        let (isOn, seconds) = (bytes.word(0) != 0, bytes.word(4))
        try update(&host) {
            $0.rare.lingers = isOn
            if isOn { $0.rare.lingerSeconds = seconds }
        }
        guard kind == .stream else { return }
        try updateStream(&host) {
            $0.linger = isOn ? .seconds(Int(seconds)) : nil
        }
    }

    private func isUrgentInline(_ host: borrowing Host) throws(OptionError) -> Bool {
        guard kind == .stream else { return try options(host).rare.urgentInline }
        return try stream(host).isUrgentInline
    }

    private func setUrgentInline(_ host: inout Host, _ isOn: Bool) throws(OptionError) {
        guard kind == .stream else { return try update(&host) { $0.rare.urgentInline = isOn } }
        try updateStream(&host) { $0.isUrgentInline = isOn }
    }

    // MARK: - Devices

    /// The name of the interface, with a zero behind it; no bytes for none.
    private func readDevice(
        _ host: borrowing Host, _ options: EndpointOptions, _ capacity: Int
    ) throws(OptionError) -> Value {
        guard let bound = options.boundInterface else { return .bytes([]) }
        guard capacity >= Self.deviceNameLimit else { throw .invalid }
        let entry = host.interfaces.first { $0.interface == bound }
        return .bytes(Array((entry?.name ?? "").utf8) + [0])
    }

    private func bind(_ host: inout Host, toDevice bytes: OptionBytes) throws(OptionError) {
        let name = bytes.bytes.prefix(Self.deviceNameLimit - 1).prefix { $0 != 0 }
        guard !name.isEmpty else { return try update(&host) { $0.boundInterface = nil } }
        let entry = host.interfaces.first { $0.name.utf8.elementsEqual(name) }
        guard let entry else { throw OptionError(ENODEV) }
        try update(&host) { $0.boundInterface = entry.interface }
    }

    /// `IFNAMSIZ`.
    private static let deviceNameLimit = 16

    // MARK: - Filters

    /// The bytes are the instructions themselves, 8 bytes each: whoever has a `struct sock_fprog`
    /// passes what it points at.
    private func attachFilter(_ host: inout Host, _ bytes: OptionBytes) throws(OptionError) {
        guard kind != .stream, let instructions = PacketFilter.instructions(in: bytes.bytes) else {
            throw .invalid
        }
        let filter = try stack(try PacketFilter(instructions))
        try update(&host) { $0.rare.filter = filter }
    }

    // MARK: - Times of arrival

    private var timeDetail: ReceivedDetails? {
        switch name {
        case SocketLevel.timestamp: .timestamp
        case SocketLevel.timestampNanoseconds: .nanoseconds
        case SocketLevel.timestampNew: .newTimestamp
        case SocketLevel.timestampNanosecondsNew: .newNanoseconds
        default: nil
        }
    }
}

extension ReceivedDetails {
    /// With a detail or without it.
    func with(_ detail: ReceivedDetails, _ isOn: Bool) -> ReceivedDetails {
        isOn ? union(detail) : subtracting(detail)
    }
}
