import Memory

/// The clock readings of one segment (RFC 7323 §3).
@frozen
public struct TCPTimestamps: Equatable, Sendable {
    /// The sender's clock (TSval).
    public var value: UInt32
    /// The reading that the sender got last, meaningful with ACK (TSecr).
    public var echo: UInt32

    @inlinable
    public init(value: UInt32, echo: UInt32) {
        self.value = value
        self.echo = echo
    }
}

/// The kinds of TCP options (IANA, TCP Option Kind Numbers).
@frozen
public struct TCPOptionKind: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    @inlinable public static var end: Self { Self(rawValue: 0) }
    @inlinable public static var noOperation: Self { Self(rawValue: 1) }
    @inlinable public static var maximumSegmentSize: Self { Self(rawValue: 2) }
    @inlinable public static var windowScale: Self { Self(rawValue: 3) }
    @inlinable public static var sackPermitted: Self { Self(rawValue: 4) }
    @inlinable public static var sack: Self { Self(rawValue: 5) }
    @inlinable public static var timestamps: Self { Self(rawValue: 8) }
}

/// What the options of a TCP segment say (RFC 9293 §3.2, RFC 7323, RFC 2018).
///
/// Reading is as tolerant as Linux's: unknown kinds and known ones of a wrong size are passed
/// over, of repeated ones the last counts, and a length that is below 2 or reaches past the end
/// ends the list with what was read so far. Whether an option is allowed in the segment at hand,
/// the receiver decides: segment size, scale and permission count in SYNs only.
@frozen
public struct TCPOptions: Equatable, Sendable {
    /// The largest window scale (RFC 7323 §2.3).
    @inlinable public static var maximumWindowScale: UInt8 { 14 }

    /// The longest payload that the sender takes, in bytes; a received zero counts as absent.
    public var maximumSegmentSize: UInt16?
    /// By how many bits the sender's windows are shifted, 0 to 14; a received larger one counts as
    /// 14.
    public var windowScale: UInt8?
    public var sackPermitted: Bool
    public var timestamps: TCPTimestamps?
    public var sackBlocks: SACKBlocks
    /// Whether reading ended at an option whose length was impossible.
    public var malformed: Bool

    @inlinable
    public init(
        maximumSegmentSize: UInt16? = nil, windowScale: UInt8? = nil, sackPermitted: Bool = false,
        timestamps: TCPTimestamps? = nil, sackBlocks: SACKBlocks = SACKBlocks()
    ) {
        self.maximumSegmentSize = maximumSegmentSize
        self.windowScale = windowScale
        self.sackPermitted = sackPermitted
        self.timestamps = timestamps
        self.sackBlocks = sackBlocks
        malformed = false
    }
}

// MARK: - Reading

extension TCPOptions {
    /// Reads the options of a segment; no bytes are refused.
    ///
    /// - Parameter bytes: What stands between the fixed header and the payload.
    @inlinable
    public init(_ bytes: Span<UInt8>) {
        self.init()
        guard bytes.count > 0 else { return }
        // What nearly every segment of an established connection carries.
        if bytes.count == TCPOptionCount.timestamps,
            bytes.uint32(at: 0) == TCPOptionWord.timestamps
        {
            timestamps = TCPTimestamps(value: bytes.uint32(at: 4), echo: bytes.uint32(at: 8))
            return
        }
        read(bytes)
    }

    @usableFromInline
    mutating func read(_ bytes: Span<UInt8>) {
        var cursor = OptionCursor(bytes)
        do throws(WireError) {
            while let field = try cursor.next() {
                read(field, of: bytes)
            }
        } catch {
            malformed = true
        }
    }

    private mutating func read(_ field: OptionField, of bytes: Span<UInt8>) {
        let data = field.offset &+ 2
        switch (TCPOptionKind(rawValue: field.kind), field.count) {
        case (.maximumSegmentSize, 4):
            let size = bytes.uint16(at: data)
            if size > 0 { maximumSegmentSize = size }
        case (.windowScale, 3):
            windowScale = min(bytes[data], Self.maximumWindowScale)
        case (.sackPermitted, 2):
            sackPermitted = true
        case (.timestamps, 10):
            timestamps = TCPTimestamps(
                value: bytes.uint32(at: data), echo: bytes.uint32(at: data &+ 4))
        case (.sack, 10), (.sack, 18), (.sack, 26), (.sack, 34):
            sackBlocks = SACKBlocks()
            for block in 0..<field.count >> 3 {
                let edges = data &+ block &* 8
                let start = SequenceNumber(bytes.uint32(at: edges))
                let end = SequenceNumber(bytes.uint32(at: edges &+ 4))
                sackBlocks.append(SACKBlock(start: start, end: end))
            }
        default:
            break
        }
    }
}

// MARK: - Writing

extension TCPOptions {
    /// How many of the blocks fit behind the other options: 4, or 3 beside timestamps.
    @inlinable
    public var encodedSackBlockCount: Int {
        let room = TCPHeader.maximumOptionsCount &- countBeforeBlocks &- 4
        return max(0, min(sackBlocks.count, room >> 3))
    }

    /// The bytes that `write` fills: a multiple of 4, at most 40.
    @inlinable
    public var encodedCount: Int {
        let blocks = encodedSackBlockCount
        return countBeforeBlocks &+ (blocks > 0 ? 4 &+ blocks &* 8 : 0)
    }

    @inlinable
    var countBeforeBlocks: Int {
        var count = 0
        if maximumSegmentSize != nil { count &+= 4 }
        if timestamps != nil {
            count &+= TCPOptionCount.timestamps
        } else if sackPermitted {
            count &+= 4
        }
        if windowScale != nil { count &+= 4 }
        return count
    }

    /// Writes the options in the order and with the padding of Linux, which middleboxes know:
    /// segment size; permission and timestamps sharing a word's padding; scale; blocks. Blocks that
    /// do not fit are left out.
    ///
    /// - Precondition: `bytes` has room for `encodedCount` bytes from `start` on.
    /// - Returns: `encodedCount`.
    @discardableResult
    public func write(to bytes: inout MutableSpan<UInt8>, at start: Int) -> Int {
        var offset = start
        if let maximumSegmentSize {
            bytes.write(TCPOptionWord.maximumSegmentSize | UInt32(maximumSegmentSize), at: offset)
            offset &+= 4
        }
        if let timestamps {
            let first =
                sackPermitted
                ? TCPOptionWord.sackPermittedAndTimestamps : TCPOptionWord.timestamps
            bytes.write(first, at: offset)
            bytes.write(timestamps.value, at: offset &+ 4)
            bytes.write(timestamps.echo, at: offset &+ 8)
            offset &+= TCPOptionCount.timestamps
        } else if sackPermitted {
            bytes.write(TCPOptionWord.sackPermitted, at: offset)
            offset &+= 4
        }
        if let windowScale {
            bytes.write(TCPOptionWord.windowScale | UInt32(windowScale), at: offset)
            offset &+= 4
        }
        let blocks = encodedSackBlockCount
        if blocks > 0 {
            let count = UInt32(truncatingIfNeeded: 2 &+ blocks &* 8)
            bytes.write(TCPOptionWord.sack | count, at: offset)
            offset &+= 4
        }
        for index in 0..<blocks {
            bytes.write(sackBlocks[index].start.rawValue, at: offset)
            bytes.write(sackBlocks[index].end.rawValue, at: offset &+ 4)
            offset &+= 8
        }
        return offset &- start
    }
}

/// Sizes of padded options, in bytes.
@usableFromInline
enum TCPOptionCount {
    @inlinable static var timestamps: Int { 12 }
}

/// The words that padded options begin with: kinds, lengths and no-operations.
@usableFromInline
enum TCPOptionWord {
    @inlinable static var maximumSegmentSize: UInt32 { 0x0204_0000 }
    @inlinable static var sackPermitted: UInt32 { 0x0101_0402 }
    @inlinable static var timestamps: UInt32 { 0x0101_080A }
    @inlinable static var sackPermittedAndTimestamps: UInt32 { 0x0402_080A }
    @inlinable static var windowScale: UInt32 { 0x0103_0300 }
    @inlinable static var sack: UInt32 { 0x0101_0500 }
}
