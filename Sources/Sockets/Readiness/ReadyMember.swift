import Memory
import Stack
import Synchronization

/// A member of a set that is an endpoint: tells the set of its events.
final class ReadyMember: EndpointWatcher {
    let endpoint: any NetworkEndpoint
    private let queue: ReadyQueue
    /// Where the set keeps it.
    let place: SlabIndex

    init(_ endpoint: any NetworkEndpoint, at place: SlabIndex, in queue: ReadyQueue) {
        self.endpoint = endpoint
        self.place = place
        self.queue = queue
    }

    func note(_ events: Readiness) { queue.note(place, events) }

    func endpointClosed() { queue.remove(place) }

    var isWaitedOn: Bool { queue.isWaitedOn }

    /// Takes the member out of the queue where the endpoint is not ready any more, so that the
    /// set's descriptor does not say that something waits.
    func settle() {
        guard let stamp = queue.stamp(ofQueued: place) else { return }
        let ready = (try? endpoint.readiness) ?? []
        queue.settle(place, stamp, ready)
    }
}
