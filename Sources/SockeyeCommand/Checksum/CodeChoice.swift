import Memory
import Setup

/// The options that say which code is wanted: one by name, or a cyclic one by its parameters.
struct CodeChoice {
    private var name: String?
    private var polynomial: String?
    private var width: Int?
    private var initial: UInt64 = 0
    private var finalXor: UInt64 = 0
    private var reflectsInput = false
    private var reflectsOutput = false
    private var rowWidth: Int?
    /// An option that only a polynomial makes sense of.
    private var parameter: String?

    /// Takes `option` and its value if it is one of these; whether it is.
    mutating func take(
        _ option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Bool {
        let number = "a number, such as 0xffff"
        switch option {
        case "--code": name = try arguments.value(of: option, "the name of a code")
        case "--polynomial":
            polynomial = try arguments.value(
                of: option, "a polynomial, such as 10011, x^4+x+1, or 0x1021")
            return true
        case "--rows":
            rowWidth = try Self.bitCount(of: option, &arguments)
        case "--width":
            width = try Self.bitCount(of: option, &arguments)
            parameter = option
        case "--init":
            initial = try arguments.value(of: option, number) { Digits.value($0) }
            parameter = option
        case "--xor":
            finalXor = try arguments.value(of: option, number) { Digits.value($0) }
            parameter = option
        case "--reflect", "--reflect-in", "--reflect-out":
            if option != "--reflect-out" { reflectsInput = true }
            if option != "--reflect-in" { reflectsOutput = true }
            parameter = option
        default: return false
        }
        return true
    }

    private static func bitCount(
        of option: String, _ arguments: inout Arguments
    ) throws(CommandError) -> Int {
        try arguments.value(of: option, "a number of bits from 1 to 64") { text -> Int? in
            guard let count = Int(text), (1...64).contains(count) else { return nil }
            return count
        }
    }

    func code() throws(CommandError) -> ErrorDetectingCode {
        if let polynomial {
            if name != nil { throw .usage("checksum: --code or --polynomial, not both") }
            return try custom(polynomial)
        }
        if let parameter { throw .usage("checksum: \(parameter) needs --polynomial") }
        guard let name else {
            if rowWidth != nil { throw .usage("checksum: --rows needs --code block") }
            return .standard
        }
        guard let code = ErrorDetectingCode.named(name) else {
            throw .usage("checksum: there is no code '\(name)'; --list names them")
        }
        guard let rowWidth else { return code }
        guard case .block = code else { throw .usage("checksum: --rows needs --code block") }
        return .block(rowWidth: rowWidth)
    }

    private func custom(_ text: String) throws(CommandError) -> ErrorDetectingCode {
        let (width, bits) = try terms(of: text)
        let mask = UInt64.max >> UInt64(64 - width)
        for (option, value) in [("--init", initial), ("--xor", finalXor)] where value > mask {
            throw .usage("checksum: \(option): the value has more than \(width) bits")
        }
        guard
            let code = CyclicCode(
                width: width, polynomial: bits, initial: initial, reflectsInput: reflectsInput,
                reflectsOutput: reflectsOutput, finalXor: finalXor)
        else { throw .usage("checksum: --polynomial: '\(text)' has no term but its first") }
        return .cyclic(name: "crc-\(width) by \(text)", code)
    }

    /// The degree of a polynomial and its other terms.
    private func terms(of text: String) throws(CommandError) -> (width: Int, bits: UInt64) {
        if text.lowercased().hasPrefix("0x") {
            guard let width else {
                throw .usage("checksum: a polynomial in hexadecimal needs --width")
            }
            guard let bits = Digits.value(text), width == 64 || bits >> UInt64(width) <= 1 else {
                throw .usage("checksum: --polynomial: '\(text)' has more than \(width) bits")
            }
            return (width, bits & UInt64.max >> UInt64(64 - width))
        }
        let found = Self.powers(text) ?? Self.binary(text)
        guard let found else {
            throw .usage(
                "checksum: --polynomial: '\(text)' is not bits with a leading one, hexadecimal, "
                    + "or powers of x up to 64")
        }
        if let width, width != found.width {
            throw .usage("checksum: '\(text)' has degree \(found.width), not \(width)")
        }
        return found
    }

    /// Bits, of which the first is the leading one.
    private static func binary(_ text: String) -> (width: Int, bits: UInt64)? {
        guard let bits = Digits.bits(text), bits.first == true, (2...65).contains(bits.count)
        else { return nil }
        return (bits.count - 1, Digits.number(bits.dropFirst()))
    }

    /// A sum such as `x^4+x+1`.
    private static func powers(_ text: String) -> (width: Int, bits: UInt64)? {
        guard text.contains("x") else { return nil }
        var degrees: [Int] = []
        for term in text.filter({ $0 != " " }).split(
            separator: "+", omittingEmptySubsequences: false)
        {
            switch term {
            case "1": degrees.append(0)
            case "x": degrees.append(1)
            default:
                guard term.hasPrefix("x^"), let degree = Int(term.dropFirst(2)),
                    (0...64).contains(degree)
                else { return nil }
                degrees.append(degree)
            }
        }
        guard let width = degrees.max(), width >= 1, Set(degrees).count == degrees.count
        else { return nil }
        var bits: UInt64 = 0
        for degree in degrees where degree < width { bits |= 1 << UInt64(degree) }
        return (width, bits)
    }
}
