import Devices
import Glibc
import Memory
import Services
import Setup
import Sockets
import Stack
import Wire

/// `sockeye host`: a host on devices of the system, until it is told to end.
struct HostCommand {
    private var options = HostOptions()
    private let plan: HostPlan
    private var name: String?
    private var services: [ServiceRequest] = []
    private var isWritable = false
    private var showsStatistics = false

    init(_ arguments: consuming Arguments) throws(CommandError) {
        while let option = arguments.nextOption() {
            switch option {
            case "--name":
                name = try arguments.value(of: option, ControlDirectory.nameForm) {
                    ControlDirectory.isName($0) ? $0 : nil
                }
            case "--serve":
                let list = try arguments.value(of: option, "services: \(ServiceList.syntax)")
                do throws(ServiceError) {
                    services += try ServiceList.parse(list)
                } catch {
                    throw .usage("host: \(option): \(error)")
                }
            case "--writable": isWritable = true
            case "--stats": showsStatistics = true
            default:
                guard try options.take(option, &arguments) else {
                    throw arguments.unknown(option)
                }
            }
        }
        if let extra = arguments.rest.first { throw arguments.unexpected(extra) }
        plan = try options.plan(for: "host")
    }

    func run() throws(CommandError) -> Int32 {
        // Held back before any thread is started, so that only the wait below gets them.
        let signals = Signals(holding: [SIGINT, SIGTERM])
        let host = try BuiltHost(plan)
        let control = try name.map { (name) throws(CommandError) in
            try ControlServer(name, for: host.driver)
        }
        let set = try openServices(on: host.driver)
        try host.start()
        try control?.start()
        let serving = Task { await set.run() }
        for link in plan.links {
            let addresses = link.addresses.map(\.address.description).joined(separator: ", ")
            Terminal.print("\(addresses) on \(link.name) is up")
        }
        for description in set.descriptions { Terminal.print("  \(description)") }
        _ = signals.wait()
        control?.stop()
        OrderlyEnd(of: host.driver).wait(for: serving, signals)
        if showsStatistics { Statistics.print(host.driver, to: Terminal.print) }
        try host.stop()
        return 0
    }

    private func openServices(on host: HostDriver) throws(CommandError) -> ServiceSet {
        var options = ServiceSet.Options()
        options.address = plan.speaksIPv6 ? .unspecifiedV6 : .unspecifiedV4
        options.isWritable = isWritable
        do throws(ServiceError) {
            return try ServiceSet(services, on: Network(host), options: options)
        } catch {
            throw .failure("\(error)")
        }
    }
}
