import Stack
import Wire

/// The routes of a host as `netstat -r` lists them.
enum RouteLines {
    /// - Parameter names: Of the interfaces, in the order of their numbers.
    static func v4(_ routes: [Route], _ names: [String]) -> [String] {
        [
            "Sockeye IP routing table",
            "Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface",
        ]
            + routes.filter { $0.destination.address.isIPv4 }.map { route in
                let gateway = route.gateway ?? .unspecifiedV4
                return Column.left("\(route.destination.network)", 15) + " "
                    + Column.left("\(gateway)", 15) + " "
                    + Column.left("\(mask(route.destination))", 15) + " "
                    + Column.left(flags(route), 6) + "    0 0          0 "
                    + name(route.interface, names)
            }
    }

    static func v6(_ routes: [Route], _ names: [String]) -> [String] {
        [
            "Sockeye IPv6 routing table",
            "Destination                    Next Hop                   Flag Met Ref  Use If",
        ]
            + routes.filter { !$0.destination.address.isIPv4 }.map { route in
                let gateway = route.gateway ?? .unspecifiedV6
                return Column.left("\(route.destination.masked)", 30) + " "
                    + Column.left("\(gateway)", 26) + " " + Column.left(flags(route), 4) + " "
                    + Column.left(String(route.metric), 3) + " 1      0 "
                    + name(route.interface, names)
            }
    }

    /// U: it is in use; G: through a gateway; H: to a single host.
    private static func flags(_ route: Route) -> String {
        let isHost = Int(route.destination.length) == route.destination.address.bitCount
        return "U" + (route.gateway == nil ? "" : "G") + (isHost ? "H" : "")
    }

    private static func mask(_ prefix: IPPrefix) -> IPv4Address {
        IPv4Address(prefix.length == 0 ? 0 : UInt32.max << (32 - UInt32(prefix.length)))
    }

    static func name(_ interface: InterfaceID, _ names: [String]) -> String {
        names.indices.contains(interface.rawValue) ? names[interface.rawValue] : "?"
    }
}
