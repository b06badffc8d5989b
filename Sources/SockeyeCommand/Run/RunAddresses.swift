import Wire

/// Who has which address on the link of a program under `sockeye run`.
enum RunAddresses {
    /// What the program's host calls its links: the one to the gateway, and the one to a network that
    /// runs share.
    static let interfaces = ["eth0", "net0"]
    static let interface = interfaces[0]
    static let program = prefixes(15)
    static let gateway = prefixes(2)
    static let resolver = prefixes(3)
    /// `services.sockeye`.
    static let services = prefixes(4)

    /// The addresses with this number on the link, of both families: 10.0.2.0/24, fd00:2::/64.
    private static func prefixes(_ number: UInt8) -> [IPPrefix] {
        let v6 = IPAddress("fd00:2::\(String(number, radix: 10))")
        return [
            IPPrefix(address: .v4(10, 0, 2, number), length: 24),
            v6.flatMap { IPPrefix(address: $0, length: 64) },
        ].compactMap { $0 }
    }
}

extension [IPPrefix] {
    /// Those of the families that are wanted.
    func families(withIPv6: Bool) -> [IPPrefix] {
        withIPv6 ? self : filter { $0.address.isIPv4 }
    }
}
