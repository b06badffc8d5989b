/// A table from hashes to small integers, open addressing with linear probing.
///
/// It keeps no keys: the caller walks the candidates of a hash and compares the keys where they
/// live. Removal moves later entries back, so that lookups stay short for ever.
@frozen
public struct HashIndex: ~Copyable, Sendable {
    @frozen
    @usableFromInline
    struct Entry {
        @usableFromInline var hash: UInt32
        /// `vacant` where the entry is free.
        @usableFromInline var value: UInt32
    }

    @inlinable static var vacant: UInt32 { .max }

    @usableFromInline var entries: [Entry]
    @usableFromInline var size = 0

    /// How many values there are.
    @inlinable
    public var count: Int { size }

    public init() {
        entries = Array(repeating: Entry(hash: 0, value: Self.vacant), count: 16)
    }

    /// A walk over the values filed under one hash.
    @frozen
    public struct Probe {
        @usableFromInline let hash: UInt32
        @usableFromInline var slot: Int

        @inlinable
        init(hash: UInt32, slot: Int) {
            self.hash = hash
            self.slot = slot
        }
    }

    /// The start of the walk for `hash`.
    @inlinable
    public func probe(_ hash: UInt64) -> Probe {
        let short = UInt32(truncatingIfNeeded: hash)
        return Probe(hash: short, slot: Int(short) & (entries.count &- 1))
    }

    /// The next value filed under the hash of `probe`, nil after the last.
    @inlinable
    public func next(_ probe: inout Probe) -> UInt32? {
        while true {
            let entry = entries[probe.slot]
            if entry.value == Self.vacant { return nil }
            probe.slot = (probe.slot &+ 1) & (entries.count &- 1)
            if entry.hash == probe.hash { return entry.value }
        }
    }

    /// Files `value` under `hash`.
    ///
    /// - Precondition: `value` is below `UInt32.max`.
    public mutating func insert(_ value: UInt32, hash: UInt64) {
        precondition(value != Self.vacant, "the value is reserved")
        if (count &+ 1) &* 4 > entries.count &* 3 { grow() }
        place(Entry(hash: UInt32(truncatingIfNeeded: hash), value: value))
        size &+= 1
    }

    /// Removes `value` from under `hash`; whether it was there.
    @discardableResult
    public mutating func remove(_ value: UInt32, hash: UInt64) -> Bool {
        guard value != Self.vacant else { return false }
        let mask = entries.count &- 1
        let short = UInt32(truncatingIfNeeded: hash)
        var slot = Int(short) & mask
        while entries[slot].value != value || entries[slot].hash != short {
            if entries[slot].value == Self.vacant { return false }
            slot = (slot &+ 1) & mask
        }
        size &-= 1
        // Entries behind the hole that a lookup would no longer reach move into it.
        var hole = slot
        var next = (hole &+ 1) & mask
        while entries[next].value != Self.vacant {
            let home = Int(entries[next].hash) & mask
            if (next &- home) & mask >= (next &- hole) & mask {
                entries[hole] = entries[next]
                hole = next
            }
            next = (next &+ 1) & mask
        }
        entries[hole].value = Self.vacant
        return true
    }

    private mutating func place(_ entry: Entry) {
        var slot = Int(entry.hash) & (entries.count &- 1)
        while entries[slot].value != Self.vacant { slot = (slot &+ 1) & (entries.count &- 1) }
        entries[slot] = entry
    }

    private mutating func grow() {
        let old = entries
        entries = Array(
            repeating: Entry(hash: 0, value: Self.vacant), count: old.count &* 2)
        for entry in old where entry.value != Self.vacant { place(entry) }
    }
}
