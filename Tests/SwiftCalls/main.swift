// swift-calls SCRIPTS TABLES kernel|sockeye: runs scripts of Tests/Behaviour over `Socket`, on the
// kernel's network or on a host of Sockeye's, and prints what the interpreter in C would. A call
// that this interface has no word for is `?`, and so is the rest of its script.
import Glibc
import Setup
import Sockets

func contents(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    while true {
        let byte = unsafe fgetc(file)
        guard byte >= 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(UInt8(truncatingIfNeeded: byte))
    }
}

func network(_ name: String) throws -> Network {
    guard name == "sockeye" else { return .kernel }
    var arguments = Arguments(
        [
            "--dummy", "link0", "--address", "10.9.0.2/24", "--address", "fd09::2/64",
            "--route", "224.0.0.0/4",
        ], of: "swift-calls")
    var options = HostOptions(devices: HostOptions.allDevices)
    while let option = arguments.nextOption() {
        guard try options.take(option, &arguments) else { throw arguments.unknown(option) }
    }
    let built = try BuiltHost(try options.planOfAnySize(for: "swift-calls"))
    try built.start()
    return Network(built.driver)
}

let words = CommandLine.arguments
let tables = Tables(contents(words[2]))
let chosen = try network(words[3])
var interpreter: Interpreter?
var isUnspeakable = false

for line in contents(words[1]).split(separator: "\n").map(String.init) {
    if line.hasPrefix("script ") {
        let parts = line.split(separator: " ", maxSplits: 2)
        interpreter?.closeEverything()
        interpreter = Interpreter(chosen, tables, scriptNumber: Int(parts[1]) ?? 0)
        isUnspeakable = false
        print("script \(parts[2])")
        alarm(3)
        continue
    }
    print("\(line) |", terminator: "")
    fflush(nil)
    if isUnspeakable {
        print(" ?")
        continue
    }
    do {
        print(try interpreter?.run(line) ?? " ?")
        usleep(500)
    } catch {
        isUnspeakable = true
        print(" ?")
    }
}
interpreter?.closeEverything()
fflush(nil)
exit(0)
