import Devices
import Setup
import Sockets
import Synchronization

/// Answers those who connect to a host's control socket, each on a thread of its own.
final class ControlServer: Sendable {
    private let directory: ControlDirectory
    private let name: String
    private let listener: LocalListener
    private let host: HostDriver
    private let wakeUp: WakeUp
    private let isOver = Atomic(false)
    private let clients = Atomic(0)

    /// Clients at a time; more are told so.
    private static let clientLimit = 16
    /// How long a client may take over its request, or to take an answer, in milliseconds.
    private static let patience: Int64 = 10_000

    /// Listens under `name`.
    ///
    /// - Throws: When a host of that name runs, or the directory is not safe.
    init(_ name: String, for host: HostDriver) throws(CommandError) {
        directory = try ControlDirectory()
        self.name = name
        self.host = host
        listener = try directory.listen(as: name)
        do throws(DeviceError) { wakeUp = try WakeUp() } catch { throw .failure("\(error)") }
    }

    func start() throws(CommandError) {
        do throws(DeviceError) {
            let poller = try Poller()
            try poller.add(listener.descriptor, token: 0)
            try poller.add(wakeUp.descriptor, token: 1)
            let box = Mutex(poller)
            try SystemThread.start { [self] in
                box.withLock { poller in
                    while !isOver.load(ordering: .acquiring) {
                        poller.wait(until: .never)
                        while let stream = listener.accept() { take(stream) }
                    }
                }
            }
        } catch {
            throw .failure("\(error)")
        }
    }

    /// Takes no more clients and removes the socket.
    func stop() {
        isOver.store(true, ordering: .releasing)
        wakeUp.signal()
        // Whatever is wrong with the directory now, the host ends.
        try? directory.remove(name)
    }

    private func take(_ stream: LocalStream) {
        let earlier = clients.wrappingAdd(1, ordering: .relaxed).oldValue
        // Those who are refused are told so, as long as there are not too many of them as well.
        let hasRoom = earlier < 2 * Self.clientLimit
        let isStarted =
            hasRoom
            && (try? SystemThread.start { [self] in
                serve(stream, isWelcome: earlier < Self.clientLimit)
                clients.wrappingSubtract(1, ordering: .relaxed)
            }) != nil
        if !isStarted { clients.wrappingSubtract(1, ordering: .relaxed) }
    }

    private func serve(_ stream: LocalStream, isWelcome: Bool) {
        stream.setTimeouts(receiving: Self.patience, sending: Self.patience)
        let terminal = RemoteTerminal(stream)
        do throws(CommandError) {
            guard isWelcome else {
                throw .failure("control: the host has \(Self.clientLimit) clients already")
            }
            guard let user = stream.peerUser, user == FileDescriptor.user || user == 0 else {
                throw .failure("control: this host belongs to another user")
            }
            var reader = LineReader(stream, limit: ControlRequest.limit)
            guard let line = try reader.next() else { return }
            let request = try ControlRequest.parse(line)
            let tool = try ToolBox.parse(request.tool, request.words)
            terminal.exit(try tool.run(on: host, terminal))
        } catch {
            terminal.complain("sockeye: \(error.message)")
            terminal.exit(error.status)
        }
        stream.endSending()
        // Bytes that nobody took would have the kernel drop the answer.
        for _ in 0..<64 where (try? stream.receive(atMost: 65_536))?.isEmpty ?? true { return }
    }
}
