import Memory
import Wire

/// Options of endpoints: `getsockopt` and `setsockopt`.
extension Host {
    /// The options of an endpoint.
    public func options(of id: EndpointID) throws(StackError) -> EndpointOptions {
        try check(id)
        return endpoints[id.index].options
    }

    /// Changes the options of an endpoint. Sizes of buffers are brought into their ranges, as Linux
    /// does.
    ///
    /// - Throws: `.invalidArgument` for a time to live of 0, an interface that the host has not,
    ///   an odd checksum offset, or `isV6Only` changed after `bind`; `.badDescriptor`.
    public mutating func setOptions(
        _ options: EndpointOptions, of id: EndpointID
    ) throws(StackError) {
        try check(id)
        let old = endpoints[id.index].options
        var options = options
        // Of IPv6 0 hops are allowed, as on Linux.
        let isIPv4 = endpoints[id.index].family == .inet
        guard options.timeToLive != 0 || !isIPv4, (options.checksumOffset ?? 0) & 1 == 0,
            options.rare.mapped.timeToLive != 0,
            options.rare.ipv4Options.count <= IPv4Header.maximumOptionsCount
        else { throw .invalidArgument }
        if let bound = options.boundInterface {
            guard network.isValid(bound) else { throw .invalidArgument }
        }
        if let multicast = options.multicastInterface {
            guard network.isValid(multicast) else { throw .invalidArgument }
        }
        if options.isV6Only != old.isV6Only {
            guard case .unbound = endpoints[id.index].role else { throw .invalidArgument }
        }
        options.receiveBuffer = min(
            max(options.receiveBuffer, EndpointOptions.smallestReceiveBuffer),
            EndpointOptions.largestBuffer)
        options.sendBuffer = min(
            max(options.sendBuffer, EndpointOptions.smallestSendBuffer),
            EndpointOptions.largestBuffer)
        dropClaim(id)
        endpoints[id.index].options = options
        defer { takeClaim(id) }
        switch endpoints[id.index].role {
        case .datagram(let key): udp.sockets[key].options = options
        case .connection(let key):
            tcp.connections[key].adopt(options, of: endpoints[id.index].family)
            tcp.connections[key].adoptBuffers(options, network.tcp)
            if options.rare.ipv4Options != old.rare.ipv4Options {
                tcp.connections[key].adopt(ipv4Options: options.rare.ipv4Options, network.tcp)
            }
        case .listening(let key): tcp.listeners[key].options = options
        case .raw(let key): raw.sockets[key].options = options
        case .packet(let key):
            network.taps.sockets[key].receiveBuffer = options.receiveBuffer
            network.taps.sockets[key].filter = options.rare.filter
        case .local(let key): local.setSendBuffer(of: key, options.sendBuffer)
        case .netlink(let key): netlink.sockets[key].receiveBuffer = options.receiveBuffer
        default: break
        }
    }
}
