import FrameFuzzing
import Glibc
import Sockets
import Stack
import Synchronization
import Wire

/// Makes calls on sockets, each at random: of all kinds, in any state, with arguments that are
/// valid, not quite, or absurd. Whatever is refused is refused; nothing may trap or wait for ever.
public struct SocketCaller {
    private let networks: [Network]
    private let addresses: [IPAddress]
    private let table: SocketTable
    private let sets: [ReadySet]
    private let told = Counter()
    var choices: Choices
    /// How many calls were made.
    public private(set) var count = 0

    private static let bytes = [UInt8](repeating: 5, count: 70_000)

    /// - Parameters:
    ///   - networks: Of hosts of Sockeye.
    ///   - addresses: Theirs.
    public init(
        _ networks: [Network], _ addresses: [IPAddress], _ table: SocketTable, _ sets: [ReadySet],
        seed: UInt64
    ) {
        self.networks = networks
        self.addresses =
            addresses + addresses + addresses
            + [
                "127.0.0.1", "::1", "0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "fe80::1",
                "192.0.2.1", "::ffff:10.0.0.1",
            ].compactMap { IPAddress($0) }
        self.table = table
        self.sets = sets
        choices = Choices(seed: seed)
    }

    /// Makes one call, which does not wait.
    public mutating func call() {
        count += 1
        guard !choices.oneIn(8), let socket = pick() else { return open() }
        do throws(SocketError) {
            switch choices.next(below: 12) {
            case 0: try name(socket)
            case 1: try connect(socket)
            case 2, 3: try send(socket)
            case 4, 5: try receive(socket)
            case 6: try setOption(socket)
            case 7: try option(socket)
            case 8: try watch(socket)
            case 9: try poll(socket)
            case 10: try ask(socket)
            default: end(socket)
            }
        } catch {
            // Refused, as it should be.
        }
    }

    mutating func pick() -> Socket? {
        let table = table
        return table.pick { choices.next(below: $0) }
    }

    // MARK: - Opening and naming

    private mutating func open() {
        let network = networks[choices.next(below: networks.count)]
        if choices.oneIn(8), let host = network.host {
            let types: [LocalType] = [.stream, .datagram, .sequencedPacket]
            let (one, other) = Socket.pair(types[choices.next(below: 3)], on: host)
            for end in [one, other] { keep(end) }
            return
        }
        let kinds: [EndpointKind] = [
            .stream, .stream, .stream, .datagram, .datagram, .icmp, .raw(.udp),
            .raw(IPProtocol(rawValue: 253)), .packet(.frame), .packet(.payload),
            .local(.stream), .local(.datagram), .local(.sequencedPacket),
        ]
        let families: [AddressFamily] = [.inet, .inet6]
        let kind = kinds[choices.next(below: kinds.count)]
        guard
            let socket = try? Socket(
                kind, family: families[choices.next(below: 2)], on: network)
        else { return }
        keep(socket)
    }

    private func keep(_ socket: Socket) {
        socket.isNonblocking = true
        table.add(socket)
    }

    private mutating func address() -> SocketAddress {
        let ports: [UInt16] = [80, 81, 7, 0, 65_535, 50_000, 50_001]
        return SocketAddress(
            address: addresses[choices.next(below: addresses.count)],
            port: ports[choices.next(below: ports.count)],
            zone: choices.oneIn(8) ? UInt16(choices.next(below: 4)) : 0)
    }

    private mutating func anyName() -> SocketName {
        switch choices.next(below: 8) {
        case 0: return .unspecified
        case 1: return .local(LocalName("/tmp/\(choices.next(below: 3))"))
        case 2: return .local(LocalName(abstract: "\(choices.next(below: 3))"))
        case 3:
            let bytes = (0..<choices.next(below: 120)).map { _ in
                UInt8(choices.next(below: 12))
            }
            return (try? SocketName(bytes: bytes.span)) ?? .local(nil)
        default: return .internet(address())
        }
    }

    private mutating func name(_ socket: Socket) throws(SocketError) {
        try socket.bind(to: anyName())
        if choices.oneIn(2) { try socket.listen(backlog: choices.next(below: 6) - 1) }
    }

    private mutating func connect(_ socket: Socket) throws(SocketError) {
        if choices.oneIn(2) {
            keep(try socket.acceptNow())
        } else {
            try socket.connect(to: anyName())
        }
    }

    // MARK: - Bytes

    private mutating func size() -> Int {
        let sizes = [0, 1, 100, 1472, 1473, 9000, 65_507, 65_508, 70_000]
        return sizes[choices.next(below: sizes.count)]
    }

    private mutating func flags() -> MessageFlags {
        let all: [MessageFlags] = [
            .urgent, .peek, .dontRoute, .truncated, .waitAll, .errorQueue, .more, .endOfRecord,
            .confirm, .waitForOne, .noSignal, MessageFlags(rawValue: 1 << 30),
        ]
        var flags: MessageFlags = .dontWait
        if choices.oneIn(3) { flags.formUnion(all[choices.next(below: all.count)]) }
        return flags
    }

    private mutating func control() -> [ControlMessage] {
        guard choices.oneIn(4) else { return [] }
        if choices.oneIn(4), let passed = pick() { return [ControlMessage(passing: [passed])] }
        let levels: [Int32] = [0, 1, 6, 17, 41, 58, 255]
        let bytes = (0..<choices.next(below: 24)).map { _ in UInt8(choices.next(below: 5)) }
        return [
            ControlMessage(
                level: levels[choices.next(below: levels.count)],
                type: Int32(choices.next(below: 70)), bytes: bytes)
        ]
    }

    private mutating func send(_ socket: Socket) throws(SocketError) {
        let count = size()
        switch choices.next(below: 3) {
        case 0: _ = try socket.sendNow(Self.bytes.span.extracting(first: count))
        default:
            let name = choices.oneIn(2) ? anyName() : nil
            _ = try socket.sendMessage(
                Self.bytes.span.extracting(first: count), to: name, control: control(),
                flags: flags())
        }
    }

    private mutating func receive(_ socket: Socket) throws(SocketError) {
        var space = [UInt8](repeating: 0, count: size())
        var span = space.mutableSpan
        if choices.oneIn(3) {
            _ = try socket.receiveNow(into: &span)
        } else {
            let message = try socket.receiveMessage(into: &span, flags: flags())
            for passed in message.control.flatMap(\.sockets) { keep(passed) }
        }
    }

    // MARK: - Options

    private static let levels: [Int32] = [1, 0, 6, 17, 41, 58, 263, 255, -1]

    private mutating func optionName() -> (Int32, Int32) {
        let level = Self.levels[choices.next(below: Self.levels.count)]
        return (level, Int32(choices.next(below: 90) - 2))
    }

    private mutating func setOption(_ socket: Socket) throws(SocketError) {
        let (level, name) = optionName()
        var bytes = [UInt8](
            repeating: 0, count: [4, 4, 4, 0, 1, 8, 12, 16, 40][choices.next(below: 9)])
        for index in bytes.indices where index == 0 || choices.oneIn(6) {
            bytes[index] = UInt8(choices.next(below: 256))
        }
        try socket.setOption(level: level, name: name, bytes.span)
    }

    private mutating func option(_ socket: Socket) throws(SocketError) {
        let (level, name) = optionName()
        _ = try socket.option(
            level: level, name: name, capacity: [0, 1, 4, 8, 200, 4096][choices.next(below: 6)])
        let requests: [UInt] = [0x541B, 0x8905, 0x8910, 0x8912, 0x8915, 0x8921, 0x5421, 0xFFFF]
        _ = try socket.control(
            requests[choices.next(below: requests.count)],
            [UInt8](repeating: 0, count: choices.next(below: 48)))
    }

    // MARK: - Readiness

    private mutating func events() -> Readiness {
        Readiness(rawValue: UInt16(choices.next(below: 1 << 9)))
    }

    private mutating func watch(_ socket: Socket) throws(SocketError) {
        let set = sets[choices.next(below: sets.count)]
        let options = ReadySet.Options(rawValue: UInt8(choices.next(below: 8)))
        let number = CInt(choices.next(below: 2))
        switch choices.next(below: 7) {
        case 0, 1:
            try set.add(.socket(socket), for: events(), options, token: 1, number: number)
        case 2: try set.modify(.socket(socket), for: events(), options, token: 2, number: number)
        case 3: try set.remove(.socket(socket), number: number)
        case 4:
            let counter = told
            try socket.onReadiness(of: events()) { _ in counter.increment() }
        case 5: try socket.onReadiness(of: [], nil)
        default: _ = try set.wait(atMost: choices.next(below: 20), for: .zero)
        }
    }

    private mutating func poll(_ socket: Socket) throws(SocketError) {
        var entries = [PollEntry(.socket(socket), for: events())]
        while choices.oneIn(2), entries.count < 8 {
            let set = sets[choices.next(below: sets.count)]
            entries.append(
                PollEntry(
                    choices.oneIn(3) ? Pollable.set(set) : pick().map { Pollable.socket($0) },
                    for: events()))
        }
        _ = try Polling.poll(&entries, atMost: .zero)
    }

    private mutating func ask(_ socket: Socket) throws(SocketError) {
        switch choices.next(below: 6) {
        case 0: _ = try socket.readiness
        case 1: _ = try socket.localName
        case 2: _ = try socket.remoteName
        case 3: _ = try socket.takeError()
        case 4: _ = try socket.isAtMark
        default: _ = try socket.receiveUrgent()
        }
    }

    // MARK: - The end

    private mutating func end(_ socket: Socket) {
        switch choices.next(below: 6) {
        case 0: try? socket.shutdown(.sending)
        case 1: try? socket.shutdown(.receiving)
        case 2: try? socket.shutdown(.both)
        case 3:
            socket.abort()
            table.remove(socket)
        case 4:
            // What is closed stays in the table now and then, so that it is used again.
            socket.close()
        default:
            socket.close()
            table.remove(socket)
        }
    }
}

/// Counts callbacks.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func increment() { count.add(1, ordering: .relaxed) }
}
