import Memory
import Testing

@testable import Stack

/// What a connection costs in each of its forms: a host with a million of them is the measure.
@Suite("Sizes") struct SizeTests {
    /// Generation and free list of a place in a slab.
    static let slabPlace = 8
    /// An entry of the table of connections, at the fill where it doubles.
    static let tableEntry = 16

    @Test("An idle established connection takes less than 640 bytes in all structures")
    func idle() {
        let connection = MemoryLayout<Connection>.stride
        let endpoint = MemoryLayout<Endpoint>.stride
        let timer = MemoryLayout<TimerWheel.Timer>.stride
        print("Connection \(connection), Endpoint \(endpoint), Timer \(timer)")
        #expect(connection <= 512)
        #expect(endpoint <= 96)
        let all = connection + endpoint + Self.tableEntry + 2 * Self.slabPlace
        #expect(all <= 640)
    }

    @Test("A half-open connection takes less than 128 bytes, one that is over less than 96")
    func small() {
        let halfOpen = MemoryLayout<HalfOpen>.stride
        let timeWait = MemoryLayout<TimeWait>.stride
        print("HalfOpen \(halfOpen), TimeWait \(timeWait)")
        #expect(halfOpen <= 128)
        #expect(timeWait <= 96)
    }

    @Test("An idle connection holds no buffer")
    func noBuffers() throws {
        let simulation = Simulation()
        let (client, server, _) = try simulation.establish()
        var left = Talker(.client, client, sends: 100_000)
        var right = Talker(.server, server, sends: 100_000)
        left.shutsDown = false
        right.shutsDown = false
        var buffer = [UInt8](repeating: 0, count: 65536)
        while left.received < 100_000 || right.received < 100_000 {
            left.act(&simulation.client, &buffer)
            right.act(&simulation.server, &buffer)
            guard simulation.step() else { break }
        }
        simulation.run(for: .seconds(1))
        let (free, all) = (simulation.pools.available, simulation.pools.capacity)
        #expect(left.received == 100_000 && right.received == 100_000)
        #expect(free.chunks == all.chunks && free.frames == all.frames)
        #expect(free.controls == all.controls)
    }
}
