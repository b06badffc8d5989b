import CSockeye
import Devices
import Glibc
import Sockets

// Packets in and out of a link that the program itself serves, as the packet flow of a VPN does.

@c @implementation
public func sockeye_packet_put(
    _ host: OpaquePointer!, _ link: UnsafePointer<CChar>!, _ packet: UnsafeRawPointer!,
    _ length: Int
) -> CInt {
    outcome { () throws(SocketError) in
        let flow = unsafe try flow(host, link)
        let packet = unsafe try bytes(packet, length, in: "packet")
        guard !packet.isEmpty else { throw SocketError(EINVAL, in: "packet") }
        guard packet.count <= flow.capabilities.mtu else {
            throw SocketError(EMSGSIZE, in: "packet")
        }
        guard flow.inject(unsafe packet.span) else { throw SocketError(ENOBUFS, in: "packet") }
        return 0
    }
}

@c @implementation
public func sockeye_packet_take(
    _ host: OpaquePointer!, _ link: UnsafePointer<CChar>!, _ packet: UnsafeMutableRawPointer!,
    _ length: Int
) -> Int {
    outcome { () throws(SocketError) in
        let flow = unsafe try flow(host, link)
        let room = unsafe try room(packet, length, in: "packet")
        // Lest one be lost in part.
        guard room.count >= flow.capabilities.mtu else { throw SocketError(EMSGSIZE, in: "packet") }
        var span = unsafe room.mutableSpan
        guard let count = flow.nextOutput(into: &span) else {
            throw SocketError(EAGAIN, in: "packet")
        }
        return count
    }
}

@c @implementation
public func sockeye_packet_descriptor(
    _ host: OpaquePointer!, _ link: UnsafePointer<CChar>!
) -> CInt {
    outcome { () throws(SocketError) in
        guard let descriptor = unsafe try flow(host, link).outputDescriptor else {
            throw SocketError(ENODEV, in: "packet")
        }
        return descriptor
    }
}

/// - Throws: `ENODEV` when there is no such host, or no such link of it.
private func flow(
    _ host: OpaquePointer?, _ link: UnsafePointer<CChar>?
) throws(SocketError) -> PacketFlow {
    guard let link = unsafe link, let handle = unsafe Hosts.handle(host),
        let flow = unsafe handle.flow(named: String(cString: link))
    else { throw SocketError(ENODEV, in: "packet") }
    return flow
}
