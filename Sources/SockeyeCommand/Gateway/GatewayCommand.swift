import Devices
import Gateway
import Glibc
import Memory
import Setup
import Sockets
import Stack
import Wire

/// `sockeye gateway`: the way out for a namespace or a virtual machine, until it is told to end.
struct GatewayCommand {
    private let options: GatewayOptions
    private let link: GatewayOptions.Link

    /// Does what the command line asks for; the exit status.
    static func start(_ words: ArraySlice<String>) throws(CommandError) -> Int32 {
        guard !words.isEmpty else {
            Terminal.error(lesson)
            return 2
        }
        let options = try GatewayOptions(
            Arguments(words, of: "gateway", valued: GatewayOptions.valuedLetters))
        if options.wantsHelp {
            Terminal.print(help)
            return 0
        }
        return try GatewayCommand(options: options, link: options.chosenLink()).run()
    }

    private func run() throws(CommandError) -> Int32 {
        let signals = Signals(holding: [SIGINT, SIGTERM, SIGHUP])
        // Who no longer reads what we tell is no reason to end.
        _ = Signals(holding: [SIGPIPE])
        let pools = BufferPools(BufferPools.Plan(byteLimit: 128 << 20))
        // The child that enters the namespace is forked before there is a second thread.
        let process = try watchedProcess()
        let opened = try open(pools)
        let (stream, description) = (opened.stream, opened.description)
        let recording = try Recording(
            path: options.capture,
            printer: options.prints ? PacketPrinter(.ethernet) { Terminal.error($0) } : nil)
        let gateway = try gateway(opened.device, pools, recording)
        let services = try BuiltInServices(
            on: gateway.network, at: options.addresses(4).map(\.address))
        let loop = try GatewayLoop(gateway, signals)
        if options.isOneOff, let stream { loop.endsWithPeer(of: stream) }
        if let process { try loop.endsWith(process.descriptor) }
        if let descriptor = options.exitDescriptor { try loop.endsWith(descriptor) }
        try announce(description)
        loop.run()
        withExtendedLifetime(process) {}
        // Tasks that are still about to end may hold the device for longer than the process lasts.
        stream?.giveUpPath()
        services.end()
        gateway.stop()
        try recording.close()
        return 0
    }

    // MARK: - The link

    /// The process whose namespace it is: the gateway ends with it.
    private func watchedProcess() throws(CommandError) -> ProcessEnd? {
        guard case .process(let process) = link else { return nil }
        do throws(DeviceError) {
            return try ProcessEnd(of: process)
        } catch {
            throw .failure("gateway: --netns: \(error)")
        }
    }

    private struct Opened: ~Copyable {
        let device: Device
        /// The socket behind the device where it is one.
        var stream: UNIXStreamLink?
        /// Whose gateway it is, in words.
        let description: String
    }

    private func open(_ pools: BufferPools) throws(CommandError) -> Opened {
        do throws(DeviceError) {
            switch link {
            case .process(let process):
                return try openNamespace("/proc/\(process)/ns/net", "process \(process)", pools)
            case .path(let path): return try openNamespace(path, path, pools)
            case .socket(let path):
                let stream = try UNIXStreamLink(
                    path, as: .server, whenPeerGoes: options.isOneOff ? .ends : .waitsForNext,
                    mtu: options.mtu, pools: pools)
                return Opened(
                    device: .stream(stream), stream: stream,
                    description: "whoever connects to \(path)")
            }
        } catch {
            throw .failure("gateway: \(error)")
        }
    }

    private func openNamespace(
        _ path: String, _ owner: String, _ pools: BufferPools
    ) throws(DeviceError) -> Opened {
        var interface = NamespaceInterface(options.interface, mtu: options.mtu)
        interface.isConfigured = options.isConfigured
        interface.addresses = options.addresses(100)
        interface.gateways = options.addresses(2).map(\.address)
        let device = try FrameDevice(
            inNetworkNamespace: path, userNamespace: options.userNamespace, interface, pools: pools)
        return Opened(device: .frames(device), description: "\(options.interface) of \(owner)")
    }

    // MARK: - The gateway

    private func gateway(
        _ device: consuming Device, _ pools: BufferPools, _ recording: Recording
    ) throws(CommandError) -> Gateway {
        var configuration = GatewayConfiguration()
        let own = options.addresses(2)
        configuration.addresses = own
        configuration.nameServers = options.answersNames ? options.addresses(3).map(\.address) : []
        configuration.services = options.addresses(4).map(\.address)
        configuration.inside = options.addresses(100).map(\.address)
        configuration.names =
            configuration.services.map { ("services.sockeye", $0) }
            + own.map { ("gateway.sockeye", $0.address) }
        // A kernel is inside.
        configuration.insideTakesLoopback = false
        configuration.mtu = options.mtu
        configuration.pools = pools
        if !options.reachesLoopback {
            let hidden = own.map(\.address)
            configuration.allows = { _, destination in
                !hidden.contains(destination.address) && !destination.address.isLoopback
            }
        }
        let gateway: Gateway
        do throws(SocketError) {
            gateway = try Gateway(device, configuration, observer: recording.observer)
        } catch {
            throw .failure("gateway: \(error)")
        }
        for port in options.published { try publish(port, gateway) }
        return gateway
    }

    /// Leads a port of the machine's in; at all of its addresses where none is named.
    private func publish(
        _ port: PortPublication, _ gateway: Gateway
    ) throws(CommandError) {
        for inside in options.addresses(100).map(\.address) {
            if let address = port.address, address.isIPv4 != inside.isIPv4 { continue }
            let everywhere: IPAddress = inside.isIPv4 ? .unspecifiedV4 : .unspecifiedV6
            var sharing = PublishedPortOptions()
            sharing.reusesAddress = port.transport == .tcp
            sharing.isIPv6Only = true
            do throws(SocketError) {
                let taken = try gateway.reserve(
                    port.transport == .tcp ? .stream : .datagram,
                    at: SocketAddress(address: port.address ?? everywhere, port: port.outer),
                    options: sharing)
                try taken.open(
                    backlog: 4096, to: SocketAddress(address: inside, port: port.inner))
            } catch {
                // A machine may have no IPv6.
                let isLacking = error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL
                if port.address == nil, !inside.isIPv4, isLacking { continue }
                throw .failure("gateway: port \(port) of the machine: \(error)")
            }
        }
    }

    /// Tells whoever waits that all is there.
    private func announce(_ description: String) throws(CommandError) {
        if !options.isQuiet {
            let addresses = options.addresses(2).map { "\($0.address)" }.joined(separator: ", ")
            Terminal.error("\(addresses) is the gateway of \(description)")
        }
        guard let descriptor = options.readyDescriptor else { return }
        do throws(DeviceError) {
            try ReadyDescriptor.tell(descriptor)
        } catch {
            throw .failure("gateway: --ready-fd: \(error)")
        }
    }
}
