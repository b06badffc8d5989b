import CSockeye
import Devices
import Glibc
import Sockets
import Stack

/// Descriptors that one call waits for, of the library and of the kernel.
struct PollSet {
    struct Request {
        let descriptor: CInt
        let events: PollEvents
    }

    private struct OwnSocket {
        let place: Int
        let socket: Socket
        let events: PollEvents
    }

    private var sockets: [OwnSocket] = []
    /// The kernel's, and where each stands in the request.
    private var others: [pollfd] = []
    private var places: [Int] = []

    init(_ requests: [Request]) {
        for (place, request) in requests.enumerated() where request.descriptor >= 0 {
            guard let description = Descriptors.description(of: request.descriptor),
                let descriptor = add(description, place, request.events) ?? nil
            else {
                if !isOwn(place) {
                    addKernel(request.descriptor, place, request.events)
                }
                continue
            }
            addKernel(descriptor, place, request.events)
        }
    }

    private func isOwn(_ place: Int) -> Bool { sockets.last?.place == place }

    /// Enters a socket; for what is no socket, the kernel's descriptor that tells of it.
    private mutating func add(
        _ description: OpenDescription, _ place: Int, _ events: PollEvents
    ) -> CInt? {
        switch description.kind {
        case .socket(let socket):
            sockets.append(
                OwnSocket(place: place, socket: socket, events: events.union(.always)))
            return nil
        }
    }

    private mutating func addKernel(_ descriptor: CInt, _ place: Int, _ events: PollEvents) {
        others.append(
            pollfd(
                fd: descriptor,
                events: Int16(bitPattern: UInt16(truncatingIfNeeded: events.rawValue)), revents: 0))
        places.append(place)
    }

    /// Waits until one of them is ready or `deadline` has come; each that is ready, by its place.
    ///
    /// - Throws: `EINTR` when a signal came first.
    func wait(
        until deadline: Instant, _ signals: UnsafePointer<sigset_t>?, in call: String
    ) throws(SocketError) -> [(place: Int, events: PollEvents)] {
        let own = readySockets()
        // With what is ready nobody waits; but signals that the mask lets in are taken.
        if !own.isEmpty || sockets.isEmpty {
            return unsafe try look(
                own, -1, until: own.isEmpty ? deadline : .zero, signals, in: call)
        }
        let bell = try Bell()
        defer { bell.release() }
        for (token, entry) in sockets.enumerated() {
            try? bell.sockets.add(
                .socket(entry.socket), for: entry.events.readiness, .edgeTriggered,
                token: UInt64(token), number: CInt(token))
        }
        defer {
            for (token, entry) in sockets.enumerated() {
                bell.sockets.removeIfPresent(.socket(entry.socket), number: CInt(token))
            }
        }
        while true {
            bell.quieten()
            let own = readySockets()
            let found = unsafe try look(
                own, bell.descriptor, until: own.isEmpty ? deadline : .zero, signals, in: call)
            if !found.isEmpty || MonotonicClock.now() >= deadline { return found }
        }
    }

    private func readySockets() -> [(place: Int, events: PollEvents)] {
        sockets.compactMap { entry in
            let events = entry.socket.pollEvents.intersection(entry.events.union(.invalid))
            return events.isEmpty ? nil : (entry.place, events)
        }
    }

    /// Waits in the kernel's `ppoll` for its descriptors, and for the bell unless that is -1.
    private func look(
        _ own: [(place: Int, events: PollEvents)], _ bell: CInt, until deadline: Instant,
        _ signals: UnsafePointer<sigset_t>?, in call: String
    ) throws(SocketError) -> [(place: Int, events: PollEvents)] {
        var list = others
        if bell >= 0 {
            list.append(pollfd(fd: bell, events: Int16(POLLIN), revents: 0))
        }
        var limit = deadline == .zero ? timespec() : timeLeft(until: deadline)
        let result =
            deadline == .never
            ? unsafe csockeye_kernel_ppoll(&list, nfds_t(list.count), nil, signals)
            : unsafe csockeye_kernel_ppoll(&list, nfds_t(list.count), &limit, signals)
        guard result >= 0 else { throw SocketError(errno, in: call) }
        var found = own
        for (index, place) in places.enumerated() where list[index].revents != 0 {
            let events = UInt32(UInt16(bitPattern: list[index].revents))
            found.append((place, PollEvents(rawValue: events)))
        }
        return found
    }
}
