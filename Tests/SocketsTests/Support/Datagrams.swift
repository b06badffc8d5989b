import Sockets
import Stack
import Wire

/// Datagram sockets of one host that talk through its loopback, with no device between.
struct DatagramPair {
    let receiver: Socket
    let sender: Socket

    init(_ driver: HostDriver, port: UInt16) throws(SocketError) {
        receiver = Socket(.datagram, on: driver)
        sender = Socket(.datagram, on: driver)
        let address = SocketAddress(address: .v4(127, 0, 0, 1), port: port)
        try receiver.bind(to: address)
        try sender.connect(to: address)
        receiver.isNonblocking = true
    }

    /// Sends a datagram and waits until it is there.
    func send() throws {
        try sender.send([1, 2, 3].span, to: nil)
        try receiver.wait(for: .readable, atMost: .seconds(5))
    }

    @discardableResult
    func receive() throws -> Int {
        var bytes = [UInt8](repeating: 0, count: 100)
        var span = bytes.mutableSpan
        return try receiver.receiveDatagramNow(into: &span).count
    }
}

/// A host of no network, whose sockets talk to one another.
func lonelyHost() throws -> HostDriver {
    let driver = try HostDriver(HostConfiguration(seed: (3, 4)), links: [])
    try driver.start()
    return driver
}

/// The error code with which `body` fails, 0 when it does not.
func code(_ body: () throws -> Void) -> CInt {
    do {
        try body()
        return 0
    } catch {
        return (error as? SocketError)?.code ?? -1
    }
}
