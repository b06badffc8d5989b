import Wire

/// A host on a network of several runs: its name, and what it has by its number there.
struct NetworkMember: Equatable, Sendable {
    let name: String
    /// 10 to 250: the last byte of its IPv4 address.
    let number: Int

    static let numbers = 10...250

    /// 10.0.3.N.
    var ipv4: IPAddress { .v4(10, 0, 3, UInt8(truncatingIfNeeded: number)) }

    /// fd00:3::N, which reads as the IPv4 address does: N in decimal digits.
    var ipv6: IPAddress {
        var digits: UInt64 = 0
        var (rest, place) = (UInt64(number), UInt64(0))
        while rest > 0 {
            digits |= (rest % 10) << place
            rest /= 10
            place += 4
        }
        return IPAddress(high: 0xFD00_0003 << 32, low: digits)
    }

    /// The addresses with the lengths of their prefixes, /24 and /64.
    var prefixes: [IPPrefix] {
        [IPPrefix(address: ipv4, length: 24), IPPrefix(address: ipv6, length: 64)]
            .compactMap { $0 }
    }

    /// 02:50:0a:00:03:NN, administered locally.
    var hardwareAddress: MACAddress {
        MACAddress(0x02, 0x50, 0x0A, 0x00, 0x03, UInt8(truncatingIfNeeded: number))
    }

    /// What others may call it, and where it is.
    var names: [String] { [name, name + ".sockeye"] }
    var addresses: [IPAddress] { [ipv4, ipv6] }
}
