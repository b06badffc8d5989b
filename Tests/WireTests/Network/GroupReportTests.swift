import Memory
import Testing
import Wire

@Suite("Reports of groups (RFC 9776 §4.2, RFC 9777 §5.2)")
struct GroupReportTests {
    /// 226.1.2.3 left; two sources of 232.1.2.3 added, with auxiliary data.
    let igmp = bytes(
        """
        22 00 0000 0000 0002  03 00 0000 e2010203
        05 01 0002 e8010203 c0000201 c0000202 01020304
        """)
    /// All sources of ff05::2 but one.
    let mld = bytes(
        """
        8f 00 0000 0000 0001  04 00 0001 ff050000 00000000 00000000 00000002
        20010db8 00000000 00000000 00000001
        """)

    @Test("records follow one another by their lengths")
    func records() throws {
        let report = try GroupReport(igmp.span, isIPv4: true)
        let count = report.recordCount
        #expect(count == 2)
        let first = try report.record(at: 0)
        let (type, group, sources, length) = (
            first.type, first.group, first.sources.count, first.byteCount
        )
        #expect(type == .toInclude && group == .v4(226, 1, 2, 3) && sources == 0 && length == 8)
        let second = try report.record(at: length)
        let (other, size, source) = (second.type, second.byteCount, second.sources[1])
        #expect(other == .allowNewSources && size == 20 && source == .v4(192, 0, 2, 2))
        let wanted = second.sources.count
        #expect(wanted == 2)
        #expect(refusal { _ = try report.record(at: length + size) } == .truncated)
        #expect(refusal { _ = try report.record(at: 4000) } == .truncated)
        #expect(refusal { _ = try report.record(at: -1) } == .truncated)
    }

    @Test("records of MLD have addresses of sixteen bytes")
    func mldRecords() throws {
        let report = try GroupReport(mld.span, isIPv4: false)
        let record = try report.record(at: 0)
        let (type, group, source, length) = (
            record.type, record.group, record.sources[0], record.byteCount
        )
        #expect(type == .toExclude && group == IPAddress(high: 0xFF05_0000_0000_0000, low: 2))
        #expect(source == IPAddress(high: 0x2001_0DB8_0000_0000, low: 1) && length == 36)
    }

    @Test("a record is refused wherever it is cut", arguments: 0..<36)
    func truncated(count: Int) {
        let short = Array(igmp.prefix(count))
        let expected: WireError? = count < 24 ? .truncated : .lengthMismatch
        let refused = refusal {
            let report = try GroupReport(short.span, isIPv4: true)
            _ = try report.record(at: 8)
        }
        #expect(refused == expected)
    }

    @Test("reports are written as they are read, without a checksum")
    func write() {
        let output = written(igmp.count) { bytes in
            GroupReportHeader.igmp(recordCount: 2).write(to: &bytes)
            GroupRecordHeader(type: .toInclude, sourceCount: 0, group: .v4(226, 1, 2, 3))
                .write(to: &bytes, at: 8)
            GroupRecordHeader(type: .allowNewSources, sourceCount: 2, group: .v4(232, 1, 2, 3))
                .write(to: &bytes, at: 16)
        }
        #expect(Array(output[..<24]) == Array(igmp.with(0, at: 17)[..<24]))
        let group = IPAddress(high: 0xFF05_0000_0000_0000, low: 2)
        let header = GroupRecordHeader(type: .toExclude, sourceCount: 1, group: group)
        #expect(header.byteCount == 20)
        let other = written(28) { bytes in
            GroupReportHeader.mld(recordCount: 1).write(to: &bytes)
            header.write(to: &bytes, at: 8)
        }
        #expect(other == Array(mld[..<28]))
    }

    @Test("types have their numbers (RFC 9776 §4.2.13)")
    func numbers() {
        let types: [GroupRecordType] = [
            .isInclude, .isExclude, .toInclude, .toExclude, .allowNewSources, .blockOldSources,
        ]
        #expect(types.map(\.rawValue) == [1, 2, 3, 4, 5, 6])
        #expect(GroupReportHeader.igmp(recordCount: 0).type == 0x22)
        #expect(GroupReportHeader.mld(recordCount: 0).type == 143)
    }
}
