// SockeyeCommand: the command `sockeye`, which runs hosts on real devices, programs on Sockeye's stack,
// and a demonstration.

import Glibc
import Setup

let arguments = Array(CommandLine.arguments.dropFirst())
do throws(CommandError) {
    exit(try Command.run(arguments))
} catch {
    error.report(after: arguments)
    exit(error.status)
}
