// Fuzzes a host by frames, from seeds:
//
//     swift run -c release FuzzFrames [frames, by default a million] [first seed]

import FrameFuzzing
import Glibc
import Stack

@main
enum FuzzFrames {
    /// Frames between two looks at what is left.
    static let round = 20_000

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let frames = arguments.first ?? 1_000_000
        var seed = arguments.dropFirst().first ?? 1
        var done: UInt64 = 0
        while done < frames {
            var fuzzer = try FrameFuzzer(seed: seed)
            var choices = Choices(seed: seed)
            fuzzer.run(&choices, frames: round)
            if let problem = fuzzer.finish() {
                print("seed \(seed): \(problem)")
                exit(1)
            }
            done += UInt64(fuzzer.count)
            seed += 1
        }
        print("\(done) frames: no trap, no hang, nothing left")
    }
}
