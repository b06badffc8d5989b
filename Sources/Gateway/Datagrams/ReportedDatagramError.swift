import Devices
import Glibc
import Sockets
import Stack
import Wire

/// What a datagram met on its way, as the machine tells (`IP_RECVERR`, Linux's `sock_extended_err`).
struct ReportedDatagramError {
    let refusal: Refusal
    /// Whom the datagram was sent to.
    let destination: SocketAddress
    /// Who told; nil for the machine itself.
    let reporter: IPAddress?
    /// What the datagram carried, as far as it was quoted.
    let payload: [UInt8]

    /// Takes the next error of `socket`; nil where none waits.
    init?(next socket: SystemSocket) {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let message: SystemSocket.Message
        do throws(DeviceError) {
            var span = bytes.mutableSpan
            message = try socket.receiveMessage(into: &span, flags: CInt(MSG_ERRQUEUE))
        } catch {
            return nil
        }
        guard let name = try? SocketName(bytes: message.name.span), let destination = name.address
        else { return nil }
        self.destination = destination
        payload = Array(bytes.prefix(message.count))
        guard let error = Self.extendedError(message.control) else {
            (refusal, reporter) = (.silence, nil)
            return
        }
        let word = { (offset: Int) in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(error[offset + $1]) << UInt32(8 * $1) }
        }
        let (origin, type, code) = (error[4], error[5], error[6])
        let offender = try? SocketName(bytes: Array(error[16...]).span).address?.address
        switch origin {
        case 2: refusal = Self.refusal(type, code, mtu: Int(word(8)))
        case 3: refusal = Self.refusalV6(type, code, mtu: Int(word(8)))
        default: refusal = Refusal(code: CInt(bitPattern: word(0)))
        }
        reporter = origin >= 2 && offender?.isUnspecified == false ? offender : nil
    }

    /// The `sock_extended_err`, and behind it who told, in control messages.
    private static func extendedError(_ control: [UInt8]) -> [UInt8]? {
        let headerCount = 16
        var offset = 0
        while offset + headerCount <= control.count {
            let word = { (place: Int) in
                (0..<4).reduce(0) { $0 | Int(control[offset + place + $1]) << (8 * $1) }
            }
            let (count, level, type) = (word(0), word(8), word(12))
            guard count >= headerCount, offset + count <= control.count else { return nil }
            let isError = level == 0 && type == 11 || level == 41 && type == 25
            if isError, count >= headerCount + 16 {
                return Array(control[(offset + headerCount)..<(offset + count)])
            }
            offset += (count + 7) & ~7
        }
        return nil
    }

    private static func refusal(_ type: UInt8, _ code: UInt8, mtu: Int) -> Refusal {
        if type == 11 { return .timeExceeded }
        guard type == 3 else { return .silence }
        return switch code {
        case 0, 6, 11: .networkUnreachable
        case 2: .protocolUnreachable
        case 3: .portUnreachable
        case 4: .packetTooBig(mtu)
        case 9, 10, 13: .prohibited
        default: .hostUnreachable
        }
    }

    private static func refusalV6(_ type: UInt8, _ code: UInt8, mtu: Int) -> Refusal {
        switch (type, code) {
        case (1, 0): .networkUnreachable
        case (1, 1), (1, 5), (1, 6): .prohibited
        case (1, 4): .portUnreachable
        case (1, _): .hostUnreachable
        case (2, _): .packetTooBig(mtu)
        case (3, _): .timeExceeded
        default: .silence
        }
    }
}
