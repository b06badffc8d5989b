import Devices

/// A host as the command line says it.
///
/// An option that names a device begins a link, and what stands behind it, up to the next device,
/// belongs to that link; what stands before the first device is the first link's.
package struct HostOptions {
    private let devices: [(option: String, value: String)]
    private var links: [LinkOptions] = []
    private var current = LinkOptions()
    private var routes: [HostPlan.PlannedRoute] = []
    private var forwards = false
    private var seed: UInt64?

    /// The options for devices of the system and for those whose packets the program itself moves.
    package static var allDevices: [(option: String, value: String)] {
        DeviceRequest.options + [DeviceRequest.flowOption]
    }

    /// Whether any option of a host's was taken.
    package private(set) var isAny = false

    /// - Parameter devices: The options that name a device.
    package init(devices: [(option: String, value: String)] = DeviceRequest.options) {
        self.devices = devices
    }

    /// Takes `option` and its value if it says something of a host; whether it does.
    package mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        let isTaken = try takeOne(option, &arguments)
        if isTaken { isAny = true }
        return isTaken
    }

    private mutating func takeOne(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        if let device = devices.first(where: { $0.option == option }) {
            begin(
                try arguments.value(of: option, device.value) { value in
                    DeviceRequest(option: option, value: value).flatMap(Self.checked)
                })
            return true
        }
        switch option {
        case "--route":
            let route = try arguments.value(of: option, RouteOption.form) { RouteOption($0) }
            routes.append(HostPlan.PlannedRoute(option: route, link: links.count))
        case "--forward": forwards = true
        case "--seed":
            seed = try arguments.value(of: option, "a number from 0 to 2⁶⁴ − 1") { UInt64($0) }
        default:
            guard try current.take(option, &arguments) else { return false }
        }
        return true
    }

    private mutating func begin(_ device: DeviceRequest) {
        if current.device != nil {
            links.append(current)
            current = LinkOptions()
        }
        current.device = device
    }

    /// `device` unless it is an interface whose name the kernel would not take: 1 to 15 bytes,
    /// without space, slash or colon.
    private static func checked(_ device: DeviceRequest) -> DeviceRequest? {
        switch device {
        case .unixStream, .unixDatagram: return device
        case .tap(let name), .tun(let name), .packetSocket(let name), .dummy(let name),
            .flow(let name):
            let isName =
                (1...15).contains(name.utf8.count) && name != "." && name != ".."
                && name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2F && $0 != 0x3A }
            return isName ? device : nil
        }
    }

    // MARK: - The whole

    /// The host that all these options make, with a device at least.
    ///
    /// - Throws: What is missing or contradicts itself.
    package func plan(for command: String) throws(CommandError) -> HostPlan {
        guard current.device != nil else {
            throw .usage("\(command): a device is missing, such as --tap NAME")
        }
        return try plan(of: links + [current], for: command)
    }

    /// The host that all these options make; without any it has its loopback only.
    ///
    /// - Throws: What is missing or contradicts itself.
    package func planOfAnySize(for command: String) throws(CommandError) -> HostPlan {
        guard isAny else { return try plan(of: [], for: command) }
        return try plan(for: command)
    }

    private func plan(
        of links: [LinkOptions], for command: String
    ) throws(CommandError) -> HostPlan {
        let plan = HostPlan(links: links, routes: routes, forwards: forwards, seed: seed)
        try plan.check(command)
        return plan
    }
}
