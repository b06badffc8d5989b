import Glibc
import Stack

/// The options on how long calls wait, which the socket keeps itself, whatever the network.
enum TimeoutOption {
    case receiving
    case sending

    init?(_ level: Int32, _ name: Int32) {
        guard level == OptionLevel.socket else { return nil }
        switch name {
        case SocketLevel.receiveTimeout, SocketLevel.receiveTimeoutNew: self = .receiving
        case SocketLevel.sendTimeout, SocketLevel.sendTimeoutNew: self = .sending
        default: return nil
        }
    }
}

extension Socket {
    /// `struct timeval`, zero for waiting for ever.
    func read(_ option: TimeoutOption, _ capacity: Int) throws(SocketError) -> [UInt8] {
        guard capacity >= 0 else { throw SocketError(EINVAL, in: "getsockopt") }
        let timeout = option == .receiving ? receiveTimeout : sendTimeout
        let bytes = SocketOption<Duration?>.receiveTimeout.encode(timeout)
        return Array(bytes.prefix(capacity))
    }

    /// - Throws: `EINVAL` for less than a `struct timeval`; `EDOM` unless the microseconds are those
    ///   of a second.
    func set(_ option: TimeoutOption, _ bytes: Span<UInt8>) throws(SocketError) {
        let reader = OptionBytes(bytes)
        guard reader.count >= 16 else { throw SocketError(EINVAL, in: "setsockopt") }
        let (seconds, microseconds) = (reader.long(0), reader.long(8))
        guard (0..<1_000_000).contains(microseconds) else {
            throw SocketError(EDOM, in: "setsockopt")
        }
        // Times before now do not wait at all; more than a lifetime is for ever.
        let timeout: Duration? =
            seconds < 0
            ? .zero
            : seconds == 0 && microseconds == 0 || seconds > 1 << 32
                ? nil : .seconds(seconds) + .microseconds(microseconds)
        switch option {
        case .receiving: receiveTimeout = timeout
        case .sending: sendTimeout = timeout
        }
    }
}
