import Glibc

/// What the tests need on this machine: the launcher under test, the probe programs compiled, the
/// server they talk to, and whether the machine allows any of it.
enum Workshop {
    /// A folder that an ordinary user can read, gone with the test process.
    static let folder: String = {
        var template = Array("/tmp/sockeye-launcher-XXXXXX".utf8CString)
        unsafe mkdtemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8($0) }, as: UTF8.self)
        unsafe chmod(path, 0o755)
        atexit {
            _ = Child.run(["rm", "-rf", Workshop.folder])
        }
        return path
    }()

    /// The launcher over the kernel's sockets, where an ordinary user can execute it.
    static let launcher: String = {
        // Beside the bundle of tests, wherever that is built.
        let copy = folder + "/kernel-run"
        _ = Child.run(["install", "-m", "755", (bundleFolder ?? ".") + "/KernelRun", copy])
        return copy
    }()

    /// The folder of the package's products, from the path of the bundle that is being tested.
    private static var bundleFolder: String? {
        for argument in CommandLine.arguments {
            guard let end = argument.range(of: ".xctest") else { continue }
            let path = argument[..<end.lowerBound]
            guard let slash = path.lastIndex(of: "/") else { continue }
            return String(path[..<slash])
        }
        return nil
    }

    /// Why nothing can be intercepted here, nil where it can.
    static let obstacle: String? = {
        let answer = Child.run([launcher, "--check"]).output
            .split(separator: "\n").joined(separator: " ")
        if answer == "available" { return nil }
        print("skipped: sockeye run does not work on this machine: \(answer)")
        return answer
    }()

    static var isAvailable: Bool { obstacle == nil }

    /// Whether programs can be tried as another, ordinary user.
    static let canChangeUser: Bool = {
        if getuid() == 0, has("setpriv") { return true }
        print("skipped: only root, with setpriv, can test as another user; everything ran as it is")
        return false
    }()

    static func has(_ program: String) -> Bool {
        let isThere = Child.run(["sh", "-c", "command -v \(program)"]).status == 0
        if !isThere { print("skipped: \(program) is not installed") }
        return isThere
    }

    /// A program of Programs/, compiled once for each way of linking, which the C compiler's
    /// `option` chooses; nil where that fails.
    static func program(_ name: String, isStatic: Bool = false) -> String? {
        program(name, linked: isStatic ? "-static" : "")
    }

    static func program(_ name: String, linked option: String) -> String? {
        let binary = folder + "/" + name + option
        if unsafe access(binary, X_OK) == 0 { return binary }
        let source = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        // Tests run at the same time: each compiles for itself, and the last one's stays.
        let compile =
            "t=$(mktemp -p $0) && cc -w -O1 -pthread -fPIC $3 -o $t $1 && chmod 755 $t && mv $t $2"
        let outcome = Child.run([
            "sh", "-c", compile, folder, "/\(source)/Programs/\(name).c", binary,
            option,
        ])
        if outcome.status != 0 { print("skipped: \(name) does not compile: \(outcome.output)") }
        return outcome.status == 0 ? binary : nil
    }

    /// Runs a program under the launcher.
    static func intercepted(_ arguments: [String], asOrdinaryUser: Bool = false) -> Outcome {
        var command: [String] = []
        if asOrdinaryUser {
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        }
        command.append(launcher)
        return Child.run(command + ["--"] + arguments)
    }
}

extension String {
    /// Where `part` first stands.
    func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                return start..<index(start, offsetBy: part.count)
            }
            start = index(after: start)
        }
        return nil
    }
}

/// The services of server.c, running for as long as this lives.
final class Server {
    private let child: Child
    private var ports: [Substring: String] = [:]

    init?() {
        guard let program = Workshop.program("server"), let child = Child([program]),
            let line = child.line()
        else { return nil }
        self.child = child
        for service in line.split(separator: " ") {
            let parts = service.split(separator: "=")
            if parts.count == 2 { ports[parts[0]] = String(parts[1]) }
        }
    }

    deinit {
        child.closeInput()
        _ = child.finish(within: 5)
    }

    /// The port of a service.
    subscript(service: Substring) -> String { ports[service] ?? "0" }
}
