import Memory
import Wire

@testable import Stack

/// What routers and hosts on the way tell of the host's segments.
extension Script {
    /// An error of the path, as ICMP and ICMPv6 name it.
    enum PathError {
        case hostUnreachable
        case portUnreachable
        case timeExceeded
        /// The MTU over IPv4; over IPv6 it is larger by what the header takes.
        case packetTooBig(Int)

        var icmp: (type: UInt8, code: UInt8, rest: UInt32) {
            switch self {
            case .hostUnreachable: (3, 1, 0)
            case .portUnreachable: (3, 3, 0)
            case .timeExceeded: (11, 0, 0)
            case .packetTooBig(let mtu): (3, 4, UInt32(mtu))
            }
        }

        var icmpv6: (type: UInt8, code: UInt8, rest: UInt32) {
            switch self {
            case .hostUnreachable: (1, 3, 0)
            case .portUnreachable: (1, 4, 0)
            case .timeExceeded: (3, 0, 0)
            case .packetTooBig(let mtu): (2, 0, UInt32(mtu + 20))
            }
        }
    }

    /// An error that quotes the host's segment with this sequence number.
    func inject(_ error: PathError, about sequence: UInt32) {
        if family == .inet { injectICMP(error, sequence) } else { injectICMPv6(error, sequence) }
    }

    private func injectICMP(_ error: PathError, _ sequence: UInt32) {
        var message = [UInt8](repeating: 0, count: 8 + 28)
        var span = message.mutableSpan
        span.write(UInt8(0x45), at: 8)
        span.write(UInt16(1500), at: 10)
        span.write(UInt8(64), at: 16)
        span.write(IPProtocol.tcp.rawValue, at: 17)
        span.write(Self.hostAddress.v4?.rawValue ?? 0, at: 20)
        span.write(Self.peerAddress.v4?.rawValue ?? 0, at: 24)
        writeQuote(to: &span, at: 28, sequence)
        let (type, code, rest) = error.icmp
        ICMPHeader(type: ICMPType(rawValue: type), code: code, rest: rest).write(toMessage: &span)
        injectIP(.icmp, message)
    }

    private func injectICMPv6(_ error: PathError, _ sequence: UInt32) {
        var message = [UInt8](repeating: 0, count: 8 + 48)
        var quote = [UInt8](repeating: 0, count: 48)
        var span = quote.mutableSpan
        IPv6Header(
            payloadCount: 1460, nextHeader: .tcp, source: Self.hostAddress.v6,
            destination: Self.peerAddress.v6
        ).write(to: &span)
        writeQuote(to: &span, at: 40, sequence)
        message.replaceSubrange(8..., with: quote)
        span = message.mutableSpan
        let (type, code, rest) = error.icmpv6
        ICMPv6Header(type: ICMPv6Type(rawValue: type), code: code, rest: rest).write(
            toMessage: &span, source: Self.peerAddress.v6, destination: Self.hostAddress.v6)
        injectIP(.icmpv6, message)
    }

    private func writeQuote(
        to span: inout MutableSpan<UInt8>, at place: Int, _ sequence: UInt32
    ) {
        span.write(hostPort, at: place)
        span.write(peerPort, at: place + 2)
        span.write(sequence &+ hostISS, at: place + 4)
    }
}
