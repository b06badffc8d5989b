import Devices
import Setup
import Sockets
import Stack
import Wire

/// Gathers what `--stats` tells: the connections of a host as they end, and what its link carried.
///
/// It is driven beside the host, so that records are taken while the program's name is still known.
final class RunStatistics: EventSource {
    /// A connection and whose it is.
    struct Connection {
        let program: String?
        let record: ConnectionRecord
    }

    private let host: HostDriver
    private let tally: LinkTally
    private let option: StatisticsOption
    private let program: ProgramLookUp
    private let start: Instant
    private var ended: [Connection] = []
    private var missed: UInt64 = 0

    /// How many connections that are over are kept; of more only the number.
    private static let limit = 100_000
    /// How many the host keeps until they are taken.
    private static let batch = 4096

    init(
        of host: HostDriver, _ tally: LinkTally, _ option: StatisticsOption,
        program: @escaping ProgramLookUp
    ) {
        self.host = host
        self.tally = tally
        self.option = option
        self.program = program
        start = host.time.now()
        host.withHost { $0.keepEndedConnections(atMost: Self.batch) }
    }

    // MARK: - Driving

    var descriptors: [CInt] { [] }
    var nextDeadline: Instant { .never }
    var hasUnsent: Bool { false }
    func acknowledgeWakeUp() {}

    func turn() -> Bool {
        take()
        return false
    }

    /// Takes the records of connections that have ended since the last time.
    private func take() {
        var records: [ConnectionRecord] = []
        host.withHost { host in
            while let record = host.nextEndedConnection() { records.append(record) }
        }
        for record in records {
            guard ended.count < Self.limit else {
                missed &+= 1
                continue
            }
            ended.append(connection(record))
        }
    }

    private func connection(_ record: ConnectionRecord) -> Connection {
        let key = LinkTally.Key(proto: .tcp, local: record.local, remote: record.remote)
        return Connection(
            program: tally.program(of: key) ?? program(.tcp, record.local.port), record: record)
    }

    // MARK: - The report

    /// What there is to tell now.
    func report() -> RunReport {
        take()
        let (current, counters, lost) = host.withHost { host in
            (host.connectionRecords, host.counters, host.missedEndedConnections)
        }
        let all = ended + current.map(connection)
        return RunReport(
            all.sorted { $0.record.opened < $1.record.opened }, tally.snapshot,
            hostDrops: { counters[$0] },
            missed: missed &+ lost, from: start, to: host.time.now())
    }

    /// Writes the report where it was asked for.
    func write() throws(CommandError) {
        let report = report()
        let text =
            switch option.form {
            case .table: report.table.joined(separator: "\n")
            case .json: report.json.description
            }
        guard let path = option.path else { return Terminal.error(text) }
        do throws(DeviceError) {
            try TextFile.write(text + "\n", to: path)
        } catch {
            throw .failure("run: --stats: \(error)")
        }
    }
}
