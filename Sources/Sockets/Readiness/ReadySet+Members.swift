import Devices
import Glibc
import Memory
import Stack
import Synchronization

/// How members come and go. All of it runs under the set's control lock.
extension ReadySet {
    typealias Interest = ReadyMembers.Interest

    static var call: String { "epoll_ctl" }

    static func interest(_ events: Readiness, _ options: Options, _ token: UInt64) -> Interest {
        Interest(
            events: events, options: options, token: token, epollEvents: events.epollEvents)
    }

    func controlled(_ body: () throws(SocketError) -> Void) throws(SocketError) {
        try control.withLock { (_: inout ()) throws(SocketError) in try body() }
    }

    func index(of member: Pollable, _ number: CInt) throws(SocketError) -> SlabIndex? {
        let key = try key(member, number)
        return queue.state.withLock { $0.members.index(of: key) }
    }

    private func key(_ member: Pollable, _ number: CInt) throws(SocketError) -> ReadyMembers.Key {
        switch member {
        case .socket(let socket): return .endpoint(ObjectIdentifier(socket.backing), number)
        case .descriptor(let descriptor): return .descriptor(descriptor)
        case .set(let set):
            guard set !== self else { throw SocketError(EINVAL, in: Self.call) }
            return .descriptor(set.descriptor)
        }
    }

    // MARK: - In the bits of epoll

    /// Adds a member as Linux's `epoll_ctl` is told to, `EPOLLET`, `EPOLLONESHOT` and
    /// `EPOLLEXCLUSIVE` included.
    ///
    /// - Throws: What `add` throws.
    public func add(
        _ member: Pollable, epollEvents bits: UInt32, token: UInt64, number: CInt = 0
    ) throws(SocketError) {
        let interest = Self.interest(bits, token)
        try controlled { () throws(SocketError) in try insert(member, interest, number) }
    }

    /// Changes a member as Linux's `epoll_ctl` is told to.
    ///
    /// - Throws: What `modify` throws.
    public func modify(
        _ member: Pollable, epollEvents bits: UInt32, token: UInt64, number: CInt = 0
    ) throws(SocketError) {
        let interest = Self.interest(bits, token)
        try controlled { () throws(SocketError) in try change(member, interest, number) }
    }

    private enum Bit {
        static var edgeTriggered: UInt32 { 1 << 31 }
        static var oneShot: UInt32 { 1 << 30 }
        static var exclusive: UInt32 { 1 << 28 }
    }

    private static func interest(_ bits: UInt32, _ token: UInt64) -> Interest {
        var options: Options = []
        if bits & Bit.edgeTriggered != 0 { options.insert(.edgeTriggered) }
        if bits & Bit.oneShot != 0 { options.insert(.oneShot) }
        if bits & Bit.exclusive != 0 { options.insert(.exclusive) }
        // The bits of how, and of nobody's hand, are no events.
        let events = bits & 0x0FFF_FFFF
        return Interest(
            events: Readiness(epollEvents: events), options: options, token: token,
            epollEvents: events)
    }

    // MARK: - Adding

    func insert(
        _ member: Pollable, _ interest: Interest, _ number: CInt
    ) throws(SocketError) {
        let key = try key(member, number)
        try Self.checkExclusive(member, interest)
        if let descriptor = member.descriptor {
            try insertDescriptor(member, descriptor, key, interest)
        } else if let endpoint = member.endpoint {
            try insertEndpoint(endpoint, key, interest)
        }
    }

    /// What may go with `exclusive`: Linux's epoll_ctl(2) has the list.
    private static func checkExclusive(
        _ member: Pollable, _ interest: Interest
    ) throws(SocketError) {
        guard interest.options.contains(.exclusive) else { return }
        let allowed: Readiness = [.readable, .writable, .error, .hangup]
        if case .set = member { throw SocketError(EINVAL, in: call) }
        guard interest.events.isSubset(of: allowed), !interest.options.contains(.oneShot) else {
            throw SocketError(EINVAL, in: call)
        }
    }

    private func insertEndpoint(
        _ endpoint: any NetworkEndpoint, _ key: ReadyMembers.Key, _ interest: Interest
    ) throws(SocketError) {
        let index = queue.state.withLock { state -> SlabIndex? in
            guard state.members.index(of: key) == nil else { return nil }
            return state.members.insert(key, interest)
        }
        guard let index else { throw SocketError(EEXIST, in: Self.call) }
        let member = ReadyMember(endpoint, at: index, in: queue)
        queue.state.withLock { $0.members.setMember(member, at: index) }
        do throws(SocketError) {
            try watch(member, interest)
        } catch {
            queue.remove(index)
            throw error
        }
    }

    /// Has the member told of from now on, and of what it is ready for already.
    private func watch(_ member: ReadyMember, _ interest: Interest) throws(SocketError) {
        let watch = Watch(
            events: interest.events, watcher: member,
            isExclusive: interest.options.contains(.exclusive))
        do throws(SocketError) {
            try member.endpoint.watch(watch)
            queue.note(member.place, try member.endpoint.readiness)
        } catch {
            throw SocketError(error.code, in: Self.call)
        }
    }

    /// The kernel knows best whether a descriptor is there: one that was closed is not.
    private func insertDescriptor(
        _ member: Pollable, _ descriptor: CInt, _ key: ReadyMembers.Key, _ interest: Interest
    ) throws(SocketError) {
        let index = queue.state.withLock { state in
            state.members.reserve(key, interest)
        }
        do throws(SocketError) {
            try kernel { () throws(DeviceError) in
                try queue.descriptors.add(
                    descriptor, Self.kernelEvents(interest), token: index.token)
            }
        } catch {
            queue.remove(index)
            throw error
        }
        let stale = queue.update { $0.members.publish(index) }
        if let stale { stale.endpoint.unwatch(stale) }
        // Tasks that wait for sockets only are to wait for the kernel too.
        queue.wakeTasks()
        guard case .socket(let socket) = member else { return }
        // The kernel forgets a descriptor that is closed; the set is to do so as well.
        let watcher = ReadyMember(socket.backing, at: index, in: queue)
        queue.state.withLock { $0.members.setMember(watcher, at: index) }
        try? socket.backing.watch(Watch(events: [], watcher: watcher))
        if socket.backing.descriptor == -1 { watcher.endpointClosed() }
    }

    private func kernel(_ body: () throws(DeviceError) -> Void) throws(SocketError) {
        do throws(DeviceError) {
            try body()
        } catch {
            throw SocketError(error.code, in: Self.call)
        }
    }

    /// Bits of `EPOLL_EVENTS`.
    private static func kernelEvents(_ interest: Interest) -> UInt32 {
        var bits = interest.epollEvents | interest.events.epollEvents
        if interest.options.contains(.edgeTriggered) { bits |= Bit.edgeTriggered }
        if interest.options.contains(.oneShot) { bits |= Bit.oneShot }
        if interest.options.contains(.exclusive) { bits |= Bit.exclusive }
        return bits
    }

    // MARK: - Changing

    func change(
        _ member: Pollable, _ interest: Interest, _ number: CInt
    ) throws(SocketError) {
        guard let index = try index(of: member, number) else {
            throw SocketError(ENOENT, in: Self.call)
        }
        let isExclusive = queue.state.withLock { state in
            state.members.interest(of: index)?.options.contains(.exclusive) ?? false
        }
        guard !isExclusive, !interest.options.contains(.exclusive) else {
            throw SocketError(EINVAL, in: Self.call)
        }
        if let descriptor = member.descriptor {
            try kernel { () throws(DeviceError) in
                try queue.descriptors.change(
                    descriptor, Self.kernelEvents(interest), token: index.token)
            }
            queue.update { $0.members.change(index, to: interest) }
        } else {
            queue.update { $0.members.change(index, to: interest) }
            guard let watcher = queue.state.withLock({ $0.members.member(at: index) }) else {
                throw SocketError(EBADF, in: Self.call)
            }
            watcher.endpoint.unwatch(watcher)
            try watch(watcher, interest)
        }
    }

    // MARK: - Removing

    func takeOut(_ member: Pollable, _ number: CInt) throws(SocketError) {
        guard let index = try index(of: member, number) else {
            throw SocketError(ENOENT, in: Self.call)
        }
        if let watcher = queue.remove(index) { watcher.endpoint.unwatch(watcher) }
        guard let descriptor = member.descriptor else { return }
        try kernel { () throws(DeviceError) in try queue.descriptors.remove(descriptor) }
    }
}
