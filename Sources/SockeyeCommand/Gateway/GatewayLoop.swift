import Devices
import Gateway
import Setup
import Stack
import Synchronization

/// Drives a gateway on the calling thread until a signal comes or a descriptor says that it is over.
final class GatewayLoop {
    private let gateway: Gateway
    private var poller: Poller
    /// Readable once a signal has come.
    private let told: WakeUp
    /// Whose peer it ends with.
    private var link: UNIXStreamLink?

    /// What the poller reports: something of the gateway's, or that it is over.
    private enum Token {
        static let gateway: UInt64 = 0
        static let end: UInt64 = 1
    }

    /// - Parameter signals: Any of which ends the loop.
    init(_ gateway: Gateway, _ signals: Signals) throws(CommandError) {
        self.gateway = gateway
        do throws(DeviceError) {
            poller = try Poller()
            let told = try WakeUp()
            self.told = told
            for descriptor in gateway.descriptors {
                try poller.add(descriptor, token: Token.gateway)
            }
            try poller.add(told.descriptor, token: Token.end)
            try SystemThread.start {
                _ = signals.wait()
                told.signal()
            }
        } catch {
            throw .failure("gateway: \(error)")
        }
    }

    /// Has the loop end when `descriptor` is readable or its other end gone.
    func endsWith(_ descriptor: Int32) throws(CommandError) {
        do throws(DeviceError) {
            try poller.add(descriptor, token: Token.end)
        } catch {
            throw .failure("gateway: \(error)")
        }
    }

    /// Has the loop end when the peer of `link` has come and gone.
    func endsWithPeer(of link: UNIXStreamLink) { self.link = link }

    /// Drives the gateway until it is over.
    func run() {
        while true {
            gateway.acknowledgeWakeUp()
            while gateway.turn() {}
            if let link, link.hasEnded { return }
            let count = poller.wait(until: gateway.nextDeadline)
            for index in 0..<count where poller[index].token == Token.end { return }
        }
    }
}
