import Equipment
import FrameFuzzing
import Glibc
import Sockets
import Stack
import Wire

/// Calls at random on two hosts in virtual time, and the look at what they leave behind.
public enum SimulatedCalls {
    /// Makes `count` calls; what is wrong afterwards, nil where nothing is.
    ///
    /// - Parameter ownsProcess: Whether nobody else opens descriptors meanwhile, so that they count.
    public static func problem(
        seed: UInt64, calls count: Int, ownsProcess: Bool
    ) async throws -> String? {
        let before = descriptorCount()
        let problem = try await run(seed, count)
        if let problem { return problem }
        guard ownsProcess else { return nil }
        let after = descriptorCount()
        // The poller and its like stay, once they are there.
        return after > before + 3 ? "\(after - before) descriptors are left" : nil
    }

    private static func run(_ seed: UInt64, _ count: Int) async throws -> String? {
        let simulation = Simulation(seed: seed, memoryLimit: 8 << 20)
        let networks = try ["left", "right"].map { name in
            try simulation.addHost(
                name,
                configure: { configuration in
                    configuration.tcp.retries = 5
                    configuration.ephemeralPorts = 50_000...50_031
                })
        }
        let addresses = ["left", "right"].flatMap { simulation.addresses(of: $0) }
        let clock = simulation.clock
        let leftover = try await simulation.run { () -> String? in
            let table = SocketTable(limit: 32)
            let sets = try (0..<3).map { _ in try ReadySet() }
            var main = SocketCaller(networks, addresses, table, sets, seed: seed &* 16)
            await withTaskGroup(of: Void.self) { group in
                // Some wait on sockets that others close.
                for number in 1...4 {
                    group.addTask {
                        var waiting = SocketCaller(
                            networks, addresses, table, sets, seed: seed &* 16 &+ UInt64(number))
                        for _ in 0..<count / 20 {
                            if Task.isCancelled { return }
                            await waiting.suspendingCall()
                            try? await clock.sleep(until: clock.now + .milliseconds(3))
                        }
                    }
                }
                for number in 0..<count {
                    main.call()
                    if number % 16 == 0 {
                        try? await clock.sleep(until: clock.now + main.pause())
                    }
                }
                group.cancelAll()
            }
            table.closeAll()
            // Half-open connections are given up, TIME-WAIT ends, neighbours are forgotten.
            try await clock.sleep(until: clock.now + .seconds(4000))
            return leftovers(networks, sets)
        }
        if let leftover { return leftover }
        for network in networks { network.host?.stop() }
        let (free, all) = (simulation.pools.available, simulation.pools.capacity)
        if free.frames != all.frames || free.controls != all.controls || free.chunks != all.chunks {
            return "memory is left: \(all.frames - free.frames) frames, "
                + "\(all.controls - free.controls) controls, \(all.chunks - free.chunks) chunks"
        }
        return nil
    }

    private static func leftovers(_ networks: [Network], _ sets: [ReadySet]) -> String? {
        for network in networks {
            guard let host = network.host else { continue }
            let sockets = host.withHost { host in host.sockets.map { "\($0)" } }
            if !sockets.isEmpty { return "sockets are left: \(sockets.prefix(3))" }
            if !host.waits.isEmpty { return "somebody waits still: \(host.waits.prefix(3))" }
        }
        let members = sets.reduce(0) { $0 + $1.count }
        return members > 0 ? "\(members) members of sets are left" : nil
    }

    private static func descriptorCount() -> Int {
        var count = 0
        for number in 0..<CInt(1024) where fcntl(number, F_GETFD) >= 0 { count += 1 }
        return count
    }
}

extension SocketCaller {
    /// How long it is until the next calls.
    mutating func pause() -> Interval {
        let pauses: [Interval] = [
            .zero, .microseconds(100), .milliseconds(1), .milliseconds(40), .milliseconds(300),
            .seconds(3),
        ]
        return choices.oneIn(200) ? .seconds(70) : pauses[choices.next(below: pauses.count)]
    }
}
