@testable import Names
@testable import Services

/// DNS messages, built by hand.
enum DNSSamples {
    /// A name without compression.
    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// A query with one question.
    static func query(
        _ name: String, type: UInt16 = 1, recordClass: UInt16 = 1, flags: UInt16 = 0x0100,
        counts: [UInt16] = [1, 0, 0, 0], rest: [UInt8] = []
    ) -> [UInt8] {
        words([0x1234, flags] + counts) + Self.name(name) + words([type, recordClass]) + rest
    }

    /// An OPT record (RFC 6891 §6.1.2).
    static func opt(limit: UInt16 = 4_096, version: UInt8 = 0, options: [UInt8] = []) -> [UInt8] {
        [0] + words([41, limit, UInt16(version), 0, UInt16(options.count)]) + options
    }

    static func words(_ words: [UInt16]) -> [UInt8] {
        words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    /// The word at a place of a message.
    static func word(_ message: [UInt8], _ place: Int) -> UInt16 {
        UInt16(message[place]) << 8 | UInt16(message[place + 1])
    }
}
