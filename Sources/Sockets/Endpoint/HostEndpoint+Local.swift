import Glibc
import Stack

/// Messages between sockets of one Sockeye host (`AF_UNIX`), and what goes along with them.
extension HostEndpoint {
    func sendLocal(
        _ bytes: Span<UInt8>, to name: SocketName?, _ control: [ControlMessage]
    ) throws(SocketError) -> Int {
        var attachments: [MessageAttachment] = []
        var credentials: Credentials?
        for message in control {
            guard message.level == SOL_SOCKET else { continue }
            switch message.type {
            case Self.rights:
                attachments += message.sockets.map(PassedSocket.init)
            case Self.credentials:
                guard let claimed = Credentials(bytes: message.bytes) else {
                    throw SocketError(EINVAL, in: "sendmsg")
                }
                credentials = claimed
            default: throw SocketError(EINVAL, in: "sendmsg")
            }
        }
        guard attachments.count <= Self.passedLimit else {
            throw SocketError(EINVAL, in: "sendmsg")
        }
        return try call("sendmsg") { (host: inout Host) throws(StackError) in
            var target: LocalName?
            switch name {
            case nil: break
            case .local(let name?): target = name
            default: throw .invalidArgument
            }
            return try host.sendMessage(
                id, bytes, to: target, attachments: attachments, credentials: credentials)
        }
    }

    func receiveLocal(
        into buffer: inout MutableSpan<UInt8>, _ flags: MessageFlags
    ) throws(SocketError) -> ReceivedMessage {
        guard !flags.contains(.urgent) else { throw SocketError(EOPNOTSUPP, in: "recvmsg") }
        var options: LocalReceiveOptions = flags.contains(.peek) ? .peek : []
        if !flags.contains(.dontWait) { options.insert(.wait) }
        let message: ReceivedLocalMessage
        defer { settle() }
        do throws(StackError) {
            message = try driver.withHost { (host: inout Host) throws(StackError) in
                try host.receiveMessage(id, into: &buffer, options)
            }
        } catch {
            throw SocketError(error, in: "recvmsg")
        }
        var control: [ControlMessage] = []
        if let credentials = message.credentials {
            control.append(
                ControlMessage(
                    level: SOL_SOCKET, type: Self.credentials, bytes: credentials.bytes))
        }
        let passed = message.attachments.compactMap { ($0 as? PassedSocket)?.socket }
        if !passed.isEmpty { control.append(ControlMessage(passing: passed)) }
        return ReceivedMessage(
            count: message.count, fullCount: message.fullCount,
            source: message.source.map { .local($0) }, control: control,
            flags: message.count < message.fullCount ? .truncated : [])
    }

    /// `SCM_RIGHTS`.
    private static var rights: CInt { 1 }
    /// `SCM_CREDENTIALS`, which only GNU's headers have.
    private static var credentials: CInt { 2 }
    /// The most sockets that one message passes (`SCM_MAX_FD`).
    private static var passedLimit: Int { 253 }
}

/// An open socket on its way to whoever receives it. It stays open for as long as somebody has it.
final class PassedSocket: MessageAttachment, @unchecked Sendable {
    let socket: Socket

    init(_ socket: Socket) { self.socket = socket }
}

/// `struct ucred`.
extension Credentials {
    /// Nil unless there are 12 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 12 else { return nil }
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
        }
        self.init(
            processID: Int32(truncatingIfNeeded: word(0)), userID: word(4), groupID: word(8))
    }

    /// Process, user and group, each of four bytes in the machine's order.
    public var bytes: [UInt8] {
        [UInt32(truncatingIfNeeded: processID), userID, groupID].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
        }
    }
}
