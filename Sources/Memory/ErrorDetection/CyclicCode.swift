/// A cyclic redundancy check of any width from 1 to 64 bits, in the parameters of the "Rocksoft
/// model" (R. N. Williams, 1993), by which such codes are published.
///
/// The message is read as a polynomial over two elements and divided by the code's own; the
/// remainder is the check value.
public struct CyclicCode: Hashable, Sendable {
    /// How many bits the check value has: 1 to 64.
    public let width: Int
    /// The divisor without its leading term: bit i stands for xⁱ, and x to the power of `width` is
    /// understood.
    public let polynomial: UInt64
    /// What the register holds at the beginning.
    public let initial: UInt64
    /// Whether each byte of the message goes in with its least significant bit first.
    public let reflectsInput: Bool
    /// Whether the register is mirrored at the end.
    public let reflectsOutput: Bool
    /// What is added to the register at the end, bit by bit.
    public let finalXor: UInt64

    /// - Parameters: those of the model; bits beyond the width do not count.
    /// - Returns: nil when the width is not from 1 to 64, or the polynomial is zero.
    public init?(
        width: Int, polynomial: UInt64, initial: UInt64 = 0, reflectsInput: Bool = false,
        reflectsOutput: Bool = false, finalXor: UInt64 = 0
    ) {
        guard width >= 1, width <= 64 else { return nil }
        let mask = Self.mask(width)
        guard polynomial & mask != 0 else { return nil }
        self.width = width
        self.polynomial = polynomial & mask
        self.initial = initial & mask
        self.reflectsInput = reflectsInput
        self.reflectsOutput = reflectsOutput
        self.finalXor = finalXor & mask
    }

    /// `width` ones.
    static func mask(_ width: Int) -> UInt64 { UInt64.max >> UInt64(64 &- width) }

    /// The `width` lowest bits of `value` in the opposite order.
    public static func reflected(_ value: UInt64, width: Int) -> UInt64 {
        guard width >= 1, width <= 64 else { return 0 }
        var value = value
        var mirrored: UInt64 = 0
        for _ in 0..<width {
            mirrored = mirrored << 1 | value & 1
            value >>= 1
        }
        return mirrored
    }

    /// The check value of `bytes`.
    public func checksum(of bytes: Span<UInt8>) -> UInt64 {
        var register = CyclicRegister(self)
        register.add(bytes)
        return register.value
    }
}

/// A check value in the making.
public struct CyclicRegister: Sendable {
    public let code: CyclicCode
    /// The `width` lowest bits count.
    private var register: UInt64

    public init(_ code: CyclicCode) {
        self.code = code
        register = code.initial
    }

    /// Adds bytes that follow those added before.
    public mutating func add(_ bytes: Span<UInt8>) {
        for index in 0..<bytes.count { add(bytes[index]) }
    }

    /// Adds a byte, its bits in the order of the code.
    public mutating func add(_ byte: UInt8) {
        var bits = byte
        for _ in 0..<8 {
            if code.reflectsInput {
                add(bit: bits & 1 != 0)
                bits >>= 1
            } else {
                add(bit: bits & 0x80 != 0)
                bits <<= 1
            }
        }
    }

    /// Adds one bit: the next step of the long division.
    public mutating func add(bit: Bool) {
        let leaving = register >> UInt64(code.width &- 1) & 1 != 0
        register = register << 1 & CyclicCode.mask(code.width)
        if leaving != bit { register ^= code.polynomial }
    }

    /// The check value of what was added.
    public var value: UInt64 {
        let bits =
            code.reflectsOutput
            ? CyclicCode.reflected(register, width: code.width) : register
        return bits ^ code.finalXor
    }
}
