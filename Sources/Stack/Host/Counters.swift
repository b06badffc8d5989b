/// Why a packet, a segment or a request came to nothing. Each is counted; `netstat -s` shows them.
public enum DropReason: UInt8, CaseIterable, Sendable {
    // Links
    case frameTruncated
    case frameForOthers
    case unknownEtherType
    case outputQueueFull
    case noBuffer
    case packetTooBig
    // ARP
    case arpMalformed
    case neighbourUnresolved
    case neighbourQueueFull
    case neighbourTableFull
    /// ARP from our own, from everybody's or from nobody's hardware address.
    case arpBadSender
    /// ARP from somebody who claims an address of ours.
    case arpConflict
    // Neighbour discovery
    case ndMalformed
    /// A hop limit below 255: from another link.
    case ndNotFromLink
    case ndFragment
    case ndIgnored
    /// More routers, prefixes, addresses or servers than are kept.
    case ndLimit
    case ndBadMTU
    /// Somebody claims an address of ours.
    case ndConflict
    // IP
    case ipMalformed
    case ipBadChecksum
    case ipBadSource
    case ipNotForUs
    /// A packet to an address of ours that is not yet known to be nobody else's.
    case ipTentative
    case ipTimeExceeded
    case ipNotForwardable
    /// An IPv6 packet whose extension headers are wrong, or ask for it to be dropped.
    case ipBadExtension
    /// An IPv6 packet of headers alone (RFC 8200 §4.7).
    case ipNoNextHeader
    /// An IPv4 packet with a wrong option, or with a source route (RFC 7126 §4.3).
    case ipBadOption
    case ipSourceRoute
    // Fragments
    case fragmentMalformed
    /// A first fragment without all headers (RFC 3128, RFC 7112).
    case fragmentTiny
    /// Bytes came again: the fragment alone is dropped.
    case fragmentDuplicate
    /// Bytes came twice or behind the end: the datagram is dropped, and what comes of it later.
    case fragmentOverlap
    case fragmentOfDropped
    case fragmentTooMany
    case fragmentTimeout
    /// A datagram that was not whole when others needed its memory.
    case fragmentMemory
    case ipNoRoute
    case ipUnknownProtocol
    // ICMP
    case icmpMalformed
    case icmpBadChecksum
    case icmpIgnored
    case icmpRateLimited
    // Groups: IGMP and MLD
    case groupMalformed
    case groupBadChecksum
    /// A message that cannot come from this link: its hop count, its source, no router alert.
    case groupUntrusted
    case groupIgnored
    case groupTableFull
    case groupAnswerLimited
    /// A datagram from a source that nobody listens to.
    case groupSourceFiltered
    // UDP
    case udpMalformed
    case udpBadChecksum
    case udpNoPort
    case udpQueueFull
    // Raw and packet endpoints
    case rawQueueFull
    case rawBadChecksum
    case packetQueueFull
    /// A datagram that the endpoint's own filter did not let through (`SO_ATTACH_FILTER`).
    case filteredByEndpoint
    // TCP
    case tcpMalformed
    case tcpBadChecksum
    case tcpBadFlags
    case tcpNoListener
    case tcpBacklogFull
    case tcpOutOfWindow
    case tcpUnacceptableAck
    case tcpOldTimestamp
    case tcpBadReset
    case tcpAfterClose
    case tcpReceiveMemory
    case tcpReassemblyFull
    case tcpTimeWait
    case tcpChallengeLimited
}

/// What happened, besides what was dropped.
public enum Event: UInt8, CaseIterable, Sendable {
    case packetsReceived
    case packetsSent
    case packetsForwarded
    case fragmentsReceived
    case fragmentsSent
    case datagramsReassembled
    case datagramsFragmented
    case pathMTUsLearned
    case arpRequestsSent
    case arpRepliesSent
    case arpProbesSent
    case arpAnnouncementsSent
    case neighbourSolicitationsSent
    case neighbourAdvertisementsSent
    case routerSolicitationsSent
    case routerAdvertisementsSent
    case routerAdvertisementsReceived
    case addressesAssigned
    case addressesDuplicate
    case addressesDefended
    case icmpEchoesAnswered
    case icmpErrorsSent
    case icmpErrorsReceived
    case redirectsSent
    case redirectsTaken
    case groupQueriesReceived
    case groupReportsReceived
    case groupReportsSent
    case udpDatagramsReceived
    case udpDatagramsSent
    case rawPacketsReceived
    case rawPacketsSent
    case tcpSegmentsReceived
    case tcpSegmentsSent
    case tcpActiveOpens
    case tcpPassiveOpens
    case tcpEstablished
    case tcpFailedAttempts
    case tcpResetsReceived
    case tcpResetsSent
    case tcpRetransmittedSegments
    case tcpFastRetransmits
    case tcpTimeouts
    case tcpOutOfOrder
    case tcpDuplicateData
    case tcpDuplicateAcks
    case tcpDelayedAcks
    case tcpZeroWindowProbes
    case tcpKeepaliveProbes
    case tcpChallengeAcks
    case tcpTimeWaits
    case tcpTimeWaitsReused
    case tcpUserTimeouts
    case tcpOrphansReset
}

/// The counters of a host.
public struct Counters: Sendable {
    private var drops = [UInt64](repeating: 0, count: DropReason.allCases.count)
    private var events = [UInt64](repeating: 0, count: Event.allCases.count)

    /// How often something was dropped for `reason`.
    public subscript(reason: DropReason) -> UInt64 { drops[Int(reason.rawValue)] }

    /// How often `event` happened.
    public subscript(event: Event) -> UInt64 { events[Int(event.rawValue)] }

    /// What was dropped last, until somebody takes note; whoever looks takes it away before.
    var latestDrop: DropReason?

    mutating func count(_ reason: DropReason) {
        drops[Int(reason.rawValue)] &+= 1
        latestDrop = reason
    }

    mutating func count(_ event: Event, _ times: Int = 1) {
        events[Int(event.rawValue)] &+= UInt64(truncatingIfNeeded: times)
    }

    /// All that was dropped.
    public var dropped: UInt64 { drops.reduce(0, &+) }
}
