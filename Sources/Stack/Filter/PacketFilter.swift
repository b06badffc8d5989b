/// A program of the classic packet filter, which says how many bytes of a packet its endpoint is to
/// have (McCanne and Jacobson, "The BSD Packet Filter", 1993; Linux's `struct sock_filter`).
///
/// A program that passed the checks ends, and reads nothing outside of the packet.
public struct PacketFilter: Equatable, Sendable {
    /// One instruction: `struct sock_filter`.
    public struct Instruction: Equatable, Sendable {
        public let code: UInt16
        /// How many instructions are left out, if the condition holds and if not.
        public let jumpTrue: UInt8
        public let jumpFalse: UInt8
        public let k: UInt32

        public init(code: UInt16, jumpTrue: UInt8 = 0, jumpFalse: UInt8 = 0, k: UInt32 = 0) {
            self.code = code
            self.jumpTrue = jumpTrue
            self.jumpFalse = jumpFalse
            self.k = k
        }
    }

    public let instructions: [Instruction]

    /// The most instructions of a program (`BPF_MAXINSNS`).
    public static var limit: Int { 4096 }

    /// - Throws: `.invalidArgument` for a program that Linux would refuse: none or more than 4,096
    ///   instructions, unknown ones, jumps that lead out, a division by zero, scratch memory read
    ///   before it was written, no return at the end.
    public init(_ instructions: [Instruction]) throws(StackError) {
        guard FilterCheck(instructions).isValid else { throw .invalidArgument }
        self.instructions = instructions
    }
}

/// The parts of an instruction's code.
enum FilterCode {
    // Classes.
    static var load: UInt16 { 0x00 }
    static var loadX: UInt16 { 0x01 }
    static var store: UInt16 { 0x02 }
    static var storeX: UInt16 { 0x03 }
    static var arithmetic: UInt16 { 0x04 }
    static var jump: UInt16 { 0x05 }
    static var ret: UInt16 { 0x06 }
    static var misc: UInt16 { 0x07 }

    // Where a load finds its value.
    static var immediate: UInt16 { 0x00 }
    static var absolute: UInt16 { 0x20 }
    static var indirect: UInt16 { 0x40 }
    static var memory: UInt16 { 0x60 }
    static var length: UInt16 { 0x80 }
    static var headerLength: UInt16 { 0xA0 }

    /// The operand is X and not the constant.
    static var useX: UInt16 { 0x08 }
    /// The first offset that means no byte of the packet but something about it (`SKF_AD_OFF`).
    static var ancillary: UInt32 { 0xFFFF_F000 }
    /// Offsets from the network's header, and from the link's (`SKF_NET_OFF`, `SKF_LL_OFF`).
    static var fromNetwork: UInt32 { 0xFFF0_0000 }
    static var fromLink: UInt32 { 0xFFE0_0000 }
}

/// The checks of a program before it may run (Linux's `bpf_check_classic`).
private struct FilterCheck {
    let program: [PacketFilter.Instruction]

    init(_ program: [PacketFilter.Instruction]) { self.program = program }

    var isValid: Bool {
        guard let last = program.last, program.count <= PacketFilter.limit,
            last.code == 0x06 || last.code == 0x16
        else { return false }
        for place in program.indices where !isValid(program[place], at: place) { return false }
        return memoryIsWrittenFirst
    }

    private func isValid(_ instruction: PacketFilter.Instruction, at place: Int) -> Bool {
        let left = program.count &- place &- 1
        let k = instruction.k
        switch instruction.code {
        case 0x20, 0x28, 0x30:
            return k < FilterCode.ancillary || k &- FilterCode.ancillary <= 60 && k & 3 == 0
        case 0x40, 0x48, 0x50, 0x80, 0x81, 0xB1, 0x00, 0x01: return true
        // Scratch memory has 16 words.
        case 0x60, 0x61, 0x02, 0x03: return k < 16
        case 0x34, 0x94: return k != 0
        case 0x64, 0x74: return k < 32
        case 0x04, 0x14, 0x24, 0x44, 0x54, 0xA4, 0x84: return true
        case 0x0C, 0x1C, 0x2C, 0x3C, 0x4C, 0x5C, 0x6C, 0x7C, 0x9C, 0xAC: return true
        case 0x05: return k < UInt32(left)
        case 0x15, 0x1D, 0x25, 0x2D, 0x35, 0x3D, 0x45, 0x4D:
            return Int(instruction.jumpTrue) < left && Int(instruction.jumpFalse) < left
        case 0x06, 0x16, 0x07, 0x87: return true
        default: return false
        }
    }

    /// Whether no way through the program reads a word of scratch memory that was not written.
    private var memoryIsWrittenFirst: Bool {
        var known = [UInt16](repeating: .max, count: program.count)
        var written: UInt16 = 0
        for place in program.indices {
            written &= known[place]
            let instruction = program[place]
            let word: UInt16 = 1 << UInt16(truncatingIfNeeded: instruction.k & 15)
            switch instruction.code {
            case 0x02, 0x03: written |= word
            case 0x60, 0x61: guard written & word != 0 else { return false }
            case 0x05:
                known[place &+ 1 &+ Int(instruction.k)] &= written
                written = .max
            case _ where instruction.code & 7 == FilterCode.jump:
                known[place &+ 1 &+ Int(instruction.jumpTrue)] &= written
                known[place &+ 1 &+ Int(instruction.jumpFalse)] &= written
                written = .max
            default: break
            }
        }
        return true
    }
}
