import Devices
import Glibc
import Names
import Setup
import Sockets
import Stack

/// A host that a program in C has: `sockeye_host`.
final class HostHandle: Sendable {
    private let built: BuiltHost
    let network: Network
    let names: NameService

    /// Makes the host that a line of options describes, and starts it.
    init(_ description: String) throws(CommandError) {
        var arguments = Arguments(Words.of(description)[...], of: "sockeye_open")
        var options = HostOptions(devices: HostOptions.allDevices)
        while let option = arguments.nextOption() {
            guard try options.take(option, &arguments) else { throw arguments.unknown(option) }
        }
        if let extra = arguments.rest.first { throw arguments.unexpected(extra) }
        built = try BuiltHost(try options.planOfAnySize(for: "sockeye_open"))
        network = Network(built.driver)
        names = NameService(network)
        try Self.withoutSignals { () throws(CommandError) in try built.start() }
    }

    /// Runs `body` with all signals held back: the host's thread, which inherits that, leaves them
    /// to the program's own, whose calls they are to interrupt.
    private static func withoutSignals(_ body: () throws(CommandError) -> Void) throws(CommandError)
    {
        var all = sigset_t()
        var former = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &former)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &former, nil) }
        try body()
    }

    /// Ends the host and its captures.
    func end() throws(CommandError) { try built.stop() }

    /// Ends the host; what cannot be written of a capture is lost.
    func stop() { try? built.stop() }

    /// The far side of a link that the program itself serves; nil when there is none of that name.
    func flow(named name: String) -> PacketFlow? { built.flows.first { $0.name == name }?.flow }

    /// Whether a connection has bytes or an end that its peer has not acknowledged.
    var hasUnsent: Bool { built.driver.hasUnsent }

    // MARK: - As C has it

    /// A pointer that keeps the object until `end`.
    var retained: UnsafeMutableRawPointer { unsafe Unmanaged.passRetained(self).toOpaque() }

    /// The object that a pointer of `retained` stands for.
    static func of(_ pointer: UnsafeMutableRawPointer) -> HostHandle {
        unsafe Unmanaged.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Lets go of what a pointer of `retained` keeps.
    static func release(_ pointer: UnsafeMutableRawPointer) {
        unsafe Unmanaged<HostHandle>.fromOpaque(pointer).release()
    }
}

/// The words of a line: apart by white space, with what stands in single or double quotes together.
enum Words {
    static func of(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if let mark = quote {
                if character == mark { quote = nil } else { word?.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}
