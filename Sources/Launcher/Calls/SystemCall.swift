import CLinux
import Sockets

/// One system call of the program that waits for its answer.
struct SystemCall {
    let id: UInt64
    /// The calling thread, which names its process's memory and descriptors too.
    let thread: CInt
    let name: Name
    private let arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    /// The calls that the filter reports.
    enum Name {
        case socket, connect, bind, listen, accept, accept4, getsockname, getpeername
        case setsockopt, getsockopt, sendto, recvfrom, sendmsg, recvmsg, sendmmsg, recvmmsg
        case shutdown, ioctl
        case other
    }

    init(_ notification: clinux_notification) {
        id = notification.id
        thread = notification.thread
        arguments = notification.arguments
        name = Name(clinux_call(rawValue: UInt32(bitPattern: notification.call)))
    }

    /// An argument as an `int`: its lower half, whatever stands above.
    func int(_ position: Int) -> CInt {
        CInt(truncatingIfNeeded: word(position))
    }

    /// An argument as a pointer or a `size_t`.
    func word(_ position: Int) -> UInt64 {
        switch position {
        case 0: arguments.0
        case 1: arguments.1
        case 2: arguments.2
        case 3: arguments.3
        case 4: arguments.4
        default: arguments.5
        }
    }

    /// Whether it connects a stream: connect(2), or sending with MSG_FASTOPEN.
    var connects: Bool {
        let fastOpen: CInt = 0x2000_0000
        switch name {
        case .connect: return true
        case .sendto: return int(3) & fastOpen != 0
        case .sendmsg: return int(2) & fastOpen != 0
        default: return false
        }
    }

    /// Where a call that connects has its peer's name, and how long that is.
    func namePlace() throws(SocketError) -> (address: UInt64, length: CInt) {
        switch name {
        case .sendto: return (word(4), int(5))
        case .sendmsg:
            let header = try memory.load(MessageHeader.self, at: word(1))
            return (header.name, CInt(bitPattern: header.nameLength))
        default: return (word(1), int(2))
        }
    }

    /// Whether `other` is the same call with the same arguments, by the same thread.
    func isRepetition(of other: SystemCall) -> Bool {
        thread == other.thread && name == other.name && arguments == other.arguments
    }

    /// The socket that every call but `socket` names first.
    var descriptor: CInt { int(0) }

    var memory: RemoteMemory { RemoteMemory(thread: thread) }

    /// What the kernel calls the caller's process (comm): that of its first thread.
    var programName: String {
        let status = Directory.text(of: "/proc/\(thread)/status")
        let leader = status.split(separator: "\n").first { $0.hasPrefix("Tgid:") }
        let process = leader?.dropFirst(5).drop { $0 == "\t" || $0 == " " } ?? ""
        let name = Directory.text(of: "/proc/\(process)/comm")
        return String(name.prefix { $0 != "\n" })
    }
}

extension SystemCall.Name {
    fileprivate init(_ call: clinux_call) {
        self =
            switch call {
            case CLINUX_CALL_SOCKET: .socket
            case CLINUX_CALL_CONNECT: .connect
            case CLINUX_CALL_BIND: .bind
            case CLINUX_CALL_LISTEN: .listen
            case CLINUX_CALL_ACCEPT: .accept
            case CLINUX_CALL_ACCEPT4: .accept4
            case CLINUX_CALL_GETSOCKNAME: .getsockname
            case CLINUX_CALL_GETPEERNAME: .getpeername
            case CLINUX_CALL_SETSOCKOPT: .setsockopt
            case CLINUX_CALL_GETSOCKOPT: .getsockopt
            case CLINUX_CALL_SENDTO: .sendto
            case CLINUX_CALL_RECVFROM: .recvfrom
            case CLINUX_CALL_SENDMSG: .sendmsg
            case CLINUX_CALL_RECVMSG: .recvmsg
            case CLINUX_CALL_SENDMMSG: .sendmmsg
            case CLINUX_CALL_RECVMMSG: .recvmmsg
            case CLINUX_CALL_SHUTDOWN: .shutdown
            case CLINUX_CALL_IOCTL: .ioctl
            default: .other
            }
    }
}

/// What is to be done about a call.
enum Reply {
    /// It returns this.
    case value(Int64)
    /// It fails with this.
    case failure(SocketError)
    /// The kernel does it: it is none of our business.
    case carryOn
    /// It was answered already.
    case answered
    /// It waits; whoever parked it answers it.
    case parked

    static func failure(_ code: CInt) -> Reply { .failure(SocketError(code)) }
    static let success = Reply.value(0)
}
