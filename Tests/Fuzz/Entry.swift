// The entry of libFuzzer: one program for all targets. The name by which it is called says which
// target runs; `scripts/fuzz.sh` makes a link for each.

import FrameFuzzing
import Glibc

/// A target of the stack, or one of what stands above it.
private enum Chosen {
    case stack(FuzzTarget)
    case upper(UpperTarget)

    static let target: Chosen = {
        let path = CommandLine.arguments.first ?? ""
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if let target = FuzzTarget(rawValue: name) { return .stack(target) }
        if let target = UpperTarget(rawValue: name) { return .upper(target) }
        let names = FuzzTarget.allCases.map(\.rawValue) + UpperTarget.allCases.map(\.rawValue)
        print("no target is called \(name); there are \(names.joined(separator: " "))")
        exit(2)
    }()

    func problem(with bytes: [UInt8]) -> String? {
        switch self {
        case .stack(let target): target.problem(with: bytes)
        case .upper(let target): target.problem(with: bytes)
        }
    }
}

@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // libFuzzer owns the bytes during the call; the copy lets the sanitizer see any step outside.
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let problem = Chosen.target.problem(with: bytes) {
        print("problem: \(problem)")
        fflush(nil)
        abort()
    }
    return 0
}
