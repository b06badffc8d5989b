import Memory
import Wire

/// What a filter may ask about a packet besides its bytes.
struct FilterSubject {
    var etherType: EtherType = .ipv4
    /// Linux's `sll_pkttype`.
    var direction = ReceivedFrame.Direction.host
    var interface: InterfaceID
    /// Where the headers begin, counted from the first byte that the filter sees.
    var linkOffset = 0
    var networkOffset = 0
}

extension PacketFilter {
    /// Runs the program: how many bytes the endpoint is to have, 0 for none.
    func run(on packet: borrowing Packet, _ subject: FilterSubject) -> UInt32 {
        var run = FilterRun(subject, count: packet.count)
        var place = 0
        while place < instructions.count {
            let instruction = instructions[place]
            place &+= 1
            switch instruction.code & 7 {
            case FilterCode.ret:
                return instruction.code == 0x16 ? run.a : instruction.k
            case FilterCode.jump:
                place &+= run.distance(of: instruction)
            case FilterCode.load, FilterCode.loadX:
                guard run.load(instruction, packet) else { return 0 }
            case FilterCode.store: run.memory[Int(instruction.k & 15)] = run.a
            case FilterCode.storeX: run.memory[Int(instruction.k & 15)] = run.x
            case FilterCode.arithmetic:
                guard run.compute(instruction) else { return 0 }
            default:
                if instruction.code == 0x07 { run.x = run.a } else { run.a = run.x }
            }
        }
        return 0
    }
}

/// The registers of a program while it runs.
private struct FilterRun {
    var a: UInt32 = 0
    var x: UInt32 = 0
    var memory = [16 of UInt32](repeating: 0)
    let subject: FilterSubject
    let count: UInt32

    init(_ subject: FilterSubject, count: Int) {
        self.subject = subject
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// How many instructions a jump leaves out.
    func distance(of instruction: PacketFilter.Instruction) -> Int {
        let operand = instruction.code & FilterCode.useX != 0 ? x : instruction.k
        let holds: Bool
        switch instruction.code & 0xF0 {
        case 0x00: return Int(instruction.k)
        case 0x10: holds = a == operand
        case 0x20: holds = a > operand
        case 0x30: holds = a >= operand
        default: holds = a & operand != 0
        }
        return Int(holds ? instruction.jumpTrue : instruction.jumpFalse)
    }

    /// Computes on A; whether that has a result.
    mutating func compute(_ instruction: PacketFilter.Instruction) -> Bool {
        let operand = instruction.code & FilterCode.useX != 0 ? x : instruction.k
        switch instruction.code & 0xF0 {
        case 0x00: a &+= operand
        case 0x10: a &-= operand
        case 0x20: a &*= operand
        case 0x30:
            guard operand != 0 else { return false }
            a /= operand
        case 0x40: a |= operand
        case 0x50: a &= operand
        case 0x60: a = a &<< operand
        case 0x70: a = a &>> operand
        case 0x80: a = 0 &- a
        case 0x90:
            guard operand != 0 else { return false }
            a %= operand
        default: a ^= operand
        }
        return true
    }

    /// Loads A or X; whether what was asked for is there.
    mutating func load(
        _ instruction: PacketFilter.Instruction, _ packet: borrowing Packet
    ) -> Bool {
        let value: UInt32?
        switch instruction.code & 0xE0 {
        case FilterCode.immediate: value = instruction.k
        case FilterCode.memory: value = memory[Int(instruction.k & 15)]
        case FilterCode.length: value = count
        case FilterCode.headerLength:
            // Four times the low half of a byte: the length of an IPv4 header.
            value = bytes(1, at: instruction.k, packet).map { ($0 & 15) &* 4 }
        case FilterCode.absolute where instruction.k >= FilterCode.ancillary:
            value = ancillary(instruction.k &- FilterCode.ancillary)
        case FilterCode.absolute:
            value = bytes(Self.width(instruction.code), at: instruction.k, packet)
        default:
            value = bytes(Self.width(instruction.code), at: instruction.k &+ x, packet)
        }
        guard let value else { return false }
        if instruction.code & 7 == FilterCode.loadX { x = value } else { a = value }
        return true
    }

    private static func width(_ code: UInt16) -> Int {
        switch code & 0x18 {
        case 0x08: 2
        case 0x10: 1
        default: 4
        }
    }

    /// What is known of the packet besides its bytes (Linux's `SKF_AD_`); 0 for what is not.
    private mutating func ancillary(_ offset: UInt32) -> UInt32 {
        switch offset {
        case 0: return UInt32(subject.etherType.rawValue)
        case 4: return UInt32(subject.direction.rawValue)
        case 8: return UInt32(subject.interface.zone)
        case 40: return a ^ x
        default: return 0
        }
    }

    /// Bytes of the packet in network order; nil where it has none.
    private func bytes(_ width: Int, at offset: UInt32, _ packet: borrowing Packet) -> UInt32? {
        var place = Int(offset)
        if offset >= FilterCode.fromNetwork {
            place = Int(offset &- FilterCode.fromNetwork) &+ subject.networkOffset
        } else if offset >= FilterCode.fromLink {
            place = Int(offset &- FilterCode.fromLink) &+ subject.linkOffset
        }
        guard place >= 0, place &+ width <= packet.count else { return nil }
        var value: UInt32 = 0
        for step in 0..<width {
            guard let byte = packet.byte(at: place &+ step) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }
}

extension Packet {
    /// A byte, wherever it lies.
    fileprivate func byte(at offset: Int) -> UInt8? {
        if offset < head.count { return head[offset] }
        var rest = offset &- head.count
        for index in 0..<sliceCount {
            let slice = slice(index)
            if rest < slice.count { return slice[rest] }
            rest &-= slice.count
        }
        return nil
    }
}
