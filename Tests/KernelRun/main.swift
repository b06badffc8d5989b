// kernel-run [--check] -- PROGRAM ARGS…: the launcher over sockets of the kernel. The tests run it
// in place of `sockeye run`, as a process of its own, since it waits for every child it has.
import Glibc
import Launcher
import Sockets

var arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "--check" {
    print(Interception.unavailability() ?? "available")
    exit(0)
}
if arguments.first == "--" { arguments.removeFirst() }
do throws(LaunchError) {
    exit(try Interception.run(arguments, on: ProgramNetwork(.kernel)).shellStatus)
} catch {
    let message = "kernel-run: \(arguments.first ?? ""): \(error)\n"
    _ = unsafe write(STDERR_FILENO, message, message.utf8.count)
    exit(error.shellStatus)
}
