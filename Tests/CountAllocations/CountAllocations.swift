// Counts heap allocations while packets flow between two hosts: there are to be none, whether per
// packet or per call (docs/ARCHITECTURE.md). Only optimised code keeps that promise: without the
// optimiser, generic loops of the standard library allocate. Hence a program of its own:
//
//     swift run -c release CountAllocations

import CAllocationCounter
import Glibc
import Stack
import Wire

@main
enum CountAllocations {
    static let packets = 100_000

    static func main() throws {
        guard allocation_counter_is_available() else {
            print("a sanitizer has taken malloc for itself: nothing can be counted")
            return
        }
        try check("an array of a thousand", allocates: true) { arrays() }
        for ethernet in [true, false] {
            for offloads in [true, false] {
                let link =
                    "\(ethernet ? "Ethernet" : "IP") \(offloads ? "with" : "without") offloads"
                try check("bulk over \(link)") { try bulk(ethernet, offloads) }
            }
        }
        try check("questions and answers over TCP") { try questions() }
        try check("datagrams") { try datagrams() }
        try check("flows through a firewall and a switch") { try fencedFlows() }
    }

    /// Tells how often `work` says it allocated, and ends the program where that is wrong.
    static func check(
        _ name: String, allocates: Bool = false, _ work: () throws -> Int
    ) throws {
        let count = try work()
        print("\(count) allocations: \(name)")
        if allocates != (count > 0) { exit(1) }
    }

    /// What allocates for certain: the counter must see it.
    static func arrays() -> Int {
        let before = allocation_counter_value()
        var arrays: [[Int]] = []
        for size in 1...1000 { arrays.append(Array(repeating: size, count: size)) }
        return arrays.count == 1000 ? allocation_counter_value() - before : 0
    }

    /// A bulk transfer.
    static func bulk(_ ethernet: Bool, _ offloads: Bool) throws -> Int {
        var pair = Pair(ethernet: ethernet, offloads: offloads)
        let (client, server) = try pair.connect()
        let block = [UInt8](repeating: 7, count: 64 << 10)
        var sink = [UInt8](repeating: 0, count: 64 << 10)
        // A merged packet carries as much as forty plain ones.
        let wanted = offloads ? Self.packets / 20 : Self.packets
        var counted = 0
        var before = 0
        while pair.packets < wanted + wanted / 10 {
            if counted == 0, pair.packets > wanted / 10 {
                counted = pair.packets
                before = allocation_counter_value()
            }
            if try pair.a.readiness(of: client).contains(.writable) {
                _ = try pair.a.send(client, block.span)
            }
            pair.settle()
            while try pair.b.receivableCount(of: server) > 0 {
                var span = sink.mutableSpan
                _ = try pair.b.receive(server, into: &span)
            }
        }
        return allocation_counter_value() - before
    }

    /// Questions and answers over TCP.
    static func questions() throws -> Int {
        var pair = Pair(ethernet: true, offloads: false)
        let (client, server) = try pair.connect()
        let question = [UInt8](repeating: 7, count: 100)
        var sink = [UInt8](repeating: 0, count: 1000)
        var before = 0
        for round in 0..<11_000 {
            if round == 1000 { before = allocation_counter_value() }
            _ = try pair.a.send(client, question.span)
            pair.settle()
            var span = sink.mutableSpan
            let count = try pair.b.receive(server, into: &span)
            _ = try pair.b.send(server, sink.span.extracting(first: count))
            pair.settle()
            span = sink.mutableSpan
            _ = try pair.a.receive(client, into: &span)
        }
        return allocation_counter_value() - before
    }

    /// Questions and answers over UDP.
    static func datagrams() throws -> Int {
        var pair = Pair(ethernet: true, offloads: false)
        let server = pair.b.open(.datagram)
        try pair.b.bind(server, to: SocketAddress(address: .unspecifiedV4, port: 7))
        let client = pair.a.open(.datagram)
        try pair.a.connect(client, to: SocketAddress(address: .v4(10, 0, 0, 2), port: 7))
        let question = [UInt8](repeating: 7, count: 100)
        var sink = [UInt8](repeating: 0, count: 1000)
        var before = 0
        for round in 0..<11_000 {
            if round == 1000 { before = allocation_counter_value() }
            try pair.a.send(client, question.span, to: nil)
            pair.settle()
            var span = sink.mutableSpan
            let datagram = try pair.b.receiveDatagram(server, into: &span)
            try pair.b.send(
                server, sink.span.extracting(first: datagram.count), to: datagram.source)
            pair.settle()
            span = sink.mutableSpan
            _ = try pair.a.receiveDatagram(client, into: &span)
        }
        return allocation_counter_value() - before
    }
}
