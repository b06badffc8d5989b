import CLinux
import Glibc
import Sockets

/// A program that is about to start, and its guardian: a small process between it and the launcher.
///
///     shell ── launcher ── guardian ── program ── …
///
/// Whatever the program starts stays below the guardian, daemons too. When the launcher is gone,
/// killed too, the guardian kills what is left of the program, so that no process is left whose
/// sockets nobody serves. When the guardian is gone the launcher goes on without it.
public final class GuardedProgram {
    let name: String
    private(set) var guardian = clinux_guardian()
    /// Whether the guardian lives, as far as is known.
    private(set) var isGuarded = true
    /// What the program has too and the launcher closes when it has started.
    private let released: [CInt]

    /// Forks the guardian, which keeps this process's memory, descriptors, directory, limits and
    /// handling of signals as they are now: they are the program's. To be called early, before
    /// threads are started: the signals that the launcher handles are held back from this thread and
    /// those it starts from now on, since a stop that another thread takes would stop us twice.
    ///
    /// - Parameters:
    ///   - arguments: The first one is looked for in PATH.
    ///   - environment: In the form NAME=VALUE, ours where nil.
    ///   - keeping: Which of the descriptors that the program inherits this process needs after the
    ///     program has started. The others it closes then (replaces, below 3), so that a pipe
    ///     ends for its reader when the program closes it. Nil for all of them.
    public convenience init(
        _ arguments: [String], environment: [String]? = nil, keeping: Set<CInt>? = nil
    ) throws(LaunchError) {
        try self.init(arguments, environment, keeping: keeping, mask: SignalMask.current)
        _ = SignalMask.block(TreeEvents.handledSignals)
    }

    init(_ arguments: [String], _ environment: [String]?, keeping: Set<CInt>?, mask: sigset_t)
        throws(LaunchError)
    {
        guard let name = arguments.first else { throw .cannotExecute(SocketError(ENOENT)) }
        self.name = name
        released =
            keeping.map { kept in Self.inheritedDescriptors.filter { !kept.contains($0) } } ?? []
        var mask = mask
        var guardian = clinux_guardian()
        // The strings live in the guardian as they are when it is forked, during the call.
        let error = unsafe CStrings.with(arguments) { arguments, file in
            unsafe CStrings.with(environment) { environment in
                unsafe clinux_guardian_start(
                    file, arguments, environment ?? environ, &mask, &guardian)
            }
        }
        guard error == 0 else { throw .system(SocketError(-error)) }
        self.guardian = guardian
        // One for each socket of each process of the program; the limit of those stays what it was.
        clinux_raise_descriptor_limit()
    }

    deinit {
        end()
    }

    /// Those that are not closed on exec.
    private static var inheritedDescriptors: [CInt] {
        Directory.numbers(in: "/proc/self/fd").filter { number in
            let flags = fcntl(number, F_GETFD)
            return flags >= 0 && flags & FD_CLOEXEC == 0
        }
    }

    /// Starts the program.
    func launch() throws(LaunchError) -> ProgramProcess {
        var process: pid_t = 0
        var listener: CInt = -1
        var stage: CInt = 0
        // All are used during the call only.
        let error = unsafe clinux_guardian_launch(&guardian, &process, &listener, &stage)
        guard error == 0 else {
            end()
            let code = SocketError(-error)
            switch clinux_spawn_stage(rawValue: UInt32(bitPattern: stage)) {
            case CLINUX_SPAWN_EXECUTE: throw .cannotExecute(code)
            case CLINUX_SPAWN_FILTER: throw .unavailable(Unavailability.ofFilter(code))
            default: throw .system(code)
            }
        }
        for number in released {
            if number > 2 { close(number) } else { _ = clinux_replace_by_null(number) }
        }
        return ProgramProcess(process, listener: Descriptor(owning: listener), of: self)
    }

    /// Has the file at `path`, which is absolute and shorter than 256 bytes, removed if this
    /// process ends before it has removed it itself and said so with `takeBack`. Up to 16 are.
    public func entrust(_ path: String) {
        // Used during the call only.
        if isGuarded { _ = unsafe clinux_guardian_entrust(&guardian, path, 1) }
    }

    public func takeBack(_ path: String) {
        // Used during the call only.
        if isGuarded { _ = unsafe clinux_guardian_entrust(&guardian, path, 0) }
    }

    /// The next change of the program or its tree that the guardian tells of; nil where there is
    /// none now.
    func report() -> clinux_child_report? {
        guard isGuarded else { return nil }
        var report = clinux_child_report()
        // Used during the call only.
        return unsafe clinux_guardian_report(&guardian, &report) == 1 ? report : nil
    }

    /// The guardian is dead and was waited for.
    func noteLoss() {
        guard isGuarded else { return }
        isGuarded = false
        close(guardian.socket)
    }

    /// Kills what is left of the program, and lets the guardian end.
    func end() {
        guard isGuarded else { return }
        noteLoss()
        while waitpid(guardian.process, nil, 0) < 0 && errno == EINTR {}
    }
}

/// Lists of strings as C takes them.
private enum CStrings {
    typealias Strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Calls `body` with the strings and the first of them.
    static func with<Result>(
        _ strings: [String], _ body: (Strings, UnsafeMutablePointer<CChar>?) -> Result
    ) -> Result {
        // Copies of our own, freed when the body is done.
        var copies = unsafe strings.map { unsafe strdup($0) }
        unsafe copies.append(nil)
        defer { unsafe copies.forEach { unsafe free($0) } }
        return unsafe copies.withUnsafeMutableBufferPointer { list in
            // There is at least the terminating nil.
            unsafe body(list.baseAddress.unsafelyUnwrapped, list[0])
        }
    }

    /// Calls `body` with the strings, or with nil for nil.
    static func with<Result>(_ strings: [String]?, _ body: (Strings?) -> Result) -> Result {
        guard let strings else { return body(nil) }
        return unsafe with(strings) { list, _ in unsafe body(list) }
    }
}
