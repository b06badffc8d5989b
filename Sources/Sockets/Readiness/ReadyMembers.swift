import Memory
import Stack

/// The members of a set, and the queue of those that may be ready, in the order in which they
/// became so.
///
/// Readiness is looked at when an event is taken, not when it was noted: in between, a taken member
/// is out of the queue, and a note that comes meanwhile changes its stamp.
struct ReadyMembers: ~Copyable, Sendable {
    /// By what a member is found again. The same socket may be there under several numbers.
    enum Key: Hashable, Sendable {
        case endpoint(ObjectIdentifier, CInt)
        case descriptor(CInt)
    }

    /// What is waited for, and how.
    struct Interest: Sendable {
        var events: Readiness
        var options: ReadySet.Options
        var token: UInt64
        /// What was asked for in the bits of epoll.
        var epollEvents: UInt32
    }

    struct Entry: Sendable {
        enum Place: Sendable { case idle, queued, taken }

        let key: Key
        /// Whether the kernel watches it.
        let isDescriptor: Bool
        /// The socket; nil for what is only a descriptor.
        var member: ReadyMember?
        var interest: Interest
        /// One that is told of once, and was.
        var isDisarmed = false
        var place = Place.idle
        /// How often something was noted or changed.
        var stamp: UInt64 = 0
        /// What happened that is no state, and was not told yet.
        var moments: Readiness = []
        var previous: SlabIndex?
        var next: SlabIndex?
    }

    /// A member whose readiness is to be looked at.
    struct Candidate {
        let index: SlabIndex
        let member: ReadyMember
        let stamp: UInt64
    }

    private var entries = Slab<Entry>()
    private var indexes: [Key: SlabIndex] = [:]
    private var first: SlabIndex?
    private var last: SlabIndex?
    /// How many wait in the queue.
    private(set) var queuedCount = 0
    /// How many the kernel watches.
    private(set) var descriptorCount = 0

    /// How many are of simulations.
    private(set) var simulatedCount = 0

    var count: Int { entries.count }

    // MARK: - Members

    func index(of key: Key) -> SlabIndex? { indexes[key] }

    /// Makes an entry for a socket that the kernel does not know.
    mutating func insert(_ key: Key, _ interest: Interest) -> SlabIndex {
        let index = entries.insert(Entry(key: key, isDescriptor: false, interest: interest))
        indexes[key] = index
        return index
    }

    /// Makes an entry for a descriptor that cannot be found by its key before `publish`.
    mutating func reserve(_ key: Key, _ interest: Interest) -> SlabIndex {
        entries.insert(Entry(key: key, isDescriptor: true, interest: interest))
    }

    /// Lets a descriptor's entry take the place of an older one with its key; what watched that.
    mutating func publish(_ index: SlabIndex) -> ReadyMember? {
        guard entries.contains(index) else { return nil }
        let key = entries[index].key
        let stale = indexes[key].flatMap { remove($0) }
        indexes[key] = index
        descriptorCount += 1
        return stale
    }

    mutating func setMember(_ member: ReadyMember, at index: SlabIndex) {
        guard entries.contains(index) else { return }
        entries[index].member = member
        if member.endpoint.isSimulated { simulatedCount += 1 }
    }

    /// Takes a member out; nil when it is not there any more.
    @discardableResult
    mutating func remove(_ index: SlabIndex) -> ReadyMember? {
        guard entries.contains(index) else { return nil }
        unlink(index)
        let entry = entries.remove(index)
        if entry.member?.endpoint.isSimulated == true { simulatedCount -= 1 }
        if indexes[entry.key] == index {
            indexes[entry.key] = nil
            if entry.isDescriptor { descriptorCount -= 1 }
        }
        return entry.member
    }

    /// Takes all members out; those that are sockets.
    mutating func removeAll() -> [ReadyMember] {
        (0..<entries.placeCount).compactMap { place in
            entries.index(at: place).flatMap { remove($0) }
        }
    }

    func member(at index: SlabIndex) -> ReadyMember? {
        entries.contains(index) ? entries[index].member : nil
    }

    func interest(of index: SlabIndex) -> Interest? {
        entries.contains(index) ? entries[index].interest : nil
    }

    /// Waits for something else from now on, and again where it was told of once.
    mutating func change(_ index: SlabIndex, to interest: Interest) {
        guard entries.contains(index) else { return }
        entries[index].interest = interest
        entries[index].isDisarmed = false
        entries[index].stamp &+= 1
    }

    // MARK: - Events

    /// Notes that something happened.
    mutating func note(_ index: SlabIndex, _ events: Readiness) {
        guard entries.contains(index), !entries[index].isDisarmed, !entries[index].isDescriptor
        else { return }
        let wanted = entries[index].interest.events.union([.error, .hangup])
        guard !events.isDisjoint(with: wanted) else { return }
        entries[index].stamp &+= 1
        entries[index].moments.formUnion(events.intersection(.connected))
        if case .idle = entries[index].place { append(index) }
    }

    /// The stamp of a member that is queued, nil of another.
    func stamp(ofQueued index: SlabIndex) -> UInt64? {
        guard entries.contains(index), case .queued = entries[index].place else { return nil }
        return entries[index].stamp
    }

    /// Takes a member out of the queue that is `ready` for nothing that is waited for, unless
    /// something happened since `stamp`.
    mutating func settle(_ index: SlabIndex, _ stamp: UInt64, _ ready: Readiness) {
        guard self.stamp(ofQueued: index) == stamp,
            ready.union(entries[index].moments).isDisjoint(
                with: entries[index].interest.events.union([.error, .hangup]))
        else { return }
        unlink(index)
    }

    /// Takes up to `limit` members out of the queue, to be looked at.
    mutating func take(_ limit: Int) -> [Candidate] {
        var candidates: [Candidate] = []
        while candidates.count < limit, let index = first {
            unlink(index)
            guard let member = entries[index].member else { continue }
            entries[index].place = .taken
            let stamp = entries[index].stamp
            candidates.append(Candidate(index: index, member: member, stamp: stamp))
        }
        return candidates
    }

    /// Puts back a member that was looked at; what is to be told of it.
    mutating func finish(_ candidate: Candidate, _ ready: Readiness) -> ReadySet.Event? {
        let index = candidate.index
        guard entries.contains(index), case .taken = entries[index].place else { return nil }
        entries[index].place = .idle
        let interest = entries[index].interest
        let told = ready.union(entries[index].moments)
            .intersection(interest.events.union([.error, .hangup]))
        entries[index].moments = []
        let isReported = !told.isEmpty && !entries[index].isDisarmed
        if isReported, interest.options.contains(.oneShot) {
            entries[index].isDisarmed = true
        } else if entries[index].stamp != candidate.stamp
            || isReported && !interest.options.contains(.edgeTriggered)
        {
            append(index)
        }
        guard isReported else { return nil }
        return ReadySet.Event(
            token: interest.token, events: told,
            epollEvents: told.epollEvents(askedFor: interest.epollEvents))
    }

    // MARK: - The queue

    private mutating func append(_ index: SlabIndex) {
        entries[index].place = .queued
        entries[index].previous = last
        entries[index].next = nil
        if let last { entries[last].next = index } else { first = index }
        last = index
        queuedCount += 1
        entries[index].member?.endpoint.countQueued(1)
    }

    private mutating func unlink(_ index: SlabIndex) {
        guard case .queued = entries[index].place else { return }
        let (previous, next) = (entries[index].previous, entries[index].next)
        if let previous { entries[previous].next = next } else { first = next }
        if let next { entries[next].previous = previous } else { last = previous }
        entries[index].previous = nil
        entries[index].next = nil
        entries[index].place = .idle
        queuedCount -= 1
        entries[index].member?.endpoint.countQueued(-1)
    }
}
