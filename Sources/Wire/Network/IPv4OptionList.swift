import Memory

/// Options to be written into an IPv4 header: up to 40 bytes, held in place (RFC 791 §3.1).
@frozen
public struct IPv4OptionList: Sendable {
    @usableFromInline var storage = [40 of UInt8](repeating: 0)
    /// Bytes that are filled, without the padding that the header adds.
    public private(set) var count = 0

    /// No options.
    public init() {}

    /// The options as they stand in `bytes`, up to 40 bytes of them.
    public init(_ bytes: Span<UInt8>) {
        append(bytes.extracting(first: IPv4Header.maximumOptionsCount))
    }

    /// Those of the options in `bytes` that stand in every fragment, for the fragments behind the
    /// first (RFC 791 §3.1, "copied flag").
    public init(copiedFrom bytes: Span<UInt8>) {
        var cursor = OptionCursor(bytes)
        while let field = try? cursor.next() {
            guard IPv4OptionKind(rawValue: field.kind).isCopied else { continue }
            append(bytes.extracting(field.offset..<field.offset &+ field.count))
        }
    }

    /// The options of an echo reply: the request's record route and timestamp with this host's
    /// trace, not shortened, so that they hold the way there and the way back (RFC 1122 §3.2.2.6).
    /// No others are returned, and none if one of them is malformed.
    public init(answering request: Span<UInt8>, leaving trace: IPv4OptionTrace) {
        let asked = IPv4Options(request)
        guard asked.malformedOffset == nil else { return }
        for place in [asked.recordRoute, asked.timestamp] {
            guard let place else { continue }
            append(request.extracting(place..<place &+ Int(request[place &+ 1])))
        }
        let kept = IPv4Options(span)
        var bytes = storage.mutableSpan
        trace.leave(in: &bytes, kept)
    }

    @inlinable public var isEmpty: Bool { count == 0 }

    /// The options.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(first: count) }
    }

    /// Puts `bytes` behind the other options; whether they fit.
    @discardableResult
    public mutating func append(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count <= IPv4Header.maximumOptionsCount &- count else { return false }
        var target = storage.mutableSpan
        target.write(bytes, at: count)
        count &+= bytes.count
        return true
    }

    /// Asks routers to look at the packet (RFC 2113); whether it fits.
    @discardableResult
    public mutating func appendRouterAlert() -> Bool {
        guard let place = add(.routerAlert, 4) else { return false }
        storage[place &+ 2] = 0
        storage[place &+ 3] = 0
        return true
    }

    /// Asks for the addresses of up to `slots` hosts on the way, 1 to 9; whether that fits.
    @discardableResult
    public mutating func appendRecordRoute(slots: Int) -> Bool {
        guard slots > 0, slots <= 9, let place = add(.recordRoute, 3 &+ 4 &* slots)
        else { return false }
        storage[place &+ 2] = 4
        return true
    }

    /// Asks for timestamps of up to `slots` hosts on the way, 1 to 9 without addresses and 1 to 4
    /// with them; whether that fits. Prescribed addresses are for `append` to write.
    @discardableResult
    public mutating func appendTimestamp(_ form: IPv4TimestampForm, slots: Int) -> Bool {
        guard slots > 0, slots <= 9, let place = add(.timestamp, 4 &+ form.entryCount &* slots)
        else { return false }
        storage[place &+ 2] = 5
        storage[place &+ 3] = form.rawValue
        return true
    }

    /// Makes room for an option of `length` bytes, all zero but kind and length; where it starts.
    private mutating func add(_ kind: IPv4OptionKind, _ length: Int) -> Int? {
        let place = count
        guard length <= IPv4Header.maximumOptionsCount &- place else { return nil }
        storage[place] = kind.rawValue
        storage[place &+ 1] = UInt8(truncatingIfNeeded: length)
        count &+= length
        return place
    }
}

extension IPv4OptionList: Equatable {
    public static func == (left: IPv4OptionList, right: IPv4OptionList) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left.storage[index] != right.storage[index] {
            return false
        }
        return true
    }
}
