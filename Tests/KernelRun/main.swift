// kernel-run [--dns PORT] -- PROGRAM ARGS…: the launcher over sockets of the kernel. The tests run
// it in place of `sockeye run`, as a process of its own, since it waits for every child it has.
import Glibc
import Launcher

var arguments = Array(CommandLine.arguments.dropFirst())
var dns: UInt16 = 53
if arguments.first == "--check" {
    print(Interception.unavailability() ?? "available")
    exit(0)
}
if arguments.first == "--dns", arguments.count > 1 {
    dns = UInt16(arguments[1]) ?? 53
    arguments.removeFirst(2)
}
if arguments.first == "--" { arguments.removeFirst() }
do throws(LaunchError) {
    exit(try Interception.run(arguments, over: KernelFlows(dns: dns)).shellStatus)
} catch {
    let message = "kernel-run: \(arguments.first ?? ""): \(error)\n"
    _ = unsafe write(STDERR_FILENO, message, message.utf8.count)
    exit(error.shellStatus)
}
