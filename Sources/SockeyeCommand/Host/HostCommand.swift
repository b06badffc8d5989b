import Devices
import Glibc
import Memory
import Services
import Sockets
import Stack
import Wire

/// `sockeye host`: a host on a TAP device, until it is told to end.
struct HostCommand {
    private var tap: String?
    private var address: IPPrefix?
    private var gateway: IPAddress?
    private var hardwareAddress: MACAddress?
    private var services: [ServiceRequest] = []
    private var isWritable = false
    private var capture: String?
    private var offloads = true
    private var showsStatistics = false

    init(_ arguments: consuming Arguments) throws(CommandError) {
        while let option = arguments.nextOption() {
            switch option {
            case "--tap": tap = try arguments.value(of: option, "the name of a TAP device")
            case "--address":
                address = try arguments.value(
                    of: option, "an address with its network, such as 10.7.0.2/24"
                ) { IPPrefix($0) }
            case "--gateway":
                gateway = try arguments.value(of: option, "an address") { IPAddress($0) }
            case "--mac":
                hardwareAddress = try arguments.value(
                    of: option, "a hardware address, such as 02:00:00:00:00:01"
                ) { MACAddress($0) }
            case "--serve":
                let list = try arguments.value(of: option, "services: \(ServiceList.syntax)")
                do throws(ServiceError) {
                    services += try ServiceList.parse(list)
                } catch {
                    throw .usage("\(option): \(error)")
                }
            case "--writable": isWritable = true
            case "--capture": capture = try arguments.value(of: option, "a file")
            case "--no-offload": offloads = false
            case "--stats": showsStatistics = true
            default: throw arguments.unknown(option)
            }
        }
        if let extra = arguments.rest.first { throw .usage("host: unexpected '\(extra)'") }
        guard tap != nil else { throw .usage("host: --tap NAME is missing") }
        guard let address else { throw .usage("host: --address ADDRESS/LENGTH is missing") }
        guard address.address.isIPv4 else {
            throw .usage("host: --address: IPv6 comes later; '\(address)' is not IPv4")
        }
        if let gateway, !address.contains(gateway) {
            throw .usage("host: the gateway \(gateway) is not in the network \(address.masked)")
        }
    }

    func run() throws(CommandError) -> Int32 {
        guard let tap, let address else { return 2 }
        // Held back before any thread is started, so that only the wait below gets them.
        let signals = Signals(holding: [SIGINT, SIGTERM])
        let pools = BufferPools(BufferPools.Plan(byteLimit: 64 << 20))
        let recording = try Recording(path: capture, printer: nil)
        let host = try makeHost(tap, address, pools, recording)
        let set = try openServices(on: host)
        try BuiltHost.start(host)
        let serving = Task { await set.run() }
        Terminal.print("\(address.address) on \(tap) is up")
        for description in set.descriptions { Terminal.print("  \(description)") }
        _ = signals.wait()
        serving.cancel()
        host.stop()
        if showsStatistics { Statistics.print(host, to: Terminal.print) }
        try recording.close()
        return 0
    }

    private func makeHost(
        _ tap: String, _ address: IPPrefix, _ pools: BufferPools, _ recording: Recording
    ) throws(CommandError) -> HostDriver {
        let device: FrameDevice
        do throws(DeviceError) {
            device = try FrameDevice(tap: tap, pools: pools, offloads: offloads)
        } catch {
            throw .failure("\(error)")
        }
        let routes = gateway.map {
            [Route(to: .allIPv4, through: $0, on: InterfaceID(rawValue: 1))]
        }
        return try BuiltHost.make(
            .frames(device), named: tap, at: address, hardwareAddress: hardwareAddress,
            routes: routes ?? [], pools: pools, observer: recording.observer)
    }

    private func openServices(on host: HostDriver) throws(CommandError) -> ServiceSet {
        var options = ServiceSet.Options()
        options.isWritable = isWritable
        do throws(ServiceError) {
            return try ServiceSet(services, on: host, options: options)
        } catch {
            throw .failure("\(error)")
        }
    }
}
