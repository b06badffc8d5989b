import Devices
import Sockets
import Stack

/// Something of the gateway's that has a socket of the machine's.
protocol KernelMember: AnyObject {
    /// The socket is ready for something, or failed.
    func isReady(
        _ ready: Poller.Interest, _ gateway: Gateway, _ host: inout Host, at now: Instant)
}

/// The machine's sockets, watched by one poller that the owner's loop waits for.
final class KernelMembers {
    private struct Slot {
        var member: (any KernelMember)?
        var generation: UInt32 = 0
    }

    private var poller: Poller
    private var slots: [Slot] = []
    private var free: [Int] = []

    init() throws(SocketError) {
        do throws(DeviceError) {
            poller = try Poller()
        } catch {
            throw SocketError(error.code, in: "epoll_create")
        }
    }

    var descriptor: CInt { poller.descriptor }

    /// Looks what happened, without waiting; how much did.
    func look() -> Int { poller.wait(until: .zero) }

    /// What happened, and to whom: nil where that is gone.
    func event(_ index: Int) -> ((any KernelMember)?, Poller.Interest) {
        let event = poller[index]
        let (place, generation) = (Int(event.token & 0xFFFF_FFFF), UInt32(event.token >> 32))
        guard place < slots.count, slots[place].generation == generation else {
            return (nil, event.ready)
        }
        return (slots[place].member, event.ready)
    }

    /// Watches a socket for everything that happens to it; where it stands.
    func add(_ member: any KernelMember, _ socket: SystemSocket) throws(DeviceError) -> Int {
        let place = free.popLast() ?? slots.count
        if place == slots.count { slots.append(Slot()) }
        slots[place].generation &+= 1
        slots[place].member = member
        let token = UInt64(slots[place].generation) << 32 | UInt64(place)
        do throws(DeviceError) {
            try poller.add(
                socket.number, token: token, for: [.readable, .writable, .ended, .onChange])
        } catch {
            slots[place].member = nil
            free.append(place)
            throw error
        }
        return place
    }

    /// Watches no more; before the socket is closed.
    func remove(_ place: Int, _ socket: SystemSocket) {
        guard slots[place].member != nil else { return }
        try? poller.remove(socket.number)
        slots[place].member = nil
        slots[place].generation &+= 1
        free.append(place)
    }

    /// Has what a socket is ready for told once more: somebody left some of it.
    func again(_ place: Int?, _ socket: SystemSocket) {
        guard let place else { return }
        let token = UInt64(slots[place].generation) << 32 | UInt64(place)
        try? poller.change(
            socket.number, token: token, for: [.readable, .writable, .ended, .onChange])
    }

    func removeAll() {
        for place in slots.indices {
            slots[place].member = nil
            slots[place].generation &+= 1
        }
    }
}
