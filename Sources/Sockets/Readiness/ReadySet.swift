import Devices
import Glibc
import Memory
import Stack
import Synchronization

/// A set of sockets that are watched together, of whatever networks, with kernel descriptors among
/// them if need be, and with one descriptor for the event loop of whoever asks: what `epoll` is to
/// the kernel's sockets, with its semantics.
///
///     let set = try ReadySet()
///     try set.add(.socket(listener), for: .readable, token: 1)
///     for event in try set.wait(atMost: 64, for: nil) { … }
///
/// A wait costs what is ready, not how many members there are. A socket that is closed leaves all
/// its sets. Several threads and tasks may wait on one set; each event goes to one of them.
public final class ReadySet: Sendable {
    /// How a member is told of.
    public struct Options: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// When something happens to it, not for as long as it is ready (`EPOLLET`).
        public static let edgeTriggered = Options(rawValue: 1)
        /// Once, until it is modified (`EPOLLONESHOT`).
        public static let oneShot = Options(rawValue: 2)
        /// Of the sets that hold the socket so, in one (`EPOLLEXCLUSIVE`).
        public static let exclusive = Options(rawValue: 4)
    }

    /// What a member is ready for.
    public struct Event: Equatable, Sendable {
        /// What the member was added with (`epoll_data`).
        public let token: UInt64
        public let events: Readiness
        /// The same in the bits of epoll, as they were asked for.
        public let epollEvents: UInt32

        public init(token: UInt64, events: Readiness, epollEvents: UInt32) {
            self.token = token
            self.events = events
            self.epollEvents = epollEvents
        }
    }

    let queue: ReadyQueue
    /// Held while members come, change and go.
    let control = Mutex(())

    /// Makes an empty set. Linux's `epoll_create1`.
    ///
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init() throws(SocketError) {
        do throws(DeviceError) {
            queue = try ReadyQueue()
        } catch {
            throw SocketError(error.code, in: "epoll_create")
        }
    }

    deinit {
        for member in queue.update({ $0.members.removeAll() }) { member.endpoint.unwatch(member) }
    }

    /// Polls readable when a wait would report something: for `poll`, `epoll`, Dispatch, or whatever
    /// else an event loop stands on. Belongs to the set; it is not to be read or written.
    ///
    /// A socket that several threads use at once may leave it readable with nothing to report; the
    /// next wait mends that.
    public var descriptor: CInt { queue.descriptors.descriptor }

    /// How many members there are.
    public var count: Int { queue.state.withLock { $0.members.count } }

    // MARK: - Members

    /// Adds a member. Linux's `epoll_ctl` with `EPOLL_CTL_ADD`.
    ///
    /// - Parameters:
    ///   - events: What for; errors and hang-ups are told of in any case.
    ///   - token: What its events will bear.
    ///   - number: Tells apart several entries of the same socket, as copies of a descriptor are.
    /// - Throws: `EEXIST` when it is there; `EINVAL` for the set itself and for options that exclude
    ///   one another; `ELOOP` for sets in a circle, or more than five deep; `EPERM` for files;
    ///   `EBADF`.
    public func add(
        _ member: Pollable, for events: Readiness, _ options: Options = [], token: UInt64,
        number: CInt = 0
    ) throws(SocketError) {
        let interest = Self.interest(events, options, token)
        try controlled { () throws(SocketError) in try insert(member, interest, number) }
    }

    /// Changes what a member is watched for, and arms it again. Linux's `epoll_ctl` with
    /// `EPOLL_CTL_MOD`.
    ///
    /// - Throws: `ENOENT` when it is not there; `EINVAL` for members and options that are exclusive.
    public func modify(
        _ member: Pollable, for events: Readiness, _ options: Options = [], token: UInt64,
        number: CInt = 0
    ) throws(SocketError) {
        let interest = Self.interest(events, options, token)
        try controlled { () throws(SocketError) in try change(member, interest, number) }
    }

    /// Takes a member out. Linux's `epoll_ctl` with `EPOLL_CTL_DEL`.
    ///
    /// - Throws: `ENOENT` when it is not there.
    public func remove(_ member: Pollable, number: CInt = 0) throws(SocketError) {
        try controlled { () throws(SocketError) in try takeOut(member, number) }
    }

    /// Takes a member out if it is there.
    public func removeIfPresent(_ member: Pollable, number: CInt = 0) {
        try? remove(member, number: number)
    }
}
