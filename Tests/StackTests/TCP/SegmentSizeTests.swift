import Testing
import Wire

@testable import Stack

/// How large segments are (RFC 9293 §3.7.1, RFC 6691, RFC 1191, RFC 8201).
@Suite("Segment sizes", .overBothFamilies) struct SegmentSizeTests {
    @Test(
        "The offer is the MTU less the fixed headers, whatever the options take (RFC 6691 §2)",
        arguments: [1300, 1500, 9000, 65_000])
    func offer(_ mtu: Int) throws {
        for tcp in [Script.plain, TCPConfiguration()] {
            let script = Script(tcp, mtu: mtu)
            _ = try script.listen()
            script.inject("S 0 <mss 1460>")
            script.expectSegmentSize(mtu - 40)
            _ = try script.connect()
            script.expectSegmentSize(mtu - 40)
        }
    }

    @Test("The options of each segment come off its text (RFC 6691 §3)")
    func optionsComeOff() throws {
        let script = Script(TCPConfiguration())
        let endpoint = try script.accept("<mss 1000,ts 1 0,sackOK>")
        try script.send(endpoint, 3000)
        script.expect(". 1+988 ack 1")
        #expect(try script.host.segmentSize(of: endpoint) == 988)
    }

    @Test("An offer above what the path carries does not count")
    func largeOffer() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 65535>")
        try script.send(endpoint, 3000)
        script.expect(". 1+1460 ack 1")
    }

    @Test("A path that carries less makes smaller segments from then on, and once only")
    func pathShrinks() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1460>")
        try script.send(endpoint, 1460)
        script.expect("P. 1+1460 ack 1")
        script.inject(.packetTooBig(1400), about: 1)
        script.expect(". 1+1360 ack 1")
        script.expect("P. 1361+100 ack 1")
        // A larger one says nothing, and is none of anybody's business.
        script.inject(.packetTooBig(1450), about: 1)
        script.expectNothing()
        script.inject(". 1 ack 1461")
        try script.send(endpoint, 1400)
        script.expect(". 1461+1360 ack 1")
    }

    @Test("Hops and class of an endpoint stand in its segments; ECN's bits are not its to set")
    func header() throws {
        let script = Script()
        let endpoint = try script.accept("<mss 1000>")
        var options = try script.host.options(of: endpoint)
        options.timeToLive = 7
        options.trafficClass = 0x2F
        try script.host.setOptions(options, of: endpoint)
        _ = try script.host.send(endpoint, [1, 2, 3].span)
        guard let packet = script.host.nextOutput(on: script.interface) else {
            Issue.record("nothing was sent")
            return
        }
        let head = packet.head
        if script.family == .inet {
            #expect(head[8] == 7 && head[1] == 0x2C)
        } else {
            #expect(head[7] == 7 && head[0] == 0x62 && head[1] & 0xF0 == 0xC0)
        }
    }
}

extension Script {
    func expectSegmentSize(_ size: Int, at location: SourceLocation = #_sourceLocation) {
        let offered = takeSegment()?.options?.maximumSegmentSize
        #expect(offered == UInt16(size), sourceLocation: location)
    }
}
