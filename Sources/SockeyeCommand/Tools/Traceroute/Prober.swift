import Sockets
import Stack
import Wire

/// An answer to a probe.
struct ProbeAnswer {
    /// Which probe it answers, from 0.
    let number: Int
    let from: IPAddress
    /// Such as `!H`; empty where nothing is wrong.
    let mark: String
    /// Whether there is nothing behind whoever answers.
    let isLast: Bool
}

/// What sends probes and recognises their answers.
protocol Prober {
    /// What answers come in by.
    var socket: Socket { get }
    /// The host's own address towards the destination.
    var source: IPAddress { get }

    /// Sends probe `number`, which is to take `hops` hops at most.
    func send(_ number: Int, hops: UInt8) throws(SocketError)
    /// Takes the answers that have come.
    func answers() -> [ProbeAnswer]
}

extension Prober {
    /// The answers among the errors that probes met.
    ///
    /// - Parameter number: Which probe an error is about; nil for none of them.
    func errorAnswers(_ number: (ReportedError) -> Int?) -> [ProbeAnswer] {
        ToolSocket.errors(of: socket).compactMap { error in
            guard let number = number(error) else { return nil }
            return ProbeAnswer(
                number: number, from: error.reporter ?? source, mark: ProbeMark.of(error),
                isLast: !ProbeMark.isTimeExceeded(error))
        }
    }
}

/// What errors mean to traceroute.
enum ProbeMark {
    static func isTimeExceeded(_ error: ReportedError) -> Bool {
        error.reporter != nil && error.type == (error.destination.address.isIPv4 ? 11 : 3)
    }

    /// The mark that stands behind the time, as Linux's traceroute has it.
    static func of(_ error: ReportedError) -> String {
        if isTimeExceeded(error) { return "" }
        guard error.reporter != nil else {
            return error.reason == .messageTooLong ? "!F-\(error.mtu)" : "!H"
        }
        return error.destination.address.isIPv4 ? v4(error) : v6(error)
    }

    private static func v4(_ error: ReportedError) -> String {
        guard error.type == 3 else { return "!<\(error.type)-\(error.code)>" }
        switch error.code {
        case 0, 6, 11: return "!N"
        case 1, 7, 12: return "!H"
        case 2: return "!P"
        case 3: return ""
        case 4: return "!F-\(error.mtu)"
        case 5: return "!S"
        case 9, 10, 13: return "!X"
        case 14: return "!V"
        case 15: return "!C"
        default: return "!<\(error.code)>"
        }
    }

    private static func v6(_ error: ReportedError) -> String {
        switch (error.type, error.code) {
        case (1, 0): "!N"
        case (1, 1): "!X"
        case (1, 2): "!S"
        case (1, 3): "!H"
        case (1, 4): ""
        case (1, let code): "!<\(code)>"
        case (2, _): "!F-\(error.mtu)"
        case (let type, let code): "!<\(type)-\(code)>"
        }
    }
}
