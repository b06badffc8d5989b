import Devices
import Memory
import Setup

/// `sockeye checksum`: an error-detecting code over a message, with the working shown.
struct ChecksumCommand {
    private var code = ErrorDetectingCode.standard
    private var source = MessageSource.standardInput
    private var checks = false
    private var expected: UInt64?
    private var shows = false
    private var lists = false

    init(_ arguments: consuming Arguments) throws(CommandError) {
        var choice = CodeChoice()
        while let option = arguments.nextOption() {
            if try choice.take(option, &arguments) { continue }
            switch option {
            case "--text", "--hex", "--bits":
                try setSource(MessageSource(option, arguments.value(of: option, "a message")))
            case "--check": checks = true
            case "--expect":
                let value: UInt64 = try arguments.value(
                    of: option, "a value, such as 0xcbf43926", read: Digits.value)
                expected = value
            case "--show": shows = true
            case "--list": lists = true
            default: throw arguments.unknown(option)
            }
        }
        if let file = arguments.rest.first { try setSource(.file(file)) }
        if arguments.rest.count > 1 {
            throw .usage("checksum: unexpected '\(arguments.rest[1])'")
        }
        if checks, expected != nil {
            throw .usage("checksum: --check takes the value from the message, --expect from you")
        }
        code = try choice.code()
    }

    private mutating func setSource(_ new: MessageSource) throws(CommandError) {
        guard case .standardInput = source else {
            throw .usage("checksum: one message at a time")
        }
        source = new
    }

    func run() throws(CommandError) -> Int32 {
        if lists {
            for line in ErrorDetectingCode.list { Terminal.print(line) }
            return 0
        }
        // What is neither shown nor taken apart need not be in memory as a whole.
        guard shows || checks else { return try report(source.value(of: code)) }
        let message = try source.message()
        guard checks else { return try report(value(of: message)) }
        guard let (covered, found) = code.split(message) else {
            throw .failure("checksum: the message is shorter than its \(code.name)")
        }
        let value = try value(of: covered)
        guard value != found else {
            Terminal.print("\(code.name): correct (\(code.text(value)))")
            return 0
        }
        Terminal.print(
            "\(code.name): wrong: the message says \(code.text(found)), "
                + "but its value is \(code.text(value))")
        return 1
    }

    /// The value of a message that is here, its working shown if asked for.
    private func value(of message: Message) throws(CommandError) -> UInt64 {
        if shows {
            for line in try code.working(of: message) { Terminal.print(line) }
        }
        return try code.value(of: message)
    }

    private func report(_ value: UInt64) -> Int32 {
        guard let expected else {
            Terminal.print("\(code.name): \(code.text(value))")
            return 0
        }
        guard expected != value else {
            Terminal.print("\(code.name): correct (\(code.text(value)))")
            return 0
        }
        Terminal.print("\(code.name): wrong: \(code.text(value)), not \(code.text(expected))")
        return 1
    }
}
