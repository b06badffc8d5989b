import Memory
import Wire

/// Listeners by port.
extension TCPLayer {
    private static func place(_ port: UInt16, _ hash: KeyedHash) -> UInt64 {
        hash.place(UInt64(port), 2, 0, 0, 0)
    }

    /// Takes in a listener and files it.
    mutating func add(_ listener: consuming Listener, _ hash: KeyedHash) -> ListenerKey {
        let port = listener.local.port
        let key = listeners.insert(listener)
        listenerTable.insert(key.place, hash: Self.place(port, hash))
        return key
    }

    /// Takes a listener out.
    mutating func remove(listener key: ListenerKey, _ hash: KeyedHash) -> Listener {
        let gone = listeners.remove(key)
        listenerTable.remove(key.place, hash: Self.place(gone.local.port, hash))
        return gone
    }

    /// The listener for a segment that came in on `interface`: one bound to the address before one
    /// bound to all, one of the interface before one of all. Of equals that share the port
    /// (`SO_REUSEPORT`) the flow decides, as an outsider cannot foresee.
    func listener(
        for tuple: FourTuple, on interface: InterfaceID, _ hash: KeyedHash
    ) -> ListenerKey? {
        var best: (key: ListenerKey, score: Int)?
        var count: UInt64 = 0
        var probe = listenerTable.probe(Self.place(tuple.localPort, hash))
        while let place = listenerTable.next(&probe) {
            guard let key = listeners.index(at: Int(place)) else { continue }
            let score = listeners[key].score(tuple.local, on: interface)
            guard score > 0 else { continue }
            if score > best?.score ?? 0 {
                (best, count) = ((key, score), 1)
            } else if score == best?.score {
                count &+= 1
            }
        }
        guard let best, count > 1, listeners[best.key].options.sharesPort else { return best?.key }
        var turn = ((tuple.secret(hash) >> 32) &* count) >> 32
        probe = listenerTable.probe(Self.place(tuple.localPort, hash))
        while let place = listenerTable.next(&probe) {
            guard let key = listeners.index(at: Int(place)),
                listeners[key].score(tuple.local, on: interface) == best.score
            else { continue }
            if turn == 0 { return key }
            turn &-= 1
        }
        return best.key
    }

    /// Whether somebody listens for what comes to `destination` on `interface`.
    func hasListener(
        at destination: SocketAddress, on interface: InterfaceID, _ hash: KeyedHash
    ) -> Bool {
        var probe = listenerTable.probe(Self.place(destination.port, hash))
        while let place = listenerTable.next(&probe) {
            if let key = listeners.index(at: Int(place)),
                listeners[key].score(destination, on: interface) > 0
            {
                return true
            }
        }
        return false
    }
}

extension Listener {
    /// How closely it describes what came to `destination` on `interface`; 0 where that is for
    /// another one.
    fileprivate func score(_ destination: SocketAddress, on interface: InterfaceID) -> Int {
        guard local.port == destination.port,
            LocalScope(local.address, allowsDual: allowsDual).takes(destination.address)
        else { return 0 }
        // Among those for all addresses, the one of the family knows it better.
        var score = local.address.isIPv4 == destination.address.isIPv4 ? 2 : 1
        if local.address == destination.address { score += 8 }
        if let bound = boundInterface {
            guard bound == interface else { return 0 }
            score += 4
        }
        return score
    }
}
