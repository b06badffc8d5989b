import Memory
import Wire

/// The last 64 bits of addresses that a host forms.
enum InterfaceIdentifier {
    /// How often another one is tried when somebody has the address: IDGEN_RETRIES (RFC 7217 §7),
    /// TEMP_IDGEN_RETRIES (RFC 8981 §3.8).
    static var retries: Int { 3 }

    /// A number that is always the same for a host on a network, different on every network, and
    /// tells nothing (RFC 7217 §5).
    ///
    /// - Parameters:
    ///   - prefix: The first 64 bits of the address.
    ///   - interface: The name of the interface, which stays when hardware is replaced.
    ///   - attempt: How many duplicates were met so far: DAD_Counter.
    static func stable(
        prefix: UInt64, interface: String, attempt: Int, key: KeyedHash
    ) -> UInt64 {
        var name: UInt64 = 0
        for byte in interface.utf8 { name = key.secret(name ^ UInt64(byte)) }
        var counter = UInt64(attempt)
        var number: UInt64
        repeat {
            number = key.secret(prefix, name, counter, 0, 0)
            // Far from those that are counted for duplicates.
            counter &+= 0x1_0000
        } while isReserved(number)
        return number
    }

    /// A number that nobody can foresee (RFC 8981 §3.3.1).
    static func temporary(_ random: inout RandomSource) -> UInt64 {
        while true {
            let number = random.next()
            if !isReserved(number) { return number }
        }
    }

    /// Whether a number means something else (RFC 5453 §3): all routers of a subnet, addresses
    /// made of a protocol's, anycast.
    static func isReserved(_ number: UInt64) -> Bool {
        number == 0 || number >= 0xFDFF_FFFF_FFFF_FF80 && number <= 0xFDFF_FFFF_FFFF_FFFF
            || number >= 0x0200_5EFF_FE00_0000 && number <= 0x0200_5EFF_FE00_5212
    }
}
