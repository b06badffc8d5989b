import Devices
import Equipment
import Glibc
import Memory
import Stack
import Synchronization
import Testing
import Wire

@Suite("In-memory wire")
struct MemoryWireTests {
    let pools = BufferPools(.init(frames: 2048, controls: 64, chunks: 64))
    let capabilities = DeviceCapabilities(
        isEthernet: true, mtu: 1500, offloadsChecksums: true, segments: true)

    private func pair(
        limit: Int = 4096, forth: Impairments? = nil, back: Impairments? = nil
    ) throws -> (WireEnd, WireEnd) {
        try MemoryWire.pair(
            capabilities: capabilities, limit: limit, forth: forth, back: back, seed: (3, 4),
            pools: pools)
    }

    /// A packet of 64 bytes that bears a number.
    private func numbered(_ number: Int) throws -> Packet {
        try Self.numbered(number, pools)
    }

    private static func numbered(_ number: Int, _ pools: BufferPools) throws -> Packet {
        guard var packet = pools.frame(headroom: 64) else { throw OutOfMemory() }
        packet.extend(64)
        var head = packet.mutableHead
        head.write(UInt64(number), at: 0)
        return packet
    }

    private func number(of packet: borrowing Packet) -> Int { Int(packet.head.uint64(at: 0)) }

    /// Sends a packet for which there is room.
    private func send(_ packet: consuming Packet, _ end: WireEnd) {
        switch end.send(packet) {
        case .sent: break
        case .full: Issue.record("the wire has room")
        }
    }

    @Test("Packets arrive whole, in order, each on the other end only")
    func order() throws {
        let (left, right) = try pair()
        for number in 0..<100 {
            try send(numbered(number), left)
            try send(numbered(1000 + number), right)
        }
        for expected in 0..<100 {
            let there = try arrived(right.receive())
            #expect(number(of: there) == expected)
            let here = try arrived(left.receive())
            #expect(number(of: here) == 1000 + expected)
        }
        let isEmpty = left.receive() == nil && right.receive() == nil
        #expect(isEmpty)
    }

    @Test("A merged packet passes as it is, metadata and all")
    func merged() throws {
        let (left, right) = try pair()
        let contents = pattern(20_000)
        let metadata = PacketMetadata(
            checksum: .partial(start: 34, offset: 16), segmentSize: 1448)
        let packet = try makePacket(contents, headCount: 54, from: pools, metadata: metadata)
        send(packet, left)
        let arrived = try arrived(right.receive())
        #expect(arrived.metadata == metadata)
        #expect(bytes(of: arrived) == contents)
    }

    @Test("A full direction gives the packet back, unchanged, until one was taken")
    func limit() throws {
        let (left, right) = try pair(limit: 3)
        for number in 0..<3 { try send(numbered(number), left) }
        switch left.send(try numbered(3)) {
        case .sent: Issue.record("the wire is full")
        case .full(let packet):
            #expect(number(of: packet) == 3)
            let first = try arrived(right.receive())
            #expect(number(of: first) == 0)
            send(packet, left)
        }
        var arrived: [Int] = []
        while let packet = right.receive() { arrived.append(number(of: packet)) }
        #expect(arrived == [1, 2, 3])
        try send(numbered(9), right)
    }

    @Test("The descriptor is readable while packets wait, and signalled once a burst")
    func descriptor() throws {
        let (left, right) = try pair()
        #expect(!isReadable(right.descriptor))
        for number in 0..<50 { try send(numbered(number), left) }
        #expect(isReadable(right.descriptor))
        #expect(!isReadable(left.descriptor))
        var signals: UInt64 = 0
        #expect(unsafe read(right.descriptor, &signals, 8) == 8)
        #expect(signals == 1)
        var count = 0
        while let packet = right.receive() { count += packet.count / 64 }
        #expect(count == 50)
        try send(numbered(50), left)
        #expect(isReadable(right.descriptor), "the next burst signals again")
        let last = right.receive() != nil
        #expect(last && isReadable(right.descriptor), "nobody has looked yet")
        let isEmpty = right.receive() == nil
        #expect(isEmpty && !isReadable(right.descriptor))
    }

    @Test("What was on the wire when it went goes back to its pool")
    func leak() throws {
        do {
            var impairments = Impairments()
            impairments.delay = .seconds(100)
            let (left, right) = try pair(forth: impairments)
            for number in 0..<10 {
                try send(numbered(number), left)
                try send(numbered(number), right)
            }
            #expect(pools.available.frames == pools.capacity.frames - 20)
        }
        #expect(pools.available.frames == pools.capacity.frames)
    }

    @Test("A delayed packet is told of, and held until its time")
    func delay() throws {
        var impairments = Impairments()
        impairments.delay = .milliseconds(3)
        let (left, right) = try pair(forth: impairments)
        #expect(right.nextDeadline == .never)
        let before = MonotonicClock.now()
        try send(numbered(1), left)
        let after = MonotonicClock.now()
        let deadline = right.nextDeadline
        #expect(deadline >= before + .milliseconds(3) && deadline <= after + .milliseconds(3))
        #expect(left.nextDeadline == .never)

        #expect(isReadable(right.descriptor), "the receiver must learn of the deadline")
        if MonotonicClock.now() < deadline {
            let early = right.receive()
            let cameEarly = early != nil && MonotonicClock.now() < deadline
            #expect(!cameEarly)
        }
        var poller = try Poller()
        try poller.add(right.descriptor, token: 0)
        var arrived = 0
        while arrived == 0, MonotonicClock.now() < deadline + .seconds(10) {
            if let packet = right.receive() {
                arrived = number(of: packet)
                #expect(MonotonicClock.now() >= deadline)
            } else {
                poller.wait(until: right.nextDeadline)
            }
        }
        #expect(arrived == 1)
        #expect(right.nextDeadline == .never)
    }

    @Test("Only a packet that brings the deadline nearer wakes the receiver")
    func nearer() throws {
        var impairments = Impairments()
        impairments.delay = .seconds(1000)
        let (left, right) = try pair(forth: impairments)
        try send(numbered(1), left)
        let isNothing = right.receive() == nil
        #expect(isNothing && !isReadable(right.descriptor))
        for number in 2..<10 { try send(numbered(number), left) }
        #expect(!isReadable(right.descriptor))
    }

    @Test("An impaired direction loses what chance wants, counts it, and spares the other")
    func loss() throws {
        var impairments = Impairments()
        impairments.loss = .percent(30)
        let (left, right) = try pair(forth: impairments)
        var arrived = 0
        var back = 0
        for number in 0..<5000 {
            try send(numbered(number), left)
            try send(numbered(number), right)
            while right.receive() != nil { arrived += 1 }
            while left.receive() != nil { back += 1 }
        }
        let counters = try #require(left.outgoingCounters)
        #expect(counters.submitted == 5000)
        #expect(counters.delivered == UInt64(arrived))
        #expect(counters.lost == UInt64(5000 - arrived))
        // Five standard deviations of a binomial distribution are 162.
        #expect(abs(arrived - 3500) < 170)
        #expect(back == 5000)
        #expect(right.outgoingCounters == nil)
    }

    @Test("The directions do not lose the same packets, and a seed loses the same ones again")
    func seeds() throws {
        var impairments = Impairments()
        impairments.loss = .percent(50)
        func survivors(_ from: WireEnd, _ to: WireEnd) throws -> [Int] {
            var arrived: [Int] = []
            for number in 0..<64 {
                try send(numbered(number), from)
                while let packet = to.receive() { arrived.append(self.number(of: packet)) }
            }
            return arrived
        }
        let (left, right) = try pair(forth: impairments, back: impairments)
        let forth = try survivors(left, right)
        let back = try survivors(right, left)
        #expect(forth != back)
        let (again, other) = try pair(forth: impairments)
        #expect(try survivors(again, other) == forth)
    }

    @Test("Threads on both ends lose nothing, keep order and always wake", arguments: [4, 1000])
    func threads(limit: Int) throws {
        let (left, right) = try pair(limit: limit)
        let total = min(50_000, limit * 2_000)
        let failures = Atomic(0)
        let pools = pools
        let workers = try [(left, right), (right, left)].flatMap { from, to in
            [
                try Worker {
                    for number in 0..<total {
                        guard Self.deliver(number, from, pools) else {
                            failures.add(1, ordering: .relaxed)
                            return
                        }
                    }
                },
                try Worker {
                    if !Self.expect(total, at: to) { failures.add(1, ordering: .relaxed) }
                },
            ]
        }
        for worker in workers { #expect(worker.ends()) }
        #expect(failures.load(ordering: .acquiring) == 0)
        #expect(pools.available.frames == pools.capacity.frames)
    }

    /// Sends a numbered packet, however often the wire is full; false after a minute of that.
    private static func deliver(_ number: Int, _ end: WireEnd, _ pools: BufferPools) -> Bool {
        let deadline = MonotonicClock.now() + .seconds(60)
        var pending = try? numbered(number, pools)
        while let packet = pending.take() {
            switch end.send(packet) {
            case .sent: return true
            case .full(let packet):
                guard MonotonicClock.now() < deadline else { return false }
                pending = consume packet
                sched_yield()
            }
        }
        return false
    }

    /// Whether packets 0 to `total` - 1 arrive in order; it sleeps whenever there is none.
    private static func expect(_ total: Int, at end: WireEnd) -> Bool {
        guard var poller = try? Poller(), (try? poller.add(end.descriptor, token: 0)) != nil
        else { return false }
        var next = 0
        while next < total {
            if let packet = end.receive() {
                guard packet.head.uint64(at: 0) == UInt64(next) else { return false }
                next += 1
            } else if poller.wait(until: MonotonicClock.now() + .seconds(30)) == 0 {
                // A wake-up that was lost, or a signal to the process: the latter is rare.
                guard isReadable(end.descriptor, within: 1000) else { return false }
            }
        }
        return end.receive() == nil
    }

    @Test("The wire as a device has the face of all devices")
    func device() throws {
        let (left, right) = try pair()
        let device = Device.wire(left)
        #expect(device.capabilities == capabilities)
        #expect(device.descriptor == left.descriptor)
        #expect(device.nextDeadline == .never)
        switch try device.send(try numbered(5)) {
        case .sent: break
        case .full: Issue.record("there is room")
        }
        let other = Device.wire(right)
        let packet = try arrived(other.receive())
        #expect(number(of: packet) == 5)
        let isEmpty = try device.receive() == nil
        #expect(isEmpty)
    }
}
