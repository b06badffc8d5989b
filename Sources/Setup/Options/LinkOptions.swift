import Devices
import Equipment
import Stack
import Wire

/// A link of a host, as the command line says it: the option that names the device, and those that
/// stand behind it.
package struct LinkOptions {
    /// What the link's packets go through; nil as long as options stand before the first device.
    package var device: DeviceRequest?
    package var addresses: [IPPrefix] = []
    package var hardwareAddress: MACAddress?
    /// The largest IP packet in bytes; nil for the device's own.
    package var mtu: Int?
    package var gateways: [IPAddress] = []
    package var capture: String?
    package var offloads = true
    package var impairments = ImpairmentOptions()
    /// Whether routers are looked for, and addresses made of what they tell (RFC 4862).
    package var autoconfigures = false
    /// Whether addresses that change are made beside the stable ones (RFC 8981).
    package var usesTemporaryAddresses = false
    /// Whether it is asked first if somebody else has an address (RFC 5227, RFC 4862 §5.4).
    package var detectsDuplicates = false
    /// What hosts on the link are told to make addresses of (RFC 4861 §6.2).
    package var advertisedPrefixes: [IPPrefix] = []

    /// What tools call the interface.
    package var name: String { device?.name ?? "" }

    /// Whether it carries frames, or bare IP packets.
    package var isEthernet: Bool {
        switch device {
        case .tun, .dummy, .flow: false
        default: true
        }
    }

    /// Takes `option` and its value if it concerns a link; whether it does.
    package mutating func take(
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
            // Said, lest nil be taken for a value.
            let address: MACAddress = try arguments.value(
                of: option, "a hardware address of one interface, such as 02:00:00:00:00:01"
            ) { MACAddress($0).flatMap { $0.isMulticast ? nil : $0 } }
            hardwareAddress = address
        case "--mtu":
            mtu = try arguments.number(of: option, "a number of bytes", in: 68...65535)
        case "--capture": capture = try arguments.value(of: option, "a file")
        case "--no-offload": offloads = false
        case "--autoconfigure", "--accept-router-advertisements": autoconfigures = true
        case "--temporary-addresses": usesTemporaryAddresses = true
        case "--detect-duplicates": detectsDuplicates = true
        case "--advertise":
            let prefix = try arguments.value(
                of: option, "a prefix of IPv6, such as fd00::/64"
            ) { IPPrefix($0).flatMap { $0 == $0.masked && !$0.address.isIPv4 ? $0 : nil } }
            guard advertisedPrefixes.count < 8 else {
                throw .usage(
                    "\(arguments.command): --advertise: a router tells of 8 prefixes at most")
            }
            advertisedPrefixes.append(prefix)
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

    /// Whether it has, or may come to, addresses of IPv6.
    package var speaksIPv6: Bool { autoconfigures || addresses.contains { !$0.address.isIPv4 } }

    /// Completes what the host knows of the link.
    package func configure(_ configuration: inout InterfaceConfiguration) {
        configuration.detectsDuplicates = detectsDuplicates
        configuration.announcesAddresses = true
        if speaksIPv6 {
            // Where no router is believed there is a link-local address still (RFC 4291 §2.8).
            var automatic = IPv6Autoconfiguration()
            automatic.acceptsRouterAdvertisements = autoconfigures
            automatic.temporaryAddresses = usesTemporaryAddresses
            configuration.autoconfiguration = automatic
        }
        if !advertisedPrefixes.isEmpty {
            configuration.advertising = RouterAdvertising(
                prefixes: advertisedPrefixes.map {
                    // The lifetimes of RFC 4861 §6.2.1.
                    PrefixInformation(
                        prefix: $0, validLifetime: 2_592_000, preferredLifetime: 604_800)
                })
        }
    }

    /// Whether `address` is a neighbour on one of the link's networks.
    package func reaches(_ address: IPAddress) -> Bool {
        addresses.contains { $0.contains(address) }
    }
}
