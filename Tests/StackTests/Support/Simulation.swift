import Equipment
import Memory
import Testing
import Wire

@testable import Stack

/// Two hosts joined by an impaired link each way, in virtual time: nothing waits, and the same
/// setting gives the same packets.
///
/// A class, so that what it says can stand inside `#expect`.
final class Simulation {
    /// What a simulation is made of.
    struct Setting: CustomTestStringConvertible {
        var link = LinkKind.ip
        var family = AddressFamily.inet
        /// What each side's interface takes: packets to the server, and back.
        var clientMTU = 1500
        var serverMTU = 1500
        /// What the links do to packets on the way to the server, and back.
        var forward = Impairments()
        var backward = Impairments()
        var offloadsChecksums = false
        var segments = false
        var seed: UInt64 = 1
        var tcp = TCPConfiguration()
        var memoryLimit = 16 << 20

        /// What the log of a test calls it.
        var testDescription: String {
            "\(link), \(family), MTU \(clientMTU) and \(serverMTU), sums \(offloadsChecksums), "
                + "merges \(segments), seed \(seed), \(forward), \(backward)"
        }

        /// The same MTU both ways.
        var mtu: Int {
            get { clientMTU }
            set {
                clientMTU = newValue
                serverMTU = newValue
            }
        }

        /// The same impairments both ways.
        var impairments: Impairments {
            get { forward }
            set {
                forward = newValue
                backward = newValue
            }
        }
    }

    enum LinkKind: CaseIterable {
        case ip
        case ethernet
    }

    enum Side {
        case client
        case server
    }

    static func address(_ side: Side, _ family: AddressFamily) -> IPAddress {
        let number: UInt8 = side == .client ? 1 : 2
        return family == .inet
            ? .v4(10, 7, 0, number) : IPAddress(high: 0xFD07 << 48, low: UInt64(number))
    }

    var clientAddress: IPAddress { Self.address(.client, family) }
    var serverAddress: IPAddress { Self.address(.server, family) }
    static let interface = InterfaceID(rawValue: 1)

    let family: AddressFamily
    let pools: BufferPools
    var client: Host
    var server: Host
    private(set) var now = Instant.zero
    private(set) var forward: ImpairedLink
    private(set) var backward: ImpairedLink
    private(set) var digest = PacketDigest()
    /// When set, every packet that is sent is written down.
    var traces = false
    private(set) var trace: [String] = []
    private let networkOffset: Int
    /// Whether packets pass: when false they vanish, as from a cable that was pulled out.
    var isConnected = true

    init(_ setting: Setting = Setting()) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: setting.memoryLimit))
        let offset = setting.link == .ethernet ? 14 : 0
        self.pools = pools
        networkOffset = offset
        family = setting.family
        client = Self.host(setting, .client, pools)
        server = Self.host(setting, .server, pools)
        forward = ImpairedLink(
            setting.forward, networkOffset: offset, seed: setting.seed, 0, pools: pools)
        backward = ImpairedLink(
            setting.backward, networkOffset: offset, seed: setting.seed, 1, pools: pools)
    }

    private static func host(_ setting: Setting, _ side: Side, _ pools: BufferPools) -> Host {
        let isClient = side == .client
        var configuration = HostConfiguration(seed: (setting.seed, isClient ? 2 : 3))
        configuration.tcp = setting.tcp
        var host = Host(configuration, pools: pools)
        let mac = MACAddress(2, 0, 0, 0, 0, isClient ? 1 : 2)
        let address = address(side, setting.family)
        host.addInterface(
            InterfaceConfiguration(
                name: "eth0", link: setting.link == .ethernet ? .ethernet(mac) : .ip,
                mtu: isClient ? setting.clientMTU : setting.serverMTU,
                addresses: [IPPrefix(address: address, length: address.isIPv4 ? 24 : 64)]
                    .compactMap { $0 },
                offloadsChecksums: setting.offloadsChecksums, segments: setting.segments))
        return host
    }

    subscript(_ side: Side) -> Host {
        _read { if side == .client { yield client } else { yield server } }
        _modify { if side == .client { yield &client } else { yield &server } }
    }

    // MARK: - Time

    /// Hands what the hosts want to send to the links.
    func collect() {
        client.advance(to: now)
        server.advance(to: now)
        while let packet = client.nextOutput(on: Self.interface) {
            note(packet, ">")
            if isConnected { forward.submit(packet, at: now) }
        }
        while let packet = server.nextOutput(on: Self.interface) {
            note(packet, "<")
            if isConnected { backward.submit(packet, at: now) }
        }
    }

    private func note(_ packet: borrowing Packet, _ direction: String) {
        guard traces else { return }
        let text = Segment(packet, networkOffset: networkOffset)?.description ?? "other"
        trace.append("\(now.nanoseconds / 1000) us \(direction) \(text)")
    }

    /// When something happens next; never in a quiet simulation.
    var nextDeadline: Instant {
        min(
            min(client.nextDeadline, server.nextDeadline),
            min(forward.nextDeadline, backward.nextDeadline))
    }

    /// Goes on to what happens next, up to `limit`; whether there was anything.
    func step(until limit: Instant = .never) -> Bool {
        collect()
        let next = max(now, nextDeadline)
        guard next < .never, next <= limit else {
            if limit < .never { now = max(now, limit) }
            return false
        }
        now = next
        while let packet = forward.next(at: now) {
            digest.add(packet, at: now)
            server.receive(packet, on: Self.interface, at: now)
        }
        while let packet = backward.next(at: now) {
            digest.add(packet, at: now)
            client.receive(packet, on: Self.interface, at: now)
        }
        collect()
        return true
    }

    /// Runs for `interval`.
    func run(for interval: Interval) {
        let end = now + interval
        while step(until: end) {}
        collect()
    }

    /// Runs until nothing is left to happen, for `limit` at most; whether it came to rest.
    @discardableResult
    func runUntilQuiet(_ limit: Interval = .seconds(3600)) -> Bool {
        let end = now + limit
        while now < end { if !step(until: end) { return nextDeadline == .never } }
        return nextDeadline == .never
    }

    /// Runs until `condition` holds, for `limit` at most; whether it came to hold.
    @discardableResult
    func run(
        _ limit: Interval = .seconds(3600), until condition: () -> Bool
    ) -> Bool {
        let end = now + limit
        while !condition() {
            guard now < end, step(until: end) else { return condition() }
        }
        return true
    }

    /// Whether every buffer is back in its pool and every connection and timer gone.
    var isClean: Bool {
        let (free, all) = (pools.available, pools.capacity)
        return free.frames == all.frames && free.controls == all.controls
            && free.chunks == all.chunks && client.isIdle && server.isIdle
    }

    /// What `isClean` misses.
    var leftovers: String {
        let (free, all) = (pools.available, pools.capacity)
        return "frames \(all.frames - free.frames), controls \(all.controls - free.controls), "
            + "chunks \(all.chunks - free.chunks), client \(client.leftovers), "
            + "server \(server.leftovers)"
    }
}

extension Host {
    var leftovers: String {
        "connections \(tcp.connections.count) half-open \(tcp.halfOpens.count) "
            + "over \(tcp.timeWaits.count) timers \(network.timers.count)"
    }

    /// Whether no connection, half-open or over, and no timer is left.
    var isIdle: Bool {
        tcp.connections.count == 0 && tcp.halfOpens.count == 0 && tcp.timeWaits.count == 0
            && network.timers.count == 0
    }
}

/// A hash over packets and the moments at which they arrived.
struct PacketDigest: Equatable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count = 0
    /// Bytes of the largest packet.
    private(set) var largest = 0

    mutating func add(_ packet: borrowing Packet, at now: Instant) {
        count += 1
        largest = max(largest, packet.count)
        mix(UInt64(bitPattern: now.nanoseconds))
        mix(UInt64(packet.count))
        // The headers tell packets apart, and carry a checksum of the rest.
        let head = packet.head
        for index in 0..<min(head.count, 80) { mix(UInt64(head[index])) }
    }

    private mutating func mix(_ word: UInt64) { value = (value ^ word) &* 0x0000_0100_0000_01B3 }
}
