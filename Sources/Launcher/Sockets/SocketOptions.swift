import CLinux
import Glibc

/// The options of one socket that a program has set, and those that it may.
///
/// Most options are promises about a network that is not there, and are remembered so that they
/// read back as they were set; some change what the flow does.
struct SocketOptions {
    struct Name: Hashable {
        var level: CInt
        var option: CInt
    }

    /// What is known of an option.
    enum Rule {
        /// A number that reads back as set.
        case number(initially: CInt)
        /// Zero or one.
        case flag(initially: CInt = 0)
        /// The size of a buffer: doubled as the kernel does, within limits.
        case bufferSize(initially: CInt, least: CInt)
        /// A number that cannot be set.
        case constant(CInt)
        /// The kernel's own treatment of the AF_UNIX socket is right.
        case native
    }

    private var values: [Name: CInt] = [:]
    /// SO_LINGER as the program set it.
    var linger = Linger()

    struct Linger: BitwiseCopyable {
        var isOn: CInt = 0
        var seconds: CInt = 0
    }

    /// Whether closing resets: SO_LINGER with no time at all.
    var resetsOnClose: Bool { linger.isOn != 0 && linger.seconds == 0 }

    /// What the option reads as, nil where it was never set.
    subscript(name: Name) -> CInt? { values[name] }

    /// Remembers `value` by the rule of the option; EINVAL or EPERM where it may not be set so.
    mutating func set(_ name: Name, _ value: CInt, _ rule: Rule) throws(SystemError) {
        switch rule {
        case .number:
            guard Self.isAllowed(name, value) else { throw SystemError(EINVAL) }
            values[name] = value
        case .flag: values[name] = value == 0 ? 0 : 1
        case .bufferSize(_, let least):
            values[name] = max(min(max(value, 0), Self.bufferLimit) * 2, least)
        case .constant: throw SystemError(ENOPROTOOPT)
        case .native: break
        }
    }

    private static let bufferLimit: CInt = 212_992

    private static func isAllowed(_ name: Name, _ value: CInt) -> Bool {
        switch (name.level, name.option) {
        case (CInt(IPPROTO_IP), IP_TTL): value == -1 || (1...255).contains(value)
        case (CInt(IPPROTO_TCP), TCP_KEEPIDLE), (CInt(IPPROTO_TCP), TCP_KEEPINTVL):
            (1...32_767).contains(value)
        case (CInt(IPPROTO_TCP), TCP_KEEPCNT), (CInt(IPPROTO_TCP), TCP_SYNCNT):
            (1...127).contains(value)
        case (CInt(IPPROTO_TCP), TCP_MAXSEG): value == 0 || (88...32_767).contains(value)
        case (CInt(IPPROTO_TCP), TCP_USER_TIMEOUT): value >= 0
        default: true
        }
    }

    /// The option as the flow takes it, nil where it is only remembered.
    static func effect(_ name: Name, _ value: CInt) -> FlowOption? {
        switch (name.level, name.option) {
        case (SOL_SOCKET, SO_KEEPALIVE): .keepAlive(value != 0)
        case (CInt(IPPROTO_TCP), TCP_NODELAY): .noDelay(value != 0)
        case (CInt(IPPROTO_TCP), TCP_CORK): .cork(value != 0)
        case (CInt(IPPROTO_TCP), TCP_KEEPIDLE): .keepIdle(Int(value))
        case (CInt(IPPROTO_TCP), TCP_KEEPINTVL): .keepInterval(Int(value))
        case (CInt(IPPROTO_TCP), TCP_KEEPCNT): .keepCount(Int(value))
        case (CInt(IPPROTO_TCP), TCP_USER_TIMEOUT): .userTimeout(Int(value))
        case (CInt(IPPROTO_IP), IP_TTL): .timeToLive(value < 0 ? 64 : Int(value))
        case (CInt(IPPROTO_IP), IP_TOS): .typeOfService(Int(value & 0xFF))
        default: nil
        }
    }

    /// Everything a new flow must be told, in an order that does not change.
    var effective: [FlowOption] {
        values.sorted { ($0.key.level, $0.key.option) < ($1.key.level, $1.key.option) }
            .compactMap { Self.effect($0.key, $0.value) }
    }

    /// Whether such a socket has options at `level` at all.
    static func hasLevel(_ level: CInt, _ kind: BorrowedSocket.Kind) -> Bool {
        level == SOL_SOCKET || level == CInt(IPPROTO_IP)
            || level == CInt(kind == .stream ? IPPROTO_TCP : IPPROTO_UDP)
    }

    /// The rule of an option, nil where there is none: ENOPROTOOPT.
    static func rule(_ name: Name, _ kind: BorrowedSocket.Kind) -> Rule? {
        switch name.level {
        case SOL_SOCKET: socketRule(name.option, kind)
        case CInt(IPPROTO_IP): internetRule(name.option)
        case CInt(IPPROTO_TCP): kind == .stream ? streamRule(name.option) : nil
        default: nil
        }
    }

    private static func socketRule(_ option: CInt, _ kind: BorrowedSocket.Kind) -> Rule? {
        switch option {
        case SO_TYPE:
            .constant(CInt(kind == .stream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue))
        case SO_DOMAIN: .constant(AF_INET)
        case SO_PROTOCOL: .constant(CInt(kind == .stream ? IPPROTO_TCP : IPPROTO_UDP))
        case SO_ACCEPTCONN: .constant(0)
        case SO_SNDBUF:
            .bufferSize(initially: kind == .stream ? 87_040 : 212_992, least: 4_608)
        case SO_RCVBUF:
            .bufferSize(initially: kind == .stream ? 131_072 : 212_992, least: 2_304)
        case SO_REUSEADDR, SO_REUSEPORT, SO_BROADCAST, SO_OOBINLINE, SO_DONTROUTE, SO_KEEPALIVE,
            SO_TIMESTAMP, SO_TIMESTAMPNS, SO_RXQ_OVFL, SO_NO_CHECK, SO_PASSCRED:
            .flag()
        case SO_PRIORITY, SO_BUSY_POLL, SO_MAX_PACING_RATE, SO_INCOMING_CPU: .number(initially: 0)
        // What governs waiting in the AF_UNIX socket is right there; SO_LINGER is not among it.
        case SO_RCVTIMEO, SO_SNDTIMEO, CLINUX_SO_RCVTIMEO_NEW, CLINUX_SO_SNDTIMEO_NEW, SO_RCVLOWAT,
            SO_PEEK_OFF:
            .native
        default: nil
        }
    }

    private static func internetRule(_ option: CInt) -> Rule? {
        switch option {
        case IP_TOS: .number(initially: 0)
        case IP_TTL: .number(initially: 64)
        case IP_MTU_DISCOVER: .number(initially: 1)
        case IP_RECVERR, IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_FREEBIND, IP_RECVOPTS, IP_RETOPTS,
            IP_BIND_ADDRESS_NO_PORT, IP_RECVORIGDSTADDR:
            .flag()
        case IP_MULTICAST_TTL, IP_MULTICAST_LOOP: .number(initially: 1)
        default: nil
        }
    }

    private static func streamRule(_ option: CInt) -> Rule? {
        switch option {
        case TCP_NODELAY, TCP_CORK: .flag()
        case TCP_QUICKACK: .flag(initially: 1)
        case TCP_MAXSEG: .number(initially: 536)
        case TCP_KEEPIDLE: .number(initially: 7_200)
        case TCP_KEEPINTVL: .number(initially: 75)
        case TCP_KEEPCNT: .number(initially: 9)
        case TCP_SYNCNT: .number(initially: 6)
        case TCP_LINGER2: .number(initially: 60)
        case TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_USER_TIMEOUT: .number(initially: 0)
        case CLINUX_TCP_NOTSENT_LOWAT: .number(initially: -1)
        default: nil
        }
    }
}
