import Memory
import Stack
import Wire

/// Two hosts whose packets go straight from one to the other.
struct Pair: ~Copyable {
    var a: Host
    var b: Host
    var now = Instant.zero
    var packets = 0
    let interface = InterfaceID(rawValue: 1)

    init(ethernet: Bool, offloads: Bool) {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 32 << 20))
        a = Host(HostConfiguration(seed: (1, 2)), pools: pools)
        b = Host(HostConfiguration(seed: (3, 4)), pools: pools)
        for number in 1...2 as ClosedRange<UInt8> {
            let address = IPAddress.v4(10, 0, 0, number)
            let mac = MACAddress(2, 0, 0, 0, 0, number)
            let configuration = InterfaceConfiguration(
                name: "wire", link: ethernet ? .ethernet(mac) : .ip,
                addresses: [IPPrefix(address: address, length: 24) ?? IPPrefix(host: address)],
                offloadsChecksums: offloads, segments: offloads)
            if number == 1 { a.addInterface(configuration) } else { b.addInterface(configuration) }
        }
    }

    /// Carries packets until none is left.
    mutating func settle() {
        now = now + .microseconds(10)
        while true {
            a.advance(to: now)
            b.advance(to: now)
            let before = packets
            while let packet = a.nextOutput(on: interface) {
                b.receive(packet, on: interface, at: now)
                packets += 1
            }
            while let packet = b.nextOutput(on: interface) {
                a.receive(packet, on: interface, at: now)
                packets += 1
            }
            while a.nextReady() != nil {}
            while b.nextReady() != nil {}
            if packets == before { return }
        }
    }

    mutating func connect() throws(StackError) -> (client: EndpointID, server: EndpointID) {
        let listener = b.open(.stream)
        let address = SocketAddress(address: .v4(10, 0, 0, 2), port: 9)
        try b.bind(listener, to: address)
        try b.listen(listener, backlog: 8)
        let client = a.open(.stream)
        do throws(StackError) { try a.connect(client, to: address) } catch .inProgress {}
        settle()
        return (client, try b.accept(listener))
    }
}
