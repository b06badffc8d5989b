import CSockeye
import Devices
import Glibc
import Sockets
import Stack

/// Descriptors that one call waits for, of the library and of the kernel.
struct PollSet {
    struct Request {
        let descriptor: CInt
        let events: UInt32
    }

    private struct OwnSocket {
        let place: Int
        let socket: Socket
        let events: UInt32
    }

    private var sockets: [OwnSocket] = []
    /// The kernel's, and where each stands in the request.
    private var others: [pollfd] = []
    private var places: [Int] = []

    init(_ requests: [Request]) {
        for (place, request) in requests.enumerated() where request.descriptor >= 0 {
            guard let description = Descriptors.description(of: request.descriptor),
                case .socket(let socket) = description.kind
            else {
                // That of a set is one of the kernel's as well.
                addKernel(request.descriptor, place, request.events)
                continue
            }
            sockets.append(OwnSocket(place: place, socket: socket, events: request.events))
        }
    }

    private mutating func addKernel(_ descriptor: CInt, _ place: Int, _ events: UInt32) {
        others.append(
            pollfd(
                fd: descriptor,
                events: Int16(bitPattern: UInt16(truncatingIfNeeded: events)), revents: 0))
        places.append(place)
    }

    /// Waits until one of them is ready or `deadline` has come; each that is ready, by its place.
    ///
    /// - Throws: `EINTR` when a signal came first.
    func wait(
        until deadline: Instant, _ signals: UnsafePointer<sigset_t>?, in call: String
    ) throws(SocketError) -> [(place: Int, events: UInt32)] {
        let own = readySockets()
        // With what is ready nobody waits; but signals that the mask lets in are taken.
        if !own.isEmpty || sockets.isEmpty {
            return unsafe try look(
                own, -1, until: own.isEmpty ? deadline : .zero, signals, in: call)
        }
        let bell = try Bell()
        defer { bell.release() }
        for (number, entry) in sockets.enumerated() {
            // One that is closed meanwhile is told of by the next look.
            try? bell.set.add(
                .socket(entry.socket), epollEvents: entry.events | Self.edge, token: 0,
                number: CInt(number))
        }
        defer {
            for (number, entry) in sockets.enumerated() {
                bell.set.removeIfPresent(.socket(entry.socket), number: CInt(number))
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

    /// `EPOLLET`: the bell is to ring once for each event, not for as long as a socket is ready.
    private static var edge: UInt32 { 1 << 31 }

    private func readySockets() -> [(place: Int, events: UInt32)] {
        sockets.compactMap { entry in
            let events = entry.socket.pollEvents(askedFor: entry.events)
            return events == 0 ? nil : (entry.place, events)
        }
    }

    /// Waits in the kernel's `ppoll` for its descriptors, and for the bell unless that is -1.
    private func look(
        _ own: [(place: Int, events: UInt32)], _ bell: CInt, until deadline: Instant,
        _ signals: UnsafePointer<sigset_t>?, in call: String
    ) throws(SocketError) -> [(place: Int, events: UInt32)] {
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
            found.append((place, UInt32(UInt16(bitPattern: list[index].revents))))
        }
        return found
    }
}
