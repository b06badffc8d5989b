import Memory
import Stack
import Synchronization

/// A device whose far side is the application itself: it hands packets in and takes packets out,
/// as the packet flow of a VPN does. Any thread may call either side.
public final class PacketFlow: Sendable {
    private struct Queues: ~Copyable, Sendable {
        var toStack = Ring<Packet>()
        var fromStack = Ring<Packet>()
        /// The stack's descriptor is readable, and it has not looked since.
        var isSignalled = false
    }

    public let capabilities: DeviceCapabilities
    private let queues = Mutex(Queues())
    private let limit: Int
    private let pools: BufferPools
    private let wakeUp: WakeUp
    private let onOutput: (@Sendable () -> Void)?
    private let outputSignal: WakeUp?

    /// - Parameters:
    ///   - isEthernet: Whether it carries Ethernet frames, or bare IP packets.
    ///   - mtu: The most bytes of an IP packet.
    ///   - limit: How many packets may wait in each direction.
    ///   - pools: Where packets that are handed in take their memory.
    ///   - onOutput: Called when packets wait to be taken out and none did before, on the thread
    ///     that sent them. It may take them, and hand packets in; it must not call on sockets.
    ///   - signalsOutput: Whether there is a descriptor that tells of them as well.
    /// - Throws: `EMFILE` or `ENFILE` when no descriptor can be had.
    public init(
        isEthernet: Bool = false, mtu: Int = 1500, limit: Int = 1024, pools: BufferPools,
        onOutput: (@Sendable () -> Void)? = nil, signalsOutput: Bool = false
    ) throws(DeviceError) {
        capabilities = DeviceCapabilities(isEthernet: isEthernet, mtu: mtu)
        self.limit = limit
        self.pools = pools
        self.onOutput = onOutput
        wakeUp = try WakeUp()
        outputSignal = signalsOutput ? try WakeUp() : nil
    }
}

// MARK: - The application's side

extension PacketFlow {
    /// Hands a packet in, for the stack to receive; false when it was dropped, because too many
    /// wait, memory is short, or it is longer than the link allows.
    public func inject(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > 0, bytes.count <= capabilities.mtu &+ capabilities.networkOffset,
            let packet = pools.packet(of: bytes)
        else { return false }
        var offered: Packet? = packet
        return queues.withLock { queues in
            guard queues.toStack.count < limit, let packet = offered.take() else { return false }
            queues.toStack.append(packet)
            if !queues.isSignalled {
                queues.isSignalled = true
                // Under the lock, lest the stack take the packet and the signal come after.
                wakeUp.signal()
            }
            return true
        }
    }

    /// Takes out the packet that the stack sent first of those that wait; how long it is, nil when
    /// none waits. What does not fit `target` is cut off: the link's MTU and header always do.
    public func nextOutput(into target: inout MutableSpan<UInt8>) -> Int? {
        let next = queues.withLock { queues in
            let packet = queues.fromStack.popFirst()
            if queues.fromStack.isEmpty { outputSignal?.drain() }
            return packet
        }
        guard let packet = next else { return nil }
        _ = packet.copy(from: 0, into: &target)
        return packet.count
    }
}

extension PacketFlow {
    /// Readable when packets wait to be taken out; nil where nobody asked for that.
    public var outputDescriptor: Int32? { outputSignal?.descriptor }
}

// MARK: - The stack's side

extension PacketFlow {
    /// Readable when packets wait for the stack, until `receive` finds nothing.
    public var descriptor: Int32 { wakeUp.descriptor }

    /// The next packet that was handed in, nil when none waits.
    public func receive() -> Packet? {
        queues.withLock { queues in
            if let packet = queues.toStack.popFirst() { return packet }
            if queues.isSignalled {
                queues.isSignalled = false
                wakeUp.drain()
            }
            return nil
        }
    }

    /// Sends a packet to the application.
    public func send(_ packet: consuming Packet) -> DeviceSendResult {
        // The application gets plain bytes, which nobody completes on the way.
        completeChecksum(of: &packet)
        var offered: Packet? = packet
        let isFirst = queues.withLock { queues in
            guard queues.fromStack.count < limit, let packet = offered.take() else { return false }
            queues.fromStack.append(packet)
            if queues.fromStack.count == 1 { outputSignal?.signal() }
            return queues.fromStack.count == 1
        }
        if let packet = offered { return .full(packet) }
        if isFirst { onOutput?() }
        return .sent
    }
}
