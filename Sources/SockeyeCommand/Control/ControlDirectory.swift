import Devices
import Glibc
import Setup

/// Where the control sockets of this user's hosts are, each under the host's name:
/// `$XDG_RUNTIME_DIR/sockeye`, or `/tmp/sockeye-UID` where there is no such directory.
///
/// Nobody else may enter it. Who makes, replaces or removes a socket holds the directory locked, so
/// that of two hosts that begin at once under one name one is refused.
struct ControlDirectory {
    let path: String
    private let directory: FileDescriptor

    private static let suffix = ".socket"

    /// - Throws: When the directory is not this user's, or others may enter it.
    init() throws(CommandError) {
        let path = Self.path
        directory = try Self.attempt { () throws(DeviceError) in
            try FileDescriptor.privateDirectory(path)
        }
        self.path = path
    }

    /// The directory of all that this user's hosts and networks leave for others to find.
    static var path: String {
        guard let runtime = Environment.value(of: "XDG_RUNTIME_DIR"), runtime.hasPrefix("/") else {
            return "/tmp/sockeye-\(FileDescriptor.user)"
        }
        return runtime + "/sockeye"
    }

    /// What a host may be called: 1 to 32 letters, digits, points, hyphens and underscores, the
    /// first a letter or digit.
    static func isName(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII && (character.isLetter || character.isNumber)
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        let first = name.first.map { $0.isLetter || $0.isNumber } ?? false
        return isPlain && first && name.utf8.count <= 32
    }

    static let nameForm = "a name of up to 32 letters, digits, '.', '-' and '_'"

    private func socket(of name: String) -> String { "\(path)/\(name)\(Self.suffix)" }

    // MARK: - Hosts

    /// The names of the hosts that answer, in order.
    func running() throws(CommandError) -> [String] {
        let entries = try Self.attempt { () throws(DeviceError) in try directory.entries() }
        return entries.compactMap { entry in
            guard entry.hasSuffix(Self.suffix) else { return nil }
            let name = String(entry.dropLast(Self.suffix.count))
            return Self.isName(name) && answers(name) ? name : nil
        }.sorted()
    }

    private func answers(_ name: String) -> Bool {
        (try? LocalStream.connect(to: socket(of: name))) != nil
    }

    /// Connects to the host `name`, or to the only one there is.
    func connect(to name: String?) throws(CommandError) -> LocalStream {
        let name = if let name { name } else { try only() }
        do throws(DeviceError) {
            return try LocalStream.connect(to: socket(of: name))
        } catch {
            guard ![ENOENT, ECONNREFUSED].contains(error.code) else {
                let others = try running()
                let known = others.isEmpty ? "none runs" : "there are: " + list(others)
                throw .failure("there is no host '\(name)'; \(known)")
            }
            throw .failure("\(error)")
        }
    }

    private func only() throws(CommandError) -> String {
        let names = try running()
        guard let name = names.first else {
            throw .failure("no host runs: start one with 'sockeye host --name NAME …'")
        }
        guard names.count == 1 else {
            throw .failure("several hosts run: say which with --name: \(list(names))")
        }
        return name
    }

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    // MARK: - Sockets

    /// Listens under `name`, in the place of a host that left its socket behind.
    ///
    /// - Throws: When a host of that name runs.
    func listen(as name: String) throws(CommandError) -> LocalListener {
        try whileLocked { () throws(CommandError) in
            guard !answers(name) else {
                throw .failure("a host '\(name)' runs already")
            }
            return try Self.attempt { () throws(DeviceError) in
                if try directory.hasEntry(name + Self.suffix) {
                    try directory.remove(name + Self.suffix)
                }
                return try LocalListener(path: socket(of: name))
            }
        }
    }

    /// Removes the socket of the host `name`, which must be this one.
    func remove(_ name: String) throws(CommandError) {
        try whileLocked { () throws(CommandError) in
            try Self.attempt { () throws(DeviceError) in
                try directory.remove(name + Self.suffix)
            }
        }
    }

    private func whileLocked<Result>(
        _ body: () throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        let lock = try Self.attempt { () throws(DeviceError) in
            let lock = try FileDescriptor.privateDirectory(path)
            try lock.lock()
            return lock
        }
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    private static func attempt<Result>(
        _ body: () throws(DeviceError) -> Result
    ) throws(CommandError) -> Result {
        do throws(DeviceError) { return try body() } catch { throw .failure("\(error)") }
    }
}
