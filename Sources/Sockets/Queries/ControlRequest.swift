/// The questions of POSIX `ioctl` that sockets have, by their numbers.
package enum ControlRequest {
    /// How many bytes the argument of a request points to.
    package static func byteCount(of request: UInt) -> Int {
        switch request {
        // FIONREAD, TIOCOUTQ, SIOCATMARK
        case 0x541B, 0x5411, 0x8905: 4
        // SIOCGSTAMP, SIOCGSTAMPNS
        case 0x8906, 0x8907: 16
        // Those on routes, of `struct rtentry`.
        case 0x890B...0x890D: 120
        // Those on interfaces, of `struct ifreq`.
        case 0x8910...0x8911, 0x8913...0x894F, 0x8970...0x89A4: 40
        // Those on neighbours, of `struct arpreq`.
        case 0x8953...0x8955: 68
        default: 0
        }
    }
}
