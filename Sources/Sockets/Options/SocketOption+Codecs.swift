import Stack
import Wire

// How values are laid out: each as Linux has it.

extension SocketOption {
    /// A key whose value is a number of four bytes.
    fileprivate static func number(
        _ level: Int32, _ name: Int32, decode: @escaping @Sendable (Int32) -> Value?,
        encode: @escaping @Sendable (Value) -> Int32
    ) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 4,
            decode: { bytes in
                // Options of one byte stand in the first.
                guard !bytes.isEmpty else { return nil }
                let padded = bytes.prefix(4) + [0, 0, 0].prefix(max(0, 4 - bytes.count))
                return decode(Int32(bitPattern: OptionBytes(Array(padded)).word(0)))
            }, encode: { OptionBytes.int(encode($0)) })
    }
}

extension SocketOption where Value == Bool {
    static func flag(_ level: Int32, _ name: Int32) -> Self {
        number(level, name, decode: { $0 != 0 }, encode: { $0 ? 1 : 0 })
    }
}

extension SocketOption where Value == Bool {
    /// Whether each ICMP error is kept for `MessageFlags.errorQueue`, by a socket of a family.
    /// `IP_RECVERR`, `IPV6_RECVERR`.
    public static func receivesErrors(of family: AddressFamily) -> Self {
        family == .inet ? .receivesErrors : .receivesV6Errors
    }
}

extension SocketOption where Value == Int {
    static func int(_ level: Int32, _ name: Int32) -> Self {
        number(level, name, decode: { Int($0) }, encode: { Int32(clamping: $0) })
    }
}

extension SocketOption where Value == String {
    static func text(_ level: Int32, _ name: Int32, _ count: Int) -> Self {
        SocketOption(
            level: level, name: name, byteCount: count,
            decode: { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) },
            encode: { Array($0.utf8) + [0] })
    }
}

extension SocketOption where Value == [UInt8] {
    static func bytes(_ level: Int32, _ name: Int32, _ count: Int) -> Self {
        SocketOption(
            level: level, name: name, byteCount: count, decode: { $0 }, encode: { $0 })
    }
}

extension SocketOption where Value == Duration {
    static func seconds(_ level: Int32, _ name: Int32) -> Self {
        number(
            level, name, decode: { .seconds($0) },
            encode: { Int32(clamping: $0.components.seconds) })
    }

    static func milliseconds(_ level: Int32, _ name: Int32) -> Self {
        number(
            level, name, decode: { .milliseconds($0) },
            encode: { Int32(clamping: Interval($0).milliseconds) })
    }
}

extension SocketOption where Value == Duration? {
    /// `struct linger`: whether, and how many seconds.
    static func linger(_ level: Int32, _ name: Int32) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 8,
            decode: { bytes in
                guard bytes.count >= 8 else { return nil }
                let reader = OptionBytes(bytes)
                return .some(reader.word(0) == 0 ? nil : .seconds(reader.word(4)))
            },
            encode: { value in
                let seconds = Int32(clamping: value?.components.seconds ?? 0)
                return OptionBytes.int(value == nil ? 0 : 1) + OptionBytes.int(seconds)
            })
    }

    /// `struct timeval`, which is zero for nil.
    static func timeval(_ level: Int32, _ name: Int32) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 16,
            decode: { bytes in
                guard bytes.count >= 16 else { return nil }
                let reader = OptionBytes(bytes)
                let duration =
                    Duration.seconds(reader.long(0)) + .microseconds(reader.long(8))
                return .some(duration == .zero ? nil : duration)
            },
            encode: { value in
                let microseconds = value.map { Interval($0).microseconds } ?? 0
                let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
                return OptionBytes.long(seconds) + OptionBytes.long(rest)
            })
    }
}

extension SocketOption where Value == EndpointOptions.MTUDiscovery {
    static func discovery(_ level: Int32, _ name: Int32) -> Self {
        number(
            level, name, decode: { OptionCall.discovery($0) }, encode: { Int32($0.rawValue) })
    }
}

extension SocketOption where Value == IPAddress {
    static func v4(_ level: Int32, _ name: Int32) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 4,
            decode: { $0.count < 4 ? nil : OptionBytes($0).v4(0) },
            encode: { OptionBytes.v4($0) })
    }
}

extension SocketOption where Value == Credentials {
    static func credentials(_ level: Int32, _ name: Int32) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 12, decode: { Credentials(bytes: $0) },
            encode: { $0.bytes })
    }
}

extension SocketOption where Value == PacketStatistics {
    static func statistics(_ level: Int32, _ name: Int32) -> Self {
        SocketOption(
            level: level, name: name, byteCount: 8,
            decode: { bytes in
                guard bytes.count >= 8 else { return nil }
                let reader = OptionBytes(bytes)
                let (all, dropped) = (UInt64(reader.word(0)), UInt64(reader.word(4)))
                return PacketStatistics(received: all - min(all, dropped), dropped: dropped)
            },
            encode: { _ in [] })
    }
}
