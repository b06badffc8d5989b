import Stack

extension RunReport {
    /// The report for people, line by line.
    var table: [String] {
        var lines: [String] = []
        if !connections.isEmpty {
            lines += Self.columns(
                [
                    "Program", "Proto", "Local", "Remote", "State", "Start s", "Time s", "Sent",
                    "Received", "Packets out/in", "Again", "RTT ms", "least ms",
                ],
                connections.map(\.cells), numbersFrom: 5)
            lines.append("")
        }
        if !datagrams.isEmpty {
            lines += Self.columns(
                [
                    "Program", "Proto", "Local", "Remote", "Start s", "Time s", "Sent", "Received",
                    "Packets out/in",
                ],
                datagrams.map(\.cells), numbersFrom: 4)
            lines.append("")
        }
        lines.append(
            "Link: \(Self.words(sent)) sent, \(Self.words(received)) received in "
                + "\(Self.seconds(duration)) s")
        let again = connections.reduce(0) { $0 + $1.retransmissions }
        lines.append("TCP: \(connections.count) connections, \(again) segments sent again")
        for drop in drops { lines.append("\(drop.count) packets \(drop.reason)") }
        if missed > 0 { lines.append("Not listed, since there are too many: \(missed)") }
        return lines
    }

    /// Rows under their titles, columns from `numbersFrom` on set to the right.
    private static func columns(
        _ titles: [String], _ rows: [[String]], numbersFrom first: Int
    ) -> [String] {
        let all = [titles] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.indices.map { column in
                column < first
                    ? Column.left(row[column], widths[column])
                    : Column.right(row[column], widths[column])
            }
            return Column.trimmed(cells.joined(separator: "  "))
        }
    }

    private static func words(_ amount: LinkTally.Amount) -> String {
        "\(amount.packets) packets (\(bytes(amount.bytes)))"
    }

    /// Such as "812 B", "1.2 KB", "3.4 MB".
    static func bytes(_ count: UInt64) -> String {
        guard count >= 1000 else { return "\(count) B" }
        var unit = 0
        var tenths = count / 100
        let units = ["KB", "MB", "GB", "TB", "PB", "EB"]
        while tenths >= 10_000, unit < units.count - 1 {
            tenths /= 1000
            unit += 1
        }
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }

    /// With three decimals.
    static func seconds(_ time: Interval) -> String {
        Column.milliseconds(time.nanoseconds / 1000)
    }
}

extension RunReport.Connection {
    fileprivate var cells: [String] {
        [
            program, "tcp", local, remote, state, RunReport.seconds(start),
            RunReport.seconds(duration), RunReport.bytes(sentBytes),
            RunReport.bytes(receivedBytes), "\(sentPackets)/\(receivedPackets)",
            "\(retransmissions)", roundTrip == .zero ? "-" : milliseconds(roundTrip),
            shortestRoundTrip == .zero ? "-" : milliseconds(shortestRoundTrip),
        ]
    }

    private func milliseconds(_ time: Interval) -> String { Column.milliseconds(time.nanoseconds) }
}

extension RunReport.Datagrams {
    fileprivate var cells: [String] {
        [
            program, proto, local, remote, RunReport.seconds(start), RunReport.seconds(duration),
            RunReport.bytes(sent.bytes), RunReport.bytes(received.bytes),
            "\(sent.packets)/\(received.packets)",
        ]
    }
}

// MARK: - JSON

extension RunReport {
    /// The report for programs; times are in microseconds.
    var json: JSON {
        .object([
            "duration_us": Self.number(duration),
            "connections": .array(connections.map(\.json)),
            "datagrams": .array(datagrams.map(\.json)),
            "link": .object(["sent": Self.object(sent), "received": Self.object(received)]),
            "drops": .array(
                drops.map {
                    .object(["reason": .string($0.reason), "count": Self.number($0.count)])
                }),
            "not_listed": Self.number(missed),
        ])
    }

    fileprivate static func number(_ time: Interval) -> JSON {
        .number(Int(time.nanoseconds / 1000))
    }

    fileprivate static func number(_ count: UInt64) -> JSON { .number(Int(clamping: count)) }

    fileprivate static func object(_ amount: LinkTally.Amount) -> JSON {
        .object(["packets": number(amount.packets), "bytes": number(amount.bytes)])
    }
}

extension RunReport.Connection {
    fileprivate var json: JSON {
        .object([
            "program": .string(program), "protocol": .string("tcp"), "local": .string(local),
            "remote": .string(remote), "state": .string(state),
            "start_us": RunReport.number(start), "duration_us": RunReport.number(duration),
            "sent_bytes": RunReport.number(sentBytes),
            "received_bytes": RunReport.number(receivedBytes),
            "sent_packets": RunReport.number(sentPackets),
            "received_packets": RunReport.number(receivedPackets),
            "retransmissions": RunReport.number(retransmissions),
            "srtt_us": RunReport.number(roundTrip),
            "min_rtt_us": RunReport.number(shortestRoundTrip),
        ])
    }
}

extension RunReport.Datagrams {
    fileprivate var json: JSON {
        .object([
            "program": .string(program), "protocol": .string(proto), "local": .string(local),
            "remote": .string(remote), "start_us": RunReport.number(start),
            "duration_us": RunReport.number(duration), "sent": RunReport.object(sent),
            "received": RunReport.object(received),
        ])
    }
}
