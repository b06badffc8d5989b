// Fuzzes the interface by calls, from seeds:
//
//     swift run -c release FuzzCalls [calls, by default a million] [first seed]

import CallFuzzing
import Glibc

@main
enum FuzzCalls {
    /// Calls between two looks at what is left.
    static let round = 20_000

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let calls = Int(arguments.first ?? 1_000_000)
        var seed = arguments.dropFirst().first ?? 1
        var done = 0
        while done < calls {
            if let problem = try await SimulatedCalls.problem(
                seed: seed, calls: round, ownsProcess: true)
            {
                print("seed \(seed): \(problem)")
                exit(1)
            }
            done += round
            seed += 1
        }
        print("\(done) calls: no trap, no hang, nothing left")
    }
}
