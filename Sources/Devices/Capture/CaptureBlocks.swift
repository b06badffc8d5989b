/// The blocks of a pcapng file, in the byte order of the machine (draft-ietf-opsawg-pcapng).
///
///     section header | interface description … | enhanced packet …
struct CaptureBlocks {
    /// What has been written and not taken out.
    private(set) var bytes: [UInt8] = []

    /// The values of LINKTYPE_ETHERNET and LINKTYPE_RAW.
    enum LinkType: UInt16 {
        case ethernet = 1
        case rawIP = 101
    }

    /// The options that are used here, by their codes in each kind of block.
    private enum OptionCode {
        static let end: UInt16 = 0
        static let comment: UInt16 = 1
        static let hardware: UInt16 = 2
        static let system: UInt16 = 3
        static let application: UInt16 = 4
        static let name: UInt16 = 2
        static let describes: UInt16 = 3
        static let resolution: UInt16 = 9
        static let flags: UInt16 = 2
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    // MARK: - Blocks

    /// Section header block (§4.1).
    mutating func sectionHeader(hardware: String, system: String, application: String) {
        block(0x0A0D_0D0A) { block in
            block.append(0x1A2B_3C4D as UInt32)
            block.append(1 as UInt16)
            block.append(0 as UInt16)
            // Of a length that is not known.
            block.append(UInt64.max)
            block.option(OptionCode.hardware, hardware)
            block.option(OptionCode.system, system)
            block.option(OptionCode.application, application)
            block.endOfOptions()
        }
    }

    /// Interface description block (§4.2); times are in nanoseconds.
    mutating func interface(_ name: String, _ description: String, _ link: LinkType) {
        block(1) { block in
            block.append(link.rawValue)
            block.append(0 as UInt16)
            // Packets are kept whole.
            block.append(0 as UInt32)
            block.option(OptionCode.name, name)
            block.option(OptionCode.describes, description)
            block.option(OptionCode.resolution, [9])
            block.endOfOptions()
        }
    }

    /// Enhanced packet block (§4.3).
    ///
    /// - Parameters:
    ///   - nanoseconds: Since 1970.
    ///   - flags: Of which the two lowest bits are the direction: 1 in, 2 out.
    mutating func packet(
        _ packet: Span<UInt8>, at nanoseconds: Int64, interface: UInt32, flags: UInt32,
        comments: [String]
    ) {
        block(6) { block in
            block.append(interface)
            let time = UInt64(bitPattern: nanoseconds)
            block.append(UInt32(truncatingIfNeeded: time >> 32))
            block.append(UInt32(truncatingIfNeeded: time))
            block.append(UInt32(truncatingIfNeeded: packet.count))
            block.append(UInt32(truncatingIfNeeded: packet.count))
            for place in packet.indices { block.bytes.append(packet[place]) }
            block.pad()
            for comment in comments { block.option(OptionCode.comment, comment) }
            block.optionHeader(OptionCode.flags, 4)
            block.append(flags)
            block.endOfOptions()
        }
    }

    // MARK: - Pieces

    /// A block with its length before and behind.
    private mutating func block(_ type: UInt32, _ body: (inout CaptureBlocks) -> Void) {
        let start = bytes.count
        append(type)
        append(0 as UInt32)
        body(&self)
        let length = UInt32(truncatingIfNeeded: bytes.count - start + 4)
        append(length)
        for place in 0..<4 {
            bytes[start + 4 + place] = bytes[bytes.count - 4 + place]
        }
    }

    private mutating func optionHeader(_ code: UInt16, _ count: Int) {
        append(code)
        append(UInt16(truncatingIfNeeded: count))
    }

    private mutating func option(_ code: UInt16, _ value: [UInt8]) {
        optionHeader(code, value.count)
        bytes += value
        pad()
    }

    private mutating func option(_ code: UInt16, _ text: String) {
        // The length of an option has 16 bits.
        option(code, Array(text.utf8.prefix(65_000)))
    }

    private mutating func endOfOptions() { optionHeader(OptionCode.end, 0) }

    private mutating func pad() {
        while bytes.count % 4 != 0 { bytes.append(0) }
    }

    private mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
        for byte in 0..<value.bitWidth / 8 {
            bytes.append(UInt8(truncatingIfNeeded: value.littleEndian >> (8 * byte)))
        }
    }
}
