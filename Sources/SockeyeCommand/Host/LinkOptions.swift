import Devices
import Equipment
import Stack
import Wire

/// A link of a host, as the command line says it: the option that names the device, and those that
/// stand behind it.
struct LinkOptions {
    /// What the link's packets go through; nil as long as options stand before the first device.
    var device: DeviceRequest?
    var addresses: [IPPrefix] = []
    var hardwareAddress: MACAddress?
    /// The largest IP packet in bytes; nil for the device's own.
    var mtu: Int?
    var gateways: [IPAddress] = []
    var capture: String?
    var offloads = true
    var impairments = ImpairmentOptions()

    /// What tools call the interface.
    var name: String { device?.name ?? "" }

    /// Whether it carries frames, or bare IP packets.
    var isEthernet: Bool {
        if case .tun = device { false } else { true }
    }

    /// Takes `option` and its value if it concerns a link; whether it does.
    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        switch option {
        case "--address":
            let address = try arguments.value(
                of: option, "an address with its network, such as 10.7.0.2/24 or fd00::2/64"
            ) { IPPrefix($0) }
            try check(address, arguments)
            addresses.append(address)
        case "--gateway":
            gateways.append(try arguments.value(of: option, "an address") { IPAddress($0) })
        case "--mac":
            hardwareAddress = try arguments.value(
                of: option, "a hardware address of one interface, such as 02:00:00:00:00:01"
            ) { MACAddress($0).flatMap { $0.isMulticast ? nil : $0 } }
        case "--mtu":
            mtu = try arguments.number(of: option, "a number of bytes", in: 68...65535)
        case "--capture": capture = try arguments.value(of: option, "a file")
        case "--no-offload": offloads = false
        default: return try impairments.take(option, &arguments)
        }
        return true
    }

    private func check(_ prefix: IPPrefix, _ arguments: Arguments) throws(CommandError) {
        let address = prefix.address
        guard !address.isMulticast, !address.isUnspecified, !address.isLoopback,
            !address.isBroadcast
        else {
            throw .usage("\(arguments.command): --address: \(address) cannot be an interface's")
        }
        if addresses.contains(where: { $0.address == address }) {
            throw .usage("\(arguments.command): --address: \(address) is given twice")
        }
    }

    /// Whether `address` is a neighbour on one of the link's networks.
    func reaches(_ address: IPAddress) -> Bool {
        addresses.contains { $0.contains(address) }
    }
}
