import Memory
import Testing
import Wire

@testable import Stack

/// Programs of the classic packet filter, instruction by instruction (McCanne and Jacobson, 1993;
/// Linux's Documentation/networking/filter.rst).
@Suite("The packet filter") struct PacketFilterTests {
    private static let bytes: [UInt8] = [0x45, 2, 3, 4, 0xFF, 0xFE, 0xFD, 0xFC, 9, 10]

    /// What a program says of ten bytes; a return of A is put behind it.
    private func run(_ program: [PacketFilter.Instruction]) throws -> UInt32 {
        let pools = BufferPools(BufferPools.Plan(byteLimit: 1 << 20))
        guard var packet = pools.frame(headroom: 32) else { throw StackError.noBufferSpace }
        packet.append(Self.bytes.span)
        let filter = try PacketFilter(program + [.init(code: 0x16)])
        var subject = FilterSubject(interface: InterfaceID(rawValue: 4))
        subject.etherType = .ipv6
        subject.networkOffset = 8
        return filter.run(on: packet, subject)
    }

    @Test("Loads take words, half words and bytes in network order, at fixed and moving places")
    func loads() throws {
        #expect(try run([.init(code: 0x20, k: 0)]) == 0x4502_0304)
        #expect(try run([.init(code: 0x28, k: 4)]) == 0xFFFE)
        #expect(try run([.init(code: 0x30, k: 9)]) == 10)
        #expect(try run([.init(code: 0x01, k: 4), .init(code: 0x48, k: 2)]) == 0xFDFC)
        #expect(try run([.init(code: 0x80)]) == 10)
        // Four times the low half: the length of an IPv4 header.
        #expect(try run([.init(code: 0xB1, k: 0), .init(code: 0x87)]) == 20)
        // From the network's header on.
        #expect(try run([.init(code: 0x30, k: 0xFFF0_0001)]) == 10)
    }

    @Test("A load outside of the packet ends the program, and the endpoint has nothing of it")
    func outside() throws {
        for program in [
            [PacketFilter.Instruction(code: 0x20, k: 7)], [.init(code: 0x28, k: 9)],
            [.init(code: 0x30, k: 10)],
            [.init(code: 0x01, k: 0xFFFF_FFFF), .init(code: 0x40, k: 8)],
            [.init(code: 0xB1, k: 10)], [.init(code: 0x30, k: 0xFFF0_0002)],
        ] {
            #expect(try run([.init(code: 0x00, k: 7)] + program) == 0)
        }
    }

    @Test("Arithmetic wraps, and a division by X of 0 ends the program")
    func arithmetic() throws {
        func compute(_ code: UInt16, _ a: UInt32, _ k: UInt32) throws -> UInt32 {
            let constant = try run([.init(code: 0x00, k: a), .init(code: code, k: k)])
            let register = try run([
                .init(code: 0x01, k: k), .init(code: 0x00, k: a), .init(code: code | 0x08),
            ])
            #expect(constant == register)
            return constant
        }
        #expect(try compute(0x04, .max, 2) == 1)
        #expect(try compute(0x14, 1, 2) == .max)
        #expect(try compute(0x24, 1 << 31, 2) == 0)
        #expect(try compute(0x34, 17, 5) == 3)
        #expect(try compute(0x44, 0xF0, 0x0F) == 0xFF)
        #expect(try compute(0x54, 0xF0, 0x3F) == 0x30)
        #expect(try compute(0x64, 1, 31) == 1 << 31)
        #expect(try compute(0x74, 1 << 31, 31) == 1)
        #expect(try compute(0x94, 17, 5) == 2)
        #expect(try compute(0xA4, 0xFF, 0x0F) == 0xF0)
        #expect(try run([.init(code: 0x00, k: 1), .init(code: 0x84)]) == .max)
        let byZero: [PacketFilter.Instruction] = [.init(code: 0x01, k: 0), .init(code: 0x00, k: 9)]
        #expect(try run(byZero + [.init(code: 0x3C)]) == 0)
        #expect(try run(byZero + [.init(code: 0x9C)]) == 0)
    }

    @Test("Jumps leave out as many instructions as they say")
    func jumps() throws {
        func taken(_ code: UInt16, _ a: UInt32, _ k: UInt32) throws -> Bool {
            try run([
                .init(code: 0x00, k: a), .init(code: code, jumpTrue: 1, jumpFalse: 0, k: k),
                .init(code: 0x06, k: 1), .init(code: 0x00, k: 2),
            ]) == 2
        }
        #expect(try taken(0x15, 5, 5) && !taken(0x15, 5, 6))
        #expect(try taken(0x25, 6, 5) && !taken(0x25, 5, 5))
        #expect(try taken(0x35, 5, 5) && !taken(0x35, 4, 5))
        #expect(try taken(0x45, 6, 2) && !taken(0x45, 5, 2))
        #expect(
            try run([
                .init(code: 0x00, k: 3), .init(code: 0x05, k: 1), .init(code: 0x06, k: 1),
            ]) == 3)
    }

    @Test("Scratch memory keeps A and X, and what is known of the packet can be asked")
    func memory() throws {
        #expect(
            try run([
                .init(code: 0x00, k: 7), .init(code: 0x02, k: 15), .init(code: 0x00, k: 1),
                .init(code: 0x60, k: 15),
            ]) == 7)
        #expect(
            try run([
                .init(code: 0x01, k: 8), .init(code: 0x03, k: 0), .init(code: 0x60, k: 0),
                .init(code: 0x07), .init(code: 0x87),
            ]) == 8)
        // The type of what the frame carries, and the number of the interface.
        #expect(try run([.init(code: 0x28, k: 0xFFFF_F000)]) == 0x86DD)
        #expect(try run([.init(code: 0x20, k: 0xFFFF_F008)]) == 5)
    }

    @Test("A way around the write of scratch memory is found, one through it is let pass")
    func uninitialised() throws {
        let around: [PacketFilter.Instruction] = [
            .init(code: 0x15, jumpTrue: 0, jumpFalse: 1, k: 0), .init(code: 0x02, k: 1),
            .init(code: 0x60, k: 1), .init(code: 0x16),
        ]
        #expect(throws: StackError.invalidArgument) { try PacketFilter(around) }
        let through: [PacketFilter.Instruction] = [
            .init(code: 0x15, jumpTrue: 0, jumpFalse: 1, k: 0), .init(code: 0x02, k: 1),
            .init(code: 0x02, k: 1), .init(code: 0x60, k: 1), .init(code: 0x16),
        ]
        _ = try PacketFilter(through)
    }
}
