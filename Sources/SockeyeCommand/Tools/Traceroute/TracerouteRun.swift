import Devices
import Setup
import Sockets
import Stack
import Wire

/// A run of traceroute: hop by hop, the probes of one hop at once.
struct TracerouteRun {
    private struct Probe {
        let sent: Instant
        var answer: ProbeAnswer?
        var time = Interval.zero
    }

    private let trace: Traceroute
    private let target: Target
    private let terminal: any ToolTerminal
    private let prober: any Prober
    private let wait: ToolWait
    /// All probes so far.
    private var probes: [Probe] = []

    init(
        _ trace: Traceroute, _ target: Target, on host: HostDriver, _ terminal: any ToolTerminal
    ) throws(CommandError) {
        self.trace = trace
        self.target = target
        self.terminal = terminal
        prober =
            switch trace.method {
            case .udp: try DatagramProber(trace, target, on: host)
            case .icmp: try EchoProber(trace, target, on: host)
            case .tcp: try SegmentProber(trace, target, on: host)
            }
        wait = try ToolWait([prober.socket], terminal)
    }

    mutating func run() throws(CommandError) -> Int32 {
        let text = target.text
        terminal.print(
            "traceroute to \(text) (\(text)), \(trace.hops) hops max, "
                + "\(trace.size(target)) byte packets")
        for hop in trace.firstHop...trace.hops {
            let first = probes.count
            for _ in 0..<trace.queries { try send(hop) }
            let goesOn = takeAnswers(from: first)
            terminal.print(line(hop, first))
            guard goesOn else { return 1 }
            if probes[first...].contains(where: { $0.answer?.isLast ?? false }) { break }
        }
        return 0
    }

    private mutating func send(_ hop: Int) throws(CommandError) {
        let number = probes.count
        probes.append(Probe(sent: MonotonicClock.now()))
        // An attempt may tell of an error that an earlier probe met, instead of sending.
        for attempt in 1...ToolSocket.attempts {
            do throws(SocketError) {
                try prober.send(number, hops: UInt8(hop))
                return
            } catch {
                guard attempt < ToolSocket.attempts else {
                    throw .failure("traceroute: \(error)")
                }
                take()
            }
        }
    }

    /// Waits until the probes from `first` on are answered or given up; whether to go on.
    private mutating func takeAnswers(from first: Int) -> Bool {
        let deadline = MonotonicClock.now() + trace.patience
        take()
        while probes[first...].contains(where: { $0.answer == nil }),
            MonotonicClock.now() < deadline
        {
            guard wait.wait(until: deadline) else { return false }
            take()
        }
        return true
    }

    private mutating func take() {
        let answers = prober.answers()
        let now = MonotonicClock.now()
        for answer in answers
        where probes.indices.contains(answer.number) && probes[answer.number].answer == nil {
            probes[answer.number].answer = answer
            probes[answer.number].time = now - probes[answer.number].sent
        }
    }

    // MARK: - Words

    /// A hop's line: each answer's time behind the address of whoever gave it.
    private func line(_ hop: Int, _ first: Int) -> String {
        var line = Column.right(hop, 2) + " "
        var last: IPAddress?
        for probe in probes[first...] {
            guard let answer = probe.answer else {
                line += " *"
                continue
            }
            if answer.from != last {
                line += trace.isNumeric ? " \(answer.from)" : " \(answer.from) (\(answer.from))"
                last = answer.from
            }
            line += "  \(Column.milliseconds(probe.time.nanoseconds)) ms"
            if !answer.mark.isEmpty { line += " " + answer.mark }
        }
        return line
    }
}
