import Foundation
import FrameFuzzing
import Testing

@testable import Stack

/// The register of bad inputs, `Tests/Corpus`: each of its entries before a host that has better
/// things to do.
@Suite("Bad inputs") struct BadInputTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Corpus").standardized

    /// Texts, for the parsers of the services.
    static let texts = [
        "dns.hex", "reply.hex", "http.hex", "chunks.hex", "addresses.hex",
        "netlink.hex",
    ]

    /// The entries with frames.
    static let entries: [CorpusEntry] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().filter { name in
            name.hasSuffix(".hex") && !texts.contains(name)
        }.flatMap { name -> [CorpusEntry] in
            guard let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
            else { return [] }
            do {
                return try Corpus.entries(of: text)
            } catch {
                return [CorpusEntry(row: "\(name): \(error)", variant: "")]
            }
        }
    }()

    @Test("Every item of the register has its bytes")
    func register() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        let rows = Set(Self.entries.map(\.row))
        var items: Set<String> = []
        for group in text.components(separatedBy: "\n- **").dropFirst() {
            let parts = group.components(separatedBy: "**:")
            let joined = parts[1].components(separatedBy: "\n\n")[0].split(
                whereSeparator: \.isWhitespace
            ).joined(separator: " ")
            for item in joined.dropLast().components(separatedBy: "; ") {
                items.insert("\(parts[0]): \(item)")
            }
        }
        #expect(items.count > 40)
        #expect(items.subtracting(rows) == [])
        #expect(rows.subtracting(items) == [])
    }

    @Test("Nothing traps, what is wrong is counted, and nobody else notices", arguments: entries)
    func entry(_ entry: CorpusEntry) throws {
        let town = try Neighbourhood()
        if entry.connection != .none {
            try town.connect(withTimestamps: entry.connection == .withTimestamps)
        }
        #expect(town.answersPing())
        let before = town.host.counters
        for frame in entry.frames {
            var bytes = frame.bytes
            if entry.connection != .none { town.rebase(&bytes) }
            town.wait(.milliseconds(frame.waitMilliseconds))
            town.inject(bytes)
        }
        let after = town.host.counters
        for name in entry.drops {
            if name == "any" {
                #expect(after.dropped > before.dropped, "nothing is counted")
                continue
            }
            let reason = try #require(DropReason.allCases.first { "\($0)" == name }, "\(name)")
            #expect(after[reason] > before[reason], "\(name) is not counted")
        }
        for name in entry.counts {
            let event = try #require(Event.allCases.first { "\($0)" == name }, "\(name)")
            #expect(after[event] > before[event], "\(name) is not counted")
        }
        #expect(town.friendIsServed())
        #expect(town.answersPing())
        let leftovers = try town.leftovers()
        #expect(leftovers == nil)
    }

    @Test("Every target takes every seed, and what random changes make of it")
    func targets() throws {
        var random = RandomSource(seed: 4, 5)
        for target in FuzzTarget.allCases {
            for entry in Self.entries {
                for frame in entry.frames {
                    // Past the Ethernet header, and past that of IPv4.
                    for start in [0, 14, 34] where start < frame.bytes.count {
                        var bytes = Array(frame.bytes[start...])
                        let isStateful = FuzzTarget.stateful.contains(target)
                        if isStateful, random.next(below: 20) > 0 { continue }
                        #expect(target.problem(with: bytes) == nil, "\(target): \(bytes)")
                        let place = Int(random.next(below: UInt32(bytes.count)))
                        bytes[place] = UInt8(truncatingIfNeeded: random.next())
                        bytes.removeLast(Int(random.next(below: 3)) % bytes.count)
                        #expect(target.problem(with: bytes) == nil, "\(target): \(bytes)")
                    }
                }
            }
        }
    }
}
