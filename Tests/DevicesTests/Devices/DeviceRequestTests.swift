import Devices
import Glibc
import Memory
import Stack
import Testing

@Suite("Devices by request")
struct DeviceRequestTests {
    let pools = BufferPools(.init(frames: 64, controls: 16, chunks: 16))

    @Test(
        "Options of a command line name devices",
        arguments: [
            ("--tap", "tap0", .tap(name: "tap0"), "tap0"),
            ("--tun", "tun7", .tun(name: "tun7"), "tun7"),
            ("--packet", "eth0", .packetSocket(interface: "eth0"), "eth0"),
            ("--unix-stream", "/run/a", .unixStream(path: "/run/a", role: .client), "a"),
            ("--unix-stream", "listen:b", .unixStream(path: "b", role: .server), "b"),
            ("--unix-datagram", "/x/a,/y/b", .unixDatagram(local: "/x/a", remote: "/y/b"), "a"),
        ] as [(String, String, DeviceRequest, String)])
    func options(option: String, value: String, request: DeviceRequest, name: String) {
        #expect(DeviceRequest(option: option, value: value) == request)
        #expect(request.name == name)
        #expect(DeviceRequest.options.contains { $0.option == option })
    }

    @Test(
        "What names no device is refused",
        arguments: [
            ("--tap", ""), ("--wire", "x"), ("--unix-stream", "listen:"), ("--unix-datagram", "a"),
            ("--unix-datagram", "a,"), ("--unix-datagram", ",b"), ("--unix-datagram", "a,b,c"),
        ])
    func nonsense(option: String, value: String) {
        #expect(DeviceRequest(option: option, value: value) == nil)
    }

    @Test("A request for UNIX sockets opens them with the MTU that is asked for")
    func opens() throws {
        let (one, two) = (ScratchFile("one"), ScratchFile("two"))
        let server = try Device(
            .unixStream(path: one.path, role: .server), mtu: 9000, pools: pools)
        #expect(server.capabilities == DeviceCapabilities(isEthernet: true, mtu: 9000))
        let client = try Device(.unixStream(path: one.path, role: .client), pools: pools)
        #expect(client.capabilities.mtu == 1500)
        _ = try server.receive() == nil
        switch try client.send(makePacket([1, 2, 3], from: pools)) {
        case .sent: break
        case .full: Issue.record("there is room")
        }
        #expect(isReadable(server.descriptor, within: 2000))
        let packet = try arrived(server.receive())
        #expect(bytes(of: packet) == [1, 2, 3])
        #expect(server.nextDeadline == .never && server.counters == DeviceCounters())
        let pair = try Device(
            .unixDatagram(local: one.path + "a", remote: two.path), mtu: 10, pools: pools)
        #expect(pair.capabilities.mtu == 68, "no IP packet is shorter (RFC 791 §3.2)")
    }

    @Test("What cannot be opened says why")
    func errors() {
        let refused: [(DeviceRequest, Int32)] = [
            (.tap(name: ""), EINVAL), (.tun(name: "sixteen-letters-"), ENAMETOOLONG),
            (.packetSocket(interface: ""), EINVAL),
            (.packetSocket(interface: "no-such-one"), ENODEV),
            (.packetSocket(interface: "lo"), EPROTOTYPE),
            (.unixDatagram(local: "/nonexistent/a", remote: "b"), ENOENT),
        ]
        for (request, code) in refused {
            let error = #expect(throws: DeviceError.self) { _ = try Device(request, pools: pools) }
            // Without the right to open a packet socket at all, that comes first.
            let isForbidden = geteuid() != 0 && error?.code == EPERM
            #expect(error?.code == code || isForbidden)
            #expect(error?.description.hasPrefix("cannot open ") == true)
        }
    }
}
