import Testing
import Wire

@testable import Stack

/// Whatever endpoints do, routers end up knowing it, though any report may be lost, if not two in
/// a row: that is what the robustness of 2 is for (RFC 9776 §8.1).
@Suite("Routers learn what the host wants")
struct ConvergenceTests {
    /// What a router of the latest version makes of one host's reports (RFC 9776 §6.4).
    struct Router {
        var filters: [String: SourceFilter] = [:]

        mutating func take(_ record: GroupLink.Record) {
            let sources = record.sources.map(IPLinks.address)
            var filter = filters[record.group] ?? .nobody
            switch GroupRecordType(rawValue: record.type) {
            case .isInclude, .toInclude:
                filter = SourceFilter(.include, sources)
            case .isExclude, .toExclude:
                filter = SourceFilter(.exclude, sources)
            case .allowNewSources, .blockOldSources:
                let isAllowed = record.type == GroupRecordType.allowNewSources.rawValue
                for source in sources {
                    if isAllowed == (filter.mode == .include) {
                        filter.insert(source)
                    } else {
                        filter.remove(source)
                    }
                }
            default:
                break
            }
            filters[record.group] = filter.isNobody ? nil : filter
        }
    }

    @Test("After any calls, with every other report lost", arguments: 0..<12 as Range<UInt64>)
    func calls(seed: UInt64) throws {
        var random = RandomSource(seed: seed, 77)
        let isIPv4 = seed % 2 == 0
        let link = GroupLink()
        let (hosts, groups) = Self.names(isIPv4)
        var ids: [EndpointID] = []
        for _ in 0..<3 { ids.append(try link.endpoint(isIPv4 ? .inet : .inet6)) }
        var router = Router()
        // Of the reports of a group, every other one is lost.
        var lost: Set<String> = []
        func pass(_ interval: Interval) {
            for message in link.messages(in: interval) {
                for group in Set(message.records.map(\.group)) {
                    if lost.remove(group) == nil {
                        lost.insert(group)
                        continue
                    }
                    for record in message.records where record.group == group {
                        router.take(record)
                    }
                }
            }
        }
        for _ in 0..<60 {
            let id = ids[Int(random.next(below: 3))]
            let group = groups[Int(random.next(below: 3))]
            let sources = hosts.filter { _ in random.next(below: 2) == 0 }
            let mode: SourceFilter.Mode = random.next(below: 2) == 0 ? .include : .exclude
            let filter = random.next(below: 4) == 0 ? .nobody : SourceFilter(mode, sources)
            try link.links.host.setFilter(id, filter, of: group)
            pass(.milliseconds(Int(random.next(below: 1500))))
        }
        pass(.seconds(5))
        var wanted: [String: SourceFilter] = [:]
        for membership in link.links.host.memberships {
            wanted[membership.group.description] = membership.filter
        }
        #expect(router.filters == wanted)
        for id in ids { try link.links.host.close(id) }
        pass(.seconds(5))
        #expect(router.filters.isEmpty)
        #expect(link.groupCount == 0 && link.links.isClean)
    }

    private static func names(_ isIPv4: Bool) -> (hosts: [IPAddress], groups: [IPAddress]) {
        let (host, group) = isIPv4 ? ("192.0.2.", "239.1.1.") : ("2001:db8::", "ff15::")
        return (
            (1...5).map { IPLinks.address("\(host)\($0)") },
            (1...3).map { IPLinks.address("\(group)\($0)") }
        )
    }
}
