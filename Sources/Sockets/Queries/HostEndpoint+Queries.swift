import Glibc
import Stack

/// Questions to a socket that are neither calls nor options of their own: POSIX `ioctl`.
extension HostEndpoint {
    /// The questions, by their numbers.
    private enum Request {
        /// `FIONREAD`, `SIOCINQ`
        static var received: UInt { 0x541B }
        /// `SIOCOUTQ`
        static var unacknowledged: UInt { 0x5411 }
        /// `SIOCOUTQNSD`
        static var unsent: UInt { 0x894B }
        static var isAtMark: UInt { 0x8905 }
        /// `FIOGETOWN`, `SIOCGPGRP`
        static var owner: ClosedRange<UInt> { 0x8903...0x8904 }
    }

    func control(_ request: UInt, _ bytes: [UInt8]) throws(SocketError) -> [UInt8] {
        switch request {
        case Request.received:
            return Self.word(
                try call("ioctl") { (host: inout Host) throws(StackError) in
                    try host.receivableCount(of: id)
                })
        case Request.unacknowledged, Request.unsent:
            guard request == Request.unacknowledged || kind == .stream else { break }
            return Self.word(
                try call("ioctl") { (host: inout Host) throws(StackError) in
                    request == Request.unsent
                        ? try host.unsentCount(of: id) : try host.unacknowledgedCount(of: id)
                })
        case Request.isAtMark:
            guard kind == .stream else { break }
            return Self.word(
                try call("ioctl") { (host: inout Host) throws(StackError) in
                    do throws(StackError) {
                        return try host.isAtMark(id) ? 1 : 0
                    } catch .notConnected {
                        return 0
                    }
                })
        case Request.owner: return Self.word(0)
        case _ where InterfaceQuery.covers(request):
            var isInternet = family == .inet
            switch kind {
            case .local, .netlink, .packet: isInternet = false
            case .stream, .datagram, .raw, .icmp: break
            }
            let query = InterfaceQuery(request: request, isInternet: isInternet)
            return try driver.withHost { (host: inout Host) throws(SocketError) in
                try query.answer(bytes, host)
            }
        default: break
        }
        throw SocketError(ENOTTY, in: "ioctl")
    }

    private static func word(_ value: Int) -> [UInt8] {
        let value = CInt(clamping: value)
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> CInt(8 * $0)) }
    }
}
