/// Where names of hosts are looked for, and in which order: the line `hosts:` of
/// `/etc/nsswitch.conf` (nsswitch.conf(5)).
struct SourceOrder: Equatable, Sendable {
    enum Source: Equatable, Sendable {
        case files
        case dns
        /// Something that is not had here, and thus never available.
        case other
    }

    /// How a search ended.
    enum Status: CaseIterable, Sendable {
        case success
        case notFound
        case unavailable
        case tryAgain
    }

    struct Step: Equatable, Sendable {
        let source: Source
        /// The ends after which nothing else is asked.
        var returns: Set<Status> = [.success]
    }

    private(set) var steps: [Step] = []

    private static let stepLimit = 32

    /// Reads the file; without the line, files come before DNS.
    init(_ lines: [Substring]) {
        for line in lines {
            let words = NameFile.words(of: line).joined(separator: " ")
            guard words.hasPrefix("hosts") else { continue }
            let rest = words.dropFirst("hosts".count).drop { $0 == " " }
            guard rest.first == ":" else { continue }
            steps = Self.steps(of: rest.dropFirst())
            break
        }
        if steps.isEmpty { steps = [Step(source: .files), Step(source: .dns)] }
    }

    private static func steps(of text: Substring) -> [Step] {
        var steps: [Step] = []
        var rest = text.drop { $0 == " " }
        while let first = rest.first, steps.count < stepLimit {
            if first == "[" {
                guard let end = rest.firstIndex(of: "]") else { break }
                if !steps.isEmpty {
                    let actions = rest[..<end].dropFirst()
                    for action in actions.split(separator: " ") {
                        apply(action, to: &steps[steps.count - 1])
                    }
                }
                rest = rest[rest.index(after: end)...]
            } else {
                let word = rest.prefix { $0 != " " && $0 != "[" }
                let source: Source = word == "files" ? .files : word == "dns" ? .dns : .other
                steps.append(Step(source: source))
                rest = rest[word.endIndex...]
            }
            rest = rest.drop { $0 == " " }
        }
        return steps
    }

    /// `NOTFOUND=return`, `!UNAVAIL=return`, `success=continue`.
    private static func apply(_ action: Substring, to step: inout Step) {
        let parts = action.lowercased().split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return }
        let isInverted = parts[0].hasPrefix("!")
        let named: Status
        switch isInverted ? parts[0].dropFirst() : parts[0] {
        case "success": named = .success
        case "notfound": named = .notFound
        case "unavail": named = .unavailable
        case "tryagain": named = .tryAgain
        default: return
        }
        for status in Status.allCases where (status == named) != isInverted {
            // `merge` asks on, as `continue` does.
            if parts[1] == "return" {
                step.returns.insert(status)
            } else {
                step.returns.remove(status)
            }
        }
    }
}
