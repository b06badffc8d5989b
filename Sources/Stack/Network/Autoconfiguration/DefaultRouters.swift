import Memory
import Wire

/// A router that may be the way out (RFC 4861 §5.1, Default Router List).
struct DefaultRouter: Sendable {
    let address: IPAddress
    var preference: RouterPreference
    var until: Instant
    /// Whether it did not answer when it was asked.
    var hasFailed = false
}

/// Which router is the way out (RFC 4861 §6.3.6, RFC 4191 §3.2): the one that answers, among those
/// the preferred one, among those the one known longest. Where none answers, each gets its turn.
extension NetworkLayer {
    mutating func takeRouter(
        _ address: IPAddress, lifetime: UInt16, preference: RouterPreference, on id: InterfaceID
    ) {
        guard lifetime > 0 else {
            removeRouter(address, on: id)
            return
        }
        let number = id.rawValue
        let until = now + .seconds(Int(lifetime))
        if let place = routerPlace(address, on: id) {
            interfaces[number].autoconfiguration.routers[place].until = until
            interfaces[number].autoconfiguration.routers[place].preference = preference
            interfaces[number].autoconfiguration.routers[place].hasFailed = false
        } else if interfaces[number].autoconfiguration.routers.count
            < AutoconfigurationState.routerLimit
        {
            interfaces[number].autoconfiguration.routers.append(
                DefaultRouter(address: address, preference: preference, until: until))
        } else {
            counters.count(.ndLimit)
            return
        }
        chooseRouter(on: id)
    }

    private func routerPlace(_ address: IPAddress, on id: InterfaceID) -> Int? {
        for index in interfaces[id.rawValue].autoconfiguration.routers.indices
        where interfaces[id.rawValue].autoconfiguration.routers[index].address == address {
            return index
        }
        return nil
    }

    /// A router is none any more.
    mutating func removeRouter(_ address: IPAddress, on id: InterfaceID) {
        guard let place = routerPlace(address, on: id) else { return }
        interfaces[id.rawValue].autoconfiguration.routers.remove(at: place)
        redirects.forget(address, on: id)
        chooseRouter(on: id)
    }

    /// A neighbour does not answer: if it is a router, another one gets its turn.
    mutating func routerFailed(_ address: IPAddress, on id: InterfaceID) {
        guard let place = routerPlace(address, on: id) else { return }
        var router = interfaces[id.rawValue].autoconfiguration.routers.remove(at: place)
        router.hasFailed = true
        interfaces[id.rawValue].autoconfiguration.routers.append(router)
        chooseRouter(on: id)
    }

    /// A router gave a sign of life.
    mutating func routerAnswered(_ address: IPAddress, on id: InterfaceID) {
        guard let place = routerPlace(address, on: id),
            interfaces[id.rawValue].autoconfiguration.routers[place].hasFailed
        else { return }
        interfaces[id.rawValue].autoconfiguration.routers[place].hasFailed = false
        chooseRouter(on: id)
    }

    mutating func expireRouters(on id: InterfaceID) {
        let number = id.rawValue
        let count = interfaces[number].autoconfiguration.routers.count
        var index = 0
        while index < interfaces[number].autoconfiguration.routers.count {
            if interfaces[number].autoconfiguration.routers[index].until <= now {
                let gone = interfaces[number].autoconfiguration.routers.remove(at: index)
                redirects.forget(gone.address, on: id)
            } else {
                index += 1
            }
        }
        guard interfaces[number].autoconfiguration.routers.count < count else { return }
        chooseRouter(on: id)
        // The last one is gone: perhaps there is another.
        if interfaces[number].autoconfiguration.routers.isEmpty { startSoliciting(on: id) }
    }

    /// Puts the route through the best router into the table.
    private mutating func chooseRouter(on id: InterfaceID) {
        let number = id.rawValue
        var best: DefaultRouter?
        for index in interfaces[number].autoconfiguration.routers.indices {
            let router = interfaces[number].autoconfiguration.routers[index]
            guard let known = best else {
                best = router
                continue
            }
            if known.hasFailed, !router.hasFailed {
                best = router
            } else if !known.hasFailed, !router.hasFailed, known.preference < router.preference {
                best = router
            }
        }
        let old = interfaces[number].autoconfiguration.chosenRouter
        guard best?.address != old else { return }
        interfaces[number].autoconfiguration.chosenRouter = best?.address
        if let old {
            routes.remove(Route(to: .allIPv6, through: old, on: id, metric: Self.learnedMetric))
        }
        if let best {
            routes.add(
                Route(to: .allIPv6, through: best.address, on: id, metric: Self.learnedMetric))
        }
    }
}
